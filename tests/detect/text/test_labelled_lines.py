"""The aims for the labelled sets; see docs/detection-quality.md for the figures."""

import asyncio
import functools
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.judging.checking import load_checker
from bot.judging.evaluation import Measures, Tally, load_labels, measure
from bot.rules.rule import LANGUAGES

pytestmark = pytest.mark.xdist_group("labelled")  # what was measured is kept

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
CHECKER = load_checker(ROOT / "config" / "packs", ROOT / "config" / "policies.toml")
CHAT = ("generated-chat.jsonl", "generated-chat-held-out.jsonl")
MIXED = (
    "tuned-leaks.jsonl", "tuned-harmless.jsonl", "tuned-varied.jsonl", "tuned-unusual.jsonl",
    "tuned-kin.jsonl", "outside-early.jsonl", "outside-everyday-words.jsonl",
    "generated-tuned.jsonl", "generated-held-out.jsonl",
)  # fmt: skip
NEAR = {
    "marks": ("training", "quiz", "law", "reminder", "case", "idiom", "rating", "talk", "bot"),
    "identity": ("numbers",),
    "credentials": ("credential",),
    "documents": ("public",),
    "english": ("english",),
}

FLOORS = {
    "cn-markings": 0.9, "work-secrets": 0.7, "cn-documents": 0.9, "en-markings": 0.9,
    "identity-cn": 0.95, "identity-world": 0.9, "credentials": 0.95,
    "image-to-text": 0.6, "evasion": 0.75,
}  # fmt: skip


@functools.cache
def measured(*names: str) -> Measures:
    labels = [label for name in names for label in load_labels(DATA / name)]
    return asyncio.run(measure(CHECKER, labels, "standard"))


def total(measures: Measures, *families: str) -> Tally:
    found = [measures.families.get(f, Tally()) for f in families]
    return Tally(
        sum(t.found for t in found),
        sum(t.missed for t in found),
        sum(t.flagged for t in found),
        sum(t.passed for t in found),
    )


@pytest.mark.parametrize(
    ("pack", "near", "recall", "false"),
    [
        ("cn-markings", "marks", 0.99, 0.01),
        ("work-secrets", "marks", 0.99, 0.01),
        ("cn-documents", "documents", 0.97, 0.01),
        ("en-markings", "english", 0.97, 0.01),
        ("identity-cn", "identity", 0.99, 0.005),
        ("identity-world", "identity", 0.99, 0.005),
        ("credentials", "credentials", 0.97, 0.01),
    ],
)
def test_each_pack_reaches_its_aims(pack: str, near: str, recall: float, false: float) -> None:
    measures = measured(*MIXED)
    leaks, harmless = measures.families[pack], total(measures, *NEAR[near])
    assert leaks.recall is not None
    assert leaks.recall >= recall
    assert harmless.false_positive_rate is not None
    assert harmless.false_positive_rate <= false


def test_everyday_chat_is_left_alone() -> None:
    chat = measured(*CHAT).total
    assert chat.flagged + chat.passed >= 5000
    assert chat.false_positive_rate is not None
    assert chat.false_positive_rate <= 0.001


@pytest.mark.parametrize(
    ("name", "false"),
    [
        ("outside-second-writer.jsonl", 0.01), ("outside-third-writer.jsonl", 0.01),
        ("outside-last-writer.jsonl", 0.01), ("outside-confided.jsonl", 0.03),
    ],
)  # fmt: skip
def test_lines_from_outside_stay_as_well_judged(name: str, false: float) -> None:
    """These were tuned on hardly or late: floors below what was measured."""
    measures = measured(name)
    packs = [pack for pack in FLOORS if pack in measures.families]
    recalls = {pack: measures.families[pack].recall or 0.0 for pack in packs}
    assert {p: r for p, r in recalls.items() if r < FLOORS[p]} == {}
    assert "work-secrets" in recalls
    harmless = measures.total
    assert harmless.false_positive_rate is not None
    assert harmless.false_positive_rate <= false


def test_the_sets_are_large_enough() -> None:
    everything = measured(*MIXED).total
    assert everything.found + everything.missed >= 400
    assert everything.flagged + everything.passed >= 600


def test_generated_lines_are_those_of_the_script(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from scripts import make_labelled_lines as m; "
        "m.ROOT = Path(sys.argv[1]); m.main()"
    )
    (tmp_path / "tests" / "data").mkdir(parents=True)
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True)
    for path in (tmp_path / "tests" / "data").iterdir():
        assert path.read_bytes() == (DATA / path.name).read_bytes(), path.name


def test_the_bots_own_words_are_harmless() -> None:
    with (ROOT / "config" / "locales" / "zh_CN" / "LC_MESSAGES" / "shoukou.po").open("rb") as file:
        catalog = read_po(file)
    words = [
        str(text) for message in catalog if message.id for text in (message.id, message.string)
    ]
    checker = CHECKER
    for pack in checker.packs.by_name.values():
        words += [rule.description[language] for rule in pack.rules for language in LANGUAGES]
    flagged = [w for w in words if checker.check_text(w).verdict.effective]
    assert flagged == []
