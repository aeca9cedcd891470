"""Mail as it is sent (RFC 5322, MIME), web archives included: headers, bodies, attachments."""

from __future__ import annotations

import email.policy
import itertools
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from typing import Any, cast

from bot.detect.media import documents
from bot.detect.media.files.walk import Walk

_HEADERS = ("subject", "from", "to", "cc", "bcc", "reply-to", "sender", "comments", "keywords")
_MOST_HEADERS, _LONGEST = 2_000, 20_000
_SECRET = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")


def read_mail(walk: Walk, data: bytes, page: int | None) -> None:
    """Read a message and everything attached to it."""
    parsed = BytesParser(policy=email.policy.compat32).parsebytes(data)
    stack: list[tuple[Message[Any, Any], int]] = [(parsed, 0)]
    while stack:
        part, depth = stack.pop()
        walk.take(0)
        if depth > walk.limits.depth * 4:
            walk.gap("too-deep")
            continue
        walk.add(_headers(walk, part))
        if part.get_content_type() in _SECRET and "signed-data" not in str(
            part.get("content-type")
        ):
            walk.gap("encrypted")
            continue
        if part.is_multipart():
            walk.add(str(part.preamble or ""))
            walk.add(str(part.epilogue or ""))
            inner = list(cast("list[object]", part.get_payload()))
            stack += [(p, depth + 1) for p in reversed(inner) if isinstance(p, Message)]
            continue
        _read_body(walk, part)


def _headers(walk: Walk, part: Message[Any, Any]) -> str:
    """Return the headers that people write; others when they hold more than ASCII."""
    lines = []
    raw = part.raw_items()
    for name, value in itertools.islice(raw, _MOST_HEADERS):
        text = _decoded(str(value)[:_LONGEST])
        known = name.lower() in _HEADERS or name.lower().startswith("x-")
        if known or not text.isascii():
            lines.append(f"{name}: {text}")
        if len(str(value)) > _LONGEST:
            walk.gap("too-much-text")
    if next(raw, None) is not None:
        walk.gap("too-many-parts")
    short = sum(len(str(part.get(h, ""))) for h in ("content-type", "content-disposition")) < 9_999
    if short and (filename := part.get_filename()):
        lines.append(_decoded(str(filename)))
    return "\n".join(dict.fromkeys(lines))


def _decoded(value: str) -> str:
    """Decode a header: encoded words, and bytes that stand there as they are."""
    plain = value.encode("utf-8", "surrogateescape")
    if not plain.isascii():
        value = "\n".join(documents.decode_all(plain)) or plain.decode("utf-8", "replace")
    if "=?" not in value:
        return value
    words = []
    try:
        for word, charset in decode_header(value):
            raw = word.encode("utf-8", "replace") if isinstance(word, str) else word
            words.append(raw.decode(charset or "utf-8", "replace"))
    except (LookupError, ValueError, HeaderParseError):
        return value
    return "".join(words)


def _read_body(walk: Walk, part: Message[Any, Any]) -> None:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes) or not raw:
        return
    walk.take(len(raw))
    if part.get_content_type() in ("text/plain", "text/html", "text/calendar"):
        charset = part.get_content_charset()
        if charset is not None:
            try:
                # What the charset says comes first; nonsense is read by its content.
                raw = raw.decode(charset).encode("utf-8")
            except (LookupError, UnicodeError):
                walk.check_time()
    walk.open(raw)
