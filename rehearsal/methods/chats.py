"""Chats and their members."""

from __future__ import annotations

from typing import Any

from rehearsal import api_json
from rehearsal.bot_calls import Call, readable_chat, require_right, writable_chat
from rehearsal.groups import announce_left
from rehearsal.objects import Chat, Json, Member
from rehearsal.refusals import bad_request

_FOR_EVER_BELOW = 30
_FOR_EVER_ABOVE = 366 * 86_400
_SENDING = [
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
]


async def get_chat(call: Call) -> Json:
    """Return a chat in full."""
    return api_json.full_chat_json(call.world, readable_chat(call))


def _user(call: Call) -> int:
    number = call.params.integer("user_id")
    if number <= 0:
        raise bad_request("invalid user_id specified")
    if number != call.bot_id and number not in call.world.people:
        raise bad_request("user not found")
    return number


def _standing(call: Call, chat: Chat, user_id: int) -> Member:
    member = chat.member(user_id)
    now = call.world.clock.now()
    if member.status == "restricted" and member.until and member.until <= now:
        member = chat.members[user_id] = Member(user_id=user_id)
    return member


async def get_chat_member(call: Call) -> Json:
    """Return somebody's standing in a chat."""
    chat = readable_chat(call)
    return api_json.member_json(call.world, chat, _standing(call, chat, _user(call)))


async def get_chat_administrators(call: Call) -> list[Json]:
    """Return a chat's administrators, this bot among them."""
    chat = readable_chat(call)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    admins = sorted(
        (m for m in chat.members.values() if m.is_admin), key=lambda m: m.status != "creator"
    )
    return [api_json.member_json(call.world, chat, member) for member in admins]


async def get_chat_member_count(call: Call) -> int:
    """Return how many are in a chat."""
    return sum(member.present for member in readable_chat(call).members.values())


async def restrict_chat_member(call: Call) -> bool:
    """Take a member's permissions away, or give them back."""
    chat = writable_chat(call)
    user_id = _user(call)
    given = call.params.json("permissions", "permissions")
    if not isinstance(given, dict):
        raise bad_request("object expected as permissions")
    if chat.type != "supergroup":
        raise bad_request("method is available only for supergroups")
    if user_id == call.bot_id:
        raise bad_request("can't restrict self")
    refusal = "not enough rights to restrict/unrestrict chat member"
    require_right(call, chat, "can_restrict_members", refusal)
    member = _standing(call, chat, user_id)
    if member.status == "creator":
        raise bad_request("can't remove chat owner")
    if member.is_admin:
        raise bad_request("user is an administrator of the chat")
    permissions = _permissions(given, call.params.flag("use_independent_chat_permissions"))
    if all(permissions.values()):
        changed = Member(user_id=user_id)
    else:
        until = _until(call)
        changed = Member(user_id=user_id, status="restricted", permissions=permissions, until=until)
    if member.present:
        call.world.set_member(chat, call.bot_id, changed)
    return True


def _permissions(given: dict[str, Any], independent: bool) -> dict[str, bool]:
    permissions = {name: bool(given.get(name, False)) for name in api_json.PERMISSIONS}
    if not independent:
        above = ("can_send_other_messages", "can_add_web_page_previews")
        if any(permissions[name] for name in above):
            permissions |= dict.fromkeys(_SENDING, True)
        if any(permissions[name] for name in (*_SENDING, *above, "can_send_polls")):
            permissions["can_send_messages"] = True
    if "can_react_to_messages" not in given:
        permissions["can_react_to_messages"] = permissions["can_send_messages"]
    if "can_edit_tag" not in given:
        permissions["can_edit_tag"] = permissions["can_pin_messages"]
    if "can_manage_topics" not in given:
        permissions["can_manage_topics"] = permissions["can_pin_messages"]
    return permissions


def _until(call: Call) -> int:
    until = call.params.integer("until_date")
    ahead = until - call.world.clock.now()
    return until if _FOR_EVER_BELOW <= ahead <= _FOR_EVER_ABOVE else 0


async def leave_chat(call: Call) -> bool:
    """Leave a group or a channel."""
    chat = writable_chat(call)
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    call.world.set_member(chat, call.bot_id, Member(user_id=call.bot_id, status="left"))
    announce_left(call.world, chat, call.bot_id, call.bot_id)
    return True
