"""Find fields that aiogram's models do not know: they would be inventions of ours."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

# Fields that the real server still sends for old clients, though they are no longer documented.
LEGACY = {
    "all_members_are_administrators",
    "accepted_gift_types",
    "new_chat_participant",
    "new_chat_member",
    "left_chat_participant",
    "thumb",
    "can_send_media_messages",
    "can_manage_voice_chats",
}


def unknown_fields(value: Any) -> set[str]:
    """Collect the names of all fields, at any depth, that the models do not declare."""
    if isinstance(value, (list, tuple)):
        return set().union(*map(unknown_fields, value)) if value else set()
    if not isinstance(value, BaseModel):
        return set()
    found = set(value.model_extra or {}) - LEGACY
    for name in type(value).model_fields:
        found |= unknown_fields(getattr(value, name))
    return found
