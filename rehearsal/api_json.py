"""The Bot API's JSON shapes, field by field as tdlib/telegram-bot-api 10.0 writes them.

Fields that later versions made compulsory are there too.
"""

from __future__ import annotations

from rehearsal.objects import Chat, Content, Json, Media, Member, Message, StoredFile
from rehearsal.world_state import WorldState

GROUP_ANONYMOUS_BOT = 1087968824
CHANNEL_BOT = 136817688
TELEGRAM = 777000
_PLATFORM_USERS: dict[int, Json] = {
    GROUP_ANONYMOUS_BOT: {
        "id": GROUP_ANONYMOUS_BOT,
        "is_bot": True,
        "first_name": "Group",
        "username": "GroupAnonymousBot",
    },
    CHANNEL_BOT: {
        "id": CHANNEL_BOT,
        "is_bot": True,
        "first_name": "Channel",
        "username": "Channel_Bot",
    },
    TELEGRAM: {"id": TELEGRAM, "is_bot": False, "first_name": "Telegram"},
}
PERMISSIONS = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
]
_ALL_RIGHTS = [
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
]
_EXTRA_RIGHTS = {
    "group": ("can_pin_messages", "can_manage_tags"),
    "supergroup": ("can_pin_messages", "can_manage_topics", "can_manage_tags"),
    "channel": ("can_post_messages", "can_edit_messages", "can_manage_direct_messages"),
}
_GRANTED = frozenset({"can_manage_chat", "can_post_messages"})


def user_json(world: WorldState, user_id: int) -> Json:
    """Shape a User."""
    if user_id == world.bot.id:
        return {
            "id": user_id,
            "is_bot": True,
            "first_name": world.bot.name,
            "username": world.bot.username,
        }
    if user_id in _PLATFORM_USERS:
        return dict(_PLATFORM_USERS[user_id])
    person = world.people[user_id]
    return {
        "id": user_id,
        "is_bot": False,
        "first_name": person.name,
        "username": person.username,
        "language_code": person.language,
    }


def bot_json(world: WorldState) -> Json:
    """Shape the answer of getMe."""
    return user_json(world, world.bot.id) | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "supports_guest_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


def chat_json(world: WorldState, chat: Chat) -> Json:
    """Shape a Chat."""
    if chat.type == "private":
        person = world.people[chat.id]
        names = {"first_name": person.name, "username": person.username}
        return {"id": chat.id, **names, "type": "private"}
    shape: Json = {"id": chat.id, "title": chat.title}
    if chat.is_forum:
        shape["is_forum"] = True
    shape["type"] = chat.type
    if chat.type == "group":
        shape["all_members_are_administrators"] = False
        shape["accepted_gift_types"] = _gifts(False)
    return shape


def _gifts(accepted: bool) -> Json:
    kinds = ("unlimited", "limited", "unique")
    return {f"{kind}_gifts": accepted for kind in kinds} | {
        "premium_subscription": accepted,
        "gifts_from_channels": accepted,
    }


def full_chat_json(world: WorldState, chat: Chat) -> Json:
    """Shape a ChatFullInfo."""
    shape = chat_json(world, chat)
    if chat.type in {"group", "supergroup"}:
        allowed = dict.fromkeys(PERMISSIONS, True) | {"can_send_media_messages": True}
        shape["permissions"] = allowed
    if chat.linked_chat_id:
        shape["linked_chat_id"] = chat.linked_chat_id
    shape["accepted_gift_types"] = _gifts(chat.type == "private")
    return shape | {"max_reaction_count": 11, "accent_color_id": abs(chat.id) % 7}


def member_json(world: WorldState, chat: Chat, member: Member) -> Json:
    """Shape a ChatMember by its status."""
    shape: Json = {"user": user_json(world, member.user_id), "status": member.status}
    if member.status == "creator":
        shape["is_anonymous"] = False
    elif member.status == "administrator":
        names = [*_ALL_RIGHTS, *_EXTRA_RIGHTS[chat.type]]
        shape["can_be_edited"] = False
        shape |= {name: member.rights.get(name, name in _GRANTED) for name in names}
        shape |= {"can_manage_voice_chats": False, "is_anonymous": False}
    elif member.status == "restricted":
        shape |= {"until_date": member.until, "is_member": True}
        shape |= {name: member.permissions.get(name, False) for name in PERMISSIONS}
        shape["can_send_media_messages"] = member.permissions.get("can_send_photos", False)
    elif member.status == "kicked":
        shape["until_date"] = member.until
    return shape


def file_json(file: StoredFile) -> Json:
    """Shape what every file has."""
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.data),
    }


def _sized(file: StoredFile) -> Json:
    return file_json(file) | {"width": file.width, "height": file.height}


def media_json(media: Media) -> Json:
    """Shape a message's attachment as the message's fields."""
    if media.kind == "photo":
        return {"photo": [_sized(size) for size in media.sizes]}
    shape = file_json(media.file)
    if media.kind == "sticker":
        kind = {"type": "regular", "is_animated": False, "is_video": False}
        return {"sticker": _sized(media.file) | kind}
    if media.name and media.kind != "voice":
        shape["file_name"] = media.name
    shape["mime_type"] = media.file.mime_type
    if media.thumbnail:
        shape["thumbnail"] = shape["thumb"] = _sized(media.thumbnail)
    if media.kind == "video":
        shape |= {"width": media.file.width, "height": media.file.height, "duration": 1}
    elif media.kind == "voice":
        shape["duration"] = 1
    return {media.kind: shape}


def content_json(content: Content) -> Json:
    """Shape what a message says as the message's fields."""
    shape: Json = {}
    if content.media:
        shape |= media_json(content.media)
    if content.poll:
        shape["poll"] = content.poll
    if content.contact:
        shape["contact"] = content.contact
    prefix, name = ("caption_", "caption") if content.media else ("", "text")
    if content.text:
        shape[name] = content.text
        if content.entities:
            shape[f"{prefix}entities"] = [dict(entity) for entity in content.entities]
    return shape


def message_json(world: WorldState, message: Message, *, with_reply: bool = True) -> Json:
    """Shape a Message; a message that is replied to carries no reply of its own."""
    chat = world.chats[message.chat_id]
    shape: Json = {"message_id": message.id}
    if message.author.user_id is not None:
        shape["from"] = user_json(world, message.author.user_id)
    if message.author.sender_chat_id is not None:
        shape["sender_chat"] = chat_json(world, world.chats[message.author.sender_chat_id])
    shape |= {"chat": chat_json(world, chat), "date": message.date}
    if message.edit_date:
        shape["edit_date"] = message.edit_date
    shape |= _origin_json(message) | _placement_json(world, chat, message, with_reply)
    shape |= content_json(message.content)
    if message.service:
        shape |= message.service
    if message.via_bot:
        shape["via_bot"] = message.via_bot
    if message.markup:
        shape["reply_markup"] = message.markup
    return shape


def _placement_json(world: WorldState, chat: Chat, message: Message, with_reply: bool) -> Json:
    place = message.placement
    shape: Json = {}
    if place.thread_id:
        shape["message_thread_id"] = place.thread_id
        if chat.is_forum:
            shape["is_topic_message"] = True
    if with_reply:
        answered = chat.messages.get(place.reply_to or place.thread_id or 0)
        if answered is not None and answered.id != message.id:
            shape["reply_to_message"] = message_json(world, answered, with_reply=False)
    if place.quote:
        shape["quote"] = place.quote
    if place.album_id:
        shape["media_group_id"] = place.album_id
    return shape


def _origin_json(message: Message) -> Json:
    if message.origin is None:
        return {}
    origin = message.origin.wire
    shape: Json = {"forward_origin": origin, "forward_date": origin["date"]}
    if message.origin.automatic:
        shape["is_automatic_forward"] = True
    older = {
        "user": {"forward_from": "sender_user"},
        "hidden_user": {"forward_sender_name": "sender_user_name"},
        "chat": {"forward_from_chat": "sender_chat"},
        "channel": {"forward_from_chat": "chat", "forward_from_message_id": "message_id"},
    }[origin["type"]]
    return shape | {old: origin[new] for old, new in older.items()}
