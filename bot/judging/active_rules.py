"""The packs and policies in force, with an engine for each policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.detect.engine import Engine
from bot.detect.text.decoding.disguised import shared_restorer
from bot.detect.text.matching.multi_search import MATCHERS, DaachorseIndex, IndexFactory
from bot.errors import ConfigurationError
from bot.model import Fragment
from bot.policy.policies import Policy, load_policies
from bot.policy.publishing import PACKS, POLICIES
from bot.rules.packs import Packs, load_packs
from bot.rules.rule import Rule
from bot.settings import CONFIG_FOLDER, Settings

FALLBACK = "standard"
"""The policy of a group whose own policy was removed: it must not be left unprotected."""


class ActiveRules:
    """The rules that messages are judged by. A change of files replaces them as a whole.

    Engines are built when they are first needed, which takes most of a second.
    """

    def __init__(
        self,
        packs: Packs,
        policies: Mapping[str, Policy],
        index: IndexFactory = DaachorseIndex,
    ) -> None:
        self.packs = packs
        self.policies = policies
        self._index = index
        self._engines: dict[str, Engine] = {}

    def policy(self, name: str) -> Policy:
        """Return a policy, or the fallback if there is none of this name."""
        return self.policies.get(name) or self.policies[FALLBACK]

    def require_policy(self, name: str) -> Policy:
        """Return a policy; ConfigurationError names the known ones."""
        if name not in self.policies:
            raise ConfigurationError(
                "there is no policy “{policy}”",
                mend="choose one of: {names}",
                policy=name,
                names=", ".join(sorted(self.policies)),
            )
        return self.policies[name]

    def engine(self, name: str) -> Engine:
        """Return the engine of a policy, or of the fallback."""
        policy = self.policy(name)
        if policy.name not in self._engines:
            self._engines[policy.name] = Engine(
                self.packs.rules(policy.packs),
                index=self._index,
                restorer=shared_restorer(self._index),
            )
        return self._engines[policy.name]

    def warm_up(self) -> None:
        """Build and warm up the engines of all policies, so that no message waits for it."""
        for name, policy in self.policies.items():
            warm_up(self.engine(name), self.packs.rules(policy.packs))


def watched_paths(settings: Settings) -> tuple[Path, ...]:
    """Return the folders and files that `load_active_rules` reads, also those that are missing."""
    folders = (settings.config.parent, CONFIG_FOLDER)
    return tuple(folder / name for folder in folders for name in (POLICIES, PACKS))


def load_active_rules(settings: Settings) -> ActiveRules:
    """Load packs and policies and prepare all rules; ConfigurationError for the first mistake."""
    file = settings.resource(POLICIES)
    rules = read_rules(settings.resource(PACKS), file, MATCHERS[settings.matcher])
    _require(settings, rules.policies, file)
    rules.warm_up()
    return rules


def read_rules(
    packs_folder: Path, policies_file: Path, index: IndexFactory = DaachorseIndex
) -> ActiveRules:
    """Read a folder of packs and a file of policies, without preparing any rule."""
    packs = load_packs(packs_folder)
    return ActiveRules(packs, load_policies(policies_file, packs), index)


def warm_up(engine: Engine, rules: Iterable[Rule]) -> None:
    """Match each pattern once: RE2 builds its automaton at the first use, which takes long."""
    for rule in rules:
        for example in rule.positives[:1]:
            engine.inspect([Fragment(source=example.source, text=example.text)])


def _require(settings: Settings, names: Mapping[str, object], file: Path) -> None:
    """Raise ConfigurationError unless the fallback and the policies of all groups are there."""
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
