"""Judge fragments by a group's policy: the one place that finds and decides.

`run`, `check`, the private check and `policy test` all judge by this class, so that a text gets
the same verdict wherever it is judged:

    packs of the policy ─┐
    organisation's terms ┼─► engine ─► findings ─► allow-list ─► decide ─► verdict
    a group's own terms ─┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from bot.detect.text.terms.keyword_list import KeywordLists, SearchableTerms
from bot.judging.active_rules import FALLBACK, ActiveRules
from bot.judging.group_directory import Build
from bot.judging.watched_file import Current
from bot.model import Finding, Fragment, NotInspected, Subject, Verdict
from bot.notifications.reasons import explained
from bot.policy.allow_list import AllowList
from bot.policy.decide import decide
from bot.rules.rule import Language

_Inspected = tuple[Sequence[Finding], Sequence[NotInspected]]


class Terms(Protocol):
    """Knows the terms to be looked for beside the packs' rules."""

    def keywords(self, chat_id: int | None, build: Build) -> SearchableTerms | None:
        """Return the organisation's terms, with a group's own if ``chat_id`` is given."""


def utc_now() -> datetime:
    """Return the time of this machine; the running bot uses the database's."""
    return datetime.now(UTC)


class Judge:
    """Finds by the packs of a policy and by own terms, and decides by the policy."""

    def __init__(
        self,
        rules: Current[ActiveRules],
        terms: Terms,
        *,
        allowed: Current[AllowList],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._rules = rules
        self._terms = terms
        self._allowed = allowed
        self._now = now

    @property
    def rules(self) -> ActiveRules:
        """The packs and policies in force."""
        return self._rules.value

    def verdict(
        self,
        fragments: Sequence[Fragment],
        not_inspected: Sequence[NotInspected] = (),
        *,
        policy: str = FALLBACK,
        more_terms: SearchableTerms | None = None,
    ) -> Verdict:
        """Judge outside of any group; ``more_terms`` are looked for as a group's own would be."""
        findings, failed = self._inspect(fragments, policy, None, more_terms)
        return self.decide(findings, (*not_inspected, *failed), policy)

    def inspect(self, fragments: Sequence[Fragment], subject: Subject) -> _Inspected:
        """Return the findings in a group's message, and what a failing detector did not inspect.

        Findings that the allow-list excludes stay, with the entry's id.
        """
        return self._inspect(fragments, subject.policy, subject.message.chat_id)

    def decide(
        self, findings: Sequence[Finding], not_inspected: Sequence[NotInspected], policy: str
    ) -> Verdict:
        """Return the verdict."""
        return decide(findings, not_inspected, self.rules.policy(policy))

    def still_found(self, fragments: tuple[Fragment, ...], subject: Subject) -> bool:
        """Return True if the policy would still remove a message that holds ``fragments``.

        A failed detector counts as a find: nothing proves then that the masks are complete.
        """
        findings, failed = self.inspect(fragments, subject)
        return bool(failed) or self.decide(findings, (), subject.policy).removes

    def explain(self, rule_id: str, reasons: Sequence[str], language: Language) -> str:
        """Return the sentence that explains a finding; its rule's id if the rule is gone."""
        rule = self.rules.packs.rule(rule_id)
        return explained(rule, tuple(reasons), language) if rule else rule_id

    def _inspect(
        self,
        fragments: Sequence[Fragment],
        policy: str,
        chat_id: int | None,
        more_terms: SearchableTerms | None = None,
    ) -> _Inspected:
        engine = self.rules.engine(policy)
        terms = self._terms.keywords(chat_id, engine.keyword_list)
        if more_terms is not None:
            terms = more_terms if terms is None else KeywordLists((terms, more_terms))
        inspection = engine.inspect(fragments, terms)
        findings = self._allowed.value.apply(inspection.findings, chat_id=chat_id, now=self._now())
        return findings, inspection.not_inspected
