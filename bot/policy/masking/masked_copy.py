"""The masked copy that takes the place of a message that was taken down. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Action, Box, Extent, Fragment, Message, Source, Verdict
from bot.outgoing import MaskedCopy, MaskedPart, MaskedPicture
from bot.policy.masking.spans import boxes_to_mask, mask_text

# A link or a file's name is shown only if something in it was masked: a copy that repeats a
# harmless one would add nothing to what the group has read.
_SHOWN = (Source.TEXT, Source.CAPTION, Source.QUOTE, Source.POLL, Source.CONTACT)
_SHOWN_IF_FOUND = (Source.LINK, Source.FILENAME)


def masked_copy(
    message: Message, fragments: Sequence[Fragment], verdict: Verdict, readable: Sequence[int]
) -> MaskedCopy:
    """Return the copy that may be shown in place of a message.

    ``fragments`` are those that the verdict's findings point to; ``readable`` lists the
    attachments that are pictures and were inspected whole. The action ``delete`` shows nothing.
    """
    if Action.DELETE in verdict.actions:
        return MaskedCopy(withheld=("text",) if message.text else ())
    parts, withheld = _text_parts(fragments, verdict)
    picture: MaskedPicture | None = None
    named = {f.attachment for i, f in enumerate(fragments) if _name_marked(f, i, verdict)}
    for index in range(len(message.attachments)):
        if index in named:
            withheld.append("file-marked")
            continue
        if index not in readable:
            missed = any(n.attachment == index for n in verdict.not_inspected)
            withheld.append("picture-not-inspected" if missed else "file")
            continue
        boxes = _picture_boxes(fragments, verdict, index)
        if boxes is None:
            withheld.append("picture-marked")
        else:
            picture = MaskedPicture(attachment=index, boxes=boxes)
    return MaskedCopy(parts=parts, picture=picture, withheld=tuple(dict.fromkeys(withheld)))


def _text_parts(
    fragments: Sequence[Fragment], verdict: Verdict
) -> tuple[tuple[MaskedPart, ...], list[str]]:
    parts: list[MaskedPart] = []
    withheld: list[str] = []
    for index, fragment in enumerate(fragments):
        findings = [f for f in verdict.effective if f.fragment == index]
        if fragment.source not in _SHOWN and not (findings and fragment.source in _SHOWN_IF_FOUND):
            continue
        if any(f.extent is Extent.WHOLE for f in findings):
            parts.append(MaskedPart(source=fragment.source, text=None))
            if fragment.source is not Source.FILENAME:
                withheld.append("text")
        else:
            text = mask_text(fragment.text, findings)
            parts.append(MaskedPart(source=fragment.source, text=text))
    return tuple(parts), withheld


def _name_marked(fragment: Fragment, index: int, verdict: Verdict) -> bool:
    """Return True if a fragment is a file's name with a mark, which protects all of the file."""
    return fragment.source is Source.FILENAME and any(
        f.fragment == index and f.extent is Extent.WHOLE for f in verdict.effective
    )


def _picture_boxes(
    fragments: Sequence[Fragment], verdict: Verdict, attachment: int
) -> tuple[Box, ...] | None:
    """Return the boxes to mask in one picture, or None if it is withheld as a whole."""
    boxes: list[Box] = []
    for index, fragment in enumerate(fragments):
        if fragment.attachment != attachment:
            continue
        findings = [f for f in verdict.effective if f.fragment == index]
        if any(f.extent is Extent.WHOLE for f in findings):
            return None
        boxes += boxes_to_mask(fragment, findings)
    return tuple(boxes)
