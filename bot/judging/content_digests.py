"""Keyed digests of content, to recognise a released message without keeping its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.fragments import ReadAttachments
from bot.model import Finding, Fragment, Source

Digest = Callable[[bytes, str], str]
"""Returns the keyed digest of bytes for a purpose."""

_PURPOSE = "release"
_ENOUGH_TEXT = 20
"""Characters below which two different pictures often hold the same text."""


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
