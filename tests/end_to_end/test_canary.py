"""Known secrets go every way through the bot, and are found nowhere of ours afterwards.

The other modules' tests end with such a look too (see conftest.py); here every logger tells all,
the database is looked at while it is open, and a fault has the content in its own words.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pytest

from bot.handlers import dispatch
from tests.support.canary import NUMBER, SECRET, assert_not_in, assert_not_in_files
from tests.support.office import KEYWORD, Office
from tests.support.people import (
    BADMINTON,
    CHEN,
    LI,
    OFFICE,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
)
from tests.support.pictures import encode, id_table, note

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
KEY = f"-----BEGIN PRIVATE KEY-----\n{KEY_BODY}\n-----END PRIVATE KEY-----"
TERM = "银杏行动"
PAINTED = "西山仓库搬迁方案"
FAULTY = "石榴方案的底稿"
TABLE, TABLE_NUMBERS = id_table(random.Random(77))
SECRETS = (SECRET, NUMBER, KEY_BODY, TERM, PAINTED, FAULTY, *TABLE_NUMBERS)


class Everything(logging.Handler):
    """Keeps what every logger says, with the text of every exception."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        if record.exc_info and record.exc_info[1] is not None:
            self.lines += traceback.format_exception(record.exc_info[1])


@pytest.fixture
def everything() -> Any:
    handler, root = Everything(), logging.getLogger()
    levels = {
        name: logger.level
        for name, logger in logging.Logger.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def press(office: Office, person: int, chat: int, label: str) -> None:
    """Press the latest button of that label."""
    said = reversed(await office.said(chat))
    shown = next(m for m in said if office.t(label) in str(m["buttons"]))
    await office.people.press(person, chat, shown, label=office.t(label))
    await office.quiet()


async def go_every_way(office: Office) -> None:
    """Let the secrets pass through each kind of handling."""
    people = office.people
    for command in (f"/keywords {OFFICE} add {TERM}", f"/keywords {OFFICE} list"):
        await people.post(ZHAO, ZHAO, command)
    await office.quiet()
    marked = f"机密★10年 {SECRET}"
    first = await people.post(ZHANG, OFFICE, "大家好")
    await people.fault("deleteMessage", delay=0.5)  # it is quoted before it is gone
    await people.edit(ZHANG, OFFICE, first, marked)
    await people.post(CHEN, OFFICE, f"请登记 {NUMBER}")
    await people.post(ZHANG, OFFICE, KEY)
    await people.post(ZHANG, OFFICE, f"{TERM}明天开始，{KEYWORD}")
    await people.post(ZHANG, OFFICE, "看这个", quote=marked, reply_to=first)
    await people.poll(ZHANG, OFFICE, f"绝密 {SECRET}", ["好", NUMBER])
    await people.contact(ZHANG, OFFICE, SECRET, "13800138000")
    await people.document(ZHANG, OFFICE, f"机密★10年{SECRET}.txt", marked.encode())
    await people.photo(ZHANG, OFFICE, encode(note("机密★10年", PAINTED), "JPEG"))
    await people.photo(ZHANG, OFFICE, encode(TABLE, "JPEG", quality=92), f"名单 {NUMBER}")
    await people.post(ZHANG, ZHANG, marked)  # checked privately
    await people.bot(ZHAO, BADMINTON, "add", can_delete_messages=True)
    await people.post(ZHANG, BADMINTON, marked)  # a group that may not be read
    await office.quiet()
    await press(office, ZHANG, OFFICE, "This is a mistake")
    await press(office, WANG, SUPERVISORS, "Refuse")
    await people.post(ZHANG, OFFICE, marked)
    await office.quiet()
    await press(office, WANG, SUPERVISORS, "More")
    await press(office, WANG, SUPERVISORS, "False alarm")
    await people.post(ZHANG, OFFICE, marked)  # released
    await people.fault("sendMessage", chat_id=OFFICE, drop_reply=True)
    await people.fault("deleteMessage", status=502)
    await people.fault("sendMessage", chat_id=SUPERVISORS, error_code=400, description=marked)
    await people.post(ZHANG, OFFICE, marked + "。")
    await office.quiet()
    await people.bot(ZHAO, OFFICE, "rights", can_delete_messages=False)
    await people.post(ZHANG, OFFICE, marked + "！")
    await office.quiet()
    await press(office, LI, SUPERVISORS, "Confirm")


async def test_secrets_are_found_nowhere(
    office: Office,
    everything: Everything,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await go_every_way(office)
    monkeypatch.setattr(office.app.worker, "_retry_seconds", 0.001)
    real = dispatch.to_message

    def breaks(update: Any) -> Any:
        if FAULTY in (update.effective_message.text or ""):
            raise ValueError(f"cannot read {FAULTY}")
        return real(update)

    monkeypatch.setattr(dispatch, "to_message", breaks)
    await office.people.post(ZHANG, OFFICE, FAULTY)
    await office.quiet()
    last = (await office.said(SUPERVISORS))[-1]
    assert office.t("processing failed five times") in last["text"]
    asyncio.get_running_loop().set_exception_handler(None)
    assert faults == []

    assert await office.app.store.db.checkpoint()
    secrets = (*SECRETS, office.server.token)
    assert len(everything.lines) > 100, "the loggers were listened to"
    assert_not_in("the log", "\n".join(everything.lines), secrets)
    assert_not_in_files(tmp_path, secrets)
    shown = [m["text"] for m in await office.people.messages(SUPERVISORS)]
    assert_not_in("the supervisors' chat", "\n".join(shown), secrets)
    said = [m["text"] for m in await office.said(OFFICE)]
    assert_not_in("the group", "\n".join(said), (*SECRETS, KEYWORD))
    assert len(shown) > 5 and len(said) > 8


async def test_what_was_erased_is_soon_gone_from_the_databases_log(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.program.ERASURE", 0.1)
    await office.restart()
    await office.outcome(await office.people.post(ZHANG, OFFICE, f"机密★10年 {SECRET}"))
    async with asyncio.timeout(5):
        while _log_size(office):
            await asyncio.sleep(0.05)


def _log_size(office: Office) -> int:
    return (office.settings.data / "shoukou.db-wal").stat().st_size
