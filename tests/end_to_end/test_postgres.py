"""The whole bot on PostgreSQL in place of SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from tests.support.canary import SECRET
from tests.support.office import Office, open_office
from tests.support.people import OFFICE, SUPERVISORS, WANG, ZHANG
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_leak_is_taken_down_reviewed_and_remembered(
    postgres: PostgresServer, tmp_path: Path, media: StartingMedia
) -> None:
    async with open_office(tmp_path, media, start=False) as office:
        office.settings = office.settings.model_copy(
            update={"database_url": SecretStr(postgres.new())}
        )
        await office.start()
        await office.introduced()
        await office.remember()
        await _leaked_and_decided(office)
        await office.quiet()
        await office.remember()
        await office.restart()
        await office.quiet()
        assert await office.acts() == []
    assert not (tmp_path / "data" / "shoukou.db").exists()


async def _leaked_and_decided(office: Office) -> None:
    harmless = await office.people.post(ZHANG, OFFICE, "下午三点开会")
    leak = await office.people.post(ZHANG, OFFICE, f"机密★10年 {SECRET}")
    seen = await office.outcome(leak)
    assert seen.message is None
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1
    assert SECRET not in seen.texts
    assert await office.people.message(OFFICE, harmless) is not None
    card = seen.supervisors[0]
    await office.people.press(WANG, SUPERVISORS, card, label=office.t("Take"))
    assert (await office.people.wait_answer(WANG))["text"] == office.t("The case is yours.")
