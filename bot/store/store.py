"""All repositories over one database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.store.audit import Audit
from bot.store.buttons import ButtonMeanings
from bot.store.case_counts import CaseCounts
from bot.store.case_pictures import CasePictures
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.effects import Effects
from bot.store.group_terms import GroupTerms
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.key_values import KeyValues
from bot.store.keys import Keys
from bot.store.leases import Leases
from bot.store.metric_queries import MetricQueries
from bot.store.people import People
from bot.store.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The repositories; each takes an open transaction so that several can share one."""

    db: Database
    keys: Keys
    inbox: Inbox
    cases: Cases
    case_counts: CaseCounts
    effects: Effects
    groups: Groups
    group_terms: GroupTerms
    people: People
    buttons: ButtonMeanings
    releases: Releases
    audit: Audit
    case_pictures: CasePictures
    key_values: KeyValues
    metric_queries: MetricQueries
    leases: Leases

    @classmethod
    async def open(cls, url: str, keys_folder: Path) -> Store:
        """Open the database, creating it and the keys where they are missing."""
        keys = Keys.load(keys_folder)
        db = await Database.open(url)
        return cls(
            db=db,
            keys=keys,
            inbox=Inbox(db, keys.cipher),
            cases=Cases(db, keys.cipher),
            case_counts=CaseCounts(db),
            effects=Effects(db, keys.cipher),
            groups=Groups(db, keys.cipher),
            group_terms=GroupTerms(db, keys),
            people=People(db, keys),
            buttons=ButtonMeanings(db),
            releases=Releases(db),
            audit=Audit(db, keys),
            case_pictures=CasePictures(db, keys.evidence),
            key_values=KeyValues(db),
            metric_queries=MetricQueries(db),
            leases=Leases(db),
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.db.close()
