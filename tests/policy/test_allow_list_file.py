"""The allow-list's file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.model import Category, Extent, Finding, Severity, Source
from bot.policy.allow_list_file import load_allow_list

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ABOUT = 'owner = "王敏"\nreason = "公开项目"\nexpires = 2026-12-31\n'


def finding(match: str = "青松项目", rule: str = "keywords/group") -> Finding:
    return Finding(
        rule_id=rule,
        category=Category.KEYWORD,
        severity=Severity.MEDIUM,
        confidence=0.9,
        extent=Extent.SPAN,
        source=Source.TEXT,
        start=0,
        end=len(match),
        match=match,
    )


def suppressed(folder: Path, content: str, chat: int = -5, now: datetime = NOW) -> str | None:
    path = folder / "allowlist.toml"
    path.write_text(content, "utf-8")
    [found] = load_allow_list(path).apply([finding()], chat_id=chat, now=now)
    return found.suppressed_by


@pytest.mark.parametrize(
    ("name", "entry", "expected"),
    [
        ("a term", 'id = "open"\nterm = "青松项目"\n', "allow:open"),
        ("another term", 'term = "青松"\n', None),
        ("a pattern", r"pattern = '青松\w+'" + "\n", "allow:1"),
        ("a rule", 'rule = "keywords/group"\n', "allow:1"),
        ("a group", "group = -5\n", "allow:1"),
        ("another group", "group = -6\n", None),
        ("a term in a group", 'term = "青松项目"\ngroup = -5\n', "allow:1"),
        ("a term in another group", 'term = "青松项目"\ngroup = -6\n', None),
    ],
)
def test_each_form_of_entry_suppresses_its_findings(
    name: str, entry: str, expected: str | None, tmp_path: Path
) -> None:
    assert suppressed(tmp_path, "[[allow]]\n" + entry + ABOUT) == expected, name


def test_an_entry_expires_at_the_end_of_its_day(tmp_path: Path) -> None:
    content = '[[allow]]\nterm = "青松项目"\n' + ABOUT
    late = datetime(2026, 12, 31, 12).astimezone()
    over = datetime(2027, 1, 1, 0, 1).astimezone()
    assert suppressed(tmp_path, content, now=late) == "allow:1"
    assert suppressed(tmp_path, content, now=over) is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nothing allowed", "[[allow]]\n" + ABOUT, "entry number 1: what is allowed is not clear"),
        ("two things", '[[allow]]\nterm="a"\nrule="b"\n' + ABOUT, "what is allowed is not clear"),
        ("no owner", '[[allow]]\nid="x"\nterm="a"\nreason="r"\nexpires=2026-01-01', "entry 'x'"),
        (
            "blank reason",
            '[[allow]]\nterm="a"\nowner="o"\nreason=" "\nexpires=2026-01-01',
            "reason",
        ),
        ("no expiry", '[[allow]]\nterm="a"\nowner="o"\nreason="r"', "expires"),
        ("a misspelt key", '[[allow]]\nterms="a"\n' + ABOUT, "terms"),
        ("a bad pattern", '[[allow]]\npattern="("\n' + ABOUT, "not valid RE2"),
        ("an ASCII boundary", "[[allow]]\npattern='\\bab'\n" + ABOUT, "sees only ASCII"),
        ("twice", ('[[allow]]\nid="x"\nterm="a"\n' + ABOUT) * 2, "two entries"),
        ("no TOML", "[[allow", "not valid TOML"),
    ],
)
def test_a_mistake_is_reported_with_its_entry(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        suppressed(tmp_path, content)
    assert message in str(caught.value), name


def test_a_missing_file_allows_nothing(tmp_path: Path) -> None:
    assert load_allow_list(tmp_path / "none.toml").apply([finding()], chat_id=1, now=NOW) == (
        finding(),
    )
