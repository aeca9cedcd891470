from collections.abc import AsyncIterator

import pytest_asyncio

from bot.detect.media.sandbox.pool import MediaPool


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool() -> AsyncIterator[MediaPool]:
    pool = MediaPool()
    await pool.start()
    yield pool
    await pool.close()
