import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.commands import policy
from bot.errors import ConfigurationError
from bot.judging.evaluation import Tally, load_labels
from bot.model import Severity, Source

ROOT = Path(__file__).parents[2]
LINES: list[dict[str, Any]] = [
    {"text": "机密★10年", "rules": ["cn-markings/"]},
    {"text": "机密★10年", "severity": "high"},
    {"text": "护照号 E12345678", "leak": True, "family": "identity"},
    {"text": "下午开会", "leak": False},
    {"text": "明天几点？", "rules": []},
    {"text": "收到", "severity": "none"},
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration of its own, labelled lines and a candidate."""
    for name in ("force", "candidate"):
        shutil.copytree(ROOT / "config" / "packs", tmp_path / name / "packs")
        shutil.copyfile(ROOT / "config" / "policies.toml", tmp_path / name / "policies.toml")
    (tmp_path / "force" / "shoukou.toml").write_text('language = "en"\n', encoding="utf-8")
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    monkeypatch.setenv("SHOUKOU_CONFIG", str(tmp_path / "force" / "shoukou.toml"))
    monkeypatch.delenv("SHOUKOU_LANGUAGE", raising=False)
    return tmp_path


def run(place: Path, *arguments: str) -> Result:
    app = typer.Typer()
    policy.register(app)
    return CliRunner().invoke(app, ["policy", "test", str(place / "lines.jsonl"), *arguments])


def weaken(place: Path) -> None:
    path = place / "candidate" / "policies.toml"
    text = (
        path.read_text(encoding="utf-8")
        .replace('"identity-cn", ', "")
        .replace('"identity-world", ', "")
    )
    path.write_text(text, encoding="utf-8")


def test_recall_and_precision_are_counted_by_family(place: Path) -> None:
    result = run(place, "--json")
    assert result.exit_code == 0
    measured = json.loads(result.stdout)["in_force"]
    assert measured["families"]["all"] == {
        "found": 3,
        "missed": 0,
        "flagged": 0,
        "passed": 3,
        "recall": 1.0,
        "false_positive_rate": 0.0,
        "precision": 1.0,
    }
    assert measured["families"]["identity"]["found"] == 1
    assert measured["wrong"] == []


def test_a_worse_candidate_is_refused(place: Path) -> None:
    weaken(place)
    before = (place / "force" / "policies.toml").read_bytes()
    result = run(place, "--candidate", str(place / "candidate"), "--publish")
    assert result.exit_code == 1
    assert "refused" in result.output
    assert "missed: 3" in result.output
    assert (place / "force" / "policies.toml").read_bytes() == before


def test_a_worse_candidate_is_published_if_accepted(place: Path) -> None:
    weaken(place)
    result = run(place, "--candidate", str(place / "candidate"), "--publish", "--accept")
    assert result.exit_code == 0
    assert "identity-cn" not in (place / "force" / "policies.toml").read_text(encoding="utf-8")
    assert sorted(p.name for p in (place / "force").iterdir()) == [
        "packs",
        "policies.toml",
        "shoukou.toml",
    ]


def test_an_equally_good_candidate_is_published(place: Path) -> None:
    (place / "candidate" / "packs" / "en-markings.toml").unlink()
    path = place / "candidate" / "policies.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"en-markings", ', ""), "utf-8")
    result = run(place, "--candidate", str(place / "candidate"), "--publish")
    assert result.exit_code == 0, result.output
    assert not (place / "force" / "packs" / "en-markings.toml").exists()


def test_a_candidate_with_wrong_examples_is_refused(place: Path) -> None:
    pack = place / "candidate" / "packs" / "identity-cn.toml"
    text = pack.read_text(encoding="utf-8")
    pack.write_text(text.replace('"订单号 110105194912310021"', '"11010519491231002X"', 1), "utf-8")
    result = run(place, "--candidate", str(place / "candidate"), "--publish", "--accept")
    assert result.exit_code == 1
    assert "judged wrongly" in result.output


def test_lines_that_the_allow_list_excludes_are_not_flagged(place: Path) -> None:
    with (place / "lines.jsonl").open("a", encoding="utf-8") as lines:
        lines.write("\n" + json.dumps({"text": "样证 11010519491231002X", "leak": False}))
    flagged = json.loads(run(place, "--json").stdout)["in_force"]
    assert flagged["wrong"] == [7]
    (place / "force" / "allowlist.toml").write_text(
        """
[[allow]]
term = "11010519491231002X"
owner = "W"
reason = "published"
expires = 2099-12-31
""",
        encoding="utf-8",
    )
    allowed = json.loads(run(place, "--json").stdout)["in_force"]
    assert allowed["wrong"] == []
    assert allowed["families"]["all"]["precision"] == 1.0


def test_publish_without_a_candidate_is_refused(place: Path) -> None:
    result = run(place, "--publish")
    assert isinstance(result.exception, ConfigurationError)


def test_labels_are_read_in_all_three_forms(place: Path) -> None:
    labels = load_labels(place / "lines.jsonl")
    assert [label.leaks for label in labels] == [True, True, True, False, False, False]
    assert labels[1].severity is Severity.HIGH
    assert {label.source for label in labels} == {Source.TEXT}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("not JSON", "{"),
        ("no text", '{"leak": true}'),
        ("no label", '{"text": "a"}'),
        ("an unknown severity", '{"text": "a", "severity": "grave"}'),
        ("an unknown source", '{"text": "a", "leak": true, "source": "wall"}'),
        ("rules that are no list", '{"text": "a", "rules": "cn-markings/"}'),
    ],
)
def test_a_wrong_label_is_reported_with_its_line(tmp_path: Path, name: str, line: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"text": "a", "leak": false}\n' + line, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 2"):
        load_labels(path)


def test_tally_figures() -> None:
    tally = Tally(found=3, missed=1, flagged=1, passed=9)
    assert (tally.recall, tally.false_positive_rate, tally.precision) == (0.75, 0.1, 0.75)
    assert Tally().recall is None
    assert Tally(found=2).is_worse_than(Tally(found=3))
    assert not Tally(found=3).is_worse_than(Tally(found=3))
