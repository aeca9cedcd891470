"""The sentences of one message that stands for many notices or private notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, lines, plain
from bot.outgoing import RichText

MOST = 50
"""Notices that one message stands for at most."""

_TEXT_LIMIT = 4096
_FRAME = 700
"""Characters kept for the heading and the sentences around the lines."""

_LONGEST_LINE = 240
_LONGEST_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedLine:
    """One message's line; ``who`` is empty in a private note, whose reader is the sender."""

    who: str = field(repr=False)
    posted_at: datetime
    reasons: str = field(repr=False)
    excerpt: str = field(default="", repr=False)


def in_group(t: Translator, rows: Sequence[MergedLine], *, removed: bool) -> RichText:
    """Notify a group of its messages that were taken down, or that should be looked at again."""
    if not removed:
        head = t("⚠️ Please look at these {count} messages again:", count=len(rows))
        return lines(bold(head), *_listed(rows))
    return lines(
        bold(t("🛡 {count} messages were taken down one after the other.", count=len(rows))),
        *_listed(rows),
        "",
        t("If one of them is a mistake, its sender presses its number below."),
        t("This happens easily and nobody is blamed. Please keep such material out of chats."),
    )


def to_sender(t: Translator, rows: Sequence[MergedLine], *, removed: bool) -> RichText:
    """Explain to a sender what happened to several of their messages, and what to do now."""
    head = (
        t("{count} of your messages were taken down.", count=len(rows))
        if removed
        else t("About {count} of your messages:", count=len(rows))
    )
    return lines(
        bold(head),
        *_listed(rows),
        "",
        t(
            "What to do now: if you sent it elsewhere too, please recall it there. If it was a password or key, change it."
        ),
        t(
            "If one of them is a mistake, press its button under the notice in the group; a supervisor will look at it, and you will hear from me."
        )
        if removed
        else None,
        t("It happens to many. Nobody is ranked or punished by me."),
    )


def shortened(text: str, limit: int) -> str:
    """Return a text on one line, cut at a number of characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _listed(rows: Sequence[MergedLine]) -> list[RichText]:
    """Number the lines, and shorten them so that all fit within the platform's limit for a text."""
    room = min(_LONGEST_LINE, (_TEXT_LIMIT - _FRAME) // max(1, len(rows)) - 1)
    return [plain(_fitted(f"{n}. {_sentence(row)}", room)) for n, row in enumerate(rows, 1)]


def _sentence(row: MergedLine) -> str:
    who = f"{shortened(row.who, _LONGEST_NAME)} " if row.who else ""
    excerpt = f"“{row.excerpt}” " if row.excerpt else ""
    return f"{who}{row.posted_at:%H:%M:%S} UTC: {excerpt}{row.reasons}"


def _fitted(text: str, units: int) -> str:
    """Cut a text so that it has at most so many UTF-16 units, as the platform counts them."""
    text = shortened(text, units)
    while len(text.encode("utf-16-le", "surrogatepass")) // 2 > units:
        text = text[:-2] + "…"
    return text
