"""Format the log: lines for people, or JSON lines for a collector."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

_PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object for each line: time, level, logger, message and an exception's type.

    The text of an exception could hold content, so it is left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def formatter(form: Literal["text", "json"]) -> logging.Formatter:
    """Return the formatter of a form."""
    return JsonFormatter() if form == "json" else logging.Formatter(_PLAIN)
