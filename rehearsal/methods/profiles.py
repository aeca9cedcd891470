"""getMe and what the bot says about itself."""

from __future__ import annotations

import re
from typing import Any

from rehearsal import api_json
from rehearsal.bot_calls import Call
from rehearsal.objects import Json
from rehearsal.refusals import bad_request

_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
_TEXTS = {"name": 64, "description": 512, "short_description": 120}


async def get_me(call: Call) -> Json:
    """Return the bot's own user."""
    return api_json.bot_json(call.world)


def _scope(call: Call) -> tuple[str, str]:
    scope = call.params.json("scope", "BotCommandScope")
    if scope is None:
        scope = {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope: BotCommandScope must be an Object")
    kind = scope.get("type")
    if kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    parts = [str(kind)]
    for name in _SCOPES[kind]:
        if not scope.get(name):
            raise bad_request(f"can't parse BotCommandScope: Empty {name} specified")
        parts.append(str(scope[name]))
    return ":".join(parts), call.params.text("language_code")


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(given.get("command", "")).strip().lstrip("/")
    description = str(given.get("description", "")).strip()
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


async def set_my_commands(call: Call) -> bool:
    """Set the list of commands for a scope and a language."""
    commands = call.params.json("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    call.profile.commands[_scope(call)] = [_command(given) for given in commands]
    return True


async def get_my_commands(call: Call) -> list[Json]:
    """Return the list of commands of exactly a scope and a language."""
    return call.profile.commands.get(_scope(call), [])


async def delete_my_commands(call: Call) -> bool:
    """Forget the list of commands of a scope and a language."""
    call.profile.commands.pop(_scope(call), None)
    return True


def _text_name(call: Call) -> str:
    name = call.method[len("setmy") :]
    return "short_description" if name == "shortdescription" else name


async def set_my_text(call: Call) -> bool:
    """Set the bot's name, description or short description."""
    name = _text_name(call)
    text = call.params.text(name)
    if len(text) > _TEXTS[name]:
        raise bad_request(f"{name.upper()}_TOO_LONG")
    call.profile.texts[name, call.params.text("language_code")] = text
    return True


async def get_my_text(call: Call) -> Json:
    """Return the bot's name, description or short description."""
    name = _text_name(call)
    texts = call.profile.texts
    default = call.profile.name if name == "name" else ""
    text = texts.get((name, call.params.text("language_code"))) or texts.get((name, ""))
    return {name: text or default}


async def get_user_profile_photos(call: Call) -> Json:
    """Return a person's profile photos: nobody has any."""
    if call.params.integer("user_id") not in call.world.people:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}
