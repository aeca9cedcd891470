"""The sentences of messages to administrators and supervisors about a group."""

from __future__ import annotations

from collections.abc import Sequence

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, fill, lines, plain, styled
from bot.outgoing import RichText, SpanKind


def keyword_usage(t: Translator) -> RichText:
    """Explain /keywords."""
    return lines(
        bold(t("A group's own protected terms")),
        t("/keywords – list them"),
        t("/keywords add TERM – protect a term; several terms: one a line"),
        t("/keywords remove TERM – no longer protect it"),
        t("If you administer several groups, put the group's number before add or remove."),
    )


def keyword_list(t: Translator, *, group: str, terms: Sequence[str]) -> RichText:
    """List a group's terms; only ever sent to an administrator in private."""
    if not terms:
        return fill(t("{group} has no protected terms of its own yet."), group=bold(group))
    return lines(
        fill(t("Protected terms of {group}:"), group=bold(group)),
        *(f"• {term}" for term in terms[:100]),
        t("and {count} more", count=len(terms) - 100) if len(terms) > 100 else None,
    )


def keyword_changed(
    t: Translator, *, group: str, added: bool, count: int, unknown: int
) -> RichText:
    """Confirm a change of the list; ``unknown`` terms were to be removed and are not on it."""
    sentence = (
        t("✅ Protected in {group} from now on. Terms: {count}")
        if added
        else t("✅ No longer protected in {group}. Terms: {count}")
    )
    return lines(
        fill(sentence, group=bold(group), count=count) if count else None,
        fill(
            t("⚠️ Not among the terms of {group}, so nothing was removed. Terms: {count}"),
            group=bold(group),
            count=unknown,
        )
        if unknown
        else None,
    )


def keyword_too_short(t: Translator) -> RichText:
    """Refuse a term that would be found in nearly every message."""
    return plain(
        t(
            "❌ A term needs at least two characters. Nothing was changed. Please write one term a line."
        )
    )


def keywords_in_private(t: Translator) -> RichText:
    """Refuse to handle terms in a group, where everybody would read them."""
    return plain(
        t("Please send me /keywords in private, so that the terms stay out of this group.")
    )


def choose_group(t: Translator, groups: Sequence[tuple[int, str]]) -> RichText:
    """Ask which group is meant."""
    return lines(
        t(
            "Which group? Please put its number into the command, for example: /keywords -100123 add TERM"
        ),
        *(
            fill("• {number} {title}", number=styled(str(number), SpanKind.CODE), title=title)
            for number, title in groups
        ),
    )


def bot_removed(t: Translator, *, group: str) -> RichText:
    """Notify the supervisors that the bot is no longer in a group."""
    return fill(
        t("🚪 The bot was removed from {group}. It is not protected any more."), group=bold(group)
    )


def group_unprotected(t: Translator, *, group: str, missing: Sequence[str]) -> RichText:
    """Notify supervisors and administrators that the bot lost rights in a group."""
    return lines(
        fill(t("⚠️ {group} is not fully protected at the moment:"), group=bold(group)),
        *(f"• {row}" for row in missing),
    )


def group_protected(t: Translator, *, group: str) -> RichText:
    """Notify the supervisors that a group is protected again."""
    return fill(t("✅ {group}: all rights are there, the group is protected."), group=bold(group))


def exposed_privately(t: Translator, *, group: str, reason: str, link: str | None) -> RichText:
    """Notify a person of a message that the bot may not remove."""
    return lines(
        fill(
            t("⚠️ In {group} there is a message that I may not remove: {reason}."),
            group=bold(group),
            reason=reason,
        ),
        t("Please remove it by hand, and allow the bot to delete messages."),
        styled(t("Open the message"), SpanKind.LINK, link) if link else None,
    )


def delayed_privately(t: Translator, *, group: str, reason: str, link: str | None) -> RichText:
    """Notify a person of a message whose removal the platform has not confirmed yet."""
    return lines(
        fill(
            t("⚠️ In {group} there is a message that I am still trying to remove: {reason}."),
            group=bold(group),
            reason=reason,
        ),
        t(
            "The platform has not confirmed it yet. If the message is still there, please remove it by hand."
        ),
        styled(t("Open the message"), SpanKind.LINK, link) if link else None,
    )
