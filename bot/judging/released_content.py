"""Suppress findings in content that a supervisor released for its sender."""

from __future__ import annotations

from collections.abc import Sequence

from bot.fragments import ReadAttachments
from bot.judging.content_digests import digests_of_findings
from bot.model import Finding, Fragment, Message
from bot.store.store import Store


class ReleasedContent:
    """Suppresses findings in released content, for the sender and the group it was released for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def none_for(self, message: Message) -> bool:
        """Return True if memory alone proves that nothing was released for the sender."""
        return self._store.releases.none_for(message.sender.id)

    async def apply(
        self,
        findings: Sequence[Finding],
        fragments: Sequence[Fragment],
        attached: ReadAttachments,
        message: Message,
    ) -> Sequence[Finding]:
        """Mark the findings in released content as suppressed."""
        if self.none_for(message):
            return findings
        digests = digests_of_findings(findings, fragments, attached, self._store.keys.digest)
        # One query for all fragments: a message with twenty pictures needs no twenty round trips.
        every = [d for found in digests.values() for d in found]
        released = await self._store.releases.matching(every, message.chat_id, message.sender.id)
        if not released:
            return findings
        by_fragment = {
            index: next((released[d] for d in found if d in released), None)
            for index, found in digests.items()
        }
        return [
            f
            if by_fragment[f.fragment] is None
            else f.evolve(suppressed_by=f"release:{by_fragment[f.fragment]}")
            for f in findings
        ]
