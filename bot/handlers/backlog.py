"""Alert supervisors when pictures wait long for their inspection, and when that is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.cases.alerts import Alerts
from bot.cases.replies import Start
from bot.notifications.composer import Composer
from bot.notifications.texts import supervisors as words
from bot.store.effects import EffectRow
from bot.store.store import Store

BEHIND = timedelta(minutes=5)
CAUGHT_UP = timedelta(minutes=1)
"""Age of the oldest picture below which an episode is over."""

_EPISODE = "pictures-behind"


class Backlog:
    """Watches the pictures; one message begins an episode and one ends it, over restarts too."""

    def __init__(self, store: Store, alerts: Alerts, composer: Composer, start: Start) -> None:
        self._store = store
        self._alerts = alerts
        self._composer = composer
        self._start = start

    async def check(self) -> None:
        """Look whether an episode begins or ends."""
        now = self._store.db.now()
        oldest = await self._oldest()
        age = now - oldest if oldest is not None else timedelta(0)
        episode = await self._store.key_values.get(_EPISODE) or {}
        since = datetime.fromisoformat(episode["since"]) if episode else None
        if since is None and oldest is not None and age > BEHIND:
            self._start(await self._begin(oldest))
        elif since is not None and age < CAUGHT_UP:
            self._start(await self._end(since, now))

    async def _oldest(self) -> datetime | None:
        """Return when the oldest undecided picture came; the same for every process."""
        return (await self._store.inbox.waiting())["picture"].oldest

    async def _begin(self, since: datetime) -> list[EffectRow]:
        minutes = BEHIND // timedelta(minutes=1)
        text = words.pictures_behind(self._composer.translator(), since=since, minutes=minutes)
        told = self._alerts.send_once(f"{_EPISODE}/{since.isoformat()}", text)
        async with self._store.db.write() as tx:
            await self._store.key_values.put(tx, _EPISODE, {"since": since.isoformat()})
            return await self._store.effects.plan(tx, told)

    async def _end(self, since: datetime, now: datetime) -> list[EffectRow]:
        text = words.pictures_caught_up(self._composer.translator(), since=since, until=now)
        told = self._alerts.send_once(f"{_EPISODE}/{since.isoformat()}/over", text)
        async with self._store.db.write() as tx:
            await self._store.key_values.put(tx, _EPISODE, {})
            return await self._store.effects.plan(tx, told)
