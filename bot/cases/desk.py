"""Opens cases and sets their effects going: everything of one decision in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.cases.albums_and_edits import RelatedMessages, deletions, is_recorded, recorded
from bot.cases.cards import Cards
from bot.cases.notices import PEOPLE, Notices
from bot.cases.picture_masking import PictureMasker
from bot.cases.resuming import as_begun
from bot.fragments import ReadAttachments
from bot.judging.content_digests import digests_of_findings
from bot.model import Action, Fragment, Subject, Verdict
from bot.outgoing import CaseStatus, EffectStatus, MaskedCopy
from bot.policy.masking.masked_copy import masked_copy
from bot.store.case_rows import Case, CaseSummary, NewCase
from bot.store.database import Tx
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

Perform = Callable[[Sequence[EffectRow]], Awaitable[None]]


class CaseDesk:
    """Acts on verdicts and records them; see `bot.pipeline.Desk`."""

    def __init__(
        self,
        *,
        store: Store,
        notices: Notices,
        cards: Cards,
        masker: PictureMasker,
        start: Callable[[Sequence[EffectRow]], None],
        perform: Perform,
    ) -> None:
        self._store = store
        self._notices = notices
        self._cards = cards
        self._masker = masker
        self._start = start
        self._perform = perform
        self._related = RelatedMessages(store)

    async def take_down(self, subject: Subject, verdict: Verdict) -> None:
        """Remove a message, and what is known of its album, at once."""
        async with self._related.in_turn(subject):
            if await self._related.case(subject, verdict) is not None:
                return
            siblings = await self._related.siblings(subject)
            async with self._store.db.write() as tx:
                case = await self._open(tx, subject, verdict)
                rows = await self._store.effects.begin(tx, deletions(case, siblings))
        await self._perform(rows)

    async def settle(
        self,
        subject: Subject,
        verdict: Verdict,
        fragments: Sequence[Fragment],
        attached: ReadAttachments,
    ) -> str | None:
        """Record the decision and start what is left to do.

        Returns the result of a message of which nothing is recorded, for the caller to commit.
        """
        async with self._related.in_turn(subject):
            if (case := await self._related.case(subject, verdict)) is not None:
                self._start(await self._join(case, subject, verdict, fragments, attached))
                return None
            begun = None
            if subject.may_be_begun and not verdict.removes:
                begun = await self._related.begun(subject)
            if begun is not None:
                subject, verdict, copy = as_begun(begun, subject, verdict)
                picture = None
            elif not is_recorded(verdict):
                return "not_inspected" if verdict.not_inspected else "clean"
            else:
                copy = masked_copy(subject.message, fragments, verdict, sorted(attached.content))
                copy, picture = await self._masker.mask(subject, copy, attached)
            siblings = await self._related.siblings(subject) if verdict.removes else []
            digests = () if begun else self._digests(verdict, fragments, attached)
            async with self._store.db.write() as tx:
                case = await self._open(tx, subject, verdict, copy, digests)
                leaving = await self._store.effects.begin(tx, deletions(case, siblings))
                if not leaving:
                    rows = await self._follow(tx, case, subject, verdict, copy, picture)
            if leaving:
                self._start(leaving)
                await asyncio.sleep(0)  # the deletion's request leaves before the rest is written
                async with self._store.db.write() as tx:
                    rows = await self._follow(tx, case, subject, verdict, copy, picture)
        self._start(rows)
        return None

    async def _follow(
        self,
        tx: Tx,
        case: Case,
        subject: Subject,
        verdict: Verdict,
        copy: MaskedCopy,
        picture: bytes | None,
    ) -> list[EffectRow]:
        """Plan what is said about a case, and record the decision.

        Nobody records meanwhile what became of the deletion, which decides what is said.
        """
        await self._store.cases.lock(tx, case.id)
        await self._remember_sender(tx, subject)
        if picture is not None:
            await self._store.evidence.put(tx, case.id, "masked", picture)
            case = await self._store.cases.attach(tx, case.id, has_picture=True)
        effects = await self._notes(tx, case, subject, verdict, copy)
        if Action.ESCALATE in verdict.actions:
            effects += await self._cards.escalation(tx, case)
        rows = await self._plan(tx, effects)
        await self._store.inbox.decide(tx, {subject.inbox_id: "case"})
        return rows

    async def _remember_sender(self, tx: Tx, subject: Subject) -> None:
        sender = subject.message.sender
        if sender.kind in PEOPLE:
            await self._store.people.remember(
                tx, sender.id, name=sender.name, language=sender.language
            )

    async def _plan(self, tx: Tx, effects: Sequence[NewEffect]) -> list[EffectRow]:
        """Plan effects; return those that nobody has begun."""
        planned = await self._store.effects.plan(tx, effects)
        return [r for r in planned if r.status is EffectStatus.PLANNED]

    async def _open(
        self,
        tx: Tx,
        subject: Subject,
        verdict: Verdict,
        copy: MaskedCopy | None = None,
        digests: tuple[str, ...] = (),
    ) -> Case:
        message = subject.message
        summary = CaseSummary.of(recorded(verdict), verdict.not_inspected)
        marked = copy is not None and not {"text", "file-marked"}.isdisjoint(copy.withheld)
        masked = copy.text if copy is not None and not marked else None
        escalate = Action.ESCALATE in verdict.actions
        case, created = await self._store.cases.open(
            tx,
            NewCase(
                inbox_id=subject.inbox_id,
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
                status=CaseStatus.OPEN if escalate else CaseStatus.RECORDED,
                masked_text=masked or None,
                content_digests=digests,
                message_sent_at=subject.posted_at,
            ),
        )
        if created or copy is None:
            return case
        await self._store.cases.add_findings(tx, case.id, summary, content_digests=digests)
        if escalate:
            await self._store.cases.promote(tx, case.id)
        return await self._store.cases.attach(tx, case.id, masked_text=masked or None)

    def _digests(
        self, verdict: Verdict, fragments: Sequence[Fragment], attached: ReadAttachments
    ) -> tuple[str, ...]:
        found = digests_of_findings(verdict.effective, fragments, attached, self._store.keys.digest)
        return tuple(d for digests in found.values() for d in digests)

    async def _join(
        self,
        case: Case,
        subject: Subject,
        verdict: Verdict,
        fragments: Sequence[Fragment],
        attached: ReadAttachments,
    ) -> list[EffectRow]:
        """Let a message go with its album, or add what its new version says to its case."""
        digests = self._digests(verdict, fragments, attached)
        summary = CaseSummary.of(recorded(verdict), verdict.not_inspected)
        goes = await self._related.deletion(case) is not None
        async with self._store.db.write() as tx:
            effects: list[NewEffect] = []
            if is_recorded(verdict):
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

    async def _notes(
        self, tx: Tx, case: Case, subject: Subject, verdict: Verdict, copy: MaskedCopy
    ) -> list[NewEffect]:
        """Return what is said, by what became of a deletion that was tried already."""
        tried = await self._related.deletion(case)
        failed = tried is not None and tried.status is EffectStatus.FAILED
        taken_back = tried is not None and tried.detail == "already-gone"
        shown = None if failed or taken_back or not verdict.removes else copy
        return await self._notices.effects(tx, case, subject, verdict, shown)
