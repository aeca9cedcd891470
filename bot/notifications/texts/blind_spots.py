"""What supervisors hear of what the bot cannot have seen, or could not take up."""

from __future__ import annotations

from datetime import datetime

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, lines
from bot.outgoing import RichText


def outage(t: Translator, *, since: datetime, until: datetime) -> RichText:
    """Tell of a time after which the platform may have thrown messages away."""
    return lines(
        bold(t("⚠️ Blind spot: the bot was not connected")),
        t(
            "From {since} to {until} it received nothing. The platform keeps messages for 24 hours only: what was posted then may not have been inspected.",
            since=_told(since),
            until=_told(until),
        ),
        t("Please look through the groups' messages of that time by hand."),
    )


def gap(t: Translator, *, missing: int, since: datetime, until: datetime) -> RichText:
    """Tell of numbers of updates that never came."""
    return lines(
        bold(t("⚠️ Blind spot: updates are missing")),
        t(
            "Between {since} and {until} the platform's numbers skip {count}: so many messages or events never reached the bot and were not inspected.",
            since=_told(since),
            until=_told(until),
            count=missing,
        ),
        t("Please look through the groups' messages of that time by hand."),
    )


def refused(t: Translator, *, fault: str) -> RichText:
    """Tell of a changed file that holds a mistake."""
    return lines(
        bold(t("⚠️ A changed file was refused")),
        fault,
        t("What was in force before stays in force. Mend the file: it is read again by itself."),
    )


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
