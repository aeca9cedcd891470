from datetime import UTC, datetime

import pytest

from bot.errors import ConfigurationError
from bot.model import Category, Extent, Finding, Severity, Source
from bot.policy.allow_list import AllowEntry, AllowList

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
EARLIER = datetime(2026, 4, 1, tzinfo=UTC)
FINDING = Finding(
    rule_id="identity-cn/mobile",
    category=Category.IDENTITY,
    severity=Severity.MEDIUM,
    confidence=1.0,
    extent=Extent.SPAN,
    source=Source.TEXT,
    start=0,
    end=13,
    match="138 1234 5678",
)


def entry(kind: str, value: str, *, expires: datetime = LATER, **rest: object) -> AllowEntry:
    fields = {"owner": "王敏", "reason": "公开的值班电话"} | rest
    return AllowEntry(id="7", kind=kind, value=value, expires=expires, **fields)  # type: ignore


@pytest.mark.parametrize(
    ("name", "one", "suppressed"),
    [
        ("term", entry("term", "13812345678"), True),
        ("another term", entry("term", "1381234567"), False),
        ("pattern", entry("pattern", r"138[\d ]+"), True),
        ("pattern of a part", entry("pattern", "138"), False),
        ("rule", entry("rule", "identity-cn/mobile"), True),
        ("group", entry("group", "-5"), True),
        ("another group", entry("group", "-6"), False),
        ("for another group", entry("term", "13812345678", chat_id=-6), False),
        ("expired", entry("term", "13812345678", expires=EARLIER), False),
    ],
)
def test_an_entry_suppresses_exactly_its_findings(
    name: str, one: AllowEntry, suppressed: bool
) -> None:
    (found,) = AllowList([one]).apply([FINDING], chat_id=-5, now=NOW)
    assert found.suppressed_by == ("allow:7" if suppressed else None), name


def test_an_entry_needs_an_owner_and_a_reason() -> None:
    with pytest.raises(ConfigurationError, match="owner"):
        AllowList([entry("term", "x", owner=" ")])


def test_an_invalid_pattern_is_reported() -> None:
    with pytest.raises(ConfigurationError, match="entry 7"):
        AllowList([entry("pattern", "(")])
