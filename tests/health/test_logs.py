from __future__ import annotations

import io
import json
import logging

from bot.health.logs import formatter


def test_a_line_is_a_json_object_and_holds_no_text_of_an_exception() -> None:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(formatter("json"))
    log = logging.getLogger("bot.workers.test")
    log.addHandler(handler)
    log.propagate = False
    try:
        raise ValueError("a canary\nof two lines")
    except ValueError:
        log.exception("inbox %s: try %d", 7, 2)
    [line] = text.getvalue().splitlines()
    entry = json.loads(line)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "error",
        "logger": "bot.workers.test",
        "message": "inbox 7: try 2",
        "error": "ValueError",
    }
