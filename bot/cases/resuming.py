"""Ends what an earlier run has begun: a message whose removal began is never judged harmless.

Between a message's removal and its notices the program may end. Taken up again, the message may be
judged otherwise: lists and policies may have changed, and of a text that was split over posts the
other posts are no longer known. What was recorded then decides what follows.
"""

from __future__ import annotations

from dataclasses import replace

from bot.judging.plan import Plan
from bot.model import Action, Finding, Source
from bot.outgoing import CaseStatus, MaskedCopy, MaskedPart
from bot.store.case_rows import Case, FindingNote


def as_begun(case: Case, plan: Plan) -> tuple[Plan, MaskedCopy]:
    """Return the plan by which a case was opened, and the copy to be shown.

    ``plan`` is the one of now, which asks for less.
    """
    subject, verdict, message = plan.subject, plan.verdict, plan.subject.message
    sender = replace(message.sender, id=case.sender_id, kind=case.sender_kind)
    actions = {Action.MASK, Action.WARN, *verdict.actions}
    if case.status is not CaseStatus.RECORDED:
        actions.add(Action.ESCALATE)
    judged = replace(
        verdict,
        severity=max(case.severity, verdict.severity),
        actions=frozenset(actions),
        findings=(*map(_finding, case.summary.findings), *verdict.findings),
        policy=case.policy,
        policy_version=case.policy_version,
    )
    withheld = ("file",) if message.attachments else ()
    if case.masked_text:
        parts = (MaskedPart(source=Source.TEXT, text=case.masked_text),)
        copy = MaskedCopy(parts=parts, withheld=withheld)
    else:
        copy = MaskedCopy(withheld=("text", *withheld) if message.text else withheld)
    subject = replace(subject, message=replace(message, sender=sender))
    # The fragments of now are not those that the case's digests are of.
    return replace(plan, subject=subject, verdict=judged, fragments=()), copy


def _finding(note: FindingNote) -> Finding:
    """Return a finding without what was matched, which is not kept."""
    return Finding(
        rule_id=note.rule_id,
        category=note.category,
        severity=note.severity,
        confidence=note.confidence,
        extent=note.extent,
        source=note.source,
        start=note.start,
        end=note.end,
        match="",
        page=note.page,
        suppressed_by=note.suppressed_by,
    )
