"""Texts, from posting to what people see of them."""

from __future__ import annotations

import random

import pytest

from tests.support.canary import NUMBER, SECRET
from tests.support.office import KEYWORD, Office, marked
from tests.support.people import (
    BADMINTON,
    CHANNEL,
    CHEN,
    LI,
    OFFICE,
    PROJECT,
    SUPERVISORS,
    WANG,
    ZHANG,
    ZHAO,
)
from tests.support.pictures import resident_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKED = f"机密★10年 {SECRET}"
COVERED = "█" * 18
LAST_SENTENCE = "This happens easily and nobody is blamed. Please keep such material out of chats."
DO_NOT_POST = "Please do not post this in a chat."
TAKEN_DOWN = "Your message in “{group}” was taken down."
PRESS_BUTTON = (
    "If this is a mistake, press the button under the notice in the group; "
    "a supervisor will look at it, and you will hear from me."
)
HANDLED = [
    ("deleteMessage", OFFICE),
    ("sendMessage", OFFICE),
    ("sendMessage", ZHANG),
    ("sendMessage", SUPERVISORS),
]


def bold(start: int, length: int) -> list[dict[str, object]]:
    return [{"type": "bold", "offset": start, "length": length}]


async def assert_withheld(office: Office, number: int) -> None:
    """A marked message is gone, and nobody sees anything of it."""
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [note], [card] = seen.group, seen.sender, seen.supervisors
    assert marked(notice, "bold") == ["张晓华"]
    assert len(notice["buttons"][0]) == 2
    assert office.t(TAKEN_DOWN, group="综合科工作群") in note["text"]
    assert office.t(PRESS_BUTTON) in note["text"]
    assert "综合科工作群" in card["text"]
    assert card["buttons"]
    assert "张晓华" not in card["text"]
    for secret in (SECRET, "云杉", "机密★10年"):
        assert secret not in seen.texts
    assert sorted(await office.acts()) == sorted(HANDLED)
    assert (await office.acts())[0] == HANDLED[0]


@pytest.mark.parametrize(
    "text",
    [
        "周五下午三点开例会，请提前准备材料。",
        "各位同事请注意：标有“机密★10年”字样的文件不得通过微信传输。",
        "保密提醒：严禁在微信群谈论国家秘密和工作秘密。",
        "国家秘密的标志形式为“密级★保密期限”，例如“机密★10年”。",
        "这个秘密我只告诉你：食堂今天有红烧肉 😋",
        "订单号 20260101123456789，快递已到前台。",
    ],
    ids=["meeting", "reminder", "ban", "definition", "joke", "order"],
)
async def test_clean_text_causes_no_reaction_at_all(office: Office, text: str) -> None:
    number = await office.people.post(ZHANG, OFFICE, text)
    seen = await office.outcome(number)
    assert seen.message is not None
    assert await office.acts() == []


async def test_marked_text_is_withheld_and_explained(office: Office) -> None:
    await assert_withheld(office, await office.people.post(ZHANG, OFFICE, MARKED))


async def test_mark_split_by_bold_is_found(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, MARKED, entities=bold(1, 2))
    await assert_withheld(office, number)


async def test_edit_of_a_clean_text_is_read_like_a_new_one(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, "报告稍后发出")
    await office.quiet()
    assert await office.acts() == []
    await office.people.edit(ZHANG, OFFICE, number, MARKED)
    await assert_withheld(office, number)


async def test_versions_of_one_message_are_one_case(office: Office) -> None:
    await office.stop()
    number = await office.people.post(ZHANG, OFFICE, "稍等")
    await office.people.edit(ZHANG, OFFICE, number, f"身份证号 {NUMBER}")
    await office.people.edit(ZHANG, OFFICE, number, MARKED)
    await office.start()
    seen = await office.outcome(number)
    assert seen.message is None
    [_], [_], [card] = seen.group, seen.sender, seen.supervisors
    assert office.t("it was removed already, not by me") not in card["text"]
    assert len(await office.people.calls("deleteMessage")) == 1
    assert NUMBER not in seen.texts and SECRET not in seen.texts


async def test_forwarded_text_is_withheld(office: Office) -> None:
    source = await office.people.post(CHEN, BADMINTON, MARKED)
    forwarded = {"chat_id": BADMINTON, "message_id": source}
    number = await office.people.post(ZHANG, OFFICE, forward_of=forwarded)
    await assert_withheld(office, number)
    assert await office.people.message(BADMINTON, source) is not None


async def test_quoting_what_was_posted_out_of_sight_is_withheld(office: Office) -> None:
    await office.people.privacy(True)
    await office.people.bot(ZHAO, OFFICE, "demote")
    source = await office.people.post(CHEN, OFFICE, MARKED)
    await office.people.bot(ZHAO, OFFICE, "promote")
    await office.quiet()
    await office.remember()
    number = await office.people.post(ZHANG, OFFICE, "收到", reply_to=source, quote=MARKED)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [card] = seen.group, seen.sender, seen.supervisors
    assert marked(notice, "blockquote") == ["收到"]
    assert office.t("quotation") in card["text"]
    assert SECRET not in seen.texts


async def test_poll_is_withheld(office: Office) -> None:
    number = await office.people.poll(ZHANG, OFFICE, MARKED, ["同意", "不同意"])
    await assert_withheld(office, number)


async def test_contact_with_a_protected_term_is_masked(office: Office) -> None:
    number = await office.people.contact(ZHANG, OFFICE, f"{KEYWORD}联络员", "010-5550-0142")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    [shown] = marked(notice, "blockquote")
    assert "████联络员" in shown
    assert KEYWORD not in seen.texts


async def test_contact_card_of_a_colleague_stays(office: Office) -> None:
    number = await office.people.contact(ZHANG, OFFICE, "陈洁", "13912345678")
    assert (await office.outcome(number)).message is not None
    assert await office.acts() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.org/机密★10年-选址报告.pdf",
        "https://files.example.org/%E6%9C%BA%E5%AF%86%E2%98%8510%E5%B9%B4.pdf",
        f"https://files.example.org/{KEYWORD}/plan",
    ],
    ids=["plain", "percent-encoded", "keyword"],
)
async def test_link_target_is_read(office: Office, url: str) -> None:
    entities = [{"type": "text_link", "offset": 0, "length": 4, "url": url}]
    number = await office.people.post(ZHANG, OFFICE, "点击查看", entities=entities)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert "点击查看" in notice["text"]
    assert not marked(notice, "text_link")
    for secret in ("机密★10年", KEYWORD, "%E6%9C%BA"):
        assert secret not in seen.texts
        assert not any(secret in e.get("url", "") for e in notice["entities"])


async def test_topic_gets_the_answer_where_the_message_stood(office: Office) -> None:
    [papers] = [
        t["id"] for t in (await office.people.chat(PROJECT))["topics"] if t["name"] == "资料"
    ]
    number = await office.people.post(ZHANG, PROJECT, MARKED, thread_id=papers)
    seen = await office.outcome(number, chat_id=PROJECT)
    assert seen.message is None
    assert [notice["thread_id"] for notice in seen.group] == [papers]


async def test_anonymous_administrator_is_treated_alike(office: Office) -> None:
    number = await office.people.post(ZHAO, OFFICE, MARKED, as_="anonymous")
    seen = await office.outcome(number, sender=ZHAO)
    assert seen.message is None
    [notice] = seen.group
    assert marked(notice, "bold") == ["综合科工作群"]
    assert len(seen.supervisors) == 1
    assert seen.sender == [], "nobody is to learn who the administrator is"
    assert "赵宏" not in seen.texts


async def test_post_of_the_linked_channel_is_withheld_in_the_group(office: Office) -> None:
    posted = await office.people.post(ZHAO, CHANNEL, MARKED)
    await office.quiet()
    shown = await office.people.messages(OFFICE)
    assert not any(SECRET in m["text"] for m in shown)
    [notice], [card] = await office.said(OFFICE), await office.said(SUPERVISORS)
    assert marked(notice, "bold") == ["单位公告"]
    assert SECRET not in notice["text"] + card["text"]
    assert await office.people.message(CHANNEL, posted) is not None


async def test_edited_post_of_the_linked_channel_is_read_again(office: Office) -> None:
    posted = await office.people.post(ZHAO, CHANNEL, "通知稍后发布")
    await office.quiet()
    assert await office.acts() == []
    await office.people.edit(ZHAO, CHANNEL, posted, MARKED)
    await office.quiet()
    assert not any(SECRET in m["text"] for m in await office.people.messages(OFFICE))
    assert len(await office.said(OFFICE)) == len(await office.said(SUPERVISORS)) == 1


async def test_only_the_number_is_masked_behind_emoji(office: Office) -> None:
    before, after = "👨‍👩‍👧‍👦🇨🇳👩🏽‍🚀 身份证号 ", " 请登记 🙏🏿，谢谢"
    number = await office.people.post(ZHANG, OFFICE, before + NUMBER + after)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == [before + COVERED + after]
    assert marked(notice, "bold") == ["张晓华"]
    assert NUMBER not in seen.texts
    assert seen.supervisors == [], "one number is not worth a supervisor's time"


async def test_full_length_text_is_masked_from_end_to_end(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, KEYWORD * 1024)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == ["██████…(4096)"]
    assert notice["text"].endswith(office.t(LAST_SENTENCE))
    assert KEYWORD not in seen.texts


async def test_long_copy_does_not_push_out_the_reason(office: Office) -> None:
    filler = "会议纪要第三部分的内容如下，请各位核对并于周五前反馈。" * 150
    number = await office.people.post(ZHANG, OFFICE, f"身份证号 {NUMBER}。{filler}"[:4096])
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    [shown] = marked(notice, "blockquote")
    assert shown.startswith("身份证号 ██████…(18)。会议纪要") and shown.endswith("…")
    assert 3000 < len(notice["text"]) <= 4096
    assert notice["text"].endswith(office.t(LAST_SENTENCE))


async def test_name_full_of_markup_is_shown_as_it_is(office: Office) -> None:
    name = "<b>*_[x](tg://user?id=1)`{0}{name}"
    office.server.world.people[ZHANG].name = name
    number = await office.people.post(ZHANG, OFFICE, f"身份证号 {NUMBER}")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "bold") == [name]
    assert {e["type"] for e in notice["entities"]} == {"bold", "blockquote"}


async def test_nothing_at_all_is_shown_of_the_gravest(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, f"绝密★30年\n{SECRET}")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [card] = seen.group, seen.sender, seen.supervisors
    for shown in (notice, card):
        assert not marked(shown, "blockquote")
        assert "绝密★30年" not in shown["text"]


async def test_sender_without_a_private_chat_is_notified_in_the_group_alone(office: Office) -> None:
    number = await office.people.post(CHEN, OFFICE, MARKED)
    seen = await office.outcome(number, sender=CHEN)
    assert seen.message is None
    [notice], [card] = seen.group, seen.supervisors
    assert marked(notice, "bold") == ["陈洁"]
    assert office.t("this person has not opened a chat with the bot") in card["text"]


async def test_group_answers_with_a_channels_name_for_a_post_as_the_channel(
    office: Office,
) -> None:
    number = await office.people.post(ZHAO, OFFICE, MARKED, as_="channel")
    seen = await office.outcome(number, sender=ZHAO)
    assert seen.message is None and seen.sender == []
    [notice], [_] = seen.group, seen.supervisors
    assert marked(notice, "bold") == ["单位公告"]


async def test_number_in_a_poll_is_masked_and_the_options_stay(office: Office) -> None:
    question = f"给 {NUMBER} 订哪一间"
    number = await office.people.poll(ZHANG, OFFICE, question, ["南间", "北间"])
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == [f"给 {COVERED} 订哪一间\n南间\n北间"]


async def test_answer_to_another_message_keeps_its_own_text_only(office: Office) -> None:
    source = await office.people.post(CHEN, OFFICE, "请把号码发给我")
    number = await office.people.post(
        ZHANG, OFFICE, f"号码 {NUMBER}", reply_to=source, quote="号码"
    )
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert f"号码 {COVERED}" in marked(notice, "blockquote")[0]
    assert await office.people.message(OFFICE, source) is not None


async def test_command_to_the_bot_is_read_too(office: Office) -> None:
    number = await office.people.post(ZHANG, OFFICE, f"/help {NUMBER}")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == [f"/help {COVERED}"]


async def test_three_people_are_a_supervisors_business(office: Office) -> None:
    numbers = [resident_id(random.Random(seed)) for seed in (21, 22, 23)]
    rows = "\n".join(f"{i}. 身份证号 {n}" for i, n in enumerate(numbers, 1))
    number = await office.people.post(ZHANG, OFFICE, rows)
    seen = await office.outcome(number)
    assert seen.message is None
    covered = "\n".join(f"{i}. 身份证号 {COVERED}" for i in (1, 2, 3))
    for shown in (*seen.group, *seen.supervisors):
        assert marked(shown, "blockquote") == [covered]
    assert len(seen.group) == len(seen.supervisors) == 1
    assert not any(n in seen.texts for n in numbers)


async def test_keyword_of_a_group_counts_only_there(office: Office) -> None:
    text = f"{KEYWORD}的进度表请周三前更新"
    own = await office.people.post(ZHANG, OFFICE, text)
    other = await office.people.post(ZHANG, PROJECT, text)
    seen = await office.outcome(own)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == ["████的进度表请周三前更新"]
    assert KEYWORD not in seen.texts
    assert await office.people.message(PROJECT, other) is not None
    assert await office.said(PROJECT) == []


async def test_private_key_is_masked(office: Office) -> None:
    body = "".join(random.Random(3).choices("ABCDEFGHabcdefgh0123456789+/", k=48 * 8))
    rows = [body[i : i + 48] for i in range(0, len(body), 48)]
    key = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *rows, "-----END RSA PRIVATE KEY-----"])
    number = await office.people.post(ZHANG, OFFICE, f"测试机的钥匙：\n{key}\n用完请删")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [_] = seen.group, seen.sender, seen.supervisors
    for row in rows:
        assert row[:12] not in seen.texts
    assert "测试机的钥匙" in notice["text"] and "用完请删" in notice["text"]


async def test_two_leaks_in_quick_succession_are_both_masked(office: Office) -> None:
    first = await office.people.post(ZHANG, OFFICE, f"身份证号 {NUMBER}")
    second = await office.people.post(ZHANG, OFFICE, f"{KEYWORD}周报")
    seen = await office.outcome(second)
    assert seen.message is None
    assert await office.people.message(OFFICE, first) is None
    shown = [part for notice in seen.group for part in marked(notice, "blockquote")]
    assert shown == [f"身份证号 {COVERED}", "████周报"]
    assert NUMBER not in seen.texts and KEYWORD not in seen.texts


async def test_nothing_is_copied_of_what_its_author_took_back(office: Office) -> None:
    await office.stop()
    number = await office.people.post(ZHANG, OFFICE, f"身份证号 {NUMBER}，{KEYWORD}用")
    await office.people.delete(ZHANG, OFFICE, number)
    await office.start()
    await office.quiet()
    assert await office.said(OFFICE) == []
    [note] = await office.said(ZHANG)
    assert office.t(TAKEN_DOWN, group="综合科工作群") not in note["text"]
    assert office.t(PRESS_BUTTON) not in note["text"], "there is no notice to press it under"
    assert NUMBER not in note["text"] and KEYWORD not in note["text"]


async def test_supervisors_hear_of_a_mark_that_its_author_took_back(office: Office) -> None:
    await office.stop()
    await office.people.delete(ZHANG, OFFICE, await office.people.post(ZHANG, OFFICE, MARKED))
    await office.start()
    await office.quiet()
    assert await office.said(OFFICE) == []
    [card] = await office.said(SUPERVISORS)
    assert office.t("it was removed already, not by me") in card["text"]
    assert SECRET not in card["text"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"登记用：{NUMBER}", True),
        (MARKED, True),
        ("周五下午三点开例会", False),
    ],
    ids=["number", "mark", "clean"],
)
async def test_private_message_is_checked_and_answered(
    office: Office, text: str, *, found: bool
) -> None:
    number = await office.people.post(ZHANG, ZHANG, text)
    seen = await office.outcome(number, chat_id=ZHANG)
    assert seen.message is not None, "it is the person's own chat"
    [answer] = seen.sender
    assert (office.t(DO_NOT_POST) in answer["text"]) is found
    assert NUMBER not in answer["text"] and SECRET not in answer["text"]
    assert await office.acts() == [("sendMessage", ZHANG)]


async def test_private_message_is_checked_again_when_it_is_edited(office: Office) -> None:
    number = await office.people.post(ZHANG, ZHANG, "周五开会")
    await office.people.edit(ZHANG, ZHANG, number, f"周五开会 {NUMBER}")
    await office.quiet()
    first, second = await office.said(ZHANG)
    assert office.t(DO_NOT_POST) not in first["text"]
    assert office.t(DO_NOT_POST) in second["text"]
    assert first["reply_to"]["id"] == second["reply_to"]["id"] == number


@pytest.mark.parametrize("office", [{"language": "en"}], indirect=True)
async def test_english_office_is_notified_in_english(office: Office) -> None:
    clean = await office.people.post(ZHANG, OFFICE, "The room is booked for three o'clock.")
    number = await office.people.post(ZHANG, OFFICE, f"My ID is {NUMBER}, please book the room.")
    seen = await office.outcome(number)
    assert seen.message is None
    assert await office.people.message(OFFICE, clean) is not None
    [notice], [note] = seen.group, seen.sender
    assert marked(notice, "bold") == ["Zhang Xiaohua"]
    assert marked(notice, "blockquote") == [f"My ID is {COVERED}, please book the room."]
    assert "taken down" in note["text"]
    for text in (notice["text"].replace("█", ""), note["text"]):
        assert all(c < "\u4e00" or c > "\u9fff" for c in text), "no Chinese is mixed in"


async def test_person_is_addressed_in_their_own_language(office: Office) -> None:
    office.server.world.people[ZHANG].language = "en"
    seen = await office.outcome(await office.people.post(ZHANG, OFFICE, f"号码 {NUMBER}"))
    [notice], [note] = seen.group, seen.sender
    assert "taken down" in note["text"] and "taken down" not in notice["text"]


async def test_supervisors_see_a_card_and_nobody_else_hears_of_it(office: Office) -> None:
    await office.outcome(await office.people.post(ZHANG, OFFICE, MARKED))
    for person in (WANG, LI, ZHAO):
        assert await office.said(person) == []
