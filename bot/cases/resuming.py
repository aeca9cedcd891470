"""Complete a removal that an earlier run began, even if the message would now be judged harmless.

The program may end between a message's removal and its notices. When the update comes again, the
verdict may differ: lists and policies may have changed, and the other parts of a split text are no
longer known. The recorded case therefore decides what follows.
"""

from __future__ import annotations

from dataclasses import replace

from bot.judging.plan import Plan
from bot.model import Action, Finding, Source
from bot.outgoing import CaseStatus, MaskedCopy, MaskedPart
from bot.store.case_rows import Case, FindingNote


def as_begun(case: Case, plan: Plan) -> tuple[Plan, MaskedCopy]:
    """Return the plan that opened a case, restored from its record, and the copy to be shown.

    ``plan`` is the present one, which asks for less.
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
    # The present fragments may differ from those whose digests the case holds.
    return replace(plan, subject=subject, verdict=judged, fragments=()), copy


def _finding(note: FindingNote) -> Finding:
    """Return a finding without its match, which is never stored."""
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
