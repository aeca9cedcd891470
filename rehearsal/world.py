"""The rehearsal's world: people, chats and messages, and the updates that the bot receives."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from rehearsal import api_json, default_world
from rehearsal.clock import Clock
from rehearsal.events import Events
from rehearsal.files import FileStore
from rehearsal.objects import Author, Chat, Content, Json, Member, Message, Person, Placement
from rehearsal.updates import DAY, PRESS_LIFETIME, UpdateQueue
from rehearsal.web_json import shown_chat, shown_message
from rehearsal.world_state import BotUser, WorldState

BOT_ID = 7_000_000_001


@dataclass(slots=True, kw_only=True)
class Press:
    """A pressed button that waits for the bot's answer."""

    person: int
    at: int
    answered: bool = False


class World(WorldState):
    """Changes the state and notifies both sides: updates to the bot, events to the people."""

    def __init__(self, language: str, clock: Clock, queue: UpdateQueue) -> None:
        name = "守口" if language == "zh-CN" else "Shoukou"
        bot = BotUser(id=BOT_ID, name=name, username="shoukou_rehearsal_bot")
        people = {person.id: person for person in default_world.default_people(language)}
        super().__init__(language=language, bot=bot, people=people)
        self.clock, self.queue = clock, queue
        self.events = Events()
        self.files = FileStore()
        self.presses: dict[str, Press] = {}
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._furnish()

    def _furnish(self) -> None:
        for chat in default_world.default_chats(self.language, self.bot.id):
            self.chats[chat.id] = chat
            if chat.is_forum:
                for zh, en in default_world.TOPICS:
                    self.add_topic(chat, 6001, zh if self.language == "zh-CN" else en)
        for person in self.people.values():
            if person.started:
                self.open_private(person)
        self.queue.clear()

    def say(self, chinese: str, english: str) -> str:
        """Choose a sentence by the world's language."""
        return chinese if self.language == "zh-CN" else english

    def number(self) -> str:
        """Return a fresh large number as a string: ids of albums, presses and polls."""
        return str(13_000_000_000_000_000 + next(self._numbers))

    def open_private(self, person: Person) -> Chat:
        """Return a person's private chat with the bot, opening it if need be."""
        person.started = True
        if person.id not in self.chats:
            members = {u: Member(user_id=u) for u in (person.id, self.bot.id)}
            self.chats[person.id] = Chat(
                id=person.id, type="private", title=person.name, members=members
            )
            self.events.send("state")
        return self.chats[person.id]

    def next_id(self, chat: Chat) -> int:
        """Return a chat's next message id; private chats and basic groups share one sequence."""
        if chat.type in {"private", "group"}:
            chat.last_id = next(self._ids)
        else:
            chat.last_id += 1
        return chat.last_id

    def add(self, message: Message) -> Message:
        """Put a message into its chat; tell people and, if it may see it, the bot."""
        chat = self.chats[message.chat_id]
        chat.messages[message.id] = message
        self.events.send("message", message=shown_message(self, message))
        self._tell_bot(message, "channel_post" if chat.type == "channel" else "message")
        return message

    def changed(self, message: Message, *, by_person: bool) -> None:
        """Publish an edited message."""
        self.events.send("edited", message=shown_message(self, message))
        if by_person:
            channel = self.chats[message.chat_id].type == "channel"
            self._tell_bot(message, "edited_channel_post" if channel else "edited_message")

    def delete(self, chat: Chat, ids: list[int]) -> list[int]:
        """Remove messages; the bot is never told. Returns the ids that were there."""
        gone = [number for number in ids if chat.messages.pop(number, None) is not None]
        if gone:
            self.events.send("deleted", chat_id=chat.id, message_ids=gone)
        return gone

    def add_service(
        self, chat: Chat, actor: int | None, fields: Json, notice: str, *, opens: bool = False
    ) -> Message:
        """Add a service message: ``fields`` are its own on the wire, ``notice`` what people see.

        ``opens`` says that it opens a topic, whose thread then bears its id.
        """
        number = self.next_id(chat)
        if chat.type == "channel":
            author = Author(user_id=None, sender_chat_id=chat.id, real_id=actor)
        else:
            author = Author(user_id=actor, real_id=actor)
        return self.add(
            Message(
                id=number,
                chat_id=chat.id,
                date=self.clock.now(),
                author=author,
                content=Content(),
                placement=Placement(thread_id=number if opens else None),
                service=fields,
                notice=notice,
            )
        )

    def add_topic(self, chat: Chat, actor: int, name: str) -> int:
        """Open a topic in a forum and return its thread id."""
        fields = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
        notice = self.say(f"话题“{name}”已创建", f"The topic “{name}” was created")
        message = self.add_service(chat, actor, fields, notice, opens=True)
        chat.topics[message.id] = name
        self.announce_chat(chat)
        return message.id

    def announce_chat(self, chat: Chat) -> None:
        """Publish a change of a chat's data."""
        self.events.send("chat", chat=shown_chat(self, chat))

    def announce_sample(self, *, running: bool, step: int, of: int, caption: str) -> None:
        """Publish the progress of the sample day."""
        self.events.send("sample", running=running, step=step, of=of, caption=caption)

    def set_member(self, chat: Chat, actor: int, member: Member) -> None:
        """Change somebody's standing; the bot is told of its own, and of others' if it asked."""
        old = chat.member(member.user_id)
        chat.members[member.user_id] = member
        own = member.user_id == self.bot.id
        if own or chat.member(self.bot.id).is_admin:
            update = {
                "chat": api_json.chat_json(self, chat),
                "from": api_json.user_json(self, actor),
                "date": self.clock.now(),
                "old_chat_member": api_json.member_json(self, chat, old),
                "new_chat_member": api_json.member_json(self, chat, member),
            }
            kind = "my_chat_member" if own else "chat_member"
            self.queue.add(kind, update, expires=self.clock.now() + DAY, chat_id=chat.id)
        self.announce_chat(chat)

    def press(self, message: Message, person: int, data: str) -> str:
        """Press a button of the bot's and return the callback query's id."""
        press_id = self.number()
        now = self.clock.now()
        self.presses[press_id] = Press(person=person, at=now)
        update = {
            "id": press_id,
            "from": api_json.user_json(self, person),
            "message": api_json.message_json(self, message),
            "chat_instance": str(abs(message.chat_id) * 7 + 3),
            "data": data,
        }
        self.queue.add(
            "callback_query", update, expires=now + PRESS_LIFETIME, chat_id=message.chat_id
        )
        return press_id

    def _tell_bot(self, message: Message, kind: str) -> None:
        if self.bot_sees(message):
            self.queue.add(
                kind,
                api_json.message_json(self, message),
                expires=(message.edit_date or message.date) + DAY,
                chat_id=message.chat_id,
            )

    def bot_sees(self, message: Message) -> bool:
        """Return True if the bot gets an update for a message, by membership and privacy mode."""
        chat = self.chats[message.chat_id]
        own = chat.member(self.bot.id)
        service = message.service or {}
        if message.author.user_id == self.bot.id and "left_chat_member" not in service:
            return False
        if not own.present:
            return bool(service.get("left_chat_member", {}).get("id") == self.bot.id)
        if chat.type == "private" or own.is_admin or not self.privacy or service:
            return True
        answered = chat.messages.get(message.placement.reply_to or 0)
        if answered is not None and answered.author.user_id == self.bot.id:
            return True
        return self._commands_bot(message.content.text)

    def _commands_bot(self, text: str) -> bool:
        found = re.match(r"/\w+(?:@(\w+))?", text)
        return found is not None and (found[1] or self.bot.username) == self.bot.username
