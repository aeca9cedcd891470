"""One decision about a message, as the desk commits it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.fragments import ReadAttachments
from bot.model import Action, Finding, Fragment, Subject, Verdict

NO_FILES = ReadAttachments()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The verdict on a message, with all that its case and its effects are made of.

    ``final`` is False while the message's files are still to be read: the message is taken down,
    and the rest of its case follows with the final plan.
    """

    subject: Subject
    verdict: Verdict
    fragments: tuple[Fragment, ...] = ()
    attached: ReadAttachments = NO_FILES
    final: bool = True

    @property
    def stands_alone(self) -> bool:
        """Return True if the verdict rests on this one message and concerns no other."""
        return self.subject.message.album_id is None and not self.subject.others

    @property
    def recorded(self) -> tuple[Finding, ...]:
        """The findings that a case keeps: those the allow-list excludes included, releases not."""
        return tuple(
            f
            for f in self.verdict.findings
            if f.suppressed_by is None or f.suppressed_by.startswith("allow:")
        )

    @property
    def is_recorded(self) -> bool:
        """Return True if the verdict makes a case."""
        # A gap that is only logged makes no case: every voice message would be one.
        return bool(self.recorded) or not self.verdict.actions <= {Action.LOG}

    @property
    def may_join(self) -> bool:
        """Return True if an earlier case may decide about the message, harmless or not.

        That is its album's, that of an earlier version, or one that an earlier run began.
        """
        message = self.subject.message
        return (
            message.album_id is not None
            or message.edited_at is not None
            or self.subject.may_be_begun
        )

    @property
    def result(self) -> str:
        """The result in the inbox of a message of which nothing is recorded."""
        return "not_inspected" if self.verdict.not_inspected else "clean"
