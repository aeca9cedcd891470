"""People's acts on chats and messages: look up, edit, delete, press."""

from __future__ import annotations

from dataclasses import dataclass, field

from rehearsal.entities import check_entities, find_entities, trim
from rehearsal.objects import Chat, Content, Json, Message, Person
from rehearsal.refusals import ApiError, PeopleError
from rehearsal.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that somebody sends."""

    name: str = field(repr=False)
    mime_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A post that a person is about to send; the fields are those of ``/app/post``."""

    person: int
    chat_id: int
    thread_id: int | None = None
    text: str = field(default="", repr=False)
    entities: tuple[Json, ...] = field(default=(), repr=False)
    reply_to: int | None = None
    quote: str | None = field(default=None, repr=False)
    as_: str | None = None
    forward_of: Json | None = field(default=None, repr=False)
    via_bot: str | None = None
    as_document: bool = False
    files: tuple[Upload, ...] = ()


def person_in(world: World, person_id: int) -> Person:
    """Return a person; PeopleError when there is none with that id."""
    if person_id not in world.people:
        raise PeopleError(world.say("没有这个人", "There is no such person"), 404)
    return world.people[person_id]


def chat_of(world: World, person_id: int, chat_id: int) -> Chat:
    """Return a chat that a person is in; PeopleError otherwise."""
    person = person_in(world, person_id)
    if chat_id == person_id:
        return world.open_private(person)
    chat = world.chats.get(chat_id)
    if chat is None:
        raise PeopleError(world.say("没有这个群", "There is no such chat"), 404)
    if not chat.member(person_id).present:
        raise PeopleError(world.say("你不在这个群里", "You are not in this chat"), 403)
    if chat.upgraded_to is not None:
        raise PeopleError(world.say("该群已升级", "The group was upgraded"), 409)
    return chat


def message_of(world: World, chat: Chat, message_id: int) -> Message:
    """Return a chat's message; PeopleError when it is gone."""
    message = chat.messages.get(message_id)
    if message is None:
        raise PeopleError(world.say("消息已不存在", "The message is gone"), 404)
    return message


def formatted(text: str, entities: tuple[Json, ...]) -> tuple[str, list[Json]]:
    """Check a text and its entities as the server does, and find the rest of them."""
    try:
        text, kept = trim(text, check_entities(text, list(entities)))
    except ApiError as error:
        raise PeopleError(error.description) from None
    return text, find_entities(text, kept)


def edit(
    world: World, person: int, message: Message, text: str, entities: tuple[Json, ...]
) -> None:
    """Edit a message's text or caption, as its author."""
    fixed = message.service or message.content.poll or message.content.contact
    if message.author.real_id != person or fixed:
        raise PeopleError(world.say("只能编辑自己的消息", "Only your own messages"), 403)
    text, found = formatted(text, entities)
    if not text and not message.content.media:
        raise PeopleError(world.say("没有内容", "There is nothing left"))
    for copy_ in [message, *_automatic_copies(world, message)]:
        copy_.content = Content(text=text, entities=found, media=copy_.content.media)
        copy_.edit_date = world.clock.now()
        world.changed(copy_, by_person=True)


def _automatic_copies(world: World, message: Message) -> list[Message]:
    chat = world.chats[message.chat_id]
    group = world.chats.get(chat.linked_chat_id or 0) if chat.type == "channel" else None
    if group is None:
        return []
    return [
        m
        for m in group.messages.values()
        if m.origin
        and m.origin.automatic
        and m.author.sender_chat_id == chat.id
        and m.origin.wire.get("message_id") == message.id
    ]


def delete(world: World, person: int, message: Message) -> None:
    """Delete a message as its author or as an administrator; the bot is not told."""
    chat = world.chats[message.chat_id]
    own = message.author.real_id == person or chat.type == "private"
    if not own and not chat.member(person).is_admin:
        raise PeopleError(world.say("只能删除自己的消息", "Only your own messages"), 403)
    world.delete(chat, [message.id])


def press(world: World, person: int, message: Message, row: int, column: int) -> str | None:
    """Press a button; None for one that opens a page."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    try:
        button = rows[row][column]
    except IndexError:
        raise PeopleError(world.say("没有这个按钮", "There is no such button"), 404) from None
    data = button.get("callback_data")
    return None if data is None else world.press(message, person, data)
