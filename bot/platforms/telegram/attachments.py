"""The files of a Telegram message.

Media that are shown but cannot be fetched (a story, paid media that the bot has not bought) become
attachments with an empty ``file_id``, so that they count as not inspected and are never skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import telegram

from bot.model import Attachment, AttachmentKind

DOWNLOAD_LIMIT: Final = 20 * 1024 * 1024

_Source = telegram.Message | telegram.ExternalReplyInfo


class _Medium(Protocol):
    file_id: str
    file_unique_id: str
    file_size: int | None


def attachments(source: _Source) -> tuple[Attachment, ...]:
    """Return every file of a message, or of a message in another chat that it replies to."""
    return tuple(_files(source))


def _files(source: _Source) -> Iterator[Attachment]:
    yield from _media(source)
    if source.voice:
        yield _file(AttachmentKind.VOICE, source.voice, mime_type=source.voice.mime_type)
    if source.video_note:
        note = source.video_note
        yield _file(AttachmentKind.VIDEO_NOTE, note, thumbnail=note.thumbnail)
    if source.game:
        yield from _game(source.game)
    if source.paid_media:
        for media in source.paid_media.paid_media:
            yield from _paid(media)
    if source.story:
        yield _unavailable(AttachmentKind.VIDEO, f"story-{source.story.chat.id}-{source.story.id}")
    if source.poll:
        yield from _poll(source.poll)


def _media(source: _Source | telegram.PollMedia) -> Iterator[Attachment]:
    if source.photo:
        yield _photo(source.photo)
    if source.live_photo:
        yield from _live_photo(source.live_photo, with_still=not source.photo)
    if source.animation:
        yield _named(AttachmentKind.ANIMATION, source.animation)
    elif source.document:  # Telegram repeats an animation as a document
        yield _named(AttachmentKind.DOCUMENT, source.document)
    if source.video:
        yield _video(source.video)
    if source.audio:
        yield _audio(source.audio)
    if source.sticker:
        yield _sticker(source.sticker)


def _photo(sizes: Sequence[telegram.PhotoSize]) -> Attachment:
    """Return the largest size that the bot may download."""
    # If none fits, the smallest stands for the photo and is reported as too big.
    fitting = [size for size in sizes if (size.file_size or 0) <= DOWNLOAD_LIMIT] or sizes[:1]
    return _file(AttachmentKind.PHOTO, max(fitting, key=lambda size: size.width * size.height))


def _live_photo(photo: telegram.LivePhoto, *, with_still: bool = True) -> Iterator[Attachment]:
    """Return the video of a live photo, and its still unless the message has it already."""
    if photo.photo and with_still:
        yield _photo(photo.photo)
    yield _file(AttachmentKind.VIDEO, photo, mime_type=photo.mime_type)


def _video(video: telegram.Video) -> Attachment:
    still = max(video.cover, key=lambda size: size.width) if video.cover else video.thumbnail
    return _file(
        AttachmentKind.VIDEO,
        video,
        name=video.file_name,
        mime_type=video.mime_type,
        thumbnail=still,
    )


def _named(kind: AttachmentKind, file: telegram.Animation | telegram.Document) -> Attachment:
    still = file.thumbnail if kind is AttachmentKind.ANIMATION else None
    return _file(kind, file, name=file.file_name, mime_type=file.mime_type, thumbnail=still)


def _audio(audio: telegram.Audio) -> Attachment:
    """Return a sound file; its name includes the performer and title, which the chat shows."""
    shown = " ".join(filter(None, (audio.performer, audio.title, audio.file_name)))
    return _file(AttachmentKind.AUDIO, audio, name=shown or None, mime_type=audio.mime_type)


def _sticker(sticker: telegram.Sticker) -> Attachment:
    if sticker.is_animated:
        mime_type = "application/x-tgsticker"
    else:
        mime_type = "video/webm" if sticker.is_video else "image/webp"
    still = sticker.thumbnail if sticker.is_animated or sticker.is_video else None
    return _file(AttachmentKind.STICKER, sticker, mime_type=mime_type, thumbnail=still)


def _game(game: telegram.Game) -> Iterator[Attachment]:
    if game.photo:
        yield _photo(game.photo)
    if game.animation:
        yield _named(AttachmentKind.ANIMATION, game.animation)


def _paid(media: telegram.PaidMedia) -> Iterator[Attachment]:
    if isinstance(media, telegram.PaidMediaPhoto):
        yield _photo(media.photo)
    elif isinstance(media, telegram.PaidMediaVideo):
        yield _video(media.video)
    elif isinstance(media, telegram.PaidMediaLivePhoto):
        yield from _live_photo(media.live_photo)
    else:
        yield _unavailable(AttachmentKind.PHOTO, "paid-media")


def _poll(poll: telegram.Poll) -> Iterator[Attachment]:
    parts = [poll.media, poll.explanation_media, *(option.media for option in poll.options)]
    for part in parts:
        if part is not None:
            yield from _media(part)


def _unavailable(kind: AttachmentKind, unique_id: str) -> Attachment:
    return Attachment(kind=kind, file_id="", unique_id=unique_id)


def _file(
    kind: AttachmentKind,
    file: _Medium,
    *,
    name: str | None = None,
    mime_type: str | None = None,
    thumbnail: telegram.PhotoSize | None = None,
) -> Attachment:
    return Attachment(
        kind=kind,
        file_id=file.file_id,
        unique_id=file.file_unique_id,
        name=name,
        mime_type=mime_type,
        size=file.file_size,
        thumbnail_id=thumbnail.file_id if thumbnail else None,
    )
