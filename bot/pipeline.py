"""One message through all stages: read, detect, decide, act, record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.fragments import AttachmentReader, ReadAttachments, typed_fragments
from bot.judging.split_posts import spans_join
from bot.model import Finding, Fragment, Joined, Message, NotInspected, Source, Subject, Verdict


class Detector(Protocol):
    """Finds what a group's policy protects. Pure."""

    def inspect(
        self, fragments: Sequence[Fragment], subject: Subject
    ) -> tuple[Sequence[Finding], Sequence[NotInspected]]:
        """Return the findings, and what a failing detector could not inspect."""


class Releases(Protocol):
    """Knows what a supervisor has released."""

    async def apply(
        self,
        findings: Sequence[Finding],
        fragments: Sequence[Fragment],
        attached: ReadAttachments,
        message: Message,
    ) -> Sequence[Finding]:
        """Mark the findings in released content as suppressed."""


class Recent(Protocol):
    """Knows what a sender posted a moment ago."""

    def joins(self, message: Message) -> Iterable[Joined]:
        """Remember a post, and return what it says together with those next to it."""

    def forget(self, message: Message, ids: tuple[int, ...]) -> None:
        """Forget posts that were taken down."""


class Judge(Protocol):
    """Decides by the group's policy. Pure."""

    def decide(
        self, findings: Sequence[Finding], not_inspected: Sequence[NotInspected], policy: str
    ) -> Verdict:
        """Return what follows."""


class Desk(Protocol):
    """Acts and records: opens cases and sets their effects going."""

    async def take_down(self, subject: Subject, verdict: Verdict) -> None:
        """Remove a message at once; the rest of its case follows with `settle`."""

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


class Pipeline:
    """The way of one message. A new and an edited one take the same."""

    def __init__(
        self,
        *,
        detector: Detector,
        releases: Releases,
        judge: Judge,
        reader: AttachmentReader,
        desk: Desk,
        recent: Recent,
    ) -> None:
        self._detector = detector
        self._releases = releases
        self._judge = judge
        self._reader = reader
        self._desk = desk
        self._recent = recent

    async def process(self, subject: Subject) -> str | None:
        """Inspect a message, act on it and record the decision.

        What was typed is judged first and taken down at once; files are read after that. Returns
        the result of a message of which nothing is recorded, for the caller to commit.
        """
        attached = ReadAttachments()
        subject, fragments, verdict = await self._judge_typed(subject, attached)
        message = subject.message
        if message.attachments:
            if verdict.removes:
                await self._desk.take_down(subject, verdict)
            attached = await self._reader.read(message)
            fragments += attached.fragments
            verdict = await self._judge_fragments(subject, fragments, attached)
            if verdict.removes:
                await self._desk.take_down(subject, verdict)
        result = await self._desk.settle(subject, verdict, fragments, attached)
        if verdict.removes:
            # Only now: a message that is taken up once more needs the posts next to it again.
            self._recent.forget(message, (message.message_id, *subject.others))
        return result

    async def _judge_typed(
        self, subject: Subject, attached: ReadAttachments
    ) -> tuple[Subject, tuple[Fragment, ...], Verdict]:
        """Judge what was typed; if it is harmless, together with the sender's posts next to it."""
        fragments = typed_fragments(subject.message)
        verdict = await self._judge_fragments(subject, fragments, attached)
        if verdict.removes:
            return subject, fragments, verdict
        for joined in self._recent.joins(subject.message):
            edges = Fragment(source=Source.TEXT, text=joined.edges)
            found, _ = self._detector.inspect([edges], subject)
            if not spans_join(joined, found, joined.offset):
                continue
            message = replace(subject.message, text=joined.text)
            whole = replace(subject, message=message, others=joined.others)
            parts = typed_fragments(message)
            together = await self._judge_fragments(whole, parts, attached)
            own = [f for f in together.effective if f.fragment == 0]
            if spans_join(joined, own) and not together.actions <= verdict.actions:
                return whole, parts, together
        return subject, fragments, verdict

    async def _judge_fragments(
        self, subject: Subject, fragments: Sequence[Fragment], attached: ReadAttachments
    ) -> Verdict:
        findings, failed = self._detector.inspect(fragments, subject)
        if findings:
            findings = await self._releases.apply(findings, fragments, attached, subject.message)
        return self._judge.decide(findings, (*attached.not_inspected, *failed), subject.policy)
