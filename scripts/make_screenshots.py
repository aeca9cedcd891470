"""Take the pictures of the README and the manual from the rehearsal with the real bot.

Usage: python scripts/make_screenshots.py [zh-CN|en]...
Writes docs/pictures/<name>-<language>.png; needs Chromium (apt install chromium).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.commands.run import rehearsal  # noqa: E402
from bot.rules.rule import LANGUAGES, Language  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SAMPLE = ROOT / "rehearsal" / "sample"
CHROMIUM = "/usr/bin/chromium"
WANG, LI, ZHANG, CHEN, LIU, ZHAO = 4001, 4002, 5001, 5002, 5003, 6001
SUPERVISORS, OFFICE, NEW_GROUP = -1001000000001, -1001000000002, -1001000000005
WIDE: ViewportSize = {"width": 1320, "height": 860}
NARROW: ViewportSize = {"width": 400, "height": 780}
MOST_BYTES = 250 * 1024
SENTENCES = {
    "zh-CN": {
        "morning": "早上好！今天 9:30 在 301 会议室开安全生产例会，请提前十分钟入场。",
        "reply": "收到，我带投影仪和转接头过去。",
        "visitor": "😀 请门卫登记一位访客：李建国，身份证 110199198703124827，上午十点到。",
        "marked": "大家先看一下：\n机密★10年\n关于做好青松工程数据中心搬迁保障工作的通知",
        "roster": "体检登记表，请各位核对一下自己的信息",
        "photo": "会上发的通知，先拍给大家看看",
        "thanks": "抱歉，马上删掉原件，谢谢提醒！",
        "check": "请登记访客 110199198703124827",
        "confirm": "确认",
        "take": "我来处理",
    },
    "en": {
        "morning": "Good morning! Safety meeting at 9:30 in room 301, please be on time.",
        "reply": "Got it, I bring the projector and the adapter.",
        "visitor": "😀 Please register a visitor: Li Jianguo, ID 110199198703124827, at ten.",
        "marked": "Have a look before the meeting:\n机密★10年\nMove of the Pinewood data centre",
        "roster": "Medical check-up list, please check your own line",
        "photo": "The notice from the meeting, just a quick photo",
        "thanks": "Sorry, I delete my copy at once. Thanks!",
        "check": "Please register a visitor: 110199198703124827",
        "confirm": "Confirm",
        "take": "Take",
    },
}
Json = dict[str, Any]


class Scene:
    """Acts as people do, over the rehearsal's HTTP interface."""

    def __init__(self, url: str, session: aiohttp.ClientSession, language: Language) -> None:
        self.url, self._session, self.says = url, session, SENTENCES[language]
        self._short = "zh" if language == "zh-CN" else "en"

    async def act(self, name: str, **fields: Any) -> Any:
        """Call one of the people's actions."""
        async with self._session.post(f"{self.url}/app/{name}", json=fields) as reply:
            reply.raise_for_status()
            return await reply.json()

    async def post(self, person: int, chat_id: int, text: str) -> None:
        """Post a text, one of `SENTENCES` by its name."""
        await self.act("post", person=person, chat_id=chat_id, text=self.says.get(text, text))

    async def picture(self, person: int, text: str, file: str) -> None:
        """Post one of the sample day's pictures in the office's group."""
        form = aiohttp.FormData()
        fields = {"person": person, "chat_id": OFFICE, "text": self.says[text]}
        for name, value in fields.items():
            form.add_field(name, str(value))
        data = (SAMPLE / file.format(language=self._short)).read_bytes()
        form.add_field("file", data, filename="photo.jpg", content_type="image/jpeg")
        async with self._session.post(f"{self.url}/app/post", data=form) as reply:
            reply.raise_for_status()

    async def messages(self, chat_id: int) -> list[Json]:
        """Return a chat's messages, oldest first."""
        async with self._session.get(f"{self.url}/app/chats/{chat_id}/messages") as reply:
            return list(await reply.json())

    async def answered(self, chat_id: int, count: int) -> None:
        """Wait until the bot has said ``count`` things in a chat."""
        await self._until(lambda shown: sum(_by_bot(m) for m in shown) >= count, chat_id)

    async def press(self, person: int, chat_id: int, label: str, newest: bool = True) -> None:
        """Press a button on the bot's newest (or oldest) message that has it."""
        shown = await self.messages(chat_id)
        for message in reversed(shown) if newest else shown:
            for r, row in enumerate(message["buttons"]):
                for c, button in enumerate(row):
                    if button["text"] == self.says[label]:
                        place = {"message_id": message["id"], "row": r, "column": c}
                        await self.act("press", person=person, chat_id=chat_id, **place)
                        return
        raise LookupError(f"nobody can press {label}")

    async def _until(self, ready: Callable[[Sequence[Json]], bool], chat_id: int) -> None:
        for _ in range(150):
            if ready(await self.messages(chat_id)):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"the bot said too little in {chat_id}")


def _by_bot(message: Json) -> bool:
    return bool(message["sender"]["kind"] == "bot")


class Camera:
    """Opens the web chat as a person and takes its picture."""

    def __init__(self, browser: Browser, url: str, language: Language) -> None:
        self._browser, self._url, self._language = browser, url, language

    @contextlib.asynccontextmanager
    async def open(
        self, person: int, chat_id: int, size: ViewportSize = WIDE
    ) -> AsyncIterator[Page]:
        """Open the page before the scene plays, so that it shows what vanishes, too."""
        context = await self._browser.new_context(
            viewport=size, device_scale_factor=1.5, color_scheme="light"
        )
        await context.add_init_script("localStorage.setItem('hinted', '1')")
        page = await context.new_page()
        await page.goto(self._url)
        await page.locator(f'[data-person="{person}"]').click()
        await page.locator(f'[data-chat="{chat_id}"]').click()
        yield page
        await context.close()

    async def take(self, page: Page, name: str) -> None:
        """Save the page as it is now."""
        await page.wait_for_timeout(1800)  # until what vanishes has vanished
        await page.locator("#toasts > *").first.wait_for(state="detached")
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}-{self._language}.png"
        await page.screenshot(path=path)
        _shrink(path)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


def _shrink(path: Path) -> None:
    """Reduce a picture's colours until it is small enough for a repository."""
    picture = Image.open(path).convert("RGB")
    for colours in (256, 128, 64, 32):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


async def group_and_supervisors(scene: Scene, camera: Camera) -> None:
    """A masked copy in the group, the case's card beside it."""
    async with camera.open(LIU, OFFICE) as page:
        await page.locator("#top .beside").click()
        await scene.post(CHEN, OFFICE, "morning")
        await scene.post(LIU, OFFICE, "reply")
        await scene.post(CHEN, OFFICE, "visitor")
        await scene.post(ZHANG, OFFICE, "marked")
        await scene.answered(SUPERVISORS, 1)
        await scene.press(WANG, SUPERVISORS, "take")
        await camera.take(page, "group")


async def pictures(scene: Scene, camera: Camera) -> None:
    """A screenshot with numbers painted over, and its card."""
    async with camera.open(LIU, OFFICE) as page:
        await page.locator("#top .beside").click()
        await scene.picture(CHEN, "roster", "roster_{language}.jpg")
        await scene.answered(SUPERVISORS, 2)
        await camera.take(page, "masked-picture")


async def withheld_photo(scene: Scene, camera: Camera) -> None:
    """A photographed document that is withheld whole, and its card."""
    async with camera.open(CHEN, OFFICE) as page:
        await page.locator("#top .beside").click()
        await scene.picture(LIU, "photo", "plan_photo.jpg")
        await scene.answered(SUPERVISORS, 3)
        await scene.press(LI, SUPERVISORS, "confirm")
        await scene.post(LIU, OFFICE, "thanks")
        await camera.take(page, "withheld-photo")


async def private_note(scene: Scene, camera: Camera) -> None:
    """What the sender is told in private, and a check before posting."""
    async with camera.open(ZHANG, ZHANG) as page:
        await scene.post(ZHANG, ZHANG, "check")
        await scene.answered(ZHANG, 2)
        await camera.take(page, "private")


async def status(scene: Scene, camera: Camera) -> None:
    """The administrator's /status."""
    async with camera.open(ZHAO, ZHAO) as page:
        said = sum(_by_bot(m) for m in await scene.messages(ZHAO))
        await scene.post(ZHAO, ZHAO, "/status")
        await scene.answered(ZHAO, said + 1)
        await camera.take(page, "status")


async def approval(scene: Scene, camera: Camera) -> None:
    """The supervisors are asked about a group that nobody designated."""
    async with camera.open(WANG, SUPERVISORS) as page:
        said = sum(_by_bot(m) for m in await scene.messages(SUPERVISORS))
        rights = {"can_delete_messages": True, "can_restrict_members": True}
        await scene.act("bot", person=ZHAO, chat_id=NEW_GROUP, action="add", **rights)
        await scene.answered(SUPERVISORS, said + 1)
        await camera.take(page, "approval")


async def narrow(scene: Scene, camera: Camera) -> None:
    """The group on a telephone's width."""
    async with camera.open(CHEN, OFFICE, NARROW) as page:
        await camera.take(page, "narrow")


SCENES = (group_and_supervisors, pictures, withheld_photo, private_note, status, approval, narrow)


async def play(language: Language, browser: Browser) -> None:
    """Play all scenes in one language."""
    async with rehearsal(language) as (server, app), aiohttp.ClientSession() as session:
        running = asyncio.create_task(app.run())
        scene = Scene(server.url, session, language)
        await scene.answered(OFFICE, 1)
        await app.media.pool()
        camera = Camera(browser, server.url, language)
        for take in SCENES:
            await take(scene, camera)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def main(languages: Sequence[str]) -> None:
    """Take the pictures in the languages asked for, else in all."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        for language in LANGUAGES:
            if not languages or language in languages:
                await play(language, browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
