"""The packs and policies in force, with an engine for each policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import shared_restorer
from bot.errors import ConfigurationError
from bot.model import Fragment
from bot.policy.policies import Policy, load_policies
from bot.policy.publishing import PACKS, POLICIES
from bot.rules.packs import Packs, load_packs
from bot.rules.rule import Rule
from bot.settings import CONFIG_FOLDER, Settings

FALLBACK = "standard"
"""The policy of a group whose own is no longer there."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What messages are judged by. It is replaced as a whole."""

    packs: Packs = field(repr=False)
    policies: Mapping[str, Policy] = field(repr=False)
    engines: Mapping[str, Engine] = field(repr=False)

    def policy(self, name: str) -> Policy:
        """Return a policy, or the fallback's where there is none of this name."""
        return self.policies.get(name) or self.policies[FALLBACK]

    def engine(self, name: str) -> Engine:
        """Return a policy's engine, or the fallback's."""
        return self.engines.get(name) or self.engines[FALLBACK]


def watched(settings: Settings) -> tuple[Path, ...]:
    """Return the folders and files that `load_in_force` reads, those not there yet among them."""
    folders = (settings.config.parent, CONFIG_FOLDER)
    return tuple(folder / name for folder in folders for name in (POLICIES, PACKS))


def load_in_force(settings: Settings) -> InForce:
    """Load packs and policies and prepare all rules; ConfigurationError for the first mistake."""
    packs = load_packs(settings.resource(PACKS))
    file = settings.resource(POLICIES)
    policies = load_policies(file, packs)
    _require(settings, policies, file)
    engines = {
        name: Engine(packs.rules(policy.packs), restorer=shared_restorer())
        for name, policy in policies.items()
    }
    for name, policy in policies.items():
        warm_up(engines[name], packs.rules(policy.packs))
    return InForce(packs, policies, engines)


def warm_up(engine: Engine, rules: Iterable[Rule]) -> None:
    """Have each pattern meet an example, for its automaton is built at its first use."""
    for rule in rules:
        for example in rule.positives[:1]:
            engine.inspect([Fragment(source=example.source, text=example.text)])


def _require(settings: Settings, names: Mapping[str, object], file: Path) -> None:
    if FALLBACK not in names:
        raise ConfigurationError(
            "there is no policy “{policy}”",
            where=str(file),
            mend="add it: it is for groups whose own policy is no longer there",
            policy=FALLBACK,
        )
    for group in settings.groups:
        if group.policy not in names:
            raise ConfigurationError(
                "group {group}: there is no policy “{policy}”",
                where=str(settings.config),
                mend="choose one of: {names}",
                group=group.id,
                policy=group.policy,
                names=", ".join(names),
            )
