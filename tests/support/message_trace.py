"""Record which files one message passes, from its receipt to the outbox.

A file is passed when one of its functions is called with the message in one of its forms: the
update as received, its row, the message, its fragments and their normalised text, findings, the
verdict, the plan, the case, its effects. What merely serves such a function (a lock, a key, a
statement) is not passed, and neither are the modules that define these forms.

    with traced() as visits:
        await office.people.post(ZHANG, OFFICE, "…")
        await office.quiet()
    visits.files        # in the order of the first call
    visits.returns      # how often each was entered again from another part of the program

A part is a folder or a file directly under ``bot/``. Within a part a function may call another as
often as it likes, as a loop over rules does: the message does not leave the part.
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

import telegram

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
    *(telegram.Update, telegram.Message),
    *(Received, InboxRow, Message, Subject, Fragment, Normalized, Finding, Verdict),
    *(Plan, Case, NewCase, EffectRow, NewEffect),
)
DEFINITIONS = frozenset(
    ("model.py", "outgoing.py", "ports.py", "judging/plan.py", "store/case_rows.py")
)
"""Modules of the forms themselves: to ask a value for its property is no step."""

END = ("workers/outbox.py", "start")
_following: ContextVar[Visits | None] = ContextVar("following", default=None)


@dataclass(slots=True)
class Visits:
    """The files that a message passes, in order, and the entries into them from other parts."""

    files: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    over: bool = False

    @property
    def returns(self) -> Counter[str]:
        """How often each file was entered again from another part."""
        return Counter({file: n - 1 for file, n in Counter(self.entries).items() if n > 1})

    def add(self, file: str, function: str, caller: str | None) -> None:
        """Note a call of a function in ``file`` by ``caller``'s."""
        if self.over:
            return
        if file not in self.files:
            self.files.append(file)
        from_outside = caller is not None and _part(caller) != _part(file)
        # Several calls of one file in a row are one entry: the caller has not gone elsewhere.
        if from_outside and self.entries[-1:] != [file]:
            self.entries.append(file)
        self.over = (file, function) == END


@contextlib.contextmanager
def traced() -> Iterator[Visits]:
    """Follow the next message that is received; other work of the program is not followed."""
    visits, seen = Visits(), set[FrameType]()
    receive = App.receive

    async def followed(app: App, received: Sequence[Received]) -> None:
        if any(r.message_id for r in received):
            frame: FrameType | None = sys._getframe()
            while frame is not None:  # these were called before the message was received
                seen.add(frame)
                frame = frame.f_back
            _following.set(visits)
        await receive(app, received)
        _following.set(None)

    def call(frame: FrameType, event: str, _argument: Any) -> None:
        following = _following.get() if event == "call" else None
        # A coroutine is called once, and calls again whenever it goes on.
        if following is None or frame in seen:
            return
        file, function = _file(frame), frame.f_code.co_name
        if file is None or file in DEFINITIONS or function.startswith("<"):
            return
        if _is_given_a_form(frame):
            seen.add(frame)
            following.add(file, function, _caller(frame))

    App.receive = followed  # type: ignore[method-assign]
    sys.setprofile(call)
    try:
        yield visits
    finally:
        sys.setprofile(None)
        App.receive = receive  # type: ignore[method-assign]


def _file(frame: FrameType) -> str | None:
    path = Path(frame.f_code.co_filename)
    return path.relative_to(BOT).as_posix() if BOT in path.parents else None


def _caller(frame: FrameType) -> str | None:
    """Return the file of the nearest caller in ``bot/``; None for what the event loop calls."""
    above = frame.f_back
    while above is not None and (file := _file(above)) is None:
        above = above.f_back
    return None if above is None else file


def _part(file: str) -> str:
    return file.partition("/")[0]


def _is_given_a_form(frame: FrameType) -> bool:
    code = frame.f_code
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return any(_is_form(frame.f_locals.get(name)) for name in given if name != "self")


def _is_form(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(isinstance(item, FORMS) for item in value[:1])
    return isinstance(value, FORMS)
