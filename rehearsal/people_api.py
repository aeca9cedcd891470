"""The people's side over HTTP: what the web chat and the tests use."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from rehearsal import groups, people, posting
from rehearsal.actions import ACTIONS, draft_of, fields_of
from rehearsal.faults import Faults
from rehearsal.objects import Json
from rehearsal.refusals import PeopleError
from rehearsal.web_json import shown_message, shown_state
from rehearsal.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WEB = Path(__file__).parent / "web"
_KEEP_ALIVE = 15.0


@web.middleware
async def say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a person cannot do with a sentence; the bot's side has errors of its own."""
    if not request.path.startswith("/app/"):
        return await handler(request)
    try:
        return await handler(request)
    except PeopleError as error:
        return web.json_response({"error": error.sentence}, status=error.status)
    except (KeyError, TypeError, ValueError) as error:
        return web.json_response({"error": f"wrong request: {type(error).__name__}"}, status=400)


@dataclass(slots=True, kw_only=True)
class PeopleApi:
    """Serves the people's side of a world; ``calls`` are the bot's calls so far."""

    world: World
    faults: Faults
    calls: list[Json] = field(repr=False)
    sample_day: Callable[[World], Awaitable[None]] | None = None
    _sample: asyncio.Task[None] | None = None

    def application(self) -> web.Application:
        """Build the part of the server that people use."""
        app = web.Application(middlewares=[say_errors], client_max_size=64 * 2**20)
        app.router.add_get("/", self._page)
        app.router.add_get("/app/state", self._state)
        app.router.add_get(r"/app/chats/{id:-?\d+}/messages", self._messages)
        app.router.add_get("/app/files/{id}", self._file)
        app.router.add_get("/app/events", self._events)
        app.router.add_get("/app/calls", self._calls)
        app.router.add_post("/app/post", self._post)
        app.router.add_post("/app/start", self._start)
        app.router.add_post("/app/faults", self._faults)
        app.router.add_post("/app/sample-day", self._sample_day)
        app.router.add_post("/app/{action}", self._act)
        if WEB.is_dir():
            app.router.add_static("/web/", WEB)
        return app

    async def stop(self) -> None:
        """Stop the sample day and the screens' streams."""
        await self._stop_sample()
        self.world.events.close()

    async def _page(self, request: web.Request) -> web.StreamResponse:
        page = WEB / "index.html"
        if not page.is_file():
            raise web.HTTPNotFound(text="The web chat's page is not installed.")
        return web.FileResponse(page)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(shown_state(self.world))

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        chat = self.world.chats.get(int(request.match_info["id"]))
        if chat is None:
            return web.json_response([])
        return web.json_response([shown_message(self.world, m) for m in chat.messages.values()])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.world.files.get(request.match_info["id"])
        if file is None:
            raise PeopleError("there is no such file", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return web.Response(body=file.data, content_type=file.mime_type, headers=headers)

    async def _calls(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.calls)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        draft = draft_of(*await fields_of(request))
        return web.json_response({"message_ids": await posting.post(self.world, draft)})

    async def _start(self, request: web.Request) -> web.StreamResponse:
        fields, _ = await fields_of(request)
        person = people.person_in(self.world, int(fields["person"]))
        if person.blocked:
            groups.change_bot(self.world, person.id, person.id, "add", {})
        draft = people.Draft(person=person.id, chat_id=person.id, text="/start")
        return web.json_response({"message_ids": await posting.post(self.world, draft)})

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        fields, _ = await fields_of(request)
        self.faults.add(fields)
        return web.json_response({})

    async def _act(self, request: web.Request) -> web.StreamResponse:
        action = ACTIONS.get(request.match_info["action"])
        if action is None:
            raise PeopleError("there is no such action", 404)
        fields, _ = await fields_of(request)
        return web.json_response(action(self.world, fields))

    async def _sample_day(self, request: web.Request) -> web.StreamResponse:
        fields, _ = await fields_of(request)
        if fields["action"] == "stop":
            await self._stop_sample()
        elif fields["action"] != "play":
            raise PeopleError("the action is play or stop")
        elif self.sample_day is None:
            raise PeopleError("there is no sample day", 404)
        elif self._sample is None or self._sample.done():
            self._sample = asyncio.ensure_future(self.sample_day(self.world))
        return web.json_response({})

    async def _stop_sample(self) -> None:
        task, self._sample = self._sample, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.world.announce_sample(running=False, step=0, of=0, caption="")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        # A browser that goes away is no fault.
        with contextlib.suppress(ConnectionError), self.world.events.listen() as screen:
            await response.write(b": connected\n\n")
            while True:
                try:
                    event = await asyncio.wait_for(screen.get(), _KEEP_ALIVE)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    break
                text = json.dumps(event, ensure_ascii=False)
                await response.write(f"data: {text}\n\n".encode())
        return response
