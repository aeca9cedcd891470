"""The refusals of both sides of the server."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A Bot API error: an HTTP status, a description and optional parameters."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None):
        self.code, self.description, self.parameters = code, description, parameters
        super().__init__(description)


class PeopleError(Exception):
    """Something that a person cannot do: a sentence and an HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        self.sentence, self.status = sentence, status
        super().__init__(sentence)


def bad_request(description: str) -> ApiError:
    """Return a 400 with the server's usual prefix."""
    return ApiError(400, f"Bad Request: {description}")


def forbidden(description: str) -> ApiError:
    """Return a 403 with the server's usual prefix."""
    return ApiError(403, f"Forbidden: {description}")
