"""Build the parts that differ between one process on a file and several on PostgreSQL."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Collection

from bot.errors import ConfigurationError, DatabaseAway
from bot.retry import retry_until_done
from bot.settings import PARTS, Part, Settings
from bot.store.file_lock import sole_use
from bot.store.leases import EVERY_LANE
from bot.store.store import Store
from bot.workers.lease_holder import FEED, TIMERS, SharedLeases, SoleHolder
from bot.workers.send_limits import SendingLimits
from bot.workers.wakeups import NoWakeups, PollingWakeups, Wakeups

log = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0


def require_parts(settings: Settings, parts: Collection[Part]) -> None:
    """Raise ConfigurationError for a set of parts that cannot run alone."""
    if settings.is_embedded and set(parts) != set(PARTS):
        raise ConfigurationError(
            "with SQLite one process does everything",
            where="--only",
            mend="for several processes set SHOUKOU_DATABASE_URL=postgresql+psycopg://…",
        )


@contextlib.asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the database: a file for this process alone, or a server once it can be reached."""
    url, keys = settings.database, settings.keys_folder
    with contextlib.ExitStack() as held:
        if settings.is_embedded:
            store = await Store.open(url, keys)  # creates the folder in which the lock is
            try:
                held.enter_context(sole_use(url))

            except ConfigurationError:
                await store.close()
                raise
        else:
            store = await _reached(url, settings)
        try:
            yield store
        finally:
            await store.close()


async def _reached(url: str, settings: Settings) -> Store:
    def failed(error: Exception) -> None:
        log.warning("the database cannot be reached: %s", getattr(error, "code", ""))

    return await retry_until_done(
        lambda: Store.open(url, settings.keys_folder),
        on=DatabaseAway,
        failed=failed,
        first=0.5,
        longest=LONGEST_PAUSE,
    )


def lease_holder(
    settings: Settings, store: Store, parts: Collection[Part]
) -> SoleHolder | SharedLeases:
    """Return the holder of this process's leases."""
    if settings.is_embedded:
        return SoleHolder() if settings.webhook_url is None else SoleHolder((*EVERY_LANE, TIMERS))
    names: list[str] = []
    if "worker" in parts:
        names += [*EVERY_LANE, TIMERS]
    if "feed" in parts and settings.webhook_url is None:
        names.append(FEED)
    return SharedLeases(store.leases, names)


def shared_redis(settings: Settings) -> str | None:
    """Return the address of the Redis that the processes share; one process needs none."""
    if settings.redis_url is None or settings.is_embedded:
        return None
    return settings.redis_url.get_secret_value()


@contextlib.asynccontextmanager
async def wakeups(settings: Settings, consumer: str) -> AsyncIterator[Wakeups]:
    """Open the carrier of wake-ups between processes."""
    url = shared_redis(settings)
    if url is None:
        yield NoWakeups() if settings.is_embedded else PollingWakeups()
        return
    # Imported here, because loading redis takes a tenth of a second and most runs do without.
    from bot.workers.redis_wakeups import RedisWakeups, open_redis

    client = open_redis(url)
    try:
        yield RedisWakeups(client, consumer)
    finally:
        await client.aclose()


@contextlib.asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[SendingLimits]:
    """Open the sending limits: this process's own, or those shared through Redis."""
    url = shared_redis(settings)
    if url is None:
        yield SendingLimits()
        return
    from bot.workers.redis_limits import sending_limits  # as above

    async with sending_limits(url, settings.required_token.get_secret_value()) as limits:
        yield limits
