"""The people and chats of the rehearsal's office; all of them are invented."""

from __future__ import annotations

from rehearsal.objects import Chat, Member, Person, Role

SUPERVISORS = -1001000000001
OFFICE = -1001000000002
PROJECT = -1001000000003
BADMINTON = -1001000000004
NEW_GROUP = -1001000000005
CHANNEL = -1001000000009
_STAFF = (5001, 5002, 5003)
_ADMIN = 6001
_RIGHTS = {"can_delete_messages": True, "can_restrict_members": True}
_PEOPLE: tuple[tuple[int, str, str, str, Role, bool], ...] = (
    (4001, "王敏", "Wang Min", "wangmin", "supervisor", True),
    (4002, "李强", "Li Qiang", "liqiang", "supervisor", True),
    (5001, "张晓华", "Zhang Xiaohua", "zhangxiaohua", "member", True),
    (5002, "陈洁", "Chen Jie", "chenjie", "member", False),
    (5003, "刘洋", "Liu Yang", "liuyang", "member", False),
    (6001, "赵宏", "Zhao Hong", "zhaohong", "administrator", True),
)
_TITLES = {
    SUPERVISORS: ("保密监督员", "Supervisors"),
    OFFICE: ("综合科工作群", "General Office"),
    PROJECT: ("项目协调群", "Project Coordination"),
    BADMINTON: ("羽毛球群", "Badminton"),
    NEW_GROUP: ("新设工作组", "New Task Group"),
    CHANNEL: ("单位公告", "Office Announcements"),
}
TOPICS = (("进度", "Progress"), ("资料", "Papers"))


def default_people(language: str) -> list[Person]:
    """Return the office's people with names in a language."""
    chinese = language == "zh-CN"
    return [
        Person(
            id=number,
            name=zh if chinese else en,
            username=username,
            role=role,
            started=started,
            language="zh-hans" if chinese else "en",
        )
        for number, zh, en, username, role, started in _PEOPLE
    ]


def _members(creator: int | None, others: tuple[int, ...], bot_id: int | None) -> dict[int, Member]:
    members = {} if creator is None else {creator: Member(user_id=creator, status="creator")}
    members |= {user_id: Member(user_id=user_id) for user_id in others}
    if bot_id is not None:
        members[bot_id] = Member(user_id=bot_id, status="administrator", rights=dict(_RIGHTS))
    return members


def default_chats(language: str, bot_id: int) -> list[Chat]:
    """Return the office's groups and its channel."""

    def title(chat_id: int) -> str:
        return _TITLES[chat_id][0 if language == "zh-CN" else 1]

    supergroups = [
        (SUPERVISORS, _members(4001, (4002,), bot_id)),
        (OFFICE, _members(_ADMIN, _STAFF, bot_id)),
        (PROJECT, _members(_ADMIN, _STAFF, bot_id)),
        (BADMINTON, _members(_ADMIN, _STAFF, None)),
        (NEW_GROUP, _members(_ADMIN, _STAFF, None)),
    ]
    chats = [
        Chat(
            id=number,
            type="supergroup",
            title=title(number),
            is_forum=number == PROJECT,
            linked_chat_id=CHANNEL if number == OFFICE else None,
            members=members,
        )
        for number, members in supergroups
    ]
    channel = Chat(
        id=CHANNEL,
        type="channel",
        title=title(CHANNEL),
        linked_chat_id=OFFICE,
        members=_members(_ADMIN, (), None),
    )
    return [*chats, channel]
