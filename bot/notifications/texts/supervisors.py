"""The sentences of messages to supervisors, other than cards."""

from __future__ import annotations

from datetime import datetime

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, fill, lines, quoted
from bot.outgoing import RichText


def unsure(t: Translator, *, group: str, chat_id: int, said: str) -> RichText:
    """Report a message that may or may not have arrived."""
    where = group or (t("the group {chat_id}", chat_id=chat_id) if chat_id < 0 else t("a person"))
    return lines(
        fill(
            t(
                "❔ The platform did not answer, so I do not know whether this message to {where} has arrived. I do not repeat it."
            ),
            where=bold(where),
        ),
        quoted(said) if said else None,
    )


def dead_letter(t: Translator, *, group: str, number: int) -> RichText:
    """Report an update that could not be handled."""
    return lines(
        bold(t("⚠️ Something from the platform could not be handled")),
        fill(t("Group: {group}"), group=bold(group)) if group else None,
        t(
            "Five tries failed, so it was not inspected. Its number is {number}; the program's log tells more.",
            number=number,
        ),
    )


def pictures_behind(t: Translator, *, since: datetime, minutes: int) -> RichText:
    """Report that pictures wait for their inspection."""
    return lines(
        bold(t("⏳ Pending inspection: pictures have to wait")),
        t(
            "The oldest came at {since} and has been waiting for more than {minutes} minutes. Texts are inspected at once as always.",
            since=f"{since:%Y-%m-%d %H:%M} UTC",
            minutes=minutes,
        ),
        t("Nothing is skipped: each picture is inspected as soon as it is its turn."),
    )


def pictures_caught_up(t: Translator, *, since: datetime, until: datetime) -> RichText:
    """Report that no picture waits any longer."""
    return lines(
        bold(t("✅ The pictures are inspected without delay again")),
        t(
            "Those that waited, from {since} to {until}, have all been inspected.",
            since=f"{since:%Y-%m-%d %H:%M} UTC",
            until=f"{until:%Y-%m-%d %H:%M} UTC",
        ),
    )
