"""The child process that decodes and reads files. It is started by `pool` and by nobody else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from bot.detect.media.sandbox import confinement, pipe_frames
from bot.detect.media.sandbox.seccomp import forbid_calls
from bot.errors import NotReadable, ShoukouError

_MEMORY = 2 << 30
# The pool gives up first, and says that time ran out.
_GRACE = 5
# Documents stop by themselves before that, unless a library hangs.
_DOCUMENT_SECONDS = 4.2
# What was reserved before may be filled beside it: together that stays under 512 MiB.
_DOCUMENT_MEMORY = 440 << 20
# A child that has read pictures of every usual size holds about 345 MiB.
_KEPT_MEMORY = 384 << 20
_TESSERACT_FILES = 256 << 20
_PACKAGE = str(Path(__file__).resolve().parents[3])


def main(engine_name: str, seconds: float) -> None:
    """Answer requests from standard input until it ends."""
    source, sink = _private_pipes()
    programs = engine_name == "tesseract"
    confinement.end_with_parent()
    confinement.return_large_blocks()
    network = confinement.leave_network()
    gauge = confinement.memory_gauge()
    confinement.limit(_MEMORY, _TESSERACT_FILES if programs else 0)
    files = confinement.close_files(
        (sys.prefix, sys.base_prefix, _PACKAGE), [os.environ["TMPDIR"]] if programs else []
    )
    try:
        reader = _reader(engine_name)
    except ShoukouError as error:
        sink.write(pipe_frames.encode({"ready": False, "error": str(error)}))
        sink.flush()
        return

    def recall(likeness: str) -> str | None:
        """Ask the parent what it remembers, in the middle of a request."""
        sink.write(pipe_frames.encode({"recall": likeness}))
        sink.flush()
        said, _ = _receive(source, source.read(pipe_frames.PREFIX.size))
        lines: str | None = said["lines"]
        return lines

    calls = forbid_calls(programs=programs)
    kinds = {
        "network-namespace": network,
        "landlock": files,
        "seccomp": calls,
        "no-network": confinement.network_is_closed(),
    }
    isolation = [kind for kind, active in kinds.items() if active]
    sink.write(pipe_frames.encode({"ready": True, "isolation": isolation}))
    sink.flush()
    reader.warm_up_documents()
    while prefix := source.read(pipe_frames.PREFIX.size):
        header, body = _receive(source, prefix)
        confinement.limit_time(seconds + _GRACE)
        document = reader.is_document(body)
        confinement.end_after(_DOCUMENT_SECONDS if document else 0)
        confinement.limit_growth(gauge, _DOCUMENT_MEMORY if document else _MEMORY, _MEMORY)
        reply, data = answer(reader, header, body, recall)
        confinement.end_after(0)
        confinement.limit_growth(gauge, _MEMORY, _MEMORY)
        confinement.return_free_memory()
        if confinement.resident(gauge) > _KEPT_MEMORY:
            # The next document would have too little left; a new child has all of it.
            reply["retire"] = True
        sink.write(pipe_frames.encode(reply, data))
        sink.flush()


def _receive(source: BinaryIO, prefix: bytes) -> tuple[dict[str, Any], bytes]:
    """Read the rest of one frame."""
    header_length, body_length = pipe_frames.lengths(prefix)
    header = pipe_frames.decode_header(source.read(header_length))
    return header, source.read(body_length)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for the frames alone: what a library prints goes nowhere."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.set_inheritable(source, False)
    os.set_inheritable(sink, False)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def _reader(engine_name: str) -> Any:
    """Build the reader and read one picture, so that everything is loaded before any input."""
    from bot.detect.media.file_reader import Reader
    from bot.detect.media.ocr import doubtful_lines

    reader = Reader.with_engine(engine_name, doubtful_lines)
    reader.warm_up()
    return reader


def answer(
    reader: Any, header: dict[str, Any], body: bytes, recall: Callable[[str], str | None]
) -> tuple[dict[str, Any], bytes]:
    """Do what a request asks; return the answer's header and body, errors as reason codes."""
    try:
        if header["op"] == "mask_picture":
            listed = header["boxes"]
            boxes = listed and [(int(a), int(b), int(c), int(d)) for a, b, c, d in listed]
            return {"ok": True}, reader.mask_picture(body, boxes)
        hand_over = header.get("hand_over") is True
        memory = recall if header.get("remembers") is True else None
        kind = header.get("mime_type")
        found, handed = reader.read(body, kind, hand_over=hand_over, recall=memory)
        return {"ok": True, **found}, handed
    except NotReadable as error:
        return {"ok": False, "reason": error.reason}, b""
    except MemoryError:
        return {"ok": False, "reason": "out-of-memory", "retire": True}, b""
    except Exception as error:
        # Only the kind of error leaves the child: its text may hold content.
        reason = "out-of-memory" if "alloc" in str(error).lower() else "ocr-failed"
        return {"ok": False, "reason": reason, "retire": True}, b""
