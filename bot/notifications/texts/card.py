"""The supervisors' card of a case. It never shows more than the masked copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.i18n import Translator
from bot.model import Category, Severity, Source
from bot.notifications.texts import vocabulary
from bot.notifications.texts.richtext import bold, fill, lines, plain, quoted, styled
from bot.outgoing import CaseStatus, EffectKind, EffectStatus, RichText, SpanKind

NO_ANSWER = "no-answer"
"""The detail of an act that takes long and goes on being tried."""

_FAILED = (EffectStatus.FAILED, EffectStatus.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFinding:
    """One finding as the card shows it: its place and explanation, never its content."""

    rule_id: str
    explanation: str = field(repr=False)
    source: Source
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEffect:
    """The outcome of one act."""

    kind: EffectKind
    status: EffectStatus
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """All that a card shows of a case."""

    number: int
    severity: Severity
    category: Category | None
    status: CaseStatus
    group: str = field(repr=False)
    pseudonym: str
    earlier_cases: int
    findings: Sequence[CardFinding]
    not_inspected: Sequence[str]
    effects: Sequence[CardEffect]
    masked_text: str | None = field(repr=False)
    withheld: bool
    removes: bool
    sent_at: datetime
    removed_at: datetime | None
    decided_by: str | None = field(default=None, repr=False)
    appealed: bool = False
    policy: str = ""
    link: str | None = field(default=None, repr=False)


def card(t: Translator, view: CardView, *, details: bool = False) -> RichText:
    """Compose the card, with or without its details."""
    icon = vocabulary.SEVERITY_ICON[view.severity]
    return lines(
        fill(
            t("{icon} {case} · {category} · {severity}"),
            icon=icon,
            case=bold(t("Case #{number}", number=view.number)),
            category=vocabulary.category(t, view.category),
            severity=vocabulary.severity(t, view.severity),
        ),
        fill(t("Group: {group}"), group=bold(view.group)),
        fill(t("Sender: {pseudonym}"), pseudonym=styled(view.pseudonym, SpanKind.CODE)),
        *_reasons(t, view),
        fill(t("Visible: {visible}"), visible=_visible(t, view)),
        *_effects(t, view.effects),
        quoted(view.masked_text) if view.masked_text and not view.withheld else None,
        styled(t("Content withheld: what bears a mark is not copied here."), SpanKind.ITALIC)
        if view.withheld
        else None,
        bold(t("✋ The sender says that this is a mistake.")) if view.appealed else None,
        _status(t, view),
        *(_details(t, view) if details else []),
    )


def _reasons(t: Translator, view: CardView) -> list[RichText]:
    rows = [
        fill(
            t("• {place}: {explanation}"),
            place=vocabulary.place(t, f.source),
            explanation=f.explanation,
        )
        for f in view.findings
    ]
    rows += [
        fill(t("• Not inspected: {reason}"), reason=vocabulary.not_inspected(t, reason))
        for reason in dict.fromkeys(view.not_inspected)
    ]
    unique = list(dict.fromkeys(r.text for r in rows))
    shown = [plain(text) for text in unique[:6]]
    if len(unique) > 6:
        shown.append(plain(t("• and {count} more", count=len(unique) - 6)))
    return shown


def _visible(t: Translator, view: CardView) -> RichText:
    if view.removed_at is not None:
        seconds = max(0.0, (view.removed_at - view.sent_at).total_seconds())
        # "0.0 s" would read as if nobody could have seen it.
        shown = f"{seconds:.1f}" if seconds >= 0.1 else "< 0.1"
        return plain(t("{seconds} s, then removed", seconds=shown))
    if not view.removes:
        return plain(t("not removed (the policy does not ask for it)"))
    if any(e.detail == "already-gone" for e in view.effects):
        return plain(t("it was removed already, not by me"))
    deletions = [e for e in view.effects if e.kind is EffectKind.DELETE]
    if any(e.detail == NO_ANSWER for e in deletions):
        return bold(t("NOT YET REMOVED – as far as I know it is still in the group"))
    if any(e.status in _FAILED for e in deletions):
        return bold(t("NOT REMOVED – still in the group"))
    return plain(t("being removed"))


_SHOWN_EFFECTS = (
    EffectKind.DELETE,
    EffectKind.REPOST,
    EffectKind.WARN,
    EffectKind.MUTE,
    EffectKind.SAY,
)


def _effects(t: Translator, effects: Sequence[CardEffect]) -> list[RichText]:
    """Return a line for acts that are done, one for those under way, and one for each failure."""
    shown = [e for e in effects if e.kind in _SHOWN_EFFECTS and e.detail != "already-gone"]
    failed = [e for e in shown if e.status in _FAILED or e.detail == NO_ANSWER]
    done = [vocabulary.effect(t, e.kind) for e in shown if e.status is EffectStatus.DONE]
    rest = [
        vocabulary.effect(t, e.kind)
        for e in shown
        if e.status in (EffectStatus.PLANNED, EffectStatus.SENDING) and e not in failed
    ]
    rows = [plain(f"✓ {' · '.join(done)}")] if done else []
    rows += [plain(f"… {' · '.join(rest)}")] if rest else []
    return rows + [
        fill(
            t("✗ {effect}: {reason}"),
            effect=vocabulary.effect(t, e.kind),
            reason=vocabulary.failure(t, e.detail or ""),
        )
        for e in failed
    ]


def _status(t: Translator, view: CardView) -> RichText | None:
    who = view.decided_by or t("a supervisor")
    sentences = {
        CaseStatus.TAKEN: t("👤 Taken by {who}"),
        CaseStatus.CONFIRMED: t("☑️ Confirmed by {who}"),
        CaseStatus.FALSE_ALARM: t("↩️ False alarm, says {who}; the sender may post it again."),
    }
    sentence = sentences.get(view.status)
    return fill(sentence, who=bold(who)) if sentence else None


def _details(t: Translator, view: CardView) -> list[RichText]:
    rows = [bold(t("Details"))]
    rows += [
        plain(
            t(
                "{rule}: {place}, characters {start}–{end}, confidence {confidence} %",
                rule=f.rule_id,
                place=vocabulary.place(t, f.source),
                start=f.start + 1,
                end=f.end,
                confidence=round(f.confidence * 100),
            )
        )
        for f in list(view.findings)[:10]
    ]
    rows.append(plain(t("Policy: {policy}", policy=view.policy)))
    rows.append(plain(t("Earlier cases of this sender: {count}", count=view.earlier_cases)))
    rows.append(plain(t("Posted: {time} UTC", time=f"{view.sent_at:%Y-%m-%d %H:%M:%S}")))
    if view.link:
        rows.append(styled(t("Place in the group"), SpanKind.LINK, view.link))
    return rows


def approval(t: Translator, *, group: str, chat_id: int, by: str) -> RichText:
    """Ask the supervisors whether a group is to be protected."""
    return lines(
        fill(t("🆕 The bot was added to the group {group}"), group=bold(group or str(chat_id))),
        fill(t("Number: {chat_id}"), chat_id=styled(str(chat_id), SpanKind.CODE)),
        fill(t("Added by: {by}"), by=by) if by else None,
        t("It is not designated: nothing is read there. Without an answer I leave after 24 hours."),
    )


def approval_answered(
    t: Translator,
    *,
    group: str,
    chat_id: int,
    who: str,
    approved: bool,
    missing: Sequence[str] = (),
) -> RichText:
    """The approval card after somebody has decided."""
    if approved and missing:
        waits = t("⏳ {group} was approved by {who}; it is not protected yet:")
        head = fill(waits, group=bold(group or str(chat_id)), who=bold(who))
        return lines(head, *(f"• {row}" for row in missing))
    sentence = (
        t("✅ {group} is now protected; approved by {who}.")
        if approved
        else t("🚪 {group} was refused by {who}; the bot has left.")
    )
    return fill(sentence, group=bold(group or str(chat_id)), who=bold(who))
