"""The sentences of private notes to a sender, and the short answers to button presses."""

from __future__ import annotations

from collections.abc import Sequence

from bot.i18n import Translator
from bot.notifications.texts.group import Reason, joined
from bot.notifications.texts.richtext import bold, fill, lines, plain
from bot.outgoing import RichText


def explanation(t: Translator, *, group: str, reasons: Sequence[Reason], removed: bool) -> RichText:
    """Explain to the sender what happened, and ask for what they should do now."""
    head = (
        t("Your message in “{group}” was taken down.")
        if removed
        else t("About your message in “{group}”:")
    )
    return lines(
        fill(head, group=bold(group or t("the group"))),
        fill(t("Why: {reasons}"), reasons=joined(t, reasons)),
        "",
        t(
            "What to do now: if you sent it elsewhere too, please recall it there. If it was a password or key, change it."
        ),
        t(
            "If this is a mistake, press the button under the notice in the group; a supervisor will look at it, and you will hear from me."
        )
        if removed
        else None,
        t("It happens to many. Nobody is ranked or punished by me."),
    )


def released(t: Translator, *, group: str, days: int) -> RichText:
    """Notify a sender of a false alarm."""
    return fill(
        t(
            "✅ Good news: your message in “{group}” was fine; that was my mistake. You can post the very same content again within {days} days, and it will stay. Sorry for the trouble!"
        ),
        group=bold(group or t("the group")),
        days=days,
    )


def confirmed(t: Translator, *, group: str) -> RichText:
    """Notify a sender who appealed that the decision stands."""
    return fill(
        t(
            "A supervisor has looked at your message in “{group}” and agrees that it should not be in the chat. Thank you for asking."
        ),
        group=bold(group or t("the group")),
    )


def why(t: Translator, reasons: Sequence[Reason]) -> str:
    """Answer the button “Why?” in at most 200 characters."""
    sentence = t("Taken down because: {reasons}. Such material may not be in a chat.")
    return _short(sentence.format(reasons=joined(t, reasons)))


def _short(text: str, limit: int = 200) -> str:
    # Telegram refuses an answer to a button press of more than 200 characters.
    return text if len(text) <= limit else text[: limit - 1] + "…"


def welcome(t: Translator) -> RichText:
    """Answer /start in a private chat."""
    return lines(
        bold(t("Hello, I am Shoukou.")),
        t(
            "I keep confidential material out of your organisation's work groups. From now on I can explain to you privately when I take something down."
        ),
        t("Send me a text here, and I tell you whether it can be posted. I do not keep it."),
    )


def help_text(t: Translator) -> RichText:
    """Answer /help."""
    return lines(
        bold(t("What I can do for you")),
        t("• Send me a text or a picture here: I check it and do not keep it."),
        t("/status – is the group protected, what happened this week (administrators)"),
        t("/keywords – a group's own protected terms (administrators, here in private)"),
        t("/id – the number of this chat and your own, for the configuration"),
        t("/help – this list"),
    )


def check_result(t: Translator, reasons: Sequence[Reason], *, unread: bool) -> RichText:
    """Answer a draft that a member had checked."""
    if reasons:
        return lines(
            bold(t("Please do not post this in a chat.")),
            *(f"• {row}" for row in dict.fromkeys(r.explanation or r.category for r in reasons)),
        )
    if unread:
        return plain(t("I could not read this file, so I cannot say. Please ask a supervisor."))
    return plain(t("✅ I found nothing that speaks against posting it. I did not keep it."))
