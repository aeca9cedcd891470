"""Rows with defaults, for the tests."""

from __future__ import annotations

from typing import Any

from bot.model import Category, Extent, SenderKind, Severity, Source
from bot.outgoing import CaseStatus, EffectKind
from bot.ports import Received
from bot.store.case_rows import CaseSummary, FindingNote, NewCase
from bot.store.effects import NewEffect

CHAT = -1001000000002


def received(update_id: int = 1, **changes: Any) -> Received:
    values: dict[str, Any] = {
        "platform": "telegram",
        "update_id": update_id,
        "payload": b"{}",
        "chat_id": CHAT,
        "message_id": update_id,
    }
    return Received(**values | changes)


def note(**changes: Any) -> FindingNote:
    values: dict[str, Any] = {
        "rule_id": "identity-cn/resident-id",
        "category": Category.IDENTITY,
        "severity": Severity.MEDIUM,
        "confidence": 0.99,
        "extent": Extent.SPAN,
        "source": Source.TEXT,
        "start": 4,
        "end": 22,
    }
    return FindingNote(**values | changes)


def new_case(inbox_id: int | None = 1, **changes: Any) -> NewCase:
    values: dict[str, Any] = {
        "inbox_id": inbox_id,
        "chat_id": CHAT,
        "message_id": 55,
        "sender_id": 3001,
        "sender_kind": SenderKind.MEMBER,
        "severity": Severity.MEDIUM,
        "category": Category.IDENTITY,
        "summary": CaseSummary(findings=(note(),), not_inspected=("ocr-failed",)),
        "policy": "standard",
        "policy_version": "1",
        "status": CaseStatus.OPEN,
    }
    return NewCase(**values | changes)


def new_effect(key: str = "case/1/delete", **changes: Any) -> NewEffect:
    values: dict[str, Any] = {"key": key, "kind": EffectKind.DELETE, "chat_id": CHAT}
    return NewEffect(**values | changes)
