"""Walk through a file and all that it holds, within bounds that nothing inside can move.

A mail with a ZIP that holds a DOCX is walked like this; each step in costs one of five levels::

    open(mail bytes)            kinds_of -> ["mail"]   openers["mail"](walk, bytes)
      add("Subject: ...")                              text of the mail itself
      open(attachment bytes)    kinds_of -> ["zip"]    openers["zip"]
        open(part bytes)        kinds_of -> ["zip"]    the DOCX: add(...), picture(...)
        gap("encrypted")        another part, which needs a password

An opener adds text and opens what it unpacks; it never calls another opener. So time, sizes,
depth and counts are bounded here, in one place, whatever the formats inside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import NotReadable
from bot.model import Fragment, Source

MAX_FRAGMENTS = 20_000
_BREATH = 0.3
_MOST_HANDED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The budget of one file. ``seconds`` is processor time; sizes are bytes once unpacked."""

    seconds: float = 3.0
    depth: int = 5
    parts: int = 2_000
    part_size: int = 32 << 20
    total_size: int = 128 << 20
    ratio: int = 400
    text: int = 4_000_000
    pages: int = 300
    pictures: int = 40


class Spent(NotReadable):
    """A bound of the whole walk is reached: what was found stays, and the rest is reported."""


class PictureReader(Protocol):
    """Reads stills; the reader of pictures is one."""

    def read_picture(
        self, data: bytes, page: int | None
    ) -> tuple[Sequence[Fragment], str | None, tuple[int, int]]:
        """Return fragments, what was not inspected, and the size of an encoded picture."""

    def read_pixels(self, picture: Any, page: int | None) -> Sequence[Fragment]:
        """Return the fragments of an RGB array."""


class Walk:
    """Collects fragments, and the reasons why something was not read.

    ``openers`` maps each kind of content to the function that takes it apart. Openers raise
    NotReadable for what they cannot read; only `Spent` ends the walk.
    """

    def __init__(
        self,
        openers: Mapping[str, Opener],
        kinds_of: Callable[[bytes], Sequence[str]],
        pictures: PictureReader,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.fragments: list[Fragment] = []
        self.reasons: list[str] = []
        self.hands_over = False
        self.handed: list[tuple[str, bytes]] = []
        self._openers = openers
        self._kinds_of = kinds_of
        self._pictures = pictures
        self._depth = 0
        self._end = time.process_time() + limits.seconds
        self._parts, self._size, self._text = limits.parts, limits.total_size, limits.text
        self._stills = limits.pictures

    def run(self, data: bytes) -> None:
        """Read a file and everything in it; never raises NotReadable."""
        try:
            self.open(data)
        except Spent as error:
            self.gap(error.reason)
        except MemoryError:
            self.gap("out-of-memory")

    def open(self, data: bytes, page: int | None = None) -> None:
        """Read one part by what its content is; a part of two kinds is read as both."""
        self.check_time()
        if not data:
            if not self._depth:
                self.gap("broken")
            return
        if self._depth > self.limits.depth:
            self.gap("too-deep")
            return
        self._depth += 1
        try:
            for kind in self._kinds_of(data):
                self.open_as(kind, data, page)
        finally:
            self._depth -= 1

    def open_as(self, kind: str, data: bytes, page: int | None = None) -> None:
        """Read one part as a given kind; record why it could not be read."""
        opener = self._openers.get(kind)
        if opener is None:
            self.gap(kind)
            return
        try:
            opener(self, data, page)
        except NotReadable as error:
            if isinstance(error, Spent):
                raise
            self.gap(error.reason)
        except MemoryError:
            raise
        except Exception:
            # Libraries raise whatever a broken file provokes.
            self.gap("broken")

    def add(self, text: str, page: int | None = None) -> None:
        """Add text; raise Spent beyond the bound on all text together."""
        text = text.replace("\0", "")
        if not text or text.isspace():
            return
        short = text[: self._text]
        self._text -= len(short)
        if short:
            self._keep(Fragment(source=Source.DOCUMENT, text=short, page=page))
        if len(short) < len(text):
            raise Spent("too-much-text")

    def _keep(self, fragment: Fragment) -> None:
        if len(self.fragments) >= MAX_FRAGMENTS:
            raise Spent("too-many-parts")
        self.fragments.append(fragment)

    def gap(self, reason: str) -> None:
        """Record that something was not read."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def hand_over(self, data: bytes, target: str) -> bool:
        """Leave a document to the converter outside; return False where there is none."""
        size = len(data) + sum(len(document) for _, document in self.handed)
        if not self.hands_over or len(self.handed) >= _MOST_HANDED or size > self.limits.part_size:
            return False
        self.handed.append((target, data))
        return True

    @property
    def is_within(self) -> bool:
        """Return True if the part at hand stands in another file."""
        return self._depth > 1

    def is_known(self, data: bytes) -> bool:
        """Return True if content is of a known kind, and not only bytes that may be text."""
        return list(self._kinds_of(data)) != ["text"]

    def take(self, size: int) -> None:
        """Count one unpacked part of ``size`` bytes; raise Spent beyond the bounds."""
        self.check_time()
        self._parts -= 1
        self._size -= size
        if self._parts < 0:
            raise Spent("too-many-parts")
        if self._size < 0:
            raise Spent("too-large")

    @property
    def room(self) -> int:
        """How many bytes the next part may have."""
        return max(0, min(self.limits.part_size, self._size))

    def check_time(self) -> None:
        """Raise Spent when the time is over."""
        if time.process_time() > self._end:
            raise Spent("time-budget")

    @property
    def has_time_for_a_picture(self) -> bool:
        """Return True if one more picture may be begun."""
        return self._stills > 0 and time.process_time() + _BREATH < self._end

    def picture(self, data: bytes, page: int | None = None) -> None:
        """Read an encoded picture that stands in a document."""
        if not self.has_time_for_a_picture:
            self.gap("time-budget" if self._stills else "too-many-pictures")
            return
        self._stills -= 1
        fragments, reason, _ = self._pictures.read_picture(data, page)
        self._keep_all(fragments)
        if reason is not None:
            self.gap(reason)

    def pixels(self, picture: Any, page: int | None = None) -> None:
        """Read an RGB array, such as a rendered page."""
        self._stills -= 1
        self._keep_all(self._pictures.read_pixels(picture, page))

    def _keep_all(self, fragments: Sequence[Fragment]) -> None:
        for fragment in fragments:
            self._keep(fragment)


Opener = Callable[[Walk, bytes, int | None], None]
"""Takes one part of a known kind apart: (walk, data, page)."""

_GRAVEST = (
    "encrypted",
    "too-",
    "time-budget",
    "page-cap",
    "out-of",
    "dangerous",
    "broken",
    "cut-off",
    "appended",
)


def gravest(reasons: Sequence[str]) -> str | None:
    """Return the reason to report: what could have been read ranks before what never can be."""

    def rank(reason: str) -> int:
        if reason.startswith("unsupported-"):
            return len(_GRAVEST) + 1
        starts = (i for i, start in enumerate(_GRAVEST) if reason.startswith(start))
        return next(starts, len(_GRAVEST))

    return min(reasons, key=rank, default=None)
