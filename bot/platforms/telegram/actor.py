"""The bot's acts on Telegram: each call is one request and raises only `bot.errors`."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote

import telegram
from pydantic import SecretStr

from bot.errors import (
    Forbidden,
    NotFound,
    NotReadable,
    OutcomeUnknown,
    PlatformError,
    Refused,
    RetryAfter,
)
from bot.model import Sender, SenderKind
from bot.outgoing import BotRights, Post, RichText
from bot.platforms.telegram import text_entities
from bot.platforms.telegram.error_translation import NOT_MODIFIED, TOO_BIG, translate
from bot.platforms.telegram.http_client import AiohttpRequest, retry_after

ANSWER_LIMIT: Final = 200
GENERAL_TOPIC: Final = 1
_SELF_TTL: Final = 300.0
_SHORTEST_MUTE: Final = timedelta(seconds=60)
_LONGEST_MUTE: Final = timedelta(days=365)
# A preview would show the linked page below a masked copy.
_NO_PREVIEW: Final = telegram.LinkPreviewOptions(is_disabled=True)

T = TypeVar("T")

# Outside of the tree of loggers, so that no configuration can enable it.
_silent = logging.Logger("silent", logging.CRITICAL)  # noqa: LOG001
_silent.addHandler(logging.NullHandler())


class QuietBot(telegram.Bot):
    """A `telegram.Bot` that logs nothing: the library's log lines and repr hold the token."""

    __slots__ = ()

    _LOGGER = _silent

    def __repr__(self) -> str:
        return "QuietBot()"


def make_bot(token: SecretStr, api_url: str, request: AiohttpRequest) -> telegram.Bot:
    """Return a bot for the API at ``api_url`` that sends all its requests through ``request``."""
    url = api_url.rstrip("/")
    return QuietBot(
        token.get_secret_value(),
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=request,
        get_updates_request=request,
    )


async def call(request: Awaitable[T]) -> T:
    """Await a request of python-telegram-bot; raise PlatformError for each of its errors.

    A reply that it cannot parse arrives after the act, so the outcome is unknown. No error is
    chained, because the original errors may repeat content.
    """
    failure: PlatformError
    try:
        return await request
    except telegram.error.TelegramError as error:
        failure = translate(error)
    except (LookupError, TypeError, ValueError, AttributeError):
        failure = OutcomeUnknown("bad-reply")
    raise failure


class TelegramActor:
    """`bot.ports.Actor` for Telegram. It neither retries nor waits: the caller does."""

    def __init__(self, bot: telegram.Bot, request: AiohttpRequest) -> None:
        self._bot = bot
        self._request = request
        self._self: tuple[float, telegram.User] | None = None

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Delete one message."""
        await call(self._bot.delete_message(chat_id, message_id))

    async def send(self, post: Post) -> int:
        """Send a text, or a picture with a caption, and return the message id.

        A text beyond Telegram's limit is shortened, so that one post is always one message.
        """
        text, entities = _fitted(post)
        common: dict[str, Any] = {
            "chat_id": post.chat_id,
            # Telegram refuses the general topic's own id; without an id a post lands there.
            "message_thread_id": None if post.thread_id == GENERAL_TOPIC else post.thread_id,
            "reply_parameters": _reply(post),
            "reply_markup": text_entities.keyboard(post.buttons),
            "disable_notification": post.silent,
        }
        if post.picture is None:
            sent = self._bot.send_message(
                text=text, entities=entities, link_preview_options=_NO_PREVIEW, **common
            )
        else:
            sent = self._bot.send_photo(
                photo=post.picture,
                filename="picture.jpg",
                caption=text,
                caption_entities=entities,
                **common,
            )
        return (await call(sent)).message_id

    async def edit(self, post: Post, message_id: int) -> None:
        """Replace the text and buttons of a sent post, or the caption of one with a picture."""
        text, entities = _fitted(post)
        common: dict[str, Any] = {
            "chat_id": post.chat_id,
            "message_id": message_id,
            "reply_markup": text_entities.keyboard(post.buttons),
        }
        if post.picture is None:
            edited = self._bot.edit_message_text(
                text=text, entities=entities, link_preview_options=_NO_PREVIEW, **common
            )
        else:
            edited = self._bot.edit_message_caption(
                caption=text, caption_entities=entities, **common
            )
        try:
            await call(edited)
        except Refused as error:
            # An edit that is repeated after a lost reply finds its text in place.
            if error.code != NOT_MODIFIED:
                raise

    async def answer(self, press_id: str, text: str, *, alert: bool = False) -> None:
        """Answer a button press; a text of more than 200 units is shortened."""
        short = text_entities.sendable(
            text_entities.shorten(RichText(text=text), ANSWER_LIMIT).text
        )
        await call(self._bot.answer_callback_query(press_id, short or None, show_alert=alert))

    async def mute(self, chat_id: int, user_id: int, until: datetime) -> None:
        """Forbid a member to write until a time, at least a minute and at most a year ahead.

        Telegram mutes for ever if the time is less than 30 seconds or more than 366 days ahead.
        """
        now = datetime.now(UTC)
        bounded = min(max(until, now + _SHORTEST_MUTE), now + _LONGEST_MUTE)
        nothing = telegram.ChatPermissions.no_permissions()
        await call(self._bot.restrict_chat_member(chat_id, user_id, nothing, until_date=bounded))

    async def leave(self, chat_id: int) -> None:
        """Leave a chat."""
        await call(self._bot.leave_chat(chat_id))

    async def download(self, file_id: str, limit: int) -> bytes:
        """Return a file's bytes; NotReadable('too-big') beyond ``limit``, before it is fetched."""
        if not file_id:
            raise NotReadable("unsupported")
        try:
            file = await call(self._bot.get_file(file_id))
        except Refused as error:
            if error.code == TOO_BIG:
                raise NotReadable("too-big") from None
            raise
        if (file.file_size or 0) > limit:
            raise NotReadable("too-big")
        if not file.file_path:
            raise NotReadable("unavailable")
        # The library has turned the path into an address; it may hold characters to be quoted.
        base = self._bot.base_file_url
        path = quote(file.file_path.removeprefix(f"{base}/").lstrip("/"))
        status, content = await call(self._request.stream(f"{base}/{path}", limit))
        if status == 200:
            return content
        if status == 429:
            raise RetryAfter(retry_after(content))
        raise NotFound("file-gone") if status in (400, 404) else OutcomeUnknown("download-failed")

    async def rights(self, chat_id: int) -> BotRights:
        """Return the bot's rights; ``present=False`` for a chat that it is not in."""
        me = await self._me()
        try:
            member = await call(self._bot.get_chat_member(chat_id, me.id))
        except (Forbidden, NotFound):
            return _rights(None, me)
        return _rights(member, me)

    async def title(self, chat_id: int) -> str:
        """Return a chat's title, empty where it has none."""
        return (await call(self._bot.get_chat(chat_id))).title or ""

    async def administrators(self, chat_id: int) -> Sequence[Sender]:
        """List a chat's human administrators, including those who post anonymously."""
        members = await call(self._bot.get_chat_administrators(chat_id))
        return [
            Sender(
                id=member.user.id,
                kind=SenderKind.ADMIN,
                name=member.user.full_name,
                username=member.user.username,
                language=member.user.language_code,
            )
            for member in members
            if not member.user.is_bot
        ]

    async def _me(self) -> telegram.User:
        """Return the bot's own account, fetched again after five minutes.

        BotFather may change the privacy mode meanwhile, and no update reports it.
        """
        now = time.monotonic()
        if self._self is None or now - self._self[0] > _SELF_TTL:
            self._self = (now, await call(self._bot.get_me()))
        return self._self[1]


def _fitted(post: Post) -> tuple[str, list[telegram.MessageEntity]]:
    limit = text_entities.TEXT_LIMIT if post.picture is None else text_entities.CAPTION_LIMIT
    return text_entities.to_entities(text_entities.shorten(post.text, limit))


def _reply(post: Post) -> telegram.ReplyParameters | None:
    if post.reply_to is None:
        return None
    # The message may be deleted meanwhile; by default Telegram then refuses the reply.
    return telegram.ReplyParameters(post.reply_to, allow_sending_without_reply=True)


def _rights(member: telegram.ChatMember | None, me: telegram.User) -> BotRights:
    present = member is not None and member.status not in ("left", "kicked")
    # A restricted member who leaves keeps the status "restricted".
    if isinstance(member, telegram.ChatMemberRestricted):
        present = member.is_member
    admin = member if isinstance(member, telegram.ChatMemberAdministrator) else None
    return BotRights(
        present=present,
        is_admin=admin is not None,
        can_delete=admin is not None and admin.can_delete_messages,
        can_restrict=admin is not None and admin.can_restrict_members,
        sees_all_messages=present and (admin is not None or bool(me.can_read_all_group_messages)),
    )
