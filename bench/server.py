"""The rehearsal's server as a process of its own, with a load generator on its own clock.

Run: python -m bench.server --groups N. It prints a line of JSON: url, token, groups. The load is
made inside the server, so that a post and its deletion are timed by one clock, without a client.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import time
from typing import Any

from aiohttp import web

from rehearsal import posting
from rehearsal.groups import change_bot, create_group
from rehearsal.limits import Limits
from rehearsal.server import RehearsalServer

_ADMIN = 6001
_SENDERS = (5001, 5002, 5003)
_RIGHTS = {"can_delete_messages": True, "can_restrict_members": True}


class BenchServer(RehearsalServer):
    """A rehearsal server without sending limits that also posts by itself."""

    def __init__(self, groups: int) -> None:
        super().__init__(limits=Limits.off())
        self.groups = [self._group(f"工作群{i + 1}") for i in range(groups)]
        self.world.queue.clear()
        self._posted: dict[tuple[int, int], float] = {}

    def _group(self, title: str) -> int:
        chat = create_group(self.world, _ADMIN, title)
        change_bot(self.world, _ADMIN, chat.id, "add", dict(_RIGHTS))
        return chat.id

    def application(self) -> web.Application:
        """Add the bench's own routes."""
        app = super().application()
        app.router.add_post("/bench/load", self._load)
        app.router.add_get("/bench/state", self._state)
        return app

    async def _load(self, request: web.Request) -> web.Response:
        """Post at a rate: {"posts": [{text?, picture? (base64)}…], "rate", "wait", "groups"?}.

        ``groups`` are the indexes of those to post in, all of them unless told. Waits up to
        ``wait`` seconds until all that was posted is deleted. Answers with the milliseconds from
        each post to its deletion (None: not deleted), the rate achieved, and where and when each
        was posted: [chat, message, Unix time].
        """
        order = await request.json()
        groups = [self.groups[i] for i in order.get("groups") or range(len(self.groups))]
        began, keys = time.monotonic(), []
        for i, post in enumerate(order["posts"]):
            delay = began + i / order["rate"] - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            elif i % 20 == 0:
                await asyncio.sleep(0)
            keys.append(await self._post(i, post, groups[i % len(groups)]))
        spent = max(time.monotonic() - began, 1e-9)
        deadline = time.monotonic() + order["wait"]
        while time.monotonic() < deadline and any(self._is_there(key) for key in keys):
            await asyncio.sleep(0.05)
        ahead = time.time() - time.monotonic()
        posted = [[*key, self._posted[key] + ahead] for key in keys]
        answer = {"ms": self._delays(keys), "rate": len(keys) / spent, "posted": posted}
        return web.json_response(answer)

    async def _post(self, i: int, post: dict[str, Any], chat_id: int) -> tuple[int, int]:
        files = ()
        if "picture" in post:
            data = base64.b64decode(post["picture"])
            files = (posting.Upload(name="photo.jpg", mime_type="image/jpeg", data=data),)
        draft = posting.Draft(
            person=_SENDERS[i % len(_SENDERS)],
            chat_id=chat_id,
            text=post.get("text", ""),
            files=files,
        )
        (number,) = await posting.post(self.world, draft)
        self._posted[draft.chat_id, number] = time.monotonic()
        return draft.chat_id, number

    def _is_there(self, key: tuple[int, int]) -> bool:
        return key[1] in self.world.chats[key[0]].messages

    def _delays(self, keys: list[tuple[int, int]]) -> list[float | None]:
        deleted = {
            (call["chat_id"], call["message_id"]): call["at"]
            for call in self.calls
            if call["method"] == "deleteMessage" and call["ok"]
        }
        return [
            1000 * (deleted[key] - self._posted[key]) if key in deleted else None for key in keys
        ]

    async def _state(self, request: web.Request) -> web.Response:
        """Say how many updates the bot has not confirmed and how many calls it has made."""
        return web.json_response({"pending": len(self.world.queue), "calls": len(self.calls)})


async def _serve(groups: int) -> None:
    server = BenchServer(groups)
    await server.start()
    ready = {"url": server.url, "token": server.token, "groups": server.groups}
    print(json.dumps(ready), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", type=int, default=1)
    asyncio.run(_serve(parser.parse_args().groups))
