"""Detection and decision by a group's policy; see the protocols in `bot.pipeline`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.judging.active_rules import InForce
from bot.judging.group_directory import Directory
from bot.judging.watched_file import WatchedFile
from bot.model import Finding, Fragment, NotInspected, Subject, Verdict
from bot.notifications.reasons import explained
from bot.policy.allow_list import AllowList
from bot.policy.decide import decide
from bot.rules.rule import Language


class Judge:
    """Finds by the packs of a group's policy and its own terms, and decides by the policy."""

    def __init__(
        self,
        rules: WatchedFile[InForce],
        directory: Directory,
        *,
        allowed: WatchedFile[AllowList],
        now: Callable[[], datetime],
    ) -> None:
        self._rules = rules
        self._directory = directory
        self._allowed = allowed
        self._now = now

    def inspect(
        self, fragments: Sequence[Fragment], subject: Subject
    ) -> tuple[Sequence[Finding], Sequence[NotInspected]]:
        """Return the findings, and what a failing detector could not inspect.

        Findings that the allow-list excludes stay, with the entry's id.
        """
        engine = self._rules.value.engine(subject.policy)
        chat_id = subject.message.chat_id
        keywords = self._directory.keywords(chat_id, engine.keyword_list)
        inspection = engine.inspect(fragments, keywords)
        findings = self._allowed.value.apply(inspection.findings, chat_id=chat_id, now=self._now())
        return findings, inspection.not_inspected

    def still_found(self, fragments: tuple[Fragment, ...], subject: Subject) -> bool:
        """Say whether anything that the policy acts on is still found."""
        findings, failed = self.inspect(fragments, subject)
        return bool(failed) or self.decide(findings, (), subject.policy).removes

    def decide(
        self, findings: Sequence[Finding], not_inspected: Sequence[NotInspected], policy: str
    ) -> Verdict:
        """Return what follows."""
        return decide(findings, not_inspected, self._rules.value.policy(policy))

    def explain(self, rule_id: str, reasons: Sequence[str], language: Language) -> str:
        """Return the sentence that explains a finding; its rule's id if the rule is gone."""
        rule = self._rules.value.packs.rule(rule_id)
        return explained(rule, tuple(reasons), language) if rule else rule_id
