"""The web chat in a real browser: what people do there, and what they see."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

import rehearsal
from rehearsal.default_world import NEW_GROUP, OFFICE, PROJECT, SUPERVISORS
from rehearsal.limits import Limits
from rehearsal.people import Draft
from rehearsal.posting import post
from rehearsal.sample_day import play
from rehearsal.server import RehearsalServer
from tests.rehearsal.conftest import RawBot
from tests.support.browser import chromium, chromium_path

__all__ = ["chromium", "chromium_path"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE = Path(rehearsal.__file__).parent / "sample" / "menu_zh.jpg"
Opener = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[RehearsalServer]:
    """Start a server whose sample day takes two seconds."""
    server = RehearsalServer(limits=Limits.off(), sample_day=partial(play, speed=40))
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def raw(server: RehearsalServer) -> AsyncIterator[RawBot]:
    async with aiohttp.ClientSession() as session:
        yield RawBot(server, session)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser, server: RehearsalServer) -> AsyncIterator[Opener]:
    """Open the web chat as a person; each visit has storage of its own, and stays local."""
    contexts: list[BrowserContext] = []
    requests: list[str] = []
    faults: list[str] = []

    async def visit(person: int = 5001, chat: int = OFFICE, width: int = 1440) -> Page:
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(5000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(server.url)
        await page.locator(f'[data-person="{person}"]').click()
        if width > 760 or chat != OFFICE:
            await page.locator(f'[data-chat="{chat}"]').click()
        return page

    yield visit
    for context in contexts:
        await context.close()
    assert faults == []
    outside = [url for url in requests if not url.startswith((server.url, "blob:", "data:"))]
    assert outside == []


def bubble(page: Page, text: str) -> Locator:
    return page.locator("#first .bubble", has_text=text)


async def write(page: Page, text: str) -> None:
    area = page.locator("#first textarea")
    await area.fill(text)
    await area.press("Enter")


async def choose(page: Page, message: Locator, action: str) -> None:
    await message.click(button="right")
    await page.get_by_role("menuitem", name=action).click()


async def pressed(raw: RawBot) -> dict[str, Any]:
    updates = await raw.updates(timeout=5, allowed_updates=["callback_query"])
    return next(u["callback_query"] for u in updates if "callback_query" in u)


async def test_text_shows_live_on_another_persons_page(visit: Opener) -> None:
    writer, reader = await visit(5001), await visit(5002)
    await write(writer, "九点开会\n别忘了材料")
    await expect(bubble(reader, "别忘了材料")).to_be_visible()
    await expect(bubble(reader, "张晓华")).to_have_count(1)
    await expect(writer.locator("#first .line.own")).to_have_count(1)
    await expect(reader.locator("#first .line.own")).to_have_count(0)


async def test_shift_enter_begins_a_line_and_other_chats_count_as_unread(visit: Opener) -> None:
    writer, reader = await visit(5001), await visit(5002, NEW_GROUP)
    area = writer.locator("#first textarea")
    await area.fill("第一行")
    await area.press("Shift+Enter")
    await area.press_sequentially("第二行")
    await area.press("Enter")
    await expect(bubble(writer, "第二行").locator(".text")).to_have_text("第一行\n第二行")
    await expect(reader.locator(f'[data-chat="{OFFICE}"] .unread')).to_have_text("1")


async def test_dropped_picture_is_sent_with_its_caption(visit: Opener) -> None:
    page = await visit()
    data = base64.b64encode(PICTURE.read_bytes()).decode()
    transfer = await page.evaluate_handle(
        """data => {
            const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], 'menu.jpg', {type: 'image/jpeg'}));
            return transfer;
        }""",
        data,
    )
    await page.locator("#first").dispatch_event("drop", {"dataTransfer": transfer})
    await expect(page.locator("#first .chip.thumb")).to_have_count(1)
    await write(page, "本周菜单")
    image = bubble(page, "本周菜单").locator("img")
    await expect(image).to_be_visible()
    assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


async def test_two_pictures_are_one_album_and_as_a_file_a_card(visit: Opener) -> None:
    page = await visit()
    picker = page.locator('#first input[type="file"]')
    await picker.set_input_files([PICTURE, PICTURE])
    await write(page, "两张")
    await expect(bubble(page, "两张").locator(".picture")).to_have_count(2)
    await expect(page.locator("#first .bubble")).to_have_count(1)
    await picker.set_input_files(PICTURE)
    await page.get_by_label("作为文件发送").check()
    await page.locator("#first .send").click()
    await expect(page.locator("#first .file")).to_contain_text("menu_zh.jpg")


async def test_reply_with_a_quote_edit_and_delete(visit: Opener) -> None:
    page, other = await visit(5001), await visit(5002)
    await write(page, "会议改到十点，地点不变")
    target = bubble(other, "会议改到十点")
    await target.locator(".text").evaluate(
        "node => getSelection().setBaseAndExtent(node.firstChild, 7, node.firstChild, 11)"
    )
    await choose(other, target, "引用选中文字")
    await write(other, "还是三楼吗")
    reply = bubble(page, "还是三楼吗")
    await expect(reply.locator(".replied")).to_contain_text("张晓华")
    await expect(reply.locator(".replied span")).to_have_text("地点不变")
    await choose(other, bubble(other, "还是三楼吗"), "编辑")
    await write(other, "在三楼吗")
    await expect(bubble(page, "在三楼吗")).to_contain_text("已编辑")
    await choose(other, bubble(other, "在三楼吗"), "删除")
    await expect(bubble(page, "在三楼吗")).to_have_count(0)


async def test_formatting_counts_in_utf16_units(visit: Opener, raw: RawBot) -> None:
    page = await visit()
    await write(page, "😀 a **机密** b `x<y`")
    message = bubble(page, "机密").locator(".text")
    await expect(message).to_have_text("😀 a 机密 b x<y")
    await expect(message.locator("strong")).to_have_text("机密")
    await expect(message.locator("code")).to_have_text("x<y")
    (update,) = await raw.updates()
    kinds = [(e["type"], e["offset"]) for e in update["message"]["entities"]]
    assert kinds == [("bold", 5), ("code", 10)]


@pytest.mark.parametrize(("alert", "place"), [(True, "dialog.alert"), (False, ".toast")])
async def test_button_shows_the_bots_answer(
    visit: Opener, raw: RawBot, alert: bool, place: str
) -> None:
    page = await visit(4001, SUPERVISORS)
    keyboard = {"inline_keyboard": [[{"text": "受理", "callback_data": "t"}]]}
    await raw.ok("sendMessage", chat_id=SUPERVISORS, text="案件 7", reply_markup=keyboard)
    await page.get_by_role("button", name="受理").click()
    query = await pressed(raw)
    assert (query["data"], query["from"]["id"]) == ("t", 4001)
    answer = {"text": "已由王敏受理", "show_alert": alert}
    await raw.ok("answerCallbackQuery", callback_query_id=query["id"], **answer)
    await expect(page.locator(place)).to_contain_text("已由王敏受理")


async def test_what_the_bot_removes_leaves_no_content_but_a_note(
    visit: Opener, raw: RawBot
) -> None:
    page = await visit()
    await write(page, "机密★10年 青松工程")
    await expect(bubble(page, "青松工程")).to_be_visible()
    (update,) = await raw.updates()
    number = update["message"]["message_id"]
    await raw.ok("deleteMessage", chat_id=OFFICE, message_id=number)
    await expect(page.locator("#first .note")).to_contain_text("张晓华 的消息可见")
    await expect(page.locator("body")).not_to_contain_text("青松工程")


async def test_administrator_adds_the_bot_and_takes_its_rights_away(
    visit: Opener, raw: RawBot
) -> None:
    page = await visit(6001, NEW_GROUP)
    facts = page.locator("#facts")
    await facts.get_by_role("button", name="把机器人加入本群").click()
    await facts.get_by_label("管理员身份").check()
    await expect(facts.get_by_label("删除消息")).to_be_checked()
    await facts.get_by_label("删除消息").uncheck()
    await expect(facts.get_by_label("限制成员")).to_be_checked()
    me = (await raw.ok("getMe"))["id"]
    member = await raw.ok("getChatMember", chat_id=NEW_GROUP, user_id=me)
    assert (member["can_delete_messages"], member["can_restrict_members"]) == (False, True)
    await facts.get_by_role("button", name="移出机器人").click()
    await expect(facts.get_by_role("button", name="把机器人加入本群")).to_be_visible()


async def test_members_cannot_change_the_bot(visit: Opener) -> None:
    page = await visit(5001)
    await expect(page.locator("#facts").get_by_label("删除消息")).to_be_disabled()
    await expect(page.locator("#facts")).to_contain_text("可切换为 赵宏")


async def test_topics_and_the_anonymous_administrator(visit: Opener, raw: RawBot) -> None:
    page = await visit(6001, PROJECT)
    await page.get_by_role("tab", name="资料").click()
    await page.locator("#first select").select_option("anonymous")
    await write(page, "图纸已归档")
    await expect(bubble(page, "图纸已归档")).to_be_visible()
    (update,) = await raw.updates()
    assert update["message"]["sender_chat"]["id"] == PROJECT
    assert update["message"]["is_topic_message"] is True
    await page.get_by_role("tab", name="进度").click()
    await expect(bubble(page, "图纸已归档")).to_have_count(0)


async def test_private_chat_begins_with_start(visit: Opener, raw: RawBot) -> None:
    page = await visit(5002, 5002)
    await page.get_by_role("button", name="开始", exact=True).click()
    await expect(bubble(page, "/start")).to_be_visible()
    await raw.ok("sendMessage", chat_id=5002, text="你好，我是守口")
    await expect(bubble(page, "我是守口")).to_be_visible()


async def test_language_switch_keeps_the_worlds_names(visit: Opener) -> None:
    page = await visit()
    await page.get_by_role("button", name="EN", exact=True).click()
    await expect(page.get_by_role("button", name="Play a sample day")).to_be_visible()
    await expect(page.locator("#first textarea")).to_have_attribute(
        "placeholder", "Write a message…"
    )
    await expect(page.locator("#first h2")).to_have_text("综合科工作群")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_markup_in_names_and_texts_shows_literally(
    visit: Opener, server: RehearsalServer, raw: RawBot
) -> None:
    name = "<img src=x onerror=alert(1)><b>甲</b>"
    server.world.people[5002].name = name
    server.world.chats[OFFICE].title = "<script>alert(2)</script>&amp;"
    page, writer = await visit(5001), await visit(5002)
    page.on("dialog", lambda dialog: pytest.fail("markup ran"))
    await write(writer, "<u>下划线</u> &lt;")
    shown = bubble(page, "下划线")
    await expect(shown.locator("header b")).to_have_text(name)
    await expect(shown.locator(".text")).to_have_text("<u>下划线</u> &lt;")
    await expect(page.locator("#first h2")).to_have_text("<script>alert(2)</script>&amp;")
    await expect(page.locator('[data-person="5002"] b')).to_have_text(name)
    link = [{"type": "text_link", "offset": 0, "length": 2, "url": "javascript:alert(3)"}]
    server.world.chats[OFFICE].messages[1].content.entities = link
    await page.reload()
    assert await page.locator('a[href^="javascript"]').count() == 0


async def test_sample_day_shows_both_ends(visit: Opener) -> None:
    page = await visit(5003)
    await page.get_by_role("button", name="播放样例工作日").click()
    await expect(page.locator("#second h2")).to_have_text("保密监督员")
    await expect(page.locator("#sample")).to_contain_text("样例工作日已播完", timeout=20_000)
    await page.locator(f'[data-chat="{OFFICE}"]').click()
    await expect(bubble(page, "今天辛苦大家")).to_be_visible()


async def test_lost_connection_is_found_again(visit: Opener, server: RehearsalServer) -> None:
    page = await visit()
    port = int(server.url.rsplit(":", 1)[1])
    await server.stop()
    await expect(page.locator(".toast.error")).to_contain_text("正在重连")
    await server.start(port=port)
    await expect(page.locator(".toast", has_text="已重新连接")).to_be_visible()
    await post(server.world, Draft(person=5002, chat_id=OFFICE, text="又能看到了"))
    await expect(bubble(page, "又能看到了")).to_be_visible()


async def test_narrow_screens_show_one_column(visit: Opener) -> None:
    page = await visit(5001, OFFICE, width=420)
    await page.locator(f'[data-chat="{OFFICE}"]').click()
    await expect(page.locator("#chats")).to_be_hidden()
    await write(page, "手机上写的")
    await expect(bubble(page, "手机上写的")).to_be_in_viewport()
    await page.get_by_role("button", name="返回").click()
    await expect(page.locator("#chats")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 420
