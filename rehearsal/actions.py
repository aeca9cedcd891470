"""The actions that people request over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import BodyPartReader, web

from rehearsal import groups, people, posting
from rehearsal.objects import Content, Json
from rehearsal.world import World

Action = Callable[[World, Json], Json]
_STRUCTURED = frozenset({"entities", "forward_of"})


async def fields_of(request: web.Request) -> tuple[Json, list[people.Upload]]:
    """Read a request's JSON or multipart fields, and its files."""
    if not request.content_type.startswith("multipart/"):
        body = await request.json()
        if not isinstance(body, dict):
            raise ValueError("an object is expected")
        return body, []
    fields: Json = {}
    files = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read(decode=False))
        if part.name == "file":
            kind = part.headers.get("Content-Type", "").split(";")[0].strip()
            files.append(people.Upload(name=part.filename or "file", mime_type=kind, data=data))
        elif part.name:
            fields[part.name] = _decoded(part.name, data.decode())
    return fields, files


def _decoded(name: str, text: str) -> Any:
    return json.loads(text) if name in _STRUCTURED and text else text


def _flag(value: Any) -> bool:
    return value in {True, "1", "true", "True"}


def _number(value: Any) -> int | None:
    return None if value in {None, ""} else int(value)


def draft_of(fields: Json, files: list[people.Upload]) -> people.Draft:
    """Make a draft of the fields of ``/app/post``."""
    return people.Draft(
        person=int(fields["person"]),
        chat_id=int(fields["chat_id"]),
        thread_id=_number(fields.get("thread_id")),
        text=str(fields.get("text") or ""),
        entities=tuple(fields.get("entities") or ()),
        reply_to=_number(fields.get("reply_to")),
        quote=fields.get("quote") or None,
        as_=fields.get("as") or None,
        forward_of=fields.get("forward_of") or None,
        via_bot=fields.get("via_bot") or None,
        as_document=_flag(fields.get("as_document")),
        files=tuple(files),
    )


def _poll(world: World, fields: Json) -> Json:
    options = [{"text": str(o), "voter_count": 0} for o in fields["options"]]
    poll = {
        "id": world.number(),
        "question": str(fields["question"]),
        "options": [o | {"persistent_id": str(i)} for i, o in enumerate(options)],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
        "type": "regular",
    }
    content = Content(poll=poll)
    number = posting.post_content(world, int(fields["person"]), int(fields["chat_id"]), content)
    return {"message_ids": [number]}


def _contact(world: World, fields: Json) -> Json:
    contact = {"phone_number": str(fields["phone"]), "first_name": str(fields["name"])}
    content = Content(contact=contact)
    number = posting.post_content(world, int(fields["person"]), int(fields["chat_id"]), content)
    return {"message_ids": [number]}


def _edit(world: World, fields: Json) -> Json:
    person = int(fields["person"])
    chat = people.chat_of(world, person, int(fields["chat_id"]))
    message = people.message_of(world, chat, int(fields["message_id"]))
    entities = tuple(fields.get("entities") or ())
    people.edit(world, person, message, str(fields["text"]), entities)
    return {}


def _delete(world: World, fields: Json) -> Json:
    person = int(fields["person"])
    chat = people.chat_of(world, person, int(fields["chat_id"]))
    people.delete(world, person, people.message_of(world, chat, int(fields["message_id"])))
    return {}


def _press(world: World, fields: Json) -> Json:
    person = int(fields["person"])
    chat = people.chat_of(world, person, int(fields["chat_id"]))
    message = people.message_of(world, chat, int(fields["message_id"]))
    row, column = int(fields["row"]), int(fields["column"])
    return {"press_id": people.press(world, person, message, row, column)}


def _group(world: World, fields: Json) -> Json:
    chat = groups.create_group(
        world,
        int(fields["person"]),
        str(fields["title"]),
        is_forum=_flag(fields.get("is_forum")),
        kind=str(fields.get("type") or "supergroup"),
    )
    return {"chat_id": chat.id}


def _topic(world: World, fields: Json) -> Json:
    person, chat_id = int(fields["person"]), int(fields["chat_id"])
    return {"thread_id": groups.create_topic(world, person, chat_id, str(fields["name"]))}


def _bot(world: World, fields: Json) -> Json:
    person, chat_id = int(fields["person"]), int(fields["chat_id"])
    groups.change_bot(world, person, chat_id, str(fields["action"]), fields)
    return {}


def _migrate(world: World, fields: Json) -> Json:
    return {"chat_id": groups.migrate(world, int(fields["chat_id"])).id}


def _privacy(world: World, fields: Json) -> Json:
    world.privacy = bool(fields["enabled"])
    return {}


def _clock(world: World, fields: Json) -> Json:
    world.clock.offset = float(fields["offset"])
    return {}


ACTIONS: dict[str, Action] = {
    "poll": _poll,
    "contact": _contact,
    "edit": _edit,
    "delete": _delete,
    "press": _press,
    "group": _group,
    "topic": _topic,
    "bot": _bot,
    "migrate": _migrate,
    "privacy": _privacy,
    "clock": _clock,
}
