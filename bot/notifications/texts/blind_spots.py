"""The sentences about times that the bot did not see, and about refused files."""

from __future__ import annotations

from datetime import datetime

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, lines
from bot.outgoing import RichText


def outage(t: Translator, *, since: datetime, until: datetime) -> RichText:
    """Report an outage that is long enough for the platform to have dropped messages."""
    return lines(
        bold(t("⚠️ Blind spot: the bot was not connected")),
        t(
            "From {since} to {until} it received nothing. The platform keeps messages for 24 hours only: what was posted then may not have been inspected.",
            since=_time(since),
            until=_time(until),
        ),
        t("Please look through the groups' messages of that time by hand."),
    )


def gap(t: Translator, *, missing: int, since: datetime, until: datetime) -> RichText:
    """Report numbers of updates that never came."""
    return lines(
        bold(t("⚠️ Blind spot: updates are missing")),
        t(
            "Between {since} and {until} the platform's numbers skip {count}: so many messages or events never reached the bot and were not inspected.",
            since=_time(since),
            until=_time(until),
            count=missing,
        ),
        t("Please look through the groups' messages of that time by hand."),
    )


def refused(t: Translator, *, fault: str) -> RichText:
    """Report a changed file that holds a mistake."""
    return lines(
        bold(t("⚠️ A changed file was refused")),
        fault,
        t("What was in force before stays in force. Mend the file: it is read again by itself."),
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
