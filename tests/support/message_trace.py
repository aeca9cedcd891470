"""Record which files one message passes, from its receipt to the outbox.

A file is passed when one of its functions is called with the message in one of its forms: the
update as received, its row, the message, its fragments and their normalised text, findings, the
verdict, the plan, the case, its effects. What merely serves such a function (a lock, a key, a
statement) is not passed, and neither are the modules that define these forms.

    with traced() as visits:
        await office.people.post(ZHANG, OFFICE, "…")
        await office.quiet()
    visits.files        # in the order of the first call
    visits.returns      # how often each was called again after another file
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import bot
from bot.detect.text.normalization.normalized_text import Normalized
from bot.judging.plan import Plan
from bot.model import Finding, Fragment, Message, Subject, Verdict
from bot.ports import Received
from bot.runtime.program import App
from bot.store.case_rows import Case, NewCase
from bot.store.effects import EffectRow, NewEffect
from bot.store.inbox import InboxRow

BOT = Path(bot.__file__).parent
FORMS = (
    *(Received, InboxRow, Message, Subject, Fragment, Normalized, Finding, Verdict),
    *(Plan, Case, NewCase, EffectRow, NewEffect),
)
DEFINITIONS = frozenset(("model.py", "outgoing.py", "ports.py", "judging/plan.py"))
"""Modules of the forms themselves: asking a value for its property is no step."""

END = ("workers/outbox.py", "start")
_following: ContextVar[Visits | None] = ContextVar("following", default=None)


@dataclass(slots=True)
class Visits:
    """The files that a message passes, each with what is called there, in order."""

    steps: list[tuple[str, list[str]]] = field(default_factory=list)
    over: bool = False

    @property
    def files(self) -> list[str]:
        """The files in the order of their first call."""
        return list(dict.fromkeys(file for file, _ in self.steps))

    @property
    def returns(self) -> Counter[str]:
        """How often each file was called again after another one."""
        return Counter({file: n - 1 for file, n in Counter(f for f, _ in self.steps).items()})

    def pass_(self, file: str, function: str) -> None:
        """Note a call."""
        if self.over:
            return
        if self.steps and self.steps[-1][0] == file:
            self.steps[-1][1].append(function)
        else:
            self.steps.append((file, [function]))
        self.over = (file, function) == END


@contextlib.contextmanager
def traced() -> Iterator[Visits]:
    """Follow the next message that is received; other work of the program is not followed."""
    visits, seen = Visits(), set[FrameType]()
    receive = App.receive

    async def followed(app: App, received: Sequence[Received]) -> None:
        if any(r.message_id for r in received):
            _following.set(visits)
        await receive(app, received)
        _following.set(None)

    def call(frame: FrameType, event: str, _argument: Any) -> None:
        following = _following.get() if event == "call" else None
        # A coroutine is called once, and calls again whenever it goes on.
        if following is None or frame in seen:
            return
        path = Path(frame.f_code.co_filename)
        if BOT not in path.parents or not _is_given_a_form(frame):
            return
        seen.add(frame)
        file = path.relative_to(BOT).as_posix()
        if file not in DEFINITIONS and not frame.f_code.co_name.startswith("<"):
            following.pass_(file, frame.f_code.co_name)

    App.receive = followed  # type: ignore[method-assign]
    sys.setprofile(call)
    try:
        yield visits
    finally:
        sys.setprofile(None)
        App.receive = receive  # type: ignore[method-assign]


def _is_given_a_form(frame: FrameType) -> bool:
    code = frame.f_code
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return any(_is_form(frame.f_locals.get(name)) for name in given if name != "self")


def _is_form(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(isinstance(item, FORMS) for item in value[:1])
    return isinstance(value, FORMS)
