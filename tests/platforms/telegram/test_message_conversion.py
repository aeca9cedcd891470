from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import telegram

from bot.model import Attachment, AttachmentKind, Message, Sender, SenderKind
from bot.platforms.telegram.message_conversion import to_message

GROUP = {"id": -1001, "type": "supergroup", "title": "综合科"}
CHANNEL = {"id": -1002, "type": "channel", "title": "公告", "username": "notices"}
WANG = {
    "id": 11,
    "is_bot": False,
    "first_name": "王",
    "last_name": "敏",
    "username": "wm",
    "language_code": "zh-hans",
}
SIZES = [
    {"file_id": f"p{n}", "file_unique_id": f"u{n}", "width": n, "height": n, "file_size": size}
    for n, size in ((90, 1_000), (1280, 200_000), (9000, 21 * 1024 * 1024))
]


def media(name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"file_id": name, "file_unique_id": f"u-{name}", "file_size": 9, **fields}


VIDEO = {"width": 1, "height": 1, "duration": 1}
LINK = {"type": "text_link", "offset": 0, "length": 2, "url": "https://a.b/机密"}


def convert(kind: str = "message", **fields: Any) -> Message | None:
    raw = {"message_id": 5, "date": 1_700_000_000, "chat": GROUP, "from": WANG, **fields}
    raw = {name: value for name, value in raw.items() if value is not None}
    return to_message(telegram.Update.de_json({"update_id": 1, kind: raw}, None))


def converted(kind: str = "message", **fields: Any) -> Message:
    message = convert(kind, **fields)
    assert message is not None
    return message


def test_plain_text_is_converted() -> None:
    assert converted(text="你好 😀") == Message(
        platform="telegram",
        chat_id=-1001,
        message_id=5,
        sender=Sender(
            id=11, kind=SenderKind.MEMBER, name="王 敏", username="wm", language="zh-hans"
        ),
        sent_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        text="你好 😀",
    )


CONTENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "marking split by bold",
        {"text": "机密★10年", "entities": [{"type": "bold", "offset": 1, "length": 1}]},
        {"text": "机密★10年", "links": ()},
    ),
    (
        "caption",
        {"caption": "内部资料", "photo": SIZES},
        {"text": "内部资料", "is_caption": True},
    ),
    (
        "topic",
        {"text": "x", "message_thread_id": 9, "is_topic_message": True},
        {"thread_id": 9},
    ),
    ("reply outside of topics", {"text": "x", "message_thread_id": 9}, {"thread_id": None}),
    ("album", {"photo": SIZES, "media_group_id": "1337"}, {"album_id": "1337", "text": ""}),
    ("link target", {"text": "这里", "entities": [LINK]}, {"links": ("https://a.b/机密",)}),
    (
        "link target in a caption",
        {"caption": "这里", "caption_entities": [LINK], "photo": SIZES},
        {"links": ("https://a.b/机密",)},
    ),
    (
        "link target that the text shows",
        {
            "text": "https://a.b/机密",
            "entities": [LINK, {"type": "url", "offset": 0, "length": 14}],
        },
        {"links": ()},
    ),
    (
        "preview of another page",
        {"text": "x", "link_preview_options": {"url": "https://c.d/"}},
        {"links": ("https://c.d/",)},
    ),
    (
        "buttons",
        {
            "text": "x",
            "reply_markup": {
                "inline_keyboard": [
                    [{"text": "密级", "url": "https://a.b/"}],
                    [{"text": "复制", "copy_text": {"text": "口令"}}],
                ]
            },
        },
        {"links": ("密级", "https://a.b/", "复制", "口令")},
    ),
    (
        "quote",
        {"text": "同意", "quote": {"text": "机密文件", "position": 3, "entities": [LINK]}},
        {"text": "同意", "quote": "机密文件", "links": ("https://a.b/机密",)},
    ),
    (
        "poll",
        {
            "poll": {
                "id": "1",
                "question": "哪份文件？",
                "question_entities": [LINK],
                "options": [
                    {"text": "甲", "voter_count": 0, "persistent_id": "a"},
                    {"text": "乙", "voter_count": 0, "persistent_id": "b"},
                ],
                "explanation": "见附件",
                "total_voter_count": 0,
                "is_closed": False,
                "is_anonymous": True,
                "type": "quiz",
                "allows_multiple_answers": False,
                "allows_revoting": False,
                "members_only": False,
            }
        },
        {"poll": "哪份文件？\n甲\n乙\n见附件", "links": ("https://a.b/机密",), "text": ""},
    ),
    (
        "checklist",
        {"checklist": {"title": "清单", "tasks": [{"id": 1, "text": "甲"}]}},
        {"poll": "清单\n甲"},
    ),
    (
        "contact",
        {
            "contact": {
                "phone_number": "+8613800138000",
                "first_name": "李",
                "last_name": "雷",
                "vcard": "BEGIN:VCARD",
            }
        },
        {"contact": "李 雷\n+8613800138000\nBEGIN:VCARD"},
    ),
    (
        "venue",
        {
            "location": {"longitude": 1, "latitude": 2},
            "venue": {
                "location": {"longitude": 1, "latitude": 2},
                "title": "会议室",
                "address": "二楼",
            },
        },
        {"text": "会议室\n二楼"},
    ),
    (
        "via a bot",
        {"text": "x", "via_bot": {"id": 3, "is_bot": True, "first_name": "b", "username": "gif"}},
        {"via_bot": "gif"},
    ),
    (
        "forward of a person",
        {"text": "x", "forward_origin": {"type": "user", "date": 1, "sender_user": WANG}},
        {"forwarded_from": "王 敏"},
    ),
    (
        "forward of a hidden person",
        {
            "text": "x",
            "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "某人"},
        },
        {"forwarded_from": "某人"},
    ),
    (
        "forward of a group",
        {
            "text": "x",
            "forward_origin": {
                "type": "chat",
                "date": 1,
                "sender_chat": GROUP,
                "author_signature": "科长",
            },
        },
        {"forwarded_from": "综合科 (科长)"},
    ),
    (
        "forward of a channel",
        {
            "text": "x",
            "forward_origin": {"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 2},
        },
        {"forwarded_from": "公告"},
    ),
    (
        "reply to a message of another chat",
        {
            "text": "x",
            "external_reply": {
                "origin": {"type": "user", "date": 1, "sender_user": WANG},
                "document": media("d", file_name="机密.pdf"),
                "contact": {"phone_number": "1", "first_name": "李"},
            },
        },
        {
            "contact": "李\n1",
            "attachments": (
                Attachment(
                    kind=AttachmentKind.DOCUMENT,
                    file_id="d",
                    unique_id="u-d",
                    name="机密.pdf",
                    size=9,
                ),
            ),
        },
    ),
]


@pytest.mark.parametrize(
    ("fields", "expected"), [c[1:] for c in CONTENT], ids=[c[0] for c in CONTENT]
)
def test_each_kind_of_content_reaches_the_message(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    message = converted(**fields)
    assert {name: getattr(message, name) for name in expected} == expected


@pytest.mark.parametrize(
    "kind", ["message", "edited_message", "channel_post", "edited_channel_post"]
)
def test_new_and_edited_alike(kind: str) -> None:
    message = converted(kind, text="x", edit_date=1_700_000_060)
    assert message.text == "x"
    assert message.edited_at == datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)


ANONYMOUS = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
AS_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
SENDERS: list[tuple[str, dict[str, Any], tuple[object, ...]]] = [
    (
        "anonymous admin",
        {"from": ANONYMOUS, "sender_chat": GROUP},
        (-1001, "anonymous_admin", "综合科"),
    ),
    ("anonymous admin alone", {"from": ANONYMOUS}, (-1001, "anonymous_admin", "Group")),
    ("as a channel", {"from": AS_CHANNEL, "sender_chat": CHANNEL}, (-1002, "channel", "公告")),
    (
        "linked channel",
        {
            "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
            "sender_chat": CHANNEL,
            "is_automatic_forward": True,
        },
        (-1002, "channel", "公告"),
    ),
    (
        "channel post",
        {"from": None, "chat": CHANNEL, "sender_chat": CHANNEL},
        (-1002, "channel", "公告"),
    ),
    ("channel post, unsigned", {"from": None, "chat": CHANNEL}, (-1002, "channel", "公告")),
    ("bot", {"from": {"id": 3, "is_bot": True, "first_name": "b"}}, (3, "bot", "b")),
    ("member", {}, (11, "member", "王 敏")),
]


@pytest.mark.parametrize(
    ("fields", "expected"), [c[1:] for c in SENDERS], ids=[c[0] for c in SENDERS]
)
def test_chat_that_posts_as_itself_is_the_sender(
    fields: dict[str, Any], expected: tuple[object, ...]
) -> None:
    sender = converted(text="x", **fields).sender
    assert (sender.id, sender.kind.value, sender.name) == expected


STILL = SIZES[0]
STICKER = media(
    type="regular", width=1, height=1, is_animated=False, is_video=False, thumbnail=STILL
)
PAID = {"star_count": 1, "paid_media": [{"type": "photo", "photo": SIZES[:1]}, {"type": "preview"}]}
FILES: list[tuple[str, dict[str, Any], list[tuple[object, ...]]]] = [
    ("photo, largest that can be had", {"photo": SIZES}, [("photo", "p1280", None, None, None)]),
    (
        "document",
        {"document": media(file_name="机密.docx", mime_type="a/b", thumbnail=STILL)},
        [("document", "f", "机密.docx", "a/b", None)],
    ),
    (
        "video",
        {"video": media(**VIDEO, mime_type="video/mp4", thumbnail=STILL)},
        [("video", "f", None, "video/mp4", "p90")],
    ),
    (
        "video with a cover",
        {"video": media(**VIDEO, thumbnail=STILL, cover=SIZES[:2])},
        [("video", "f", None, None, "p1280")],
    ),
    (
        "animation, which is a document too",
        {"animation": media(**VIDEO, thumbnail=STILL), "document": media()},
        [("animation", "f", None, None, "p90")],
    ),
    (
        "audio",
        {"audio": media(duration=1, performer="王", title="录音", file_name="a.mp3")},
        [("audio", "f", "王 录音 a.mp3", None, None)],
    ),
    (
        "voice",
        {"voice": media(duration=1, mime_type="audio/ogg")},
        [("voice", "f", None, "audio/ogg", None)],
    ),
    (
        "video note",
        {"video_note": media(length=1, duration=1, thumbnail=STILL)},
        [("video_note", "f", None, None, "p90")],
    ),
    ("sticker", {"sticker": STICKER}, [("sticker", "f", None, "image/webp", None)]),
    (
        "animated sticker",
        {"sticker": {**STICKER, "is_animated": True}},
        [("sticker", "f", None, "application/x-tgsticker", "p90")],
    ),
    (
        "video sticker",
        {"sticker": {**STICKER, "is_video": True}},
        [("sticker", "f", None, "video/webm", "p90")],
    ),
    (
        "paid media",
        {"paid_media": PAID},
        [("photo", "p90", None, None, None), ("photo", "", None, None, None)],
    ),
    ("story", {"story": {"chat": CHANNEL, "id": 4}}, [("video", "", None, None, None)]),
    (
        "live photo",
        {"live_photo": media(**VIDEO, photo=SIZES[:1]), "photo": SIZES[:1]},
        [("photo", "p90", None, None, None), ("video", "f", None, None, None)],
    ),
]


@pytest.mark.parametrize(("fields", "expected"), [c[1:] for c in FILES], ids=[c[0] for c in FILES])
def test_each_kind_of_file_becomes_attachments(
    fields: dict[str, Any], expected: list[tuple[object, ...]]
) -> None:
    files = converted(**fields).attachments
    found = [(f.kind.value, f.file_id, f.name, f.mime_type, f.thumbnail_id) for f in files]
    assert found == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"new_chat_members": [WANG]},
        {"left_chat_member": WANG},
        {"new_chat_title": "新名"},
        {"migrate_to_chat_id": -1009},
        {"forum_topic_created": {"name": "话题", "icon_color": 1}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"location": {"longitude": 1, "latitude": 2}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_service_message_is_not_converted(fields: dict[str, Any]) -> None:
    assert convert(**fields) is None


def test_business_message_is_not_converted() -> None:
    assert to_message(telegram.Update(update_id=1)) is None
    assert convert("business_message", text="private") is None


def test_repr_of_a_message_holds_no_content() -> None:
    message = converted(
        caption="机密", caption_entities=[LINK], document=media(file_name="机密.pdf")
    )
    assert "机密" not in repr(message)
    assert "王" not in repr(message)


RICH = {
    "blocks": [
        {"type": "heading", "size": 1, "text": ["机密", {"type": "bold", "text": "★10年"}]},
        {
            "type": "table",
            "cells": [[{"text": "姓名"}, {"text": {"type": "code", "text": "张三"}}]],
        },
        {
            "type": "list",
            "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "一"}]}],
        },
        {"type": "details", "summary": "更多", "blocks": [{"type": "pre", "text": "内文"}]},
        {"type": "photo", "photo": SIZES[:2], "caption": {"text": "图", "credit": "王"}},
        {"type": "buttons", "buttons": [{"text": "打开", "url": "https://a.b/c"}]},
        {"type": "something_new", "text": {"type": "newer", "text": "新"}},
    ]
}


def test_rich_message_is_read_whole() -> None:
    message = converted(rich_message=RICH)
    assert message.text.split("\n") == [
        *("机密★10年", "姓名\t张三", "1. 一", "更多", "内文", "图", "王", "打开", "新")
    ]
    assert message.links == ("https://a.b/c",)
    assert [a.kind for a in message.attachments] == [AttachmentKind.PHOTO]


def test_deep_nesting_ends() -> None:
    text: Any = "机密"
    for _ in range(500):
        text = {"type": "bold", "text": [text]}
    assert converted(text="x", rich_message={"blocks": [{"type": "paragraph", "text": text}]})


def test_content_of_an_unknown_kind_is_never_clean() -> None:
    message = converted(hologram={"text": "机密★10年"})
    [unknown] = message.attachments
    assert (unknown.kind, unknown.file_id) == (AttachmentKind.DOCUMENT, "")


@pytest.mark.parametrize("name", ["community_chat_added", "receiver_user", "left_chat_participant"])
def test_new_fields_without_content_are_ignored(name: str) -> None:
    assert convert(**{name: {"id": 1}}) is None
