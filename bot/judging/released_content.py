"""Released content: recognised by keyed digests, so that it is never kept, and left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.fragments import ReadAttachments
from bot.model import Finding, Fragment, Message, Source
from bot.store.store import Store

Digest = Callable[[bytes, str], str]
"""Returns the keyed digest of bytes for a purpose."""

_PURPOSE = "release"
_ENOUGH_TEXT = 20
"""Characters below which two different pictures often hold the same text."""


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


def digests_of(fragment: Fragment, attached: ReadAttachments, digest: Digest) -> tuple[str, ...]:
    """Return the digests by which a fragment's content is recognised.

    A picture is recognised by its bytes or by all of its text, because platforms recompress
    pictures.
    """
    # Without blanks: clients and the recogniser of pictures break lines differently each time.
    text = "".join(fragment.text.split())
    in_picture = fragment.source is Source.IMAGE
    found = []
    if not in_picture or len(text) >= _ENOUGH_TEXT:
        kind = "picture" if in_picture else "text"
        found.append(digest(f"{kind}:{text}".encode("utf-8", "surrogatepass"), _PURPOSE))
    if fragment.attachment is not None and fragment.attachment in attached.content:
        found.append(digest(attached.content[fragment.attachment], _PURPOSE))
    return tuple(found)


def digests_of_findings(
    findings: Sequence[Finding],
    fragments: Sequence[Fragment],
    attached: ReadAttachments,
    digest: Digest,
) -> Mapping[int, tuple[str, ...]]:
    """Return the digests of each fragment that has findings, by its index."""
    indexes = dict.fromkeys(f.fragment for f in findings)
    return {i: digests_of(fragments[i], attached, digest) for i in indexes}
