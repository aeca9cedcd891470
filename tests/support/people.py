"""People in the rehearsal, for tests: they post, read and press as a browser would.

async with People(server.url) as people:
    number = await people.post(ZHANG, OFFICE, "你好")
    notice = await people.wait_for(OFFICE, lambda m: "notice" in m["text"])
    await people.press(WANG, OFFICE, notice, label="Take")
"""

# ruff: noqa: ASYNC109
from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiohttp

WANG, LI = 4001, 4002
ZHANG, CHEN, LIU = 5001, 5002, 5003
ZHAO = 6001
SUPERVISORS = -1001000000001
OFFICE = -1001000000002
PROJECT = -1001000000003
BADMINTON = -1001000000004
NEW_GROUP = -1001000000005
CHANNEL = -1001000000009

Json = dict[str, Any]
Shown = dict[str, Any]
Predicate = Callable[[Shown], bool]
File = tuple[str, bytes]
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "txt": "text/plain", "pdf": "application/pdf"}


class Refused(Exception):
    """The server says that a person cannot do that."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status, self.sentence = status, sentence
        super().__init__(f"{status}: {sentence}")


class People:
    """Wraps the people's side of a rehearsal server at ``url``; use it as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.events: list[Json] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._news = asyncio.Event()
        connected = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(connected))
        await asyncio.wait_for(connected.wait(), 5)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._session.close()

    async def _listen(self, connected: asyncio.Event) -> None:
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(f"{self._url}/app/events", timeout=timeout) as reply:
            connected.set()
            rest = b""
            async for chunk in reply.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"data:"):
                        self.events.append(json.loads(line[5:]))
                        self._news.set()

    async def _get(self, path: str) -> Any:
        async with self._session.get(f"{self._url}/app/{path}") as reply:
            return await self._body(reply)

    async def _send(self, path: str, fields: Json) -> Json:
        filled = {name: value for name, value in fields.items() if value is not None}
        async with self._session.post(f"{self._url}/app/{path}", json=filled) as reply:
            return await self._body(reply)

    @staticmethod
    async def _body(reply: aiohttp.ClientResponse) -> Any:
        body = await reply.json()
        if reply.status >= 400:
            raise Refused(reply.status, body["error"])
        return body

    # --- posting ---------------------------------------------------------------------------

    async def post(self, person: int, chat_id: int, text: str = "", **fields: Any) -> int:
        """Post a text and return the message's id.

        Fields: thread_id, entities, reply_to, quote, as_ ("anonymous" or "channel"), forward_of,
        via_bot.
        """
        fields["as"] = fields.pop("as_", None)
        draft = {"person": person, "chat_id": chat_id, "text": text, **fields}
        return (await self._send("post", draft))["message_ids"][0]

    async def album(
        self, person: int, chat_id: int, files: Sequence[File], text: str = "", **fields: Any
    ) -> list[int]:
        """Post (name, bytes) files, several as an album, and return the messages' ids."""
        fields["as"] = fields.pop("as_", None)
        form = aiohttp.FormData(quote_fields=False)
        for name, value in {"person": person, "chat_id": chat_id, "text": text, **fields}.items():
            if value is not None:
                plain = value if isinstance(value, str) else json.dumps(value)
                form.add_field(name, plain)
        for name, data in files:
            kind = _TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")
            form.add_field("file", data, filename=name, content_type=kind)
        async with self._session.post(f"{self._url}/app/post", data=form) as reply:
            return (await self._body(reply))["message_ids"]

    async def photo(
        self, person: int, chat_id: int, data: bytes, text: str = "", **fields: Any
    ) -> int:
        """Post one picture as a photo and return the message's id."""
        return (await self.album(person, chat_id, [("photo.jpg", data)], text, **fields))[0]

    async def document(
        self, person: int, chat_id: int, name: str, data: bytes, text: str = "", **fields: Any
    ) -> int:
        """Post one file as a document and return the message's id."""
        files = [(name, data)]
        return (await self.album(person, chat_id, files, text, as_document=True, **fields))[0]

    async def poll(self, person: int, chat_id: int, question: str, options: Sequence[str]) -> int:
        """Post a poll and return the message's id."""
        fields = {"person": person, "chat_id": chat_id, "question": question}
        return (await self._send("poll", fields | {"options": list(options)}))["message_ids"][0]

    async def contact(self, person: int, chat_id: int, name: str, phone: str) -> int:
        """Post a contact and return the message's id."""
        fields = {"person": person, "chat_id": chat_id, "name": name, "phone": phone}
        return (await self._send("contact", fields))["message_ids"][0]

    # --- acting on messages ----------------------------------------------------------------

    async def edit(
        self,
        person: int,
        chat_id: int,
        message: int | Shown,
        text: str,
        entities: Sequence[Json] | None = None,
    ) -> None:
        """Edit a message's text or caption."""
        fields = {"person": person, "chat_id": chat_id, "message_id": _id(message)}
        await self._send("edit", fields | {"text": text, "entities": entities})

    async def delete(self, person: int, chat_id: int, message: int | Shown) -> None:
        """Delete a message."""
        fields = {"person": person, "chat_id": chat_id, "message_id": _id(message)}
        await self._send("delete", fields)

    async def press(
        self, person: int, chat_id: int, message: int | Shown, *, label: str
    ) -> str | None:
        """Press the button whose label contains ``label``; return the press's id."""
        shown = await self.message(chat_id, _id(message))
        assert shown is not None, "the message is gone"
        for row, buttons in enumerate(shown["buttons"]):
            for column, button in enumerate(buttons):
                if label in button["text"]:
                    return await self.press_at(person, chat_id, message, row, column)
        labels = [button["text"] for row in shown["buttons"] for button in row]
        raise AssertionError(f"no button {label!r} among {labels}")

    async def press_at(
        self, person: int, chat_id: int, message: int | Shown, row: int = 0, column: int = 0
    ) -> str | None:
        """Press the button at a place; return the press's id."""
        fields = {"person": person, "chat_id": chat_id, "message_id": _id(message)}
        return (await self._send("press", fields | {"row": row, "column": column}))["press_id"]

    # --- chats and the bot -----------------------------------------------------------------

    async def start(self, person: int) -> None:
        """Open the private chat with the bot."""
        await self._send("start", {"person": person})

    async def group(self, person: int, title: str, **fields: Any) -> int:
        """Create a group (is_forum, type) and return its id."""
        return (await self._send("group", {"person": person, "title": title, **fields}))["chat_id"]

    async def topic(self, person: int, chat_id: int, name: str) -> int:
        """Open a topic and return its thread id."""
        fields = {"person": person, "chat_id": chat_id, "name": name}
        return (await self._send("topic", fields))["thread_id"]

    async def bot(self, person: int, chat_id: int, action: str, **rights: bool) -> None:
        """Add, remove, promote or demote the bot, or set its rights."""
        await self._send("bot", {"person": person, "chat_id": chat_id, "action": action, **rights})

    async def migrate(self, chat_id: int) -> int:
        """Turn a basic group into a supergroup and return the new id."""
        return (await self._send("migrate", {"chat_id": chat_id}))["chat_id"]

    async def fault(self, method: str, times: int = 1, **fields: Any) -> None:
        """Let the bot's next calls of a method go wrong."""
        await self._send("faults", {"method": method, "times": times, **fields})

    async def privacy(self, enabled: bool) -> None:
        """Switch the bot's privacy mode."""
        await self._send("privacy", {"enabled": enabled})

    async def clock(self, offset: float) -> None:
        """Set the server's clock that many seconds ahead."""
        await self._send("clock", {"offset": offset})

    async def sample_day(self, action: str = "play") -> None:
        """Play or stop the sample day."""
        await self._send("sample-day", {"action": action})

    # --- seeing ----------------------------------------------------------------------------

    async def state(self) -> Json:
        """Return people and chats."""
        return await self._get("state")

    async def chat(self, chat_id: int) -> Json:
        """Return one chat of the state."""
        return next(c for c in (await self.state())["chats"] if c["id"] == chat_id)

    async def messages(self, chat_id: int) -> list[Shown]:
        """Return a chat's messages, oldest first."""
        return await self._get(f"chats/{chat_id}/messages")

    async def message(self, chat_id: int, message_id: int) -> Shown | None:
        """Return one message, or None when it is gone."""
        return next((m for m in await self.messages(chat_id) if m["id"] == message_id), None)

    async def file(self, shown: Shown) -> bytes:
        """Return the bytes of a message's attachment."""
        async with self._session.get(f"{self._url}{shown['media']['url']}") as reply:
            assert reply.status == 200, "there is no such file"
            return await reply.read()

    async def calls(self, method: str | None = None, chat_id: int | None = None) -> list[Json]:
        """Return the bot's calls so far, of a method or to a chat."""
        return [
            call
            for call in await self._get("calls")
            if method in {None, call["method"]} and chat_id in {None, call["chat_id"]}
        ]

    # --- waiting ---------------------------------------------------------------------------

    async def wait_for(self, chat_id: int, predicate: Predicate, timeout: float = 5.0) -> Shown:
        """Wait until a chat has a message that fits, and return the latest such."""

        async def found() -> Shown | None:
            fitting = [m for m in await self.messages(chat_id) if predicate(m)]
            return fitting[-1] if fitting else None

        return await self._wait(found, timeout, f"no such message in {chat_id}")

    async def wait_gone(self, chat_id: int, message: int | Shown, timeout: float = 5.0) -> None:
        """Wait until a message is deleted."""

        async def gone() -> bool:
            return await self.message(chat_id, _id(message)) is None

        await self._wait(gone, timeout, f"message {_id(message)} is still there")

    async def wait_answer(self, person: int, timeout: float = 5.0, *, after: int = 0) -> Json:
        """Wait for the answer to a person's press; ``after`` skips that many earlier ones."""

        async def answered() -> Json | None:
            answers = self.answers(person)
            return answers[after] if len(answers) > after else None

        return await self._wait(answered, timeout, f"no answer to {person}")

    def answers(self, person: int) -> list[Json]:
        """Return the answers to a person's presses so far."""
        return [e for e in self.events if e["kind"] == "answer" and e["person"] == person]

    async def settled(self, quiet: float = 0.3, timeout: float = 5.0) -> None:
        """Wait until nothing has happened on the screens for ``quiet`` seconds."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            before = len(self.events)
            await asyncio.sleep(quiet)
            if len(self.events) == before:
                return
        raise AssertionError("the screens do not come to rest")

    async def _wait(self, look: Callable[[], Any], timeout: float, complaint: str) -> Any:
        end = time.monotonic() + timeout
        while True:
            self._news.clear()
            if value := await look():
                return value
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{complaint} after {timeout:g} s")
            try:
                await asyncio.wait_for(self._news.wait(), min(left, 0.25))
            except TimeoutError:
                continue


def _id(message: int | Shown) -> int:
    return message if isinstance(message, int) else int(message["id"])
