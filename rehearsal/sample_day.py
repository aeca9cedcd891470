"""Play a sample day in the rehearsal: an office's posts, clean and leaking, and decisions on them.

The days are data: ``sample/zh-CN.toml`` and ``sample/en.toml`` with the pictures beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import tomllib
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from rehearsal import default_world, groups, people, posting
from rehearsal.objects import Chat, Message
from rehearsal.refusals import PeopleError
from rehearsal.world import World

FOLDER = Path(__file__).parent / "sample"
PLACES = {
    "office": default_world.OFFICE,
    "project": default_world.PROJECT,
    "new": default_world.NEW_GROUP,
    "channel": default_world.CHANNEL,
    "supervisors": default_world.SUPERVISORS,
}
LEAD = 0.5  # seconds between a caption and what it announces, so that it can be read
PATIENCE = 6.0  # seconds a supervisor waits for a card before the day goes on without it
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens; ``wait`` is the pause after it in seconds at speed 1."""

    caption: str = field(repr=False)
    who: int
    do: Literal["post", "edit", "press", "bot"] = "post"
    where: str = "office"
    text: str = field(default="", repr=False)
    files: tuple[str, ...] = ()
    name: str = field(default="", repr=False)
    document: str = field(default="", repr=False)
    id: str = ""
    target: str = ""
    as_: str | None = None
    topic: int | None = None
    forwarded_from: str = field(default="", repr=False)
    labels: tuple[str, ...] = ()
    says: str = field(default="", repr=False)
    wait: float = 1.0


def load(language: str) -> list[Step]:
    """Read a language's day; English stands in for a language that has none."""
    path = FOLDER / f"{language}.toml"
    if not path.is_file():
        path = FOLDER / "en.toml"
    steps = tomllib.loads(path.read_text(encoding="utf-8"))["steps"]
    return [_step(table) for table in steps]


def _step(table: dict[str, object]) -> Step:
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    plain = {"as_" if key == "as" else key: value for key, value in table.items()}
    return Step(**{**plain, **lists})  # type: ignore[arg-type]


async def play(world: World, *, speed: float = 1.0, patience: float | None = None) -> None:
    """Play the day of the world's language; cancel the task to stop it.

    At speed 1 it takes about a minute; what a person could not do is left out. ``patience`` is how
    many seconds a person waits for a button, else ``PATIENCE`` at that speed.
    """
    player = _Player(world, PATIENCE / speed if patience is None else patience)
    steps = load(world.language)
    number = 0
    try:
        for number, step in enumerate(steps, 1):
            world.announce_sample(running=True, step=number, of=len(steps), caption=step.caption)
            await asyncio.sleep(LEAD / speed)
            # The visitor may have changed the world meanwhile: the day goes on.
            with contextlib.suppress(PeopleError):
                await player.take(step)
            await asyncio.sleep(step.wait / speed)
    finally:
        world.announce_sample(running=False, step=number, of=len(steps), caption="")


class _Player:
    """Takes steps in a world and remembers the posts that have names."""

    def __init__(self, world: World, patience: float) -> None:
        self._world, self._patience = world, patience
        self._posts: dict[str, tuple[int, int]] = {}

    async def take(self, step: Step) -> None:
        if step.do == "post":
            await self._post(step)
        elif step.do == "edit":
            self._edit(step)
        elif step.do == "bot":
            rights = {"can_delete_messages": True, "can_restrict_members": True}
            groups.change_bot(self._world, step.who, PLACES[step.where], "add", rights)
        else:
            await self._press(step)

    async def _post(self, step: Step) -> None:
        chat_id = PLACES[step.where]
        topics = list(self._world.chats[chat_id].topics)
        draft = people.Draft(
            person=step.who,
            chat_id=chat_id,
            thread_id=topics[step.topic] if step.topic is not None else None,
            text=step.text.replace("{token}", token()),
            as_=step.as_,
            forward_of={"name": step.forwarded_from} if step.forwarded_from else None,
            as_document=bool(step.document),
            files=tuple(_uploads(step)),
        )
        ids = await posting.post(self._world, draft)
        if step.id:
            self._posts[step.id] = (chat_id, ids[0])

    def _edit(self, step: Step) -> None:
        chat_id, number = self._posts[step.target]
        message = people.message_of(self._world, self._world.chats[chat_id], number)
        people.edit(self._world, step.who, message, step.text, ())

    async def _press(self, step: Step) -> None:
        """Press a button on the bot's newest message that has it, waiting for one to come."""
        chat = self._world.chats[PLACES[step.where]]
        turns = max(1, round(self._patience / 0.1))
        for _ in range(turns):
            found = find_button(chat, self._world.bot.id, step.labels, step.says)
            if found is not None:
                people.press(self._world, step.who, *found)
                return
            await asyncio.sleep(0.1)


def find_button(
    chat: Chat, bot_id: int, labels: tuple[str, ...], says: str = ""
) -> tuple[Message, int, int] | None:
    """Find the bot's newest button with one of the labels: message, row, column.

    Its message's text must have ``says`` in it.
    """
    for message in reversed(list(chat.messages.values())):
        if message.author.user_id != bot_id or says not in message.content.text:
            continue
        keyboard = (message.markup or {}).get("inline_keyboard", [])
        for r, row in enumerate(keyboard):
            for c, button in enumerate(row):
                text = str(button.get("text", "")).lower()
                if "callback_data" in button and any(label in text for label in labels):
                    return message, r, c
    return None


def token() -> str:
    """Make an access token as a code host does, with a valid checksum, of chance digits.

    It is made here, so that the repository itself holds nothing that looks like a token.
    """
    chance = random.Random(7)
    body = "".join(chance.choice(_ALPHABET) for _ in range(30))
    rest, check = zlib.crc32(body.encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        check = _ALPHABET[digit] + check
    return f"ghp_{body}{check.rjust(6, '0')}"


def _uploads(step: Step) -> list[people.Upload]:
    uploads = [
        people.Upload(name=name, mime_type="image/jpeg", data=(FOLDER / name).read_bytes())
        for name in step.files
    ]
    if step.document:
        data = word_document(step.document)
        uploads.append(people.Upload(name=step.name, mime_type=DOCX, data=data))
    return uploads


def word_document(text: str) -> bytes:
    """Make the smallest .docx file that says a text (ECMA-376, part 1)."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCX}.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r>'
        f"<w:t>{escape(text)}</w:t></w:r></w:p></w:body></w:document>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name), '<?xml version="1.0"?>\n' + body)
    return target.getvalue()
