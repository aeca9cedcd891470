"""Notices when messages may have passed the bot by, and tells the supervisors once.

The platform keeps updates for 24 hours, and numbers them one after the other; after a week without
any it may begin anew at a random number (https://core.telegram.org/bots/api#update).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from bot.cases.replies import Replies
from bot.notifications.composer import Composer
from bot.notifications.texts import blind_spots as words
from bot.outgoing import RichText
from bot.store.database import Tx
from bot.store.effects import EffectRow
from bot.store.store import Store

LONGEST_OUTAGE = timedelta(hours=20)
SETTLED = timedelta(seconds=60)
"""How long a missing number is waited for: pushed updates may overtake each other."""

_NUMBERED_ANEW = timedelta(days=7)
_LAST_POLL = "last-poll"
_CHECKED = "numbers-checked"
_PAGE = 5000


class BlindSpots:
    """Compares the time of the last contact, and the numbers of updates, with those before.

    ``last_answer_at`` returns when the platform last answered, or None.
    """

    def __init__(
        self,
        store: Store,
        replies: Replies,
        composer: Composer,
        last_answer_at: Callable[[], Awaitable[datetime | None]],
    ) -> None:
        self._store = store
        self._replies = replies
        self._composer = composer
        self._last_answer_at = last_answer_at

    async def check(self) -> None:
        """Look for an outage and for gaps since the last look."""
        await self._check_outage()
        await self._check_numbers()

    async def _check_outage(self) -> None:
        heard = await self._last_answer_at()
        if heard is None:
            return
        kept = await self._store.key_values.get(_LAST_POLL)
        before = datetime.fromisoformat(kept["at"]) if kept else heard
        planned: list[EffectRow] = []
        async with self._store.db.write() as tx:
            await self._store.key_values.put(tx, _LAST_POLL, {"at": heard.isoformat()})
            if heard - before > LONGEST_OUTAGE:
                text = words.outage(self._composer.translator(), since=before, until=heard)
                detail = {"since": before.isoformat(), "until": heard.isoformat()}
                planned = await self._record(tx, f"outage/{before.isoformat()}", text, detail)
        self._replies.start(planned)

    async def _check_numbers(self) -> None:
        checked = await self._store.key_values.get(_CHECKED) or {"id": 0}
        until = self._store.db.now() - SETTLED
        rows = await self._store.inbox.numbers(checked["id"], until, _PAGE)
        if not rows:
            return
        highest = checked.get("number")
        last_at = datetime.fromisoformat(checked["at"]) if "at" in checked else rows[0][2]
        gaps: list[tuple[int, int, datetime, datetime]] = []
        for _, number, at in rows:
            if highest is None or at - last_at >= _NUMBERED_ANEW:
                highest = number
            elif number > highest + 1:
                gaps.append((highest + 1, number - 1, last_at, at))
            highest, last_at = max(highest, number), at
        planned: list[EffectRow] = []
        missing = [(gap, await self._missing(gap[0], gap[1])) for gap in gaps]
        async with self._store.db.write() as tx:
            state = {"id": rows[-1][0], "number": highest, "at": last_at.isoformat()}
            await self._store.key_values.put(tx, _CHECKED, state)
            for (first, last, since, to), count in missing:
                if count:
                    t = self._composer.translator()
                    text = words.gap(t, missing=count, since=since, until=to)
                    detail = {"first": first, "last": last, "missing": count}
                    planned += await self._record(tx, f"gap/{first}", text, detail)
        self._replies.start(planned)

    async def _missing(self, first: int, last: int) -> int:
        return last - first + 1 - await self._store.inbox.count_between(first, last)

    async def _record(
        self, tx: Tx, subject: str, text: RichText, detail: Mapping[str, object]
    ) -> list[EffectRow]:
        await self._store.audit.write(tx, "blind-spot", subject=subject, detail=detail)
        return await self._replies.to_supervisors(f"blind-spot/{subject}", text, tx)
