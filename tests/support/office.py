"""An office in which the whole bot is at work, for tests from outside.

async with open_office(tmp_path, media) as office:
    number = await office.people.post(ZHANG, OFFICE, "绝密★长期")
    await office.quiet()                      # all that follows has been done
    assert await office.people.message(OFFICE, number) is None
    [notice] = await office.said(OFFICE)      # what the bot has said since the test began
    await office.restart()                    # the same data, a new process's worth of parts
"""

# ruff: noqa: ASYNC109
from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.app import build
from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.i18n import Catalogs
from bot.runtime.program import App
from bot.settings import Settings, load_settings
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer
from tests.support.people import OFFICE, PROJECT, SUPERVISORS, ZHANG, Json, People, Shown

KEYWORD = "青松项目"
CONFIG = f"""
language = "{{language}}"
contact = "赵宏"
[supervision]
chat = {SUPERVISORS}
[[supervision.people]]
id = 4001
name = "王敏"
roles = ["reviewer", "custodian"]
[[supervision.people]]
id = 4002
name = "李强"
roles = ["reviewer", "custodian"]
[[groups]]
id = {OFFICE}
department = "综合科"
keywords = ["{KEYWORD}"]
[[groups]]
id = {PROJECT}
department = "项目办"
"""
_LOOKING = frozenset(
    (
        *("getUpdates", "getWebhookInfo", "getMe", "getFile"),
        *("getChat", "getChatMember", "getChatAdministrators"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What people see of a message once the bot is done: each list holds what the bot said."""

    message: Shown | None
    group: list[Shown]
    sender: list[Shown]
    supervisors: list[Shown]

    @property
    def texts(self) -> str:
        """All that the bot said, for asserting that something is in none of it."""
        return "\n".join(m["text"] for m in (*self.group, *self.sender, *self.supervisors))


def marked(shown: Shown, kind: str) -> list[str]:
    """Return the parts of a message that its entities of a kind cover."""
    units = shown["text"].encode("utf-16-le")
    return [
        units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le")
        for e in shown["entities"]
        if e["type"] == kind
    ]


class Office:
    """A rehearsal server with people, and the bot on it; made by `open_office`."""

    def __init__(self, server: RehearsalServer, settings: Settings, media: StartingMedia) -> None:
        self.server = server
        self.settings = settings
        self.people = People(server.url)
        self.t = Catalogs.load(settings.resource("locales"), settings.language).get()
        self._media = media
        self._bot = contextlib.AsyncExitStack()
        self._seen: dict[int, int] = {}
        self._calls = 0
        self.app: App

    # --- the bot ---------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the bot."""
        self.app = await self._bot.enter_async_context(build(self.settings, media=self._media))
        running = asyncio.create_task(self.app.run())
        self._bot.push_async_callback(_ended, running)

    async def stop(self) -> None:
        """Stop the bot as Ctrl+C does; its data stays."""
        await self._bot.aclose()

    async def restart(self) -> None:
        """Stop the bot and start it again on the same data."""
        await self.stop()
        await self.start()

    async def introduced(self) -> None:
        """Wait until the bot has introduced itself in its groups."""
        for group in self.settings.groups:
            await self.people.wait_for(group.id, lambda m: m["sender"]["kind"] == "bot")
        await self.quiet()

    async def quiet(self, timeout: float = 20.0) -> None:
        """Wait until the bot has done all that follows from what people did so far."""
        end = time.monotonic() + timeout
        while self._busy() or await self.app.store.inbox.depth():
            if time.monotonic() > end:
                raise AssertionError(f"the bot is still at work after {timeout:g} s")
            await asyncio.sleep(0.01)

    def _busy(self) -> bool:
        app = self.app
        return bool(self.server.pending or app.worker.backlog or app.outbox.under_way)

    # --- seeing ----------------------------------------------------------------------------

    async def remember(self) -> None:
        """Let `said` and `acts` begin here."""
        for chat in (await self.people.state())["chats"]:
            shown = await self.people.messages(chat["id"])
            self._seen[chat["id"]] = max((m["id"] for m in shown), default=0)
        self._calls = len(await self.people.calls())

    async def said(self, chat_id: int) -> list[Shown]:
        """Return what the bot has said in a chat; a private chat's id is the person's."""
        since = self._seen.get(chat_id, 0)
        shown = await self.people.messages(chat_id)
        return [m for m in shown if m["sender"]["kind"] == "bot" and m["id"] > since]

    async def outcome(
        self, message_id: int, *, chat_id: int = OFFICE, sender: int = ZHANG
    ) -> Outcome:
        """Wait until the bot is done, and return what became of a message."""
        await self.quiet()
        return Outcome(
            message=await self.people.message(chat_id, message_id),
            group=await self.said(chat_id),
            sender=await self.said(sender),
            supervisors=await self.said(SUPERVISORS),
        )

    async def acts(self) -> list[tuple[str, int]]:
        """Return (method, chat) of each of the bot's calls that changes or shows something."""
        calls: list[Json] = (await self.people.calls())[self._calls :]
        return [(c["method"], c["chat_id"]) for c in calls if c["method"] not in _LOOKING]


async def _ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@contextlib.asynccontextmanager
async def open_office(
    folder: Path,
    media: StartingMedia,
    *,
    language: str = "zh-CN",
    limits: Limits | None = None,
    config: str = CONFIG,
    start: bool = True,
) -> AsyncIterator[Office]:
    """Open an office with its data and its configuration in ``folder``.

    ``limits`` are the platform's (none unless told); ``start`` says whether the bot is running
    already and has introduced itself.
    """
    path = folder / "shoukou.toml"
    path.write_text(config.format(language=language), "utf-8")
    server = RehearsalServer(language=language, limits=limits or Limits.off())
    await server.start()
    settings = load_settings(path).model_copy(
        update={
            "token": SecretStr(server.token),
            "api_url": server.url,
            "data": folder / "data",
            "console": "127.0.0.1:0",
        }
    )
    office = Office(server, settings, media)
    try:
        async with office.people:
            if start:
                await office.start()
                await office.introduced()
            await office.remember()
            yield office
            await office.stop()
    finally:
        await office.stop()
        await server.stop()
