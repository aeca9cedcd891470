"""Every error that Shoukou raises on purpose.

ShoukouError
├── ConfigurationError      a setting, policy or pack is wrong
├── NotReadable             a file could not be read; becomes ``not_inspected``
├── DatabaseAway            the database cannot be reached or written just now: try again
├── LeaseLost               another process holds the lease now: nothing was written
└── PlatformError           an act on the platform did not succeed
    ├── NotSent             provably nothing happened: try again
    │   └── RetryAfter      the platform asks to wait
    ├── OutcomeUnknown      it may have happened: never send it twice
    └── Refused             a definite no: do not repeat
        ├── Forbidden       the bot lacks the right, or may not write to that person
        ├── NotFound        the message or chat is gone
        ├── Unauthorized    the token is not valid
        ├── Conflict        another process polls with the same token
        └── Migrated        the group has become a supergroup with another id

No message of these errors holds content, a name or a token, so they may be logged.
"""

from __future__ import annotations

from collections.abc import Callable


class ShoukouError(Exception):
    """The base of every error raised on purpose."""


class ConfigurationError(ShoukouError):
    """A setting, policy or pack is wrong, with the fault, its place and a remedy.

    ``what`` and ``mend`` are English sentences that are translated before their ``{fields}`` are
    filled in.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "", **fields: object) -> None:
        self.what, self.where, self.mend, self.fields = what, where, mend, fields
        super().__init__(self.in_one_line(lambda sentence: sentence))

    def in_one_line(self, translate: Callable[[str], str]) -> str:
        """Return one line: the place, the fault, the remedy."""
        what, mend = (translate(s) if s else "" for s in (self.what, self.mend))
        if self.fields:
            what, mend = what.format(**self.fields), mend.format(**self.fields)
        line = ": ".join(part for part in (self.where, what) if part)
        return f"{line} ({mend})" if mend else line


class NotReadable(ShoukouError):
    """A file could not be read; ``reason`` is a short code such as ``too-big``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class DatabaseAway(ShoukouError):
    """The database cannot be reached or written just now; ``code`` is short."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        super().__init__(code)


class LeaseLost(ShoukouError):
    """Another process holds the lease now: nothing was written, and that process continues."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class PlatformError(ShoukouError):
    """An act on the platform failed; ``code`` is short and holds no content."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        super().__init__(code)


class NotSent(PlatformError):
    """Provably nothing happened: try again."""


class RetryAfter(NotSent):
    """The platform asks to wait ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"retry-after-{seconds:g}")


class OutcomeUnknown(PlatformError):
    """A timeout, a 5xx or a lost reply: it may have happened."""


class Refused(PlatformError):
    """A definite no."""


class Forbidden(Refused):
    """The bot lacks the right, or may not write to that person."""


class NotFound(Refused):
    """The message or chat is gone."""


class Unauthorized(Refused):
    """The token is not valid."""


class Conflict(Refused):
    """Another process polls with the same token."""


class Migrated(Refused):
    """The group has become a supergroup: repeat with ``new_chat_id``."""

    def __init__(self, new_chat_id: int) -> None:
        self.new_chat_id = new_chat_id
        super().__init__("migrated")
