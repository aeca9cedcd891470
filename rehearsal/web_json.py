"""The JSON of the web chat."""

from __future__ import annotations

from rehearsal.api_json import GROUP_ANONYMOUS_BOT
from rehearsal.objects import Chat, Json, Media, Message
from rehearsal.world_state import WorldState


def shown_state(world: WorldState) -> Json:
    """Shape everything but the messages."""
    return {
        "language": world.language,
        "bot": {"id": world.bot.id, "name": world.bot.name, "username": world.bot.username},
        "people": [
            {
                "id": person.id,
                "name": person.name,
                "username": person.username,
                "role": person.role,
                "started": person.started,
            }
            for person in world.people.values()
        ],
        "chats": [shown_chat(world, c) for c in world.chats.values() if c.upgraded_to is None],
    }


def shown_chat(world: WorldState, chat: Chat) -> Json:
    """Shape a chat with its members and the bot's standing in it."""
    own = chat.member(world.bot.id)
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "is_forum": chat.is_forum,
        "topics": [{"id": number, "name": name} for number, name in chat.topics.items()],
        "linked_chat_id": chat.linked_chat_id,
        "members": [
            {"user_id": m.user_id, "status": "member" if m.status == "restricted" else m.status}
            for m in chat.members.values()
            if m.present and m.user_id != world.bot.id
        ],
        "bot": {
            "status": "member" if own.status == "restricted" else own.status,
            "can_delete_messages": own.may("can_delete_messages"),
            "can_restrict_members": own.may("can_restrict_members"),
        },
    }


def shown_message(world: WorldState, message: Message) -> Json:
    """Shape a message as the web chat shows it."""
    chat = world.chats[message.chat_id]
    content, place = message.content, message.placement
    return {
        "id": message.id,
        "chat_id": message.chat_id,
        "thread_id": place.thread_id,
        "date": message.date,
        "edit_date": message.edit_date,
        "sender": shown_sender(world, message),
        "text": content.text,
        "entities": content.entities,
        "media": _shown_media(content.media) if content.media else None,
        "album_id": place.album_id,
        "reply_to": _shown_reply(world, chat, message),
        "quote": place.quote["text"] if place.quote else None,
        "forwarded_from": message.origin.name if message.origin else None,
        "poll": _shown_poll(content.poll) if content.poll else None,
        "contact": _shown_contact(content.contact) if content.contact else None,
        "buttons": _shown_buttons(message.markup),
        "service": message.notice,
    }


def shown_sender(world: WorldState, message: Message) -> Json:
    """Return the sender of a message, as people see it."""
    author = message.author
    if author.sender_chat_id is not None:
        kind = "anonymous" if author.user_id == GROUP_ANONYMOUS_BOT else "channel"
        title = world.chats[author.sender_chat_id].title
        return {"id": author.sender_chat_id, "name": title, "kind": kind}
    if author.user_id == world.bot.id:
        return {"id": world.bot.id, "name": world.bot.name, "kind": "bot"}
    person = world.people.get(author.user_id or 0)
    return {"id": author.user_id, "name": person.name if person else "", "kind": "person"}


def _shown_media(media: Media) -> Json:
    return {
        "kind": media.kind,
        "url": f"/app/files/{media.file.file_id}",
        "name": media.name,
        "size": len(media.file.data),
        "width": media.file.width,
        "height": media.file.height,
    }


def _shown_reply(world: WorldState, chat: Chat, message: Message) -> Json | None:
    answered = chat.messages.get(message.placement.reply_to or 0)
    if answered is None:
        return None
    name = shown_sender(world, answered)["name"]
    return {"id": answered.id, "sender_name": name, "text": answered.content.text}


def _shown_poll(poll: Json) -> Json:
    options = [option["text"] for option in poll["options"]]
    return {"question": poll["question"], "options": options}


def _shown_contact(contact: Json) -> Json:
    return {"name": contact["first_name"], "phone": contact["phone_number"]}


def _shown_buttons(markup: Json | None) -> list[list[Json]]:
    rows = (markup or {}).get("inline_keyboard", [])
    return [[{k: b[k] for k in ("text", "url") if k in b} for b in row] for row in rows]
