"""The harness of the tests from outside: see `tests.support.office`.

Every module here has ``pytestmark = pytest.mark.asyncio(loop_scope="session")``, because all of
them share the reader of pictures. ``office`` takes options of `open_office`:
``@pytest.mark.parametrize("office", [{"language": "en"}], indirect=True)``. After each test nothing
of the canaries, and nothing of the token, may be in the log, the files or the supervisors' chat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.workers import send_limits
from tests.support.canary import CANARIES, assert_not_in, assert_not_in_files, recorded_log
from tests.support.office import Office, open_office
from tests.support.people import SUPERVISORS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def media() -> AsyncIterator[StartingMedia]:
    media = StartingMedia()
    yield media
    await media.close()


@pytest.fixture(autouse=True)
def quick_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bot say things at a hundred times the pace that the platform permits."""
    monkeypatch.setattr(send_limits, "SPACING", 0.01)


@pytest_asyncio.fixture(loop_scope="session")
async def office(
    request: pytest.FixtureRequest, tmp_path: Path, media: StartingMedia
) -> AsyncIterator[Office]:
    with recorded_log() as log:
        async with open_office(tmp_path, media, **getattr(request, "param", {})) as office:
            yield office
            await office.stop()
            shown = [m["text"] for m in await office.people.messages(SUPERVISORS)]
    secrets = (*CANARIES, office.server.token)
    assert_not_in("the supervisors' chat", "\n".join(shown), secrets)
    assert_not_in_files(tmp_path, secrets)
    names = (person.name for person in office.server.world.people.values())
    assert_not_in("the log", log.getvalue(), (*secrets, *names))
