"""One message for many notices fits the platform's limits and names each of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.i18n import Catalogs, Language
from bot.notifications.texts.merged_notices import MOST, MergedLine, in_group, shortened, to_sender
from bot.settings import CONFIG_FOLDER

LIMIT = 4096
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


def line(**changes: str) -> MergedLine:
    at = datetime(2026, 3, 2, 9, 12, 33, tzinfo=UTC)
    values = {"who": "张晓华", "reasons": "含有居民身份证号码", "excerpt": "请登记 ████"} | changes
    return MergedLine(posted_at=at, **values)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [2, 10, MOST])
@pytest.mark.parametrize("removed", [True, False])
@pytest.mark.parametrize(
    "row",
    [
        line(),
        line(who="🐉" * 64, reasons="🔑" * 300, excerpt="█🔒" * 200),
        line(who="", excerpt=""),
    ],
    ids=["ordinary", "as long as can be", "as short as can be"],
)
def test_all_lines_fit_into_one_message(
    language: Language, count: int, removed: bool, row: MergedLine
) -> None:
    t = Catalogs.load(Path(CONFIG_FOLDER) / "locales", language).get()
    for compose in (in_group, to_sender):
        text = compose(t, [row] * count, removed=removed)
        assert units(text.text) <= LIMIT
        rows = text.text.splitlines()
        assert [r.split(".")[0] for r in rows if "09:12:33 UTC" in r] == [
            str(n) for n in range(1, count + 1)
        ]
        assert len(text.spans) <= 100


def test_a_line_break_in_a_name_is_removed() -> None:
    t = Catalogs.load(Path(CONFIG_FOLDER) / "locales", "en").get()
    rows = in_group(t, [line(who="a\n2. b"), line()], removed=True).text.splitlines()
    assert [row for row in rows if row.startswith("2. ")] == [rows[2]]


def test_a_shortened_text_ends_with_an_ellipsis() -> None:
    assert shortened("a  b\nc", 10) == "a b c"
    assert shortened("abcdef", 4) == "abc…"
