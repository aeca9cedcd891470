"""The answer to /status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.i18n import Translator
from bot.model import Category
from bot.notifications.texts import vocabulary
from bot.notifications.texts.richtext import bold, fill, lines, plain
from bot.outgoing import RichText


def status(
    t: Translator,
    *,
    group: str,
    designated: bool,
    policy: str,
    missing: Sequence[str],
    week: Mapping[Category | None, int],
    false_alarms: int,
    excluded: Mapping[str, int] = MappingProxyType({}),
) -> RichText:
    """Report a group's protection, missing rights, and the cases of this week."""
    if not designated:
        return lines(
            bold(group),
            t("⏸ This group is not designated: nothing is read here."),
            t("A supervisor can approve it in the supervisors' chat."),
        )
    total = sum(week.values())
    return lines(
        bold(group),
        t("✅ Designated, policy “{policy}”.", policy=policy),
        t("✅ The bot's rights are complete.")
        if not missing
        else bold(t("⚠️ The bot cannot do all of its job:")),
        *(f"• {row}" for row in missing),
        "",
        bold(t("The last 7 days")),
        *(
            fill(t("• {category}: {count}"), category=vocabulary.category(t, c), count=n)
            for c, n in week.items()
        ),
        t("Nothing was found. 👍") if total == 0 else None,
        t("Of these, false alarms: {count}", count=false_alarms) if false_alarms else None,
        t("Let through by the allow-list (entry: messages): {entries}", entries=_entries(excluded))
        if excluded
        else None,
    )


def _entries(excluded: Mapping[str, int]) -> str:
    shown = [f"{e.removeprefix('allow:')}: {count}" for e, count in list(excluded.items())[:10]]
    return ", ".join([*shown, "…"] if len(excluded) > len(shown) else shown)


def several(t: Translator, statuses: Sequence[RichText], *, of: int) -> RichText:
    """Report several groups in one message."""
    rows = [row for status in statuses for row in (status, "")][:-1]
    more = of - len(statuses)
    return lines(*rows, *(("", t("and {count} more groups", count=more)) if more else ()))


def supervisors_chat(t: Translator) -> RichText:
    """Answer /status in the supervisors' own chat."""
    return plain(
        t(
            "This is the supervisors' chat: cases and requests for approval arrive here. It is no group under protection, and nothing is read here. For the groups' state send /status in private."
        )
    )


def only_administrators(t: Translator) -> RichText:
    """Refuse /status to somebody who is no administrator."""
    return plain(t("Only the group's administrators and supervisors can ask for this."))


def identity(t: Translator, *, chat_id: int, user_id: int | None) -> RichText:
    """Answer /id."""
    return lines(
        t("Number of this chat: {chat_id}", chat_id=chat_id),
        t("Your own number: {user_id}", user_id=user_id) if user_id else None,
    )
