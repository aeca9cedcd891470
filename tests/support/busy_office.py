"""Many groups and people of the rehearsal, and a plain model of what has to become of each post.

Every leak has a sender of its own, whose name stands in the notice that takes the place of the
message: so each thing that the bot says can be laid to the post that it is about.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal import people, posting
from rehearsal.groups import change_bot, create_group
from rehearsal.objects import Member, Message, Person
from rehearsal.server import RehearsalServer
from tests.support.people import SUPERVISORS
from tests.support.pictures import resident_id
from tests.support.records import Recorded, Records

_ADMIN, _SUPERVISOR = 6001, 4001
_RIGHTS = {"can_delete_messages": True, "can_restrict_members": True}
_NUMBER = re.compile(r"#(\d+)")
_HARMLESS = ("下午三点开会", "打印机修好了", "请把总结交到办公室", "收到，谢谢", "周五例会改到三楼")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post and what it is: ``harmless``, ``number`` (masked) or ``mark`` (and escalated).

    ``reachable`` says that the sender has opened a private chat with the bot; ``edited`` that it
    was harmless at first.
    """

    chat_id: int
    message_id: int
    sender: int
    name: str
    kind: str
    reachable: bool = True
    edited: bool = False

    @property
    def leaks(self) -> bool:
        """True if it is to be taken down."""
        return self.kind != "harmless"


class BusyOffice:
    """Groups with the bot in them, on a rehearsal server; it posts, remembers and compares."""

    def __init__(self, server: RehearsalServer, groups: int, *, seed: int = 1) -> None:
        self.server, self.world = server, server.world
        self.rng = random.Random(seed)
        self._numbers = itertools.count(1)
        self.groups = [self._group(f"第{i + 1}工作群") for i in range(groups)]
        self.posts: list[Post] = []
        self.world.queue.clear()

    def _group(self, title: str) -> int:
        chat = create_group(self.world, _ADMIN, title)
        change_bot(self.world, _ADMIN, chat.id, "add", dict(_RIGHTS))
        return chat.id

    def newcomer(self, *, reachable: bool) -> Person:
        """Let somebody join all groups, who may have opened a private chat with the bot."""
        number = next(self._numbers)
        person = Person(id=1_000_000 + number, name=f"职员{number:06d}号", username=f"u{number}")
        self.world.people[person.id] = person
        if reachable:
            self.world.open_private(person)
        return person

    async def post(
        self, kind: str, chat_id: int | None = None, *, reachable: bool = True, edited: bool = False
    ) -> Post:
        """Post a text of a kind; ``edited`` posts something harmless first, and edits it then."""
        chat = self.world.chats[chat_id or self.rng.choice(self.groups)]
        sender = self.newcomer(reachable=reachable)
        chat.members[sender.id] = Member(user_id=sender.id)
        text = self.text(kind)
        first = self.rng.choice(_HARMLESS) if edited else text
        draft = posting.Draft(person=sender.id, chat_id=chat.id, text=first)
        (number,) = await posting.post(self.world, draft)
        if edited:
            people.edit(self.world, sender.id, chat.messages[number], text, ())
        done = Post(
            chat_id=chat.id,
            message_id=number,
            sender=sender.id,
            name=sender.name,
            kind=kind,
            reachable=reachable,
            edited=edited,
        )
        self.posts.append(done)
        return done

    def text(self, kind: str) -> str:
        """Return a text of a kind."""
        if kind == "number":
            return f"请登记 {resident_id(self.rng)} 谢谢"
        if kind == "mark":
            return f"机密★10年 关于第{self.rng.randint(1, 999)}号选址的报告"
        return self.rng.choice(_HARMLESS)

    async def some(self, count: int) -> list[Post]:
        """Post texts of every kind, as chance will have it."""
        kinds = ["mark", *self.rng.choices(("harmless", "number", "mark"), (3, 4, 1), k=count - 1)]
        self.rng.shuffle(kinds)
        return [
            await self.post(
                kind, reachable=self.rng.random() < 0.9, edited=self.rng.random() < 0.15
            )
            for kind in kinds
        ]

    def press_a_card(self) -> None:
        """Let a supervisor take or confirm the newest case, or look at its details."""
        cards = [m for m in self._of_bot(SUPERVISORS) if m.markup]
        if cards:
            rows = cards[-1].markup["inline_keyboard"]
            row, column = self.rng.choice(((0, 0), (len(rows) - 1, len(rows[-1]) - 1)))
            people.press(self.world, _SUPERVISOR, cards[-1], row, column)

    # --- comparing -------------------------------------------------------------------------

    def compare(self, records: Records, posts: Sequence[Post] | None = None) -> list[str]:
        """Return what is not as it has to be: nothing, when the bot is right."""
        said = self._said()
        wrong = []
        for post in self.posts if posts is None else posts:
            for fault in self._faults(post, records, said):
                wrong.append(f"{post.kind} {post.chat_id}/{post.message_id}: {fault}")
        return wrong

    def _faults(self, post: Post, records: Records, said: _Said) -> list[str]:
        key = (post.chat_id, post.message_id)
        results, numbers = records.results.get(key, []), records.cases.get(key, [])
        there = self.is_there(post)
        if not post.leaks:
            faults = [] if there else ["harmless and taken down"]
            wanted = ["clean"] * (2 if post.edited else 1)
            return faults + ([] if results == wanted else [f"lost: decided as {results}"])
        faults = ["lost: still there"] if there else []
        if post.edited:
            # The bot may learn of the edit together with the post itself.
            results = results[-1:]
        if results != ["case"]:
            faults.append(f"lost: decided as {results}")
        if len(numbers) != 1:
            return [*faults, f"decided {len(numbers)} times" if numbers else "lost: no case"]
        return faults + _faults_of_case(post, numbers[0], records.effects.get(numbers[0], []), said)

    def is_there(self, post: Post) -> bool:
        """Return True if a post still stands."""
        return post.message_id in self.world.chats[post.chat_id].messages

    def told(self, post: Post) -> tuple[int, int]:
        """Return how often a post was replaced in its group, and its sender told in private."""
        copies = sum(post.name in m.content.text for m in self._of_bot(post.chat_id))
        chat = self.world.chats.get(post.sender)
        return copies, len(self._of_bot(post.sender)) if chat else 0

    def cards_repeated(self) -> int:
        """Count the cards that came again with the number of an earlier one."""
        return sum(count - 1 for count in self._said().cards.values())

    def _said(self) -> _Said:
        cards: Counter[int] = Counter()
        for message in self._of_bot(SUPERVISORS):
            if found := _NUMBER.search(message.content.text.splitlines()[0]):
                cards[int(found[1])] += 1
        copies: Counter[str] = Counter()
        for group in self.groups:
            for message in self._of_bot(group):
                copies.update(re.findall(r"职员\d{6}号", message.content.text))
        notes = Counter(
            {
                post.sender: sum(1 for _ in self._of_bot(post.sender))
                for post in self.posts
                if post.sender in self.world.chats
            }
        )
        return _Said(copies=copies, notes=notes, cards=cards)

    def _of_bot(self, chat_id: int) -> list[Message]:
        messages = self.world.chats[chat_id].messages.values()
        return [m for m in messages if m.author.user_id == self.world.bot.id]


@dataclass(frozen=True, slots=True)
class _Said:
    """How often the bot has said what: copies by name, notes by person, cards by number."""

    copies: Counter[str]
    notes: Counter[int]
    cards: Counter[int]


def _faults_of_case(post: Post, number: int, effects: Sequence[Recorded], said: _Said) -> list[str]:
    faults = []
    copies = said.copies[post.name]
    notes = said.notes[post.sender]
    cards = said.cards[number]
    for kind, count in (("repost", copies), ("warn", notes)):
        statuses = [e.status for e in effects if e.kind == kind]
        if len(statuses) > 1 or count > 1:
            faults.append(f"{kind} said {count} times, recorded {statuses}")
        elif not statuses:
            faults.append(f"{kind} was never planned")
        elif statuses == ["done"] and count != 1:
            faults.append(f"{kind} is recorded as said, but was not")
        elif statuses == ["failed"] and count:
            faults.append(f"{kind} is recorded as failed, but was said")
        elif statuses == ["failed"] and (kind == "repost" or post.reachable):
            faults.append(f"{kind} failed: {[e.detail for e in effects if e.kind == kind]}")
    if post.kind == "mark" and cards == 0:
        faults.append("no card")
    if [e.status for e in effects if e.kind == "delete"] != ["done"]:
        faults.append("the deletion is not recorded as done")
    return faults
