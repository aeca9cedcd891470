"""All of the store's parts over one database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.store.audit import Audit
from bot.store.buttons import Buttons
from bot.store.case_pictures import Evidence
from bot.store.cases import Cases
from bot.store.database import Database
from bot.store.effects import Effects
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.key_values import Facts
from bot.store.keys import Keys
from bot.store.keywords import Keywords
from bot.store.leases import Leases
from bot.store.metric_queries import Figures
from bot.store.people import People
from bot.store.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The repositories; each takes an open transaction so that several can share one."""

    db: Database
    keys: Keys
    inbox: Inbox
    cases: Cases
    effects: Effects
    groups: Groups
    keywords: Keywords
    people: People
    buttons: Buttons
    releases: Releases
    audit: Audit
    evidence: Evidence
    facts: Facts
    figures: Figures
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
            effects=Effects(db, keys.cipher),
            groups=Groups(db, keys.cipher),
            keywords=Keywords(db, keys),
            people=People(db, keys),
            buttons=Buttons(db),
            releases=Releases(db),
            audit=Audit(db, keys),
            evidence=Evidence(db, keys.evidence),
            facts=Facts(db),
            figures=Figures(db),
            leases=Leases(db),
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.db.close()
