from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.policy.policies import load_policies
from bot.rules.packs import load_packs

CONFIG = Path(__file__).parents[2] / "config"
PACKS = load_packs(CONFIG / "packs")
TEXT = (CONFIG / "policies.toml").read_text(encoding="utf-8")


def load(tmp_path: Path, text: str) -> str:
    path = tmp_path / "policies.toml"
    path.write_text(text, encoding="utf-8")
    return load_policies(path, PACKS)["standard"].version


def test_the_version_changes_with_the_content_only(tmp_path: Path) -> None:
    assert load(tmp_path, TEXT) == load(tmp_path, "# a comment\n" + TEXT)
    assert load(tmp_path, TEXT) != load(tmp_path, TEXT.replace('low = ["log"]', "low = []"))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("unknown pack", '"cn-markings"', '"cn-marks"', "no pack 'cn-marks'"),
        ("unknown action", '"mask", "warn"]', '"msk"]', "actions.medium"),
        ("missing severity", 'low = ["log"]', "", "actions.low"),
        ("unknown key", "evidence", "evidnce", "evidnce"),
        ("unknown kind", 'archive = "hold"', 'arkive = "hold"', "unsupported"),
        ("unknown choice", 'archive = "hold"', 'archive = "burn"', "unsupported"),
        (
            "unknown category",
            "evidence =",
            "thresholds = { marks = 0.9 }\nevidence =",
            "thresholds",
        ),
        ("no confidence", "evidence =", "thresholds = { marking = 2 }\nevidence =", "thresholds"),
        ("sealed evidence", '"masked"', '"sealed"', "not available yet"),
        ("not TOML", "[policies.standard]", "[policies.standard", "not valid TOML"),
    ],
)
def test_a_mistake_is_reported_with_its_place(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    assert message in str(caught.value)
    assert "policies.toml" in str(caught.value)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_policies(tmp_path / "none.toml", PACKS)


@pytest.mark.parametrize(
    ("choice", "actions"),
    [("log", {"log"}), ("hold", {"escalate"}), ("remove", {"delete", "warn"})],
)
def test_the_actions_for_one_kind_of_media_can_be_chosen(
    tmp_path: Path, choice: str, actions: set[str]
) -> None:
    path = tmp_path / "policies.toml"
    path.write_text(f'{TEXT}\nvoice = "{choice}"\n', encoding="utf-8")
    policy = load_policies(path, PACKS)["standard"]
    assert {a.value for a in policy.unread("unsupported-voice")} == actions
    assert {a.value for a in policy.unread("unsupported-sticker")} == {"log"}
    assert {a.value for a in policy.unread("encrypted")} == {"escalate"}
