"""A Bot API request's parameters, from the query, a form, multipart or a JSON body."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import BodyPartReader, web

from rehearsal import limits
from rehearsal.objects import Json
from rehearsal.people import Upload
from rehearsal.refusals import ApiError, bad_request


class Params:
    """Typed access to a request's parameters; missing ones are empty, 0 or None."""

    def __init__(self, values: Json, files: dict[str, Upload]) -> None:
        self._values, self.files = values, files

    def text(self, name: str) -> str:
        """Return a parameter as text."""
        value = self._values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else ""
        return json.dumps(value) if isinstance(value, (dict, list)) else str(value)

    def integer(
        self, name: str, default: int = 0, least: int | None = None, most: int | None = None
    ) -> int:
        """Return a number, brought within its bounds as the server does; wrong ones are 0."""
        raw = self.text(name)
        if not raw:
            return default
        try:
            value = int(raw)
        except ValueError:
            value = 0
        value = value if least is None else max(value, least)
        return value if most is None else min(value, most)

    def flag(self, name: str) -> bool:
        """Return a truth value: ``true``, ``yes`` or ``1`` in any case."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, what: str) -> Any:
        """Return a decoded parameter, or None; ``what`` names it in the error."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {what} JSON object") from None

    def decoded(self, name: str) -> Any:
        """Return a decoded parameter, or None when it cannot be decoded."""
        try:
            return self.json(name, name)
        except ApiError:
            return None


async def read_params(request: web.Request) -> Params:
    """Read a request's parameters; ApiError when they cannot be read or are too big."""
    values: Json = dict(request.query)
    files: dict[str, Upload] = {}
    try:
        if request.content_type == "application/json":
            body = await request.json() if request.can_read_body else {}
            if not isinstance(body, dict):
                raise bad_request("object expected as parameters")
            values |= body
        elif request.content_type.startswith("multipart/"):
            await _read_multipart(request, values, files)
        else:
            values |= {name: str(value) for name, value in (await request.post()).items()}
    except (UnicodeDecodeError, ValueError):
        raise bad_request("can't parse the request's parameters") from None
    return Params(values, files)


async def _read_multipart(request: web.Request, values: Json, files: dict[str, Upload]) -> None:
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        data = bytes(await part.read(decode=False))
        if part.filename is None:
            values[part.name] = data.decode()
            continue
        total += len(data)
        if total > limits.UPLOAD:
            raise ApiError(413, "Request Entity Too Large")
        kind = part.headers.get("Content-Type", "").split(";")[0].strip()
        files[part.name] = Upload(name=part.filename, mime_type=kind, data=data)
