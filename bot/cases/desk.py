"""Record decisions: open cases and plan their effects, each decision in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from bot.cases.albums_and_edits import RelatedMessages, deletions
from bot.cases.cards import Cards
from bot.cases.notices import PEOPLE, Notices
from bot.cases.picture_masking import PictureMasker
from bot.cases.resuming import as_begun
from bot.judging.plan import Plan
from bot.judging.released_content import digests_of_findings
from bot.model import Action, Subject
from bot.outgoing import CaseStatus, EffectStatus, MaskedCopy
from bot.policy.masking.masked_copy import masked_copy
from bot.store.case_rows import Case, CaseSummary, NewCase
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store


class CaseDesk:
    """Records decisions and plans their effects; see `bot.pipeline.Desk`."""

    def __init__(
        self, *, store: Store, notices: Notices, cards: Cards, masker: PictureMasker
    ) -> None:
        self._store = store
        self._notices = notices
        self._cards = cards
        self._masker = masker
        self._related = RelatedMessages(store)

    async def commit(self, plan: Plan) -> AsyncIterator[list[EffectRow]]:
        """Commit a plan; yield the effects to be performed after each of its transactions.

        Yields nothing for a plan without anything to record: its caller commits the result.
        """
        async with self._related.in_turn(plan.subject):
            if plan.may_join and (case := await self._related.case(plan)) is not None:
                if plan.final:
                    yield await self._join(case, plan)
                return
            if not plan.final:
                yield await self._take_down(plan)
                return
            if (begun := await self._begun(plan)) is not None:
                yield await self._record(*as_begun(begun, plan))
            elif plan.is_recorded:
                copy, picture = self._copy(plan), None
                if copy.picture is not None:
                    if plan.verdict.removes:
                        # Masking takes seconds, so the message is removed before, and on record.
                        yield await self._take_down(plan)
                    copy, picture = await self._masker.mask(plan.subject, copy, plan.attached)
                yield await self._record(plan, copy, picture)

    async def _begun(self, plan: Plan) -> Case | None:
        """Return the case of a removal that an earlier run began and this plan does not ask for."""
        if not plan.subject.may_be_begun or plan.verdict.removes:
            return None
        return await self._related.begun(plan.subject)

    def _copy(self, plan: Plan) -> MaskedCopy:
        pictures = sorted(plan.attached.content)
        return masked_copy(plan.subject.message, plan.fragments, plan.verdict, pictures)

    async def _take_down(self, plan: Plan) -> list[EffectRow]:
        """Open the case of a message that is removed; the texts follow with the final plan."""
        siblings = await self._related.siblings(plan.subject)
        async with self._store.db.write() as tx:
            case = await self._open(tx, plan)
            return await self._store.effects.begin(tx, deletions(case, siblings))

    async def _record(
        self, plan: Plan, copy: MaskedCopy, picture: bytes | None = None
    ) -> list[EffectRow]:
        """Commit a case with its deletions, notices and card, and the inbox's result."""
        removes = plan.verdict.removes
        siblings = await self._related.siblings(plan.subject) if removes else []
        async with self._store.db.write() as tx:
            case = await self._open(tx, plan, copy)
            rows = await self._store.effects.begin(tx, deletions(case, siblings))
            return rows + await self._follow(tx, case, plan, copy, picture)

    async def _follow(
        self, tx: Tx, case: Case, plan: Plan, copy: MaskedCopy, picture: bytes | None
    ) -> list[EffectRow]:
        """Plan the notices and the card of a case, and record the decision.

        The case is locked, because the notices depend on the outcome of its deletion.
        """
        await self._store.cases.lock(tx, case.id)
        await self._remember_sender(tx, plan.subject)
        if picture is not None:
            await self._store.case_pictures.put(tx, case.id, "masked", picture)
            case = await self._store.cases.attach(tx, case.id, has_picture=True)
        effects = await self._notes(tx, case, plan, copy)
        if Action.ESCALATE in plan.verdict.actions:
            effects += await self._cards.escalation(tx, case)
        rows = await self._plan(tx, effects)
        await self._store.inbox.decide(tx, {plan.subject.inbox_id: "case"})
        return rows

    async def _remember_sender(self, tx: Tx, subject: Subject) -> None:
        sender = subject.message.sender
        if sender.kind in PEOPLE:
            await self._store.people.remember(
                tx, sender.id, name=sender.name, language=sender.language
            )

    async def _plan(self, tx: Tx, effects: Sequence[NewEffect]) -> list[EffectRow]:
        """Plan effects; return those that are not started yet."""
        planned = await self._store.effects.plan(tx, effects)
        return [r for r in planned if r.status is EffectStatus.PLANNED]

    async def _open(self, tx: Tx, plan: Plan, copy: MaskedCopy | None = None) -> Case:
        """Open the case, or update the one that the message's removal opened."""
        verdict = plan.verdict
        summary = CaseSummary.of(plan.recorded, verdict.not_inspected)
        marked = copy is not None and not {"text", "file-marked"}.isdisjoint(copy.withheld)
        masked = (copy.text if copy is not None and not marked else None) or None
        digests = self._digests(plan) if copy is not None else ()
        new = _new_case(plan, summary, masked_text=masked, content_digests=digests)
        case, created = await self._store.cases.open(tx, new)
        if created or copy is None:
            return case
        await self._store.cases.add_findings(tx, case.id, summary, content_digests=digests)
        if Action.ESCALATE in verdict.actions:
            await self._store.cases.promote(tx, case.id)
        return await self._store.cases.attach(tx, case.id, masked_text=masked)

    def _digests(self, plan: Plan) -> tuple[str, ...]:
        if not plan.fragments:
            return ()
        digest = self._store.keys.digest
        found = digests_of_findings(plan.verdict.effective, plan.fragments, plan.attached, digest)
        return tuple(d for digests in found.values() for d in digests)

    async def _join(self, case: Case, plan: Plan) -> list[EffectRow]:
        """Remove a message with its album, or add the findings of its new version to its case."""
        subject, verdict = plan.subject, plan.verdict
        digests = self._digests(plan)
        summary = CaseSummary.of(plan.recorded, verdict.not_inspected)
        goes = await self._related.deletion(case) is not None
        async with self._store.db.write() as tx:
            effects: list[NewEffect] = []
            if plan.is_recorded:
                case = await self._store.cases.add_findings(
                    tx, case.id, summary, content_digests=digests
                )
                if Action.ESCALATE in verdict.actions:
                    effects += await self._cards.escalation(tx, case)
                effects += await self._cards.refresh(tx, case, f"joined/{subject.inbox_id}")
            leaving = deletions(case, [subject.message.message_id] if goes else [])
            rows = await self._store.effects.begin(tx, leaving)
            rows += await self._plan(tx, effects)
            await self._store.inbox.decide(tx, {subject.inbox_id: "case"})
        return rows

    async def _notes(self, tx: Tx, case: Case, plan: Plan, copy: MaskedCopy) -> list[NewEffect]:
        """Return the notices, depending on the outcome of a deletion that was tried already."""
        tried = await self._related.deletion(case)
        failed = tried is not None and tried.status is EffectStatus.FAILED
        already_gone = tried is not None and tried.detail == "already-gone"
        shown = None if failed or already_gone or not plan.verdict.removes else copy
        return await self._notices.effects(tx, case, plan.subject, plan.verdict, shown)


def _new_case(
    plan: Plan, summary: CaseSummary, *, masked_text: str | None, content_digests: tuple[str, ...]
) -> NewCase:
    message, verdict = plan.subject.message, plan.verdict
    return NewCase(
        inbox_id=plan.subject.inbox_id,
        chat_id=message.chat_id,
        message_id=message.message_id,
        thread_id=message.thread_id,
        album_id=message.album_id,
        sender_id=message.sender.id,
        sender_kind=message.sender.kind,
        severity=verdict.severity,
        category=summary.category,
        summary=summary,
        policy=verdict.policy,
        policy_version=verdict.policy_version,
        status=CaseStatus.OPEN if Action.ESCALATE in verdict.actions else CaseStatus.RECORDED,
        masked_text=masked_text,
        content_digests=content_digests,
        message_sent_at=plan.subject.posted_at,
    )
