"""The named points of the way of a message, at which a process can be made to end as by kill -9.

The product knows nothing of them. Its commits and its requests are wrapped from outside, and named
by what they do: a commit by the statements of its transaction, a request by its method and by who
is to read it. ``before`` is before anything happens, ``after`` when it is done but the program has
not gone on; a request has ``left`` as well: it was written, and its answer has not been read.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from contextvars import ContextVar
from typing import Any

import aiohttp
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from bot.cases.outcomes import CaseOutcomes
from bot.outgoing import EffectKind
from bot.platforms.telegram.http_client import AiohttpRequest
from tests.support.people import SUPERVISORS

COMMITS = (
    *("receipt", "take-down", "notices", "decisions", "attempt"),
    *("sending of the copy", "sending of the note", "sending of the card"),
    *("end of the deletion", "end of the copy", "end of the note", "end of the card"),
)
REQUESTS = ("poll", "confirmation", "deletion", "copy", "note", "card", "new card")
POINTS = (
    *(f"{when} the commit: {name}" for name in COMMITS for when in ("before", "after")),
    *(f"{when} the request: {name}" for name in REQUESTS for when in ("before", "left", "after")),
)
"""Every named point; ``left`` reads: the request has left."""

ANY = "any"
_EFFECTS = {
    EffectKind.DELETE: "deletion",
    EffectKind.REPOST: "copy",
    EffectKind.WARN: "note",
    EffectKind.ESCALATE: "card",
    EffectKind.EDIT: "new card",
}
_WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)\"?(?: SET (\w+))?")

_effect: ContextVar[str] = ContextVar("effect", default="")
_request: ContextVar[str] = ContextVar("request", default="")


class Killer:
    """Ends its own process at the n-th pass of a point (`ANY`: of any of them).

    The name of the point is written to ``report`` first. ``at`` may be empty: it never ends.
    """

    def __init__(self, at: str, passes: int, report: int) -> None:
        self._at, self._left, self._report = at, passes, report

    def reach(self, point: str) -> None:
        """Pass a point, or end there."""
        if self._at not in (ANY, point):
            return
        self._left -= 1
        if self._left == 0:
            os.write(self._report, json.dumps({"at": point}).encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Wrap the commits and the requests of this process."""
        self._watch_effects()
        self._watch_commits()
        self._watch_requests()

    def _watch_effects(self) -> None:
        """Know by the arguments of `CaseOutcomes` which kind of effect a commit is about."""

        def wrapped(method: Any, what: str) -> Any:
            async def call(outcomes: Any, row: Any, *rest: Any) -> Any:
                token = _effect.set(f"{what} the {_EFFECTS.get(row.kind, str(row.kind))}")
                try:
                    return await method(outcomes, row, *rest)
                finally:
                    _effect.reset(token)

            return call

        for name, what in (
            ("sending", "sending of"),
            ("finished", "end of"),
            ("postponed", "delay of"),
        ):
            setattr(CaseOutcomes, name, wrapped(getattr(CaseOutcomes, name), what))

    def _watch_commits(self) -> None:
        def executed(
            conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
        ) -> None:
            if found := _WRITES.match(statement):
                conn.connection.info.setdefault("written", set()).add(found.groups())

        def commit(dialect: DefaultDialect, connection: Any) -> None:
            written = connection.info.pop("written", set())
            name = _commit_name(written) if written else ""
            if name:
                self.reach(f"before the commit: {name}")
            original(dialect, connection)
            if name:
                self.reach(f"after the commit: {name}")

        original = DefaultDialect.do_commit
        event.listen(Engine, "before_cursor_execute", executed)
        DefaultDialect.do_commit = commit  # type: ignore[method-assign]

    def _watch_requests(self) -> None:
        do_request, raw_post = AiohttpRequest.do_request, AiohttpRequest.raw_post
        write_bytes = aiohttp.ClientRequest.write_bytes

        async def by_bot(
            request: Any, url: str, method: str, request_data: Any = None, **times: Any
        ) -> Any:
            fields = request_data.parameters if request_data is not None else {}
            name = _request_name(url.rsplit("/", 1)[-1], fields)
            return await passed(name, do_request(request, url, method, request_data, **times))

        async def by_feed(request: Any, url: str, data: Any, **k: Any) -> Any:
            name = _request_name(url.rsplit("/", 1)[-1], data)
            return await passed(name, raw_post(request, url, data, **k))

        async def passed(name: str, doing: Any) -> Any:
            try:
                self.reach(f"before the request: {name}")
            except BaseException:
                doing.close()
                raise
            token = _request.set(name)
            try:
                answer = await doing
            finally:
                _request.reset(token)
            self.reach(f"after the request: {name}")
            return answer

        async def write(request: Any, *arguments: Any) -> None:
            await write_bytes(request, *arguments)
            if name := _request.get():
                # The event loop hands it to the system at the end of its turn. This task may be
                # cancelled before that, when the answer comes at once.
                loop, point = asyncio.get_running_loop(), f"left the request: {name}"
                loop.call_soon(loop.call_soon, self.reach, point)

        AiohttpRequest.do_request = by_bot  # type: ignore[method-assign,assignment]
        AiohttpRequest.raw_post = by_feed  # type: ignore[method-assign,assignment]
        aiohttp.ClientRequest.write_bytes = write  # type: ignore[method-assign,assignment]


def _commit_name(written: set[tuple[str, str, str | None]]) -> str:
    """Name a commit by what its transaction wrote."""
    writes = {f"{verb.split()[0].lower()} {table}" for verb, table, _ in written}
    decides = ("UPDATE", "inbox", "decided_at") in written or ("UPDATE", "inbox", "payload") in (
        written
    )
    decides = decides or ("UPDATE", "inbox", "result") in written
    if "insert inbox" in writes:
        return "receipt"
    if "insert cases" in writes:
        return "take-down"
    if "insert effects" in writes and decides:
        return "notices"
    if decides:
        return "decisions"
    if "update inbox" in writes:
        return "attempt"
    if "update effects" in writes:
        return _effect.get() or "effects"
    return min(writes)


def _request_name(method: str, fields: Any) -> str:
    """Name a request by what it does for people."""
    chat = int(fields.get("chat_id") or 0)
    if method == "getUpdates":
        return "confirmation" if fields.get("offset") else "poll"
    if method == "deleteMessage":
        return "deletion"
    if method.startswith("send"):
        if chat == SUPERVISORS:
            return "card"
        return "note" if chat > 0 else "copy"
    if method.startswith("editMessage"):
        return "new card"
    return method
