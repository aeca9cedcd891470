"""The supervisors' cards, rendered from the case whenever they are sent or updated."""

from __future__ import annotations

from dataclasses import replace

from bot.cases.payloads import Payload, dump
from bot.cases.supervisors_chat import SupervisorsChat
from bot.model import Extent
from bot.notifications.composer import Composer
from bot.notifications.texts.card import NO_ANSWER, CardEffect, CardFinding, CardView, card
from bot.outgoing import Button, CaseStatus, EffectKind, EffectStatus, Post
from bot.store.buttons import NewButton
from bot.store.case_rows import Case, FindingNote
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

_ACTIONS = {
    CaseStatus.RECORDED: ("confirm", "false_alarm"),
    CaseStatus.OPEN: ("take", "confirm", "false_alarm"),
    CaseStatus.TAKEN: ("confirm", "false_alarm"),
    CaseStatus.CONFIRMED: (),
    CaseStatus.FALSE_ALARM: (),
}


class Cards:
    """Plans and renders cards in the supervisors' chat."""

    def __init__(self, store: Store, composer: Composer, chat: SupervisorsChat) -> None:
        self._store = store
        self._composer = composer
        self._chat = chat

    async def escalation(self, tx: Tx, case: Case) -> list[NewEffect]:
        """Open a case for a decision and plan its card once, if there is a supervisors' chat."""
        if await self._store.cases.promote(tx, case.id):
            case = replace(case, status=CaseStatus.OPEN)
        if self._chat.id is None:
            return []
        buttons = await self._buttons(tx, case, details=False)
        payload = Payload(buttons=buttons, with_picture=case.has_picture)
        return [
            NewEffect(
                key=card_key(case.id),
                kind=EffectKind.ESCALATE,
                chat_id=self._chat.id,
                case_id=case.id,
                payload=dump(payload),
            )
        ]

    async def refresh(
        self, tx: Tx, case: Case, occasion: str, *, details: bool = False
    ) -> list[NewEffect]:
        """Plan the update of a sent card; ``occasion`` is unique for each reason."""
        sent = await self._store.effects.by_key(card_key(case.id))
        if sent is None or sent.result_message_id is None:
            return []
        return [await self._edit(tx, case, sent, occasion, details=details)]

    async def catch_up(self, tx: Tx, case: Case, occasion: str) -> list[NewEffect]:
        """Plan a card's update with new outcomes, unless another update waits to be sent.

        A card is rendered when it is sent, so the waiting update shows the outcomes too. Its row
        is locked meanwhile, so that it is not rendered before this transaction commits.
        """
        waiting = [
            e.id
            for e in await self._store.effects.for_case(case.id)
            if e.kind is EffectKind.EDIT and e.status is EffectStatus.PLANNED
        ]
        if waiting and await self._store.effects.waiting(tx, waiting):
            return []
        return await self.refresh(tx, case, occasion)

    async def after_sending(self, tx: Tx, case: Case, message_id: int) -> list[NewEffect]:
        """Plan the update of a card if its case changed while the card was being sent."""
        effects = await self._store.effects.for_case(case.id)
        sent = next((e for e in effects if e.key == card_key(case.id)), None)
        if sent is None or sent.sent_at is None:
            return []
        changes = [e.finished_at for e in effects if e.kind is not EffectKind.EDIT]
        changes += [case.appealed_at, case.taken_at, case.decided_at]
        changed = any(at is not None and at >= sent.sent_at for at in changes)
        if not changed and not any(e.detail == NO_ANSWER for e in effects):
            return []
        sent = replace(sent, result_message_id=message_id)
        return [await self._edit(tx, case, sent, "sent", details=False)]

    async def _edit(
        self, tx: Tx, case: Case, sent: EffectRow, occasion: str, *, details: bool
    ) -> NewEffect:
        payload = Payload(
            details=details,
            buttons=await self._buttons(tx, case, details=details),
            with_picture=await self._bears_picture(sent),
        )
        return NewEffect(
            key=f"case/{case.id}/card/{occasion}",
            kind=EffectKind.EDIT,
            chat_id=sent.chat_id,
            case_id=case.id,
            message_id=sent.result_message_id,
            payload=dump(payload),
        )

    async def _bears_picture(self, sent: EffectRow) -> bool:
        """Return True if a card was sent with the picture.

        Telegram cannot edit a text message into a picture, or a picture into a text.
        """
        kept = await self._store.case_pictures.kept_since(sent.case_id or 0, "masked")
        return kept is not None and kept <= sent.planned_at

    async def _buttons(self, tx: Tx, case: Case, *, details: bool) -> dict[str, str]:
        actions = (*_ACTIONS[case.status], "less" if details else "more")
        ids = await self._store.buttons.create(
            tx,
            [
                NewButton(
                    action=action,
                    audience="supervisor",
                    case_id=case.id,
                    once=False,
                )
                for action in actions
            ],
        )
        return dict(zip(actions, ids, strict=True))

    async def render(self, row: EffectRow, payload: Payload) -> Post:
        """Render a card as the case stands now. LookupError for an unknown case."""
        case = await self._store.cases.get(row.case_id or 0)
        if case is None:
            raise LookupError("no such case")
        t = self._composer.translator()
        view = await self._view(case)
        labels = {
            "take": t("Take"),
            "confirm": t("Confirm"),
            "false_alarm": t("False alarm"),
            "more": t("More"),
            "less": t("Less"),
        }
        buttons = [
            Button(label=labels[action], data=button)
            for action, button in (payload.buttons or {}).items()
        ]
        picture = None
        if payload.with_picture:
            picture = await self._store.case_pictures.get(case.id, "masked")
        return Post(
            chat_id=row.chat_id,
            text=card(t, view, details=payload.details),
            buttons=tuple(tuple(buttons[i : i + 2]) for i in range(0, len(buttons), 2)),
            picture=picture,
        )

    async def _view(self, case: Case) -> CardView:
        effects = await self._store.effects.for_case(case.id)
        group = await self._store.groups.get(case.chat_id)
        decider = case.decided_by or case.assignee_id
        person = await self._store.people.get(decider) if decider else None
        t = self._composer.translator()
        findings = [
            CardFinding(
                rule_id=f.rule_id,
                explanation=_explained(self._composer.explain(f.rule_id, f.reasons, t.language), f),
                source=f.source,
                start=f.start,
                end=f.end,
                confidence=f.confidence,
            )
            for f in (*case.summary.findings, *case.summary.suppressed)
        ]
        return CardView(
            number=case.number,
            severity=case.severity,
            category=case.category,
            status=case.status,
            group=(group.title if group else None) or str(case.chat_id),
            pseudonym=self._store.keys.pseudonym(case.sender_id),
            earlier_cases=max(0, await self._store.case_counts.of_sender(case.sender_id) - 1),
            findings=findings,
            not_inspected=case.summary.not_inspected,
            effects=_one_of_each_kind(effects),
            masked_text=case.masked_text,
            withheld=any(f.extent is Extent.WHOLE for f in case.summary.findings),
            removes=any(e.kind is EffectKind.DELETE for e in effects),
            sent_at=case.message_sent_at or case.opened_at,
            removed_at=case.removed_at,
            decided_by=person.name if person else None,
            appealed=case.appealed_at is not None,
            policy=f"{case.policy} {case.policy_version[:8]}",
            link=message_link(case.chat_id, case.message_id),
        )


def card_key(case_id: int) -> str:
    """Return the key of the effect that sends a case's card; it is the same for every attempt."""
    return f"case/{case_id}/card"


def message_link(chat_id: int, message_id: int) -> str | None:
    """Return the link to a message of a supergroup, or None for other chats."""
    # Only supergroups have links to messages; their ids begin with -100.
    digits = str(chat_id)
    return f"https://t.me/c/{digits[4:]}/{message_id}" if digits.startswith("-100") else None


def _explained(explanation: str, note: FindingNote) -> str:
    """Name the entry that excluded a finding beside its reason."""
    return f"{explanation} ({note.suppressed_by})" if note.suppressed_by else explanation


def _one_of_each_kind(effects: list[EffectRow]) -> list[CardEffect]:
    """Return one effect of each kind: of the last tries at all targets, a failed one first."""
    chosen: dict[EffectKind, EffectRow] = {}
    failed = (EffectStatus.FAILED, EffectStatus.UNKNOWN)
    last_tries = {(e.kind, e.chat_id, e.message_id or e.key): e for e in effects}
    for effect in last_tries.values():
        if effect.detail == "not-needed":
            continue
        if effect.kind is EffectKind.SAY and effect.status is not EffectStatus.UNKNOWN:
            continue
        if effect.kind not in chosen or effect.status in failed or effect.detail == NO_ANSWER:
            chosen[effect.kind] = effect
    return [CardEffect(kind=e.kind, status=e.status, detail=e.detail) for e in chosen.values()]
