"""Frames on the pipes between the pool and its children: two lengths, a JSON header, a body."""

from __future__ import annotations

import json
import struct
from typing import Any

PREFIX = struct.Struct(">II")
MAX_HEADER = 64 << 20
MAX_BODY = 64 << 20


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return one frame."""
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return PREFIX.pack(len(text), len(body)) + text + body


def lengths(prefix: bytes) -> tuple[int, int]:
    """Return the lengths of the header and of the body; ValueError beyond the bounds."""
    header, body = PREFIX.unpack(prefix)
    if header > MAX_HEADER or body > MAX_BODY:
        raise ValueError("the frame is too long")
    return header, body


def decode_header(text: bytes) -> dict[str, Any]:
    """Return a frame's header; ValueError when it is no JSON object."""
    header = json.loads(text.decode("utf-8", "surrogatepass"))
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header
