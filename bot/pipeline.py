"""One message through all stages: read, detect, decide, act, record.

typed text ─► judge ─► leaks by itself? ─► the deletion is requested at once
                │                                   │
                └──► files? ─► read ─► judge ───────┴──► one plan ─► desk commits ─► outbox
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.fragments import AttachmentReader, ReadAttachments, typed_fragments
from bot.judging.judge import Judge
from bot.judging.plan import NO_FILES, Plan
from bot.judging.split_posts import spans_join
from bot.model import Finding, Fragment, Joined, Message, Source, Subject
from bot.store.effects import EffectRow


class Released(Protocol):
    """Knows the contents that a supervisor has released."""

    def none_for(self, message: Message) -> bool:
        """Return True if memory alone proves that nothing was released for the sender."""

    async def apply(
        self,
        findings: Sequence[Finding],
        fragments: Sequence[Fragment],
        attached: ReadAttachments,
        message: Message,
    ) -> Sequence[Finding]:
        """Mark the findings in released content as suppressed."""


class Recent(Protocol):
    """Remembers what each sender posted within the last minute."""

    def joins(self, message: Message) -> Iterable[Joined]:
        """Remember a post, and return what it says together with those next to it."""

    def forget(self, message: Message, ids: tuple[int, ...]) -> None:
        """Forget posts that were taken down."""


class Desk(Protocol):
    """Records decisions: opens cases and plans their effects."""

    def commit(self, plan: Plan) -> AsyncIterator[Sequence[EffectRow]]:
        """Commit a plan; yield the effects to be performed after each of its transactions.

        Yields nothing for a plan of which nothing is recorded: its caller commits the result.
        """


class Acts(Protocol):
    """Acts on the platform; see `bot.workers.outbox` and `bot.workers.prompt_removals`."""

    def start(self, rows: Sequence[EffectRow], *, again: bool = False) -> None:
        """Perform effects in the background; ``again``: an earlier run may have begun them."""


class Removals(Protocol):
    """Requests deletions before they are committed."""

    def begin(self, chat_id: int, message_id: int) -> None:
        """Request a deletion without waiting for its answer."""


class Pipeline:
    """Takes one message through all stages. A new and an edited one take the same way."""

    def __init__(
        self,
        *,
        judge: Judge,
        released: Released,
        reader: AttachmentReader,
        desk: Desk,
        recent: Recent,
        acts: Acts,
        removals: Removals,
    ) -> None:
        self._judge = judge
        self._released = released
        self._reader = reader
        self._desk = desk
        self._recent = recent
        self._acts = acts
        self._removals = removals

    def judge_promptly(self, subject: Subject) -> Plan | None:
        """Judge what was typed by memory alone, and remove it at once if that is what follows.

        This may happen before the update is committed. Returns None where the database has to be
        asked first: `process` then judges.
        """
        fragments = typed_fragments(subject.message)
        findings, failed = self._judge.inspect(fragments, subject)
        if findings and not self._released.none_for(subject.message):
            return None
        verdict = self._judge.decide(findings, failed, subject.policy)
        return self._removed_promptly(Plan(subject=subject, verdict=verdict, fragments=fragments))

    async def process(self, subject: Subject, prompt: Plan | None = None) -> str | None:
        """Inspect a message, act on it and record the decision.

        ``prompt`` is the plan of `judge_promptly`. Typed text is judged first and taken down at
        once; files are read after that. Returns the result of a message of which nothing is
        recorded, for the caller to commit.
        """
        if prompt is None:
            plan = self._removed_promptly(await self._judge_typed(subject))
        else:
            plan = replace(prompt, subject=subject)
        if not plan.verdict.removes:
            plan = await self._judge_joined(plan)
        message = subject.message
        if message.attachments:
            if plan.verdict.removes:
                await self.record(replace(plan, final=False))
            attached = await self._reader.read(message)
            fragments = (*plan.fragments, *attached.fragments)
            plan = self._removed_promptly(await self._judged(plan.subject, fragments, attached))
        if not plan.is_recorded and not plan.may_join:
            return plan.result
        if (result := await self.record(plan)) is not None:
            return result
        if plan.verdict.removes:
            # Only now: a message that is taken up once more needs the posts next to it again.
            self._recent.forget(message, (message.message_id, *plan.subject.others))
        return None

    async def record(self, plan: Plan) -> str | None:
        """Have a plan committed and its effects performed.

        Returns the result of a message of which nothing is recorded, for the caller to commit.
        """
        result: str | None = plan.result
        async for rows in self._desk.commit(plan):
            result = None
            self._acts.start(rows, again=plan.subject.may_be_removed)
        return result

    async def _judge_typed(self, subject: Subject) -> Plan:
        return await self._judged(subject, typed_fragments(subject.message), NO_FILES)

    async def _judge_joined(self, plan: Plan) -> Plan:
        """Judge a message together with the sender's posts next to it; return what is graver.

        The edges of the posts are inspected first: only where something spans them, the whole is.
        """
        for joined in self._recent.joins(plan.subject.message):
            edges = Fragment(source=Source.TEXT, text=joined.edges)
            found, _ = self._judge.inspect([edges], plan.subject)
            if not spans_join(joined, found, joined.offset):
                continue
            message = replace(plan.subject.message, text=joined.text)
            whole = replace(plan.subject, message=message, others=joined.others)
            together = await self._judge_typed(whole)
            own = [f for f in together.verdict.effective if f.fragment == 0]
            if spans_join(joined, own) and not together.verdict.actions <= plan.verdict.actions:
                return together
        return plan

    async def _judged(
        self, subject: Subject, fragments: tuple[Fragment, ...], attached: ReadAttachments
    ) -> Plan:
        findings, failed = self._judge.inspect(fragments, subject)
        if findings:
            findings = await self._released.apply(findings, fragments, attached, subject.message)
        gaps = (*attached.not_inspected, *failed)
        verdict = self._judge.decide(findings, gaps, subject.policy)
        return Plan(subject=subject, verdict=verdict, fragments=fragments, attached=attached)

    def _removed_promptly(self, plan: Plan) -> Plan:
        """Request a removal that this message alone proves; return the plan.

        What depends on neighbours, or takes siblings along, waits for its commit: after a kill
        nobody could tell any more why it went.
        """
        if plan.verdict.removes and plan.stands_alone:
            message = plan.subject.message
            self._removals.begin(message.chat_id, message.message_id)
        return plan
