"""The bot's profile: names, descriptions and commands, by language and scope."""

from __future__ import annotations

from dataclasses import dataclass, field

from rehearsal.objects import Json


@dataclass(slots=True, kw_only=True)
class Profile:
    """The texts by language ("" is the default); the commands by (scope, language)."""

    name: str
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
