"""Groups as people manage them: creating, topics, the bot's standing, becoming a supergroup."""

from __future__ import annotations

import copy

from rehearsal.api_json import chat_json, member_json, user_json
from rehearsal.objects import RIGHTS, Chat, Json, Member
from rehearsal.people import chat_of, person_in
from rehearsal.refusals import PeopleError
from rehearsal.updates import DAY
from rehearsal.world import World

_FIRST_SUPERGROUP = -1001000001000
_FIRST_GROUP = -4001000


def create_group(
    world: World, creator: int, title: str, *, is_forum: bool = False, kind: str = "supergroup"
) -> Chat:
    """Create a group with everybody of the office but the supervisors in it."""
    person_in(world, creator)
    if kind not in {"group", "supergroup"} or not title.strip():
        raise PeopleError(world.say("群名或类型不对", "The title or the type is wrong"))
    basic = kind == "group" and not is_forum
    chat = Chat(
        id=_free_id(world, _FIRST_GROUP if basic else _FIRST_SUPERGROUP),
        type="group" if basic else "supergroup",
        title=title.strip(),
        is_forum=is_forum,
    )
    for person in world.people.values():
        if person.role != "supervisor" and person.id != creator:
            chat.members[person.id] = Member(user_id=person.id)
    chat.members[creator] = Member(user_id=creator, status="creator")
    world.chats[chat.id] = chat
    world.events.send("state")
    field = "group_chat_created" if basic else "supergroup_chat_created"
    notice = world.say("群已创建", "The group was created")
    world.add_service(chat, creator, {field: True}, notice)
    return chat


def _free_id(world: World, first: int) -> int:
    while first in world.chats:
        first -= 1
    return first


def create_topic(world: World, person: int, chat_id: int, name: str) -> int:
    """Open a topic in a forum and return its thread id."""
    chat = chat_of(world, person, chat_id)
    if not chat.is_forum:
        raise PeopleError(world.say("该群没有话题功能", "The group is no forum"))
    return world.add_topic(chat, person, name)


def change_bot(world: World, person: int, chat_id: int, action: str, rights: Json) -> None:
    """Add, remove, promote or demote the bot, or change its rights.

    In a private chat ``remove`` blocks the bot and ``add`` unblocks it.
    """
    chat = chat_of(world, person, chat_id)
    if chat.type == "private":
        return _block(world, chat, action)
    own = chat.member(world.bot.id)
    if action != "add" and not chat.member(person).is_admin:
        raise PeopleError(world.say("只有管理员可以", "Only administrators may do that"), 403)
    if (action == "add") == own.present:
        raise PeopleError(world.say("机器人的状态不符", "The bot's standing does not fit"), 409)
    if action == "add":
        _add(world, chat, person, rights)
    elif action == "remove":
        _remove(world, chat, person)
    elif action in {"promote", "rights"}:
        before = own.rights if action == "rights" else dict.fromkeys(RIGHTS, True)
        granted = before | {name: bool(rights[name]) for name in RIGHTS if name in rights}
        member = Member(user_id=world.bot.id, status="administrator", rights=granted)
        world.set_member(chat, person, member)
    elif action == "demote":
        world.set_member(chat, person, Member(user_id=world.bot.id))
    else:
        raise PeopleError(world.say("没有这个动作", "There is no such action"))
    return None


def _add(world: World, chat: Chat, person: int, rights: Json) -> None:
    granted = {name: bool(rights[name]) for name in RIGHTS if name in rights}
    if granted and not chat.member(person).is_admin:
        raise PeopleError(world.say("只有管理员可以", "Only administrators may do that"), 403)
    standing = "administrator" if granted or chat.type == "channel" else "member"
    world.set_member(chat, person, Member(user_id=world.bot.id, status=standing, rights=granted))
    if chat.type == "channel":
        return
    user = user_json(world, world.bot.id)
    fields = {"new_chat_participant": user, "new_chat_member": user, "new_chat_members": [user]}
    notice = world.say(f"{world.bot.name} 已加入", f"{world.bot.name} was added")
    world.add_service(chat, person, fields, notice)


def _remove(world: World, chat: Chat, person: int) -> None:
    world.set_member(chat, person, Member(user_id=world.bot.id, status="kicked"))
    announce_left(world, chat, person, world.bot.id)


def announce_left(world: World, chat: Chat, actor: int, user_id: int) -> None:
    """Add the service message that somebody left."""
    if chat.type == "channel":
        return
    user = user_json(world, user_id)
    fields = {"left_chat_participant": user, "left_chat_member": user}
    name = user["first_name"]
    world.add_service(chat, actor, fields, world.say(f"{name} 已离开", f"{name} left"))


def _block(world: World, chat: Chat, action: str) -> None:
    person = world.people[chat.id]
    if action not in {"add", "remove"} or person.blocked == (action == "remove"):
        raise PeopleError(world.say("机器人的状态不符", "The bot's standing does not fit"), 409)
    person.blocked = action == "remove"
    standings = [Member(user_id=world.bot.id, status=s) for s in ("member", "kicked")]
    old, new = standings if person.blocked else standings[::-1]
    update = {
        "chat": chat_json(world, chat),
        "from": user_json(world, person.id),
        "date": world.clock.now(),
        "old_chat_member": member_json(world, chat, old),
        "new_chat_member": member_json(world, chat, new),
    }
    expires = world.clock.now() + DAY
    world.queue.add("my_chat_member", update, expires=expires, chat_id=chat.id)


def migrate(world: World, chat_id: int) -> Chat:
    """Turn a basic group into a supergroup with another id; the old one only refers to it."""
    old = world.chats.get(chat_id)
    if old is None or old.type != "group" or old.upgraded_to is not None:
        raise PeopleError(world.say("不是普通群", "This is not a basic group"))
    new = Chat(
        id=_free_id(world, _FIRST_SUPERGROUP),
        type="supergroup",
        title=old.title,
        members=copy.deepcopy(old.members),
    )
    world.chats[new.id] = new
    actor = next((m.user_id for m in old.members.values() if m.status == "creator"), None)
    notice = world.say("群已升级为超级群", "The group became a supergroup")
    world.add_service(old, actor, {"migrate_to_chat_id": new.id}, notice)
    old.upgraded_to = new.id
    world.add_service(new, actor, {"migrate_from_chat_id": old.id}, notice)
    world.events.send("state")
    return new
