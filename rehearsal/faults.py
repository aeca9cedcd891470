"""Faults that a test asks for: errors, delays, replies that are lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rehearsal.objects import Json
from rehearsal.refusals import ApiError


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault of the next ``times`` calls of a method (``*``: of any).

    ``error_code`` answers as the Bot API does; ``status`` answers with that HTTP status and no
    JSON; ``drop_reply`` acts and then cuts the connection; ``body`` acts and then answers with that
    text, whatever it is. Errors come instead of acting, or after it with ``after_acting``. A list
    of updates comes in the reverse order with ``reverse``, and each twice with ``repeat``.
    """

    method: str
    times: int = 1
    chat_id: int | None = None
    error_code: int | None = None
    description: str | None = field(default=None, repr=False)
    retry_after: int | None = None
    status: int | None = None
    delay: float = 0
    drop_reply: bool = False
    after_acting: bool = False
    body: str | None = field(default=None, repr=False)
    reverse: bool = False
    repeat: bool = False

    def altered(self, result: Any) -> Any:
        """Return a result as this fault hands it out."""
        if not isinstance(result, list):
            return result
        items = result[::-1] if self.reverse else result
        return [item for item in items for _ in range(1 + self.repeat)]

    @property
    def error(self) -> ApiError | None:
        """The Bot API error to answer with, if any."""
        if self.retry_after is not None:
            text = f"Too Many Requests: retry after {self.retry_after}"
            return ApiError(429, self.description or text, {"retry_after": self.retry_after})
        if self.error_code is not None:
            return ApiError(self.error_code, self.description or f"Error {self.error_code}")
        return None


class Faults:
    """Holds the faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fields: Json) -> None:
        """Add a fault from the fields of ``/app/faults``; TypeError for unknown ones."""
        fault = Fault(**fields)
        if fault.times > 0:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget them."""
        self._faults.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the fault that meets a call, counting it down."""
        for fault in self._faults:
            if fault.method.lower() not in {method, "*"}:
                continue
            if fault.chat_id is not None and fault.chat_id != chat_id:
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
            return fault
        return None
