"""Mail as it is sent (RFC 5322, MIME), web archives included: headers, bodies, attachments."""

from __future__ import annotations

import binascii
import email.errors
import email.policy
import itertools
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from typing import Any, TypeAlias, cast

from bot.detect.media.files import text_decoding
from bot.detect.media.files.markup import read_html
from bot.detect.media.files.walk import Walk

Part: TypeAlias = "Message[Any, Any]"
# Headers that programs write for programs; all others are read, and these when not ASCII.
_MACHINES = re.compile(
    r"(?:received|return-path|message-id|references|in-reply-to|mime-version|dkim-signature|arc-.*"
    r"|authentication-results|x-google.*|x-ms-.*|content-(?:type|transfer-encoding|disposition|id))\Z"
)
_MOST_HEADERS, _LONGEST = 2_000, 20_000
_SECRET = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")
_CUT = (
    email.errors.CloseBoundaryNotFoundDefect,
    email.errors.InvalidBase64PaddingDefect,
    email.errors.InvalidBase64LengthDefect,
)
_BROKEN = (
    email.errors.NoBoundaryInMultipartDefect,
    email.errors.StartBoundaryNotFoundDefect,
    email.errors.MultipartInvariantViolationDefect,
    email.errors.InvalidMultipartContentTransferEncodingDefect,
)
_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} [^\r\n]+\r?\n((?:[ -`]{1,90}\r?\n)*?)[` ]?\r?\n?(end\b|\Z)", re.MULTILINE
)
_MAILBOX = re.compile(rb"(?:\A|\r?\n\r?\n)(?=From \S+ [^\r\n]*\d{4}\r?\n[A-Za-z-]+:)")


def read_mail(walk: Walk, data: bytes, page: int | None) -> None:
    """Read a message, or a mailbox of many, and everything attached to it."""
    starts = [match.end() for match in _MAILBOX.finditer(data)]
    for start, end in itertools.pairwise(sorted({0, *starts, len(data)})):
        _read_message(walk, data[start:end])


def _read_message(walk: Walk, data: bytes) -> None:
    if b"\n\n" not in data and b"\r\n\r\n" not in data:
        # Not even the empty line that ends the headers.
        walk.gap("cut-off")
    parsed = BytesParser(policy=email.policy.compat32).parsebytes(data)
    stack: list[tuple[Part, int]] = [(parsed, 0)]
    while stack:
        part, depth = stack.pop()
        walk.take(0)
        if depth > walk.limits.depth * 4:
            walk.gap("too-deep")
            continue
        walk.add(_headers(walk, part))
        kind = part.get_content_type()
        if kind in _SECRET and "signed-data" not in str(part.get("content-type")):
            walk.gap("encrypted")
        elif kind in ("message/external-body", "message/partial"):
            walk.gap("unsupported-part")
        elif part.is_multipart():
            stack += [(inner, depth + 1) for inner in reversed(list(_inner(walk, part)))]
        else:
            _read_body(walk, part, is_framed=depth > 0)
        _say_faults(walk, part)


def _inner(walk: Walk, part: Part) -> Iterator[Part]:
    """Yield a part's parts; read what stands around them."""
    for around in (part.preamble, part.epilogue):
        if around:
            walk.add("\n".join(text_decoding.decode_all(_bytes(str(around)))))
    encoded = str(part.get("content-transfer-encoding", "")).strip().lower()
    inner = [p for p in cast("list[object]", part.get_payload()) if isinstance(p, Message)]
    if encoded in ("base64", "quoted-printable") and part.get_content_maintype() == "message":
        # A message that was encoded as a whole, against RFC 2046, 5.2.1.
        for message in inner:
            message["content-transfer-encoding"] = encoded
            _read_body(walk, message)
        return
    yield from inner


def _say_faults(walk: Walk, part: Part) -> None:
    if any(isinstance(defect, _CUT) for defect in part.defects):
        walk.gap("cut-off")
    if any(isinstance(defect, _BROKEN) for defect in part.defects):
        walk.gap("broken")


def _bytes(text: str) -> bytes:
    """Return the bytes that the parser made text of."""
    return text.encode("utf-8", "surrogateescape")


def _headers(walk: Walk, part: Part) -> str:
    """Return the headers that people write; others when they hold more than ASCII."""
    lines = []
    raw = part.raw_items()
    for name, value in itertools.islice(raw, _MOST_HEADERS):
        text = _decoded(str(value)[:_LONGEST])
        if not _MACHINES.match(name.lower()) or not text.isascii():
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
    plain = _bytes(value)
    if not plain.isascii():
        value = "\n".join(text_decoding.decode_all(plain)) or plain.decode("utf-8", "replace")
    if "=?" not in value:
        return value
    words = []
    try:
        for word, charset in decode_header(value):
            raw = word.encode("utf-8", "replace") if isinstance(word, str) else word
            words.append(raw.decode(charset or "utf-8", "replace"))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return value
    return "".join(words)


def _read_body(walk: Walk, part: Part, *, is_framed: bool = False) -> None:
    """Read a part's content. ``is_framed`` says that a boundary, or its lack, tells its end."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes) or not raw:
        return
    walk.take(len(raw))
    kind = part.get_content_type()
    if kind not in ("text/plain", "text/html", "text/calendar"):
        walk.open(raw)
        return
    texts = _texts(walk, raw, part.get_content_charset())
    if not texts:
        walk.open(raw)
    for text in texts:
        if kind == "text/html":
            read_html(walk, text, is_whole=is_framed)
        else:
            walk.open(text.encode("utf-8", "replace"))
            _read_uuencoded(walk, text)


def _read_uuencoded(walk: Walk, text: str) -> None:
    """Open the files that stand in a text as the mail of old carried them (POSIX, uuencode)."""
    for match in _UUENCODED.finditer(text):
        pieces = []
        for line in match[1].splitlines():
            try:
                pieces.append(binascii.a2b_uu(line))
            except ValueError:
                walk.gap("broken")
        if not match[2]:
            walk.gap("cut-off")
        inner = b"".join(pieces)
        walk.take(len(inner))
        walk.open(inner)


def _texts(walk: Walk, raw: bytes, charset: str | None) -> list[str]:
    """Decode a body as it says, and by its content where that may be another text."""
    texts: dict[str, None] = {}
    if charset is not None:
        try:
            texts[raw.decode(charset)] = None
        except (LookupError, UnicodeError):
            charset = None
    if charset is None or not raw.isascii():
        # Many programs name a charset of the West and write GB 18030.
        decoded = text_decoding.decode(raw)
        if charset is None and decoded.fault is not None:
            walk.gap(decoded.fault)
        texts.update(dict.fromkeys(decoded.texts))
    return list(texts)
