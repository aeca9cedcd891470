"""Convert a Telegram update into the domain's message.

All content that members of the chat can see is converted. Business messages are not: they belong
to private chats of an account, which the bot does not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import telegram

from bot.model import Attachment, AttachmentKind, Message, Sender, SenderKind
from bot.platforms.telegram.attachments import attachments
from bot.platforms.telegram.long_polling import PLATFORM
from bot.platforms.telegram.rich_messages import (
    rich_links,
    rich_media,
    rich_text,
    unknown_fields,
)

ANONYMOUS_ADMIN_ID: Final = 1087968824


def to_message(update: telegram.Update) -> Message | None:
    """Return the message that was posted or edited, or None if it holds nothing to inspect.

    Examples of None are service messages ("… joined the group"), dice and bare locations.
    """
    message = (
        update.message or update.edited_message or update.channel_post or update.edited_channel_post
    )
    if message is None:
        return None
    is_caption = message.caption is not None
    text = (message.caption if is_caption else message.text or _shown_text(message)) or ""
    foreign = message.external_reply
    # A text never comes with a file: Telegram sends the text of a file as its caption.
    files = () if message.text is not None else attachments(message)
    files += attachments(foreign) if foreign else ()
    links = _links(message)
    if message.api_kwargs:  # fields that the library does not know
        files += tuple(f for shell in rich_media(message) for f in attachments(shell))
        links += rich_links(message)
    quote = message.quote.text if message.quote else None
    polls = [_poll(source) for source in (message, foreign) if source]
    contacts = [_contact(source.contact) for source in (message, foreign) if source]
    poll, contact = _lines(polls) or None, _lines(contacts) or None
    if not (text or files or links or quote or poll or contact):
        files = _unknown(message)
        if not files:
            return None
    return Message(
        platform=PLATFORM,
        chat_id=message.chat.id,
        message_id=message.message_id,
        sender=_sender(message),
        sent_at=message.date,
        edited_at=message.edit_date,
        thread_id=message.message_thread_id if message.is_topic_message else None,
        album_id=message.media_group_id,
        text=text,
        is_caption=is_caption,
        links=links,
        quote=quote,
        poll=poll,
        contact=contact,
        forwarded_from=_origin(message.forward_origin),
        via_bot=message.via_bot.username if message.via_bot else None,
        attachments=files,
    )


def _sender(message: telegram.Message) -> Sender:
    """Return the sender: a chat that posts as itself, not the user that Telegram fills in."""
    user, chat = message.from_user, message.sender_chat
    if chat is None and user is None:
        chat = message.chat
    if chat is not None:
        anonymous = chat.id == message.chat.id and chat.type != telegram.Chat.CHANNEL
        return Sender(
            id=chat.id,
            kind=SenderKind.ANONYMOUS_ADMIN if anonymous else SenderKind.CHANNEL,
            name=chat.effective_name or "",
            username=chat.username,
        )
    assert user is not None
    if user.id == ANONYMOUS_ADMIN_ID:
        return Sender(id=message.chat.id, kind=SenderKind.ANONYMOUS_ADMIN, name=user.full_name)
    return Sender(
        id=user.id,
        kind=SenderKind.BOT if user.is_bot else SenderKind.MEMBER,
        name=user.full_name,
        username=user.username,
        language=user.language_code,
    )


def _links(message: telegram.Message) -> tuple[str, ...]:
    """Return every link target that the text does not show, each once, in order.

    The labels of buttons, and the texts that they copy to the clipboard, count as targets.
    """
    formatted = [*message.entities, *message.caption_entities]
    if message.quote:
        formatted += message.quote.entities or ()
    if message.poll:
        poll = message.poll
        formatted += poll.question_entities
        formatted += poll.description_entities
        formatted += poll.explanation_entities
        formatted += (entity for option in poll.options for entity in option.text_entities)
    if message.checklist:
        formatted += message.checklist.title_entities
        formatted += (e for task in message.checklist.tasks for e in task.text_entities)
    targets: list[object] = [entity.url for entity in formatted]
    if message.link_preview_options:
        targets.append(message.link_preview_options.url)
    if message.reply_markup:
        targets += _button_targets(message.reply_markup)
    text = message.text or message.caption or ""
    found = (target for target in targets if isinstance(target, str) and target not in text)
    return tuple(dict.fromkeys(found))


def _button_targets(markup: telegram.InlineKeyboardMarkup) -> Iterable[str | None]:
    for button in (button for row in markup.inline_keyboard for button in row):
        yield button.text
        yield button.url
        yield button.web_app.url if button.web_app else None
        yield button.login_url.url if button.login_url else None
        yield button.copy_text.text if button.copy_text else None


def _poll(source: telegram.Message | telegram.ExternalReplyInfo) -> str:
    """Return the texts of a poll or of a checklist."""
    if source.poll is not None:
        poll = source.poll
        options = [option.text for option in poll.options]
        return _lines([poll.question, poll.description, *options, poll.explanation])
    if source.checklist is not None:
        return _lines([source.checklist.title, *(task.text for task in source.checklist.tasks)])
    return ""


def _contact(contact: telegram.Contact | None) -> str:
    if contact is None:
        return ""
    name = " ".join(filter(None, (contact.first_name, contact.last_name)))
    return _lines([name, contact.phone_number, contact.vcard])


def _shown_text(message: telegram.Message) -> str:
    return (message.api_kwargs and rich_text(message)) or _card_text(message)


def _unknown(message: telegram.Message) -> tuple[Attachment, ...]:
    """Return a stand-in for content of unknown kinds, so that it never counts as clean."""
    return tuple(
        Attachment(kind=AttachmentKind.DOCUMENT, file_id="", unique_id=f"unknown-{name}")
        for name in unknown_fields(message)
    )


def _card_text(message: telegram.Message) -> str:
    """Return the texts of a message shown as a card: a place, game, invoice or giveaway."""
    lines: list[str | None] = []
    if message.venue:
        lines += [message.venue.title, message.venue.address]
    if message.game:
        lines += [message.game.title, message.game.description, message.game.text]
    if message.invoice:
        lines += [message.invoice.title, message.invoice.description]
    if message.giveaway:
        lines.append(message.giveaway.prize_description)
    return _lines(lines)


def _origin(origin: telegram.MessageOrigin | None) -> str | None:
    """Return the name that a forward shows as its origin."""
    match origin:
        case telegram.MessageOriginUser():
            return origin.sender_user.full_name
        case telegram.MessageOriginHiddenUser():
            return origin.sender_user_name
        case telegram.MessageOriginChat():
            return _signed(origin.sender_chat, origin.author_signature)
        case telegram.MessageOriginChannel():
            return _signed(origin.chat, origin.author_signature)
    return None


def _signed(chat: telegram.Chat, signature: str | None) -> str:
    return " ".join(filter(None, (chat.effective_name, f"({signature})" if signature else None)))


def _lines(parts: Sequence[str | None]) -> str:
    return "\n".join(filter(None, parts))
