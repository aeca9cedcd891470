"""The sentences of the bot's posts in a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.i18n import Translator
from bot.notifications.texts.richtext import bold, fill, lines, plain, quoted
from bot.outgoing import BotRights, MaskedCopy, RichText


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for taking a message down, in the reader's language."""

    category: str
    explanation: str = field(repr=False)


def notice(
    t: Translator, *, name: str, reasons: Sequence[Reason], copy: MaskedCopy, album: bool
) -> RichText:
    """Return the notice in place of a message that was taken down."""
    shown = bool(copy.text) or copy.picture is not None
    head = (
        t("🛡 A message from {name} is shown again with the sensitive part covered.")
        if shown
        else t("🛡 A message from {name} was withheld.")
    )
    return lines(
        fill(head, name=bold(name or t("a member"))),
        quoted(copy.text) if copy.text else None,
        *_withheld(t, copy, album=album),
        fill(t("Why: {reasons}"), reasons=joined(t, reasons)),
        t("This happens easily and nobody is blamed. Please keep such material out of chats."),
    )


def joined(t: Translator, reasons: Sequence[Reason]) -> str:
    """Join the different reasons, at most four, into one clause."""
    # Different rules often have the same sentence; more than four clauses are not read.
    different = list(dict.fromkeys(r.explanation or r.category for r in reasons))[:4]
    return ("；" if t.language == "zh-CN" else "; ").join(different)


def _withheld(t: Translator, copy: MaskedCopy, *, album: bool) -> list[str]:
    sentences = {
        "text": t("• The text is not shown: what bears such a mark is protected as a whole."),
        "picture-marked": t("• The picture is not shown: all of what bears a mark is protected."),
        "picture-not-masked": t(
            "• The picture is not shown: I could not make sure that its covering hides everything."
        ),
        "picture-not-inspected": t("• The file is not shown, because it could not be checked."),
        "file-marked": t("• The file is not shown: a mark in its name protects all of it."),
        "file": t("• The file was removed together with the message."),
    }
    rows = [sentences[code] for code in copy.withheld]
    if album:
        rows.append(t("• The other pictures of the album went with it; repost those you need."))
    return rows


def announcement(t: Translator, *, organisation: str, contact: str, seconds: int = 1) -> RichText:
    """Introduce the bot, once, when it comes into a designated group."""
    who = organisation or t("your organisation")
    return lines(
        bold(t("Hello, I am Shoukou. I help to keep confidential material out of this group.")),
        "",
        t(
            "• What I look for: official and internal markings, personal numbers, passwords and keys, and the group's own protected terms, in texts and pictures. I judge no opinions."
        ),
        fill(
            t(
                "• Why: this is a work group of {who}. A slip is quickly made, so I take such a message down within about {seconds} s and show a covered copy."
            ),
            who=who,
            seconds=seconds,
        ),
        t(
            "• What I keep: no message that is fine. Of a case only a covered copy or a notice, for the supervisors. Everything stays on your organisation's own machine."
        ),
        fill(
            t(
                "• Whom to ask: {contact}. If I was wrong, press “This is a mistake” under my notice."
            ),
            contact=contact or t("this group's administrator"),
        ),
        t(
            "• Write to me privately to have a text checked before you post it; press Start there so that I can explain things to you in private."
        ),
    )


def waiting_for_approval(t: Translator) -> RichText:
    """Announce that a group is not yet designated."""
    return plain(
        t(
            "Hello, I am Shoukou. This group is not on my list yet, so I read nothing here. The supervisors have been asked; without their approval I leave after 24 hours."
        )
    )


def waiting_for_supervisors(t: Translator) -> RichText:
    """Announce that nobody can approve the group yet, since no supervisors are configured."""
    return plain(
        t(
            "Hello, I am Shoukou. No supervisors' chat is set up yet, so nobody can approve this group: I read nothing here and wait. If this is to be the supervisors' chat, send /id here and put its number into the settings."
        )
    )


def goodbye(t: Translator) -> RichText:
    """Announce that the bot leaves a group that was not approved."""
    return plain(
        t(
            "This group has not been approved as a work group under protection, so I am leaving. I have read nothing here. Goodbye!"
        )
    )


def exposed(t: Translator, *, reasons: Sequence[Reason]) -> RichText:
    """Ask a group to remove a message that the bot may not remove."""
    return lines(
        _please_remove(t, reasons),
        t("I may not delete messages here. Its sender or an administrator can."),
        t(
            "Administrators: open the group's settings → Administrators → this bot → allow “Delete messages”."
        ),
    )


def delayed(t: Translator, *, reasons: Sequence[Reason]) -> RichText:
    """Ask a group to remove a message whose removal the platform has not confirmed yet."""
    return lines(
        _please_remove(t, reasons),
        t(
            "The platform has not confirmed my own removal of it yet; I go on trying. Its sender or an administrator can remove it at once."
        ),
    )


def _please_remove(t: Translator, reasons: Sequence[Reason]) -> RichText:
    return fill(
        t("⚠️ Please remove the message that this answers: {reasons}."),
        reasons=joined(t, reasons),
    )


def rights_missing(t: Translator, rights: BotRights) -> list[str]:
    """List the rights that the bot lacks, each with its remedy; empty when complete."""
    rows = []
    if not rights.present:
        return [t("The bot is not in this group. Add it as an administrator.")]
    if not rights.sees_all_messages:
        rows.append(
            t(
                "It does not see all messages: make it an administrator (or turn privacy mode off with @BotFather and add the bot again)."
            )
        )
    if not rights.can_delete:
        rows.append(
            t(
                "It may not delete messages: group settings → Administrators → this bot → “Delete messages”."
            )
        )
    return rows


def rights_complete(t: Translator) -> RichText:
    """Announce that the bot has all rights that it needs."""
    return plain(t("✅ Thank you. All rights are there; this group is protected."))


def rights_lost(t: Translator, missing: Sequence[str]) -> RichText:
    """Announce that the group is no longer protected, with the remedy."""
    return lines(
        bold(t("⚠️ This group is not fully protected at the moment.")),
        *(f"• {row}" for row in missing),
    )


def released(t: Translator, *, name: str) -> RichText:
    """Notify a sender in the group of a false alarm."""
    return fill(
        t(
            "✅ {name}, a supervisor looked at it: your message was fine. You can post it again now; it will stay. Sorry for the trouble."
        ),
        name=bold(name),
    )


def caution(t: Translator, *, name: str, reasons: Sequence[Reason]) -> RichText:
    """Ask a sender to look at a message again; the message stays."""
    return fill(
        t("⚠️ {name}, please look at this message again: {reasons}."),
        name=bold(name or t("a member")),
        reasons=joined(t, reasons),
    )
