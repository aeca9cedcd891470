"""State of the rehearsal's world that both JSON views read."""

from __future__ import annotations

from dataclasses import dataclass, field

from rehearsal.objects import Chat, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """The bot as a user of the platform."""

    id: int
    name: str
    username: str


@dataclass(kw_only=True)
class WorldState:
    """People, chats and the bot's own account.

    It is apart from ``World`` because ``World`` publishes changes through the views in
    ``api_json`` and ``web_json``, which read this state: one class would make a cycle.

    ``privacy`` is the bot's privacy mode: on, it sees only commands and replies to itself in
    groups that it does not administer.
    """

    language: str
    bot: BotUser
    privacy: bool = False
    people: dict[int, Person] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
