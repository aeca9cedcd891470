"""A picture whose masks cannot be proven is withheld, and the notice reports it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.cases.picture_masking import PictureMasker
from bot.errors import NotReadable
from bot.fragments import ReadAttachments
from bot.i18n import Catalogs
from bot.model import Box, Message, Sender, SenderKind, Subject
from bot.notifications.texts.group import notice
from bot.outgoing import MaskedCopy, MaskedPicture
from bot.ports import MediaReading
from bot.settings import CONFIG_FOLDER

MASKED = b"masked"
SUBJECT = Subject(
    inbox_id=1,
    message=Message(
        platform="telegram",
        chat_id=-1001,
        message_id=5,
        sender=Sender(id=7, kind=SenderKind.MEMBER),
        sent_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    ),
    policy="standard",
    language="en",
    group_title="",
)
COPY = MaskedCopy(picture=MaskedPicture(attachment=0, boxes=((1, 1, 9, 9),)))


class Media:
    """Reads and masks as the test defines."""

    def __init__(self, *, breaks: bool = False, reason: str | None = None) -> None:
        self._breaks, self._reason = breaks, reason

    async def read(self, data: bytes, *, name: str | None, mime_type: str | None) -> MediaReading:
        return MediaReading(not_inspected=self._reason)

    async def mask_picture(self, data: bytes, boxes: Sequence[Box] | None) -> bytes:
        if self._breaks:
            raise NotReadable("reader-crashed")
        return MASKED


CASES = [
    # name, the reader, whether something is still found, whether it is shown
    ("nothing shows", Media(), False, True),
    ("something still shows", Media(), True, False),
    ("it cannot be read again", Media(reason="timed-out"), False, False),
    ("it cannot be masked", Media(breaks=True), False, False),
]


@pytest.mark.parametrize(
    ("media", "found", "shown"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_a_masked_picture_is_shown_only_if_nothing_is_found_in_it(
    media: Media, found: bool, shown: bool
) -> None:
    masker = PictureMasker(media, lambda fragments, subject: found)
    attached = ReadAttachments(content={0: b"picture"})
    copy, picture = await masker.mask(SUBJECT, COPY, attached)
    assert (picture == MASKED) is shown
    assert (copy.picture is not None) is shown
    assert copy.withheld == (() if shown else ("picture-not-masked",))


def test_the_notice_reports_a_failed_mask_and_speaks_of_no_mark() -> None:
    t = Catalogs.load(CONFIG_FOLDER / "locales", "en").get()
    text = notice(
        t, name="", reasons=(), copy=MaskedCopy(withheld=("picture-not-masked",)), album=False
    ).text
    assert "could not make sure that its covering hides everything" in text
    assert "mark" not in text
