"""The Bot API's methods by name in lower case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rehearsal.bot_calls import Call
from rehearsal.methods import (
    albums,
    chats,
    editing,
    feed,
    forwarding,
    presses,
    profiles,
    removing,
    sending,
)

Method = Callable[[Call], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "getme": profiles.get_me,
    "setmycommands": profiles.set_my_commands,
    "getmycommands": profiles.get_my_commands,
    "deletemycommands": profiles.delete_my_commands,
    "setmyname": profiles.set_my_text,
    "setmydescription": profiles.set_my_text,
    "setmyshortdescription": profiles.set_my_text,
    "getmyname": profiles.get_my_text,
    "getmydescription": profiles.get_my_text,
    "getmyshortdescription": profiles.get_my_text,
    "getuserprofilephotos": profiles.get_user_profile_photos,
    "getupdates": feed.get_updates,
    "setwebhook": feed.set_webhook,
    "deletewebhook": feed.delete_webhook,
    "getwebhookinfo": feed.get_webhook_info,
    "getfile": feed.get_file,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "sendchataction": sending.send_chat_action,
    "sendmediagroup": albums.send_media_group,
    "forwardmessage": forwarding.forward_message,
    "copymessage": forwarding.copy_message,
    "editmessagetext": editing.edit_message_text,
    "editmessagecaption": editing.edit_message_caption,
    "editmessagereplymarkup": editing.edit_message_reply_markup,
    "editmessagemedia": editing.edit_message_media,
    "deletemessage": removing.delete_message,
    "deletemessages": removing.delete_messages,
    "answercallbackquery": presses.answer_callback_query,
    "setmessagereaction": presses.set_message_reaction,
    "getchat": chats.get_chat,
    "getchatmember": chats.get_chat_member,
    "getchatadministrators": chats.get_chat_administrators,
    "getchatmembercount": chats.get_chat_member_count,
    "restrictchatmember": chats.restrict_chat_member,
    "leavechat": chats.leave_chat,
}
