"""How people post: texts, files, albums, polls, forwards, and under which name."""

from __future__ import annotations

import copy
import mimetypes

from rehearsal.api_json import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, TELEGRAM, chat_json, user_json
from rehearsal.entities import utf16_length
from rehearsal.files import is_picture
from rehearsal.objects import Author, Chat, Content, Json, Media, Message, Origin, Placement
from rehearsal.people import Draft, Upload, chat_of, formatted, message_of
from rehearsal.refusals import PeopleError
from rehearsal.world import World

OTHER_BOT = 7_000_000_999


async def post(world: World, draft: Draft) -> list[int]:
    """Post a draft and return the new messages' ids: several for an album."""
    chat = chat_of(world, draft.person, draft.chat_id)
    _check_may_post(world, chat, draft)
    contents = await _contents(world, draft)
    origin = _origin(world, draft)
    place = _placement(world, chat, draft)
    if len(contents) > 1:
        place.album_id = world.number()
    messages = []
    for content in contents:
        message = Message(
            id=world.next_id(chat),
            chat_id=chat.id,
            date=world.clock.now(),
            author=_author(world, chat, draft),
            content=content,
            placement=copy.copy(place),
            origin=origin,
            via_bot=_other_bot(draft.via_bot) if draft.via_bot else None,
        )
        messages.append(world.add(message))
    if chat.type == "channel":
        _forward_to_group(world, chat, messages)
    return [message.id for message in messages]


def post_content(world: World, person: int, chat_id: int, content: Content) -> int:
    """Post a poll or a contact and return the message's id."""
    draft = Draft(person=person, chat_id=chat_id)
    chat = chat_of(world, person, chat_id)
    _check_may_post(world, chat, draft)
    message = Message(
        id=world.next_id(chat),
        chat_id=chat.id,
        date=world.clock.now(),
        author=_author(world, chat, draft),
        content=content,
    )
    return world.add(message).id


def _check_may_post(world: World, chat: Chat, draft: Draft) -> None:
    member = chat.member(draft.person)
    muted = member.status == "restricted" and not member.permissions.get("can_send_messages")
    if muted and (not member.until or member.until > world.clock.now()):
        raise PeopleError(world.say("你已被禁言", "You may not write here"), 403)
    if (draft.as_ or chat.type == "channel") and not member.is_admin:
        raise PeopleError(world.say("只有管理员可以", "Only administrators may do that"), 403)
    if draft.thread_id is not None and draft.thread_id not in chat.topics:
        raise PeopleError(world.say("没有这个话题", "There is no such topic"), 404)
    limit = 1024 if draft.files else 4096
    if utf16_length(draft.text) > limit:
        raise PeopleError(world.say("文字太长", "The text is too long"))


def _author(world: World, chat: Chat, draft: Draft) -> Author:
    if chat.type == "channel":
        return Author(user_id=None, sender_chat_id=chat.id, real_id=draft.person)
    if draft.as_ == "anonymous":
        return Author(user_id=GROUP_ANONYMOUS_BOT, sender_chat_id=chat.id, real_id=draft.person)
    if draft.as_ == "channel":
        if chat.linked_chat_id is None:
            raise PeopleError(world.say("没有关联的频道", "There is no linked channel"))
        return Author(user_id=CHANNEL_BOT, sender_chat_id=chat.linked_chat_id, real_id=draft.person)
    return Author(user_id=draft.person, real_id=draft.person)


def _other_bot(username: str) -> Json:
    return {"id": OTHER_BOT, "is_bot": True, "first_name": username, "username": username}


async def _contents(world: World, draft: Draft) -> list[Content]:
    text, entities = formatted(draft.text, draft.entities)
    if draft.forward_of and "message_id" in draft.forward_of:
        source = chat_of(world, draft.person, int(draft.forward_of["chat_id"]))
        original = message_of(world, source, int(draft.forward_of["message_id"]))
        return [copy.copy(original.content)]
    media = [await _media(world, upload, draft.as_document) for upload in draft.files]
    if media:
        first = Content(text=text, entities=entities, media=media[0])
        return [first, *(Content(media=item) for item in media[1:])]
    if not text:
        raise PeopleError(world.say("没有内容", "There is nothing to post"))
    return [Content(text=text, entities=entities)]


async def _media(world: World, upload: Upload, as_document: bool) -> Media:
    mime_type = upload.mime_type
    if not mime_type or mime_type == "application/octet-stream":
        mime_type = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    if not as_document:
        if is_picture(upload.data):
            photo = await world.files.photo(upload.data)
            if photo is not None:
                return photo
        if mime_type.startswith("video/"):
            file = world.files.add(upload.data, "videos", ".mp4", mime_type, (1280, 720))
            return Media(kind="video", sizes=[file], name=upload.name)
        if mime_type == "audio/ogg":
            file = world.files.add(upload.data, "voice", ".oga", mime_type)
            return Media(kind="voice", sizes=[file])
    return await world.files.document(upload.data, upload.name, mime_type)


def _origin(world: World, draft: Draft) -> Origin | None:
    of = draft.forward_of
    if not of:
        return None
    if "message_id" not in of:
        wire = {"type": "hidden_user", "sender_user_name": str(of["name"])}
        return Origin(wire=wire | {"date": world.clock.now()}, name=str(of["name"]))
    original = world.chats[int(of["chat_id"])].messages[int(of["message_id"])]
    return original.origin or origin_of(world, original)


def origin_of(world: World, original: Message) -> Origin:
    """Return the origin of a message that is forwarded for the first time."""
    author, date = original.author, {"date": original.date}
    if author.sender_chat_id is not None:
        chat = world.chats[author.sender_chat_id]
        shape = chat_json(world, chat)
        if chat.type == "channel" and original.chat_id == chat.id:
            wire = {"type": "channel", "chat": shape, "message_id": original.id}
        else:
            wire = {"type": "chat", "sender_chat": shape}
        return Origin(wire=wire | date, name=chat.title)
    user = user_json(world, author.user_id or world.bot.id)
    return Origin(wire={"type": "user", "sender_user": user} | date, name=user["first_name"])


def _placement(world: World, chat: Chat, draft: Draft) -> Placement:
    place = Placement(thread_id=draft.thread_id, reply_to=draft.reply_to)
    if draft.reply_to is None:
        return place
    answered = message_of(world, chat, draft.reply_to)
    if place.thread_id is None:
        place.thread_id = answered.placement.thread_id
        if not chat.is_forum and chat.type == "supergroup":
            place.thread_id = answered.placement.thread_id or answered.id
    if draft.quote:
        position = answered.content.text.find(draft.quote)
        if position < 0:
            raise PeopleError(world.say("引用的文字不在原文里", "The quote is not in the message"))
        offset = utf16_length(answered.content.text[:position])
        place.quote = _quote(answered, offset, draft.quote)
    return place


def _quote(answered: Message, offset: int, text: str) -> Json:
    end = offset + utf16_length(text)
    quote: Json = {"text": text}
    kinds = {"bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"}
    entities = [
        e | {"offset": e["offset"] - offset}
        for e in answered.content.entities
        if e["type"] in kinds and offset <= e["offset"] and e["offset"] + e["length"] <= end
    ]
    if entities:
        quote["entities"] = entities
    return quote | {"position": offset, "is_manual": True}


def _forward_to_group(world: World, channel: Chat, messages: list[Message]) -> None:
    group = world.chats.get(channel.linked_chat_id or 0)
    if group is None:
        return
    album = world.number() if len(messages) > 1 else None
    for message in messages:
        first = message.origin or origin_of(world, message)
        world.add(
            Message(
                id=world.next_id(group),
                chat_id=group.id,
                date=world.clock.now(),
                author=Author(user_id=TELEGRAM, sender_chat_id=channel.id),
                content=copy.copy(message.content),
                placement=Placement(album_id=album),
                origin=Origin(wire=first.wire, name=first.name, automatic=True),
            )
        )
