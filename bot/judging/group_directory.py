"""The groups and their own terms in memory, so that messages need no query for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

from bot.detect.text.terms.keyword_list import KeywordList, KeywordLists, SearchableTerms
from bot.judging.watched_file import WatchedFile
from bot.store.groups import Group
from bot.store.key_values import GROUPS_VERSION
from bot.store.store import Store

LOOK = 0.5
"""Seconds between queries for changes that other processes made; such a query is small."""

FRESH = 1.0
"""Seconds after the last `look` for which memory counts; after that the database is asked."""

TOGETHER = 100
"""Groups that are read together: a query for many costs little more than for one."""

Build = Callable[[Iterable[str]], KeywordList]
Files = Mapping[int | None, WatchedFile[KeywordList]]


@dataclass(slots=True)
class _Remembered:
    """A group and its own terms.

    ``asked``: it was asked for since it was read. ``stale``: it must be read again before use.
    """

    value: tuple[Group | None, tuple[str, ...]] = field(repr=False)
    stale: bool = False
    asked: bool = False


class Directory:
    """The groups and their own terms.

    ``configured_keywords`` and ``files`` are those of each group; those of None, the
    organisation's, are looked for in all of them.
    """

    def __init__(
        self,
        store: Store,
        configured_keywords: Mapping[int | None, Sequence[str]],
        *,
        files: Files | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._configured = configured_keywords
        self._files = files or {}
        self._clock = clock
        self._groups: dict[int, _Remembered] = {}
        self._reading = asyncio.Lock()
        self._ids: dict[int, tuple[int, ...]] = {}
        self._lists: dict[int | None, tuple[tuple[str, ...], KeywordList]] = {}
        self._changes = 0
        self._version: object = None
        self._looked_at = float("-inf")

    async def look(self) -> None:
        """Check if another process changed a group; called every `LOOK` seconds."""
        began = self._clock()
        version = await self._store.key_values.get(GROUPS_VERSION)
        if version != self._version:
            self._version = version
            self._forget_all()
        self._looked_at = began

    def known(self, chat_id: int) -> Group | None:
        """Return a group from memory; None where the database has to be asked."""
        known = self._groups.get(chat_id)
        if known is None or known.stale or self._is_old():
            return None
        known.asked = True
        return known.value[0]

    async def get(self, chat_id: int) -> Group | None:
        """Find a group; None for one that the bot does not know."""
        known = self._groups.get(chat_id)
        if known is None or known.stale or self._is_old():
            async with self._reading:
                if self._is_old():
                    await self.look()
                known = self._groups.get(chat_id)  # it may have been read meanwhile
                if known is None or known.stale:
                    known = await self._read(chat_id)
        known.asked = True
        return known.value[0]

    def _is_old(self) -> bool:
        return self._looked_at + FRESH < self._clock()

    async def _read(self, chat_id: int) -> _Remembered:
        """Read a group, together with the other stale ones that are asked for."""
        changes = self._changes
        due = (i for i, known in self._groups.items() if known.asked and known.stale)
        ids = list(dict.fromkeys((chat_id, *islice(due, TOGETHER))))
        groups = {group.chat_id: group for group in await self._store.groups.some(ids)}
        former = await self._store.groups.former_ids(groups)
        added: dict[int, list[str]] = {}
        for keyword in await self._store.group_terms.of_some(groups):
            added.setdefault(keyword.chat_id, []).append(keyword.term)
        # A group that changed while it was being read may be old already: read it again next time.
        stale = changes != self._changes
        for i in ids:
            terms: tuple[str, ...] = ()
            if i in groups:
                self._ids[i] = (i, *former.get(i, ()))
                configured = (t for n in self._ids[i] for t in self._configured.get(n, ()))
                terms = tuple(dict.fromkeys((*configured, *added.get(i, ()))))
            self._groups[i] = _Remembered((groups.get(i), terms), stale)
        return self._groups[chat_id]

    def forget(self, chat_id: int) -> None:
        """Read a changed group again when it is next asked for.

        Messages that are being inspected meanwhile are judged by the former terms.
        """
        self._changes += 1
        if (known := self._groups.get(chat_id)) is not None:
            known.stale = True

    def _forget_all(self) -> None:
        self._changes += 1
        for known in self._groups.values():
            known.stale = True

    def terms(self, chat_id: int) -> tuple[str, ...]:
        """Return a group's own terms, as of the last `get`."""
        known = self._groups.get(chat_id)
        return known.value[1] if known else tuple(self._configured.get(chat_id, ()))

    def keywords(self, chat_id: int | None, build: Build) -> SearchableTerms | None:
        """Return the terms to be looked for in a group, prepared for matching.

        Without a ``chat_id`` they are the organisation's alone. Lists from files are prepared
        already; the others are built again only when they changed.
        """
        owners: tuple[int | None, ...] = (None,)
        own: dict[int | None, tuple[str, ...]] = {None: tuple(self._configured.get(None, ()))}
        if chat_id is not None:
            owners = (None, *self._ids.get(chat_id, (chat_id,)))
            own[chat_id] = self.terms(chat_id)
        lists = [self._files[owner].value for owner in owners if owner in self._files]
        lists += [self._built(owner, terms, build) for owner, terms in own.items() if terms]
        if len(lists) < 2:
            return lists[0] if lists else None
        return KeywordLists(lists)

    def _built(self, owner: int | None, terms: tuple[str, ...], build: Build) -> KeywordList:
        known = self._lists.get(owner)
        if known is None or known[0] != terms:
            known = (terms, build(terms))
            self._lists[owner] = known
        return known[1]
