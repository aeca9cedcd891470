"""Pictures and files, from posting to what people see of them."""

from __future__ import annotations

import io
import random
import re
from functools import cache

import pytest
from PIL import Image, ImageChops, ImageStat

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from rehearsal.objects import Author, Content, Message, Placement
from tests.end_to_end.test_texts import (
    COVERED,
    DO_NOT_POST,
    HANDLED,
    LAST_SENTENCE,
    MARKED,
    TAKEN_DOWN,
)
from tests.support import pictures
from tests.support.canary import NUMBER, SECRET
from tests.support.office import KEYWORD, Office, marked
from tests.support.people import CHEN, LI, OFFICE, PROJECT, SUPERVISORS, WANG, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 8
VOICE = b"OggS\0\2" + bytes(200)


@cache
def photo_of_a_page() -> bytes:
    page = pictures.photograph(pictures.official_page(), random.Random(4))
    return pictures.encode(page, "JPEG", quality=85)


@cache
def view() -> bytes:
    return pictures.encode(pictures.scenery(random.Random(1)), "JPEG", quality=85)


@cache
def table() -> tuple[bytes, list[str]]:
    picture, numbers = pictures.id_table(random.Random(2), rows=4)
    return pictures.encode(picture), numbers


async def text_in(media: StartingMedia, picture: bytes) -> str:
    reading = await media.read(picture, name=None, mime_type="image/jpeg")
    assert reading.not_inspected is None
    return "".join("".join(f.text for f in reading.fragments).split())


async def test_clean_picture_causes_no_reaction_at_all(office: Office) -> None:
    number = await office.people.photo(ZHANG, OFFICE, view(), "楼下的桂花开了")
    assert (await office.outcome(number)).message is not None
    assert await office.acts() == []


async def test_marked_page_in_a_photo_is_withheld(office: Office) -> None:
    number = await office.people.photo(ZHANG, OFFICE, photo_of_a_page())
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [card] = seen.group, seen.sender, seen.supervisors
    assert notice["media"] is None and card["media"] is None
    assert office.t("picture") in card["text"]
    assert "滨海示例市" not in seen.texts and "机密★10年" not in seen.texts
    assert sorted(await office.acts()) == sorted(HANDLED)


async def test_marked_page_held_sideways_and_sent_as_a_file_is_withheld(office: Office) -> None:
    page = pictures.official_page("秘密★5年")
    data = pictures.with_orientation(page, 6)
    number = await office.people.document(ZHANG, OFFICE, "IMG_2041.jpg", data)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [_] = seen.group, seen.sender, seen.supervisors
    assert notice["media"] is None


async def test_harmless_caption_over_a_marked_photo_stays(office: Office) -> None:
    number = await office.people.photo(ZHANG, OFFICE, photo_of_a_page(), "请帮忙看看格式")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [_] = seen.group, seen.sender, seen.supervisors
    assert marked(notice, "blockquote") == ["请帮忙看看格式"]
    assert notice["media"] is None


@pytest.mark.parametrize(
    ("caption", "shown"),
    [
        (f"身份证号 {NUMBER}", [f"身份证号 {COVERED}"]),
        (f"{KEYWORD}现场", ["████现场"]),
        (MARKED, []),
    ],
    ids=["number", "keyword", "mark"],
)
async def test_leaking_caption_is_masked_and_the_harmless_photo_stays(
    office: Office, caption: str, shown: list[str]
) -> None:
    number = await office.people.photo(ZHANG, OFFICE, view(), caption)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert notice["media"]["kind"] == "photo"
    copy = Image.open(io.BytesIO(await office.people.file(notice)))
    original = Image.open(io.BytesIO(view()))
    assert copy.size == original.size
    difference = ImageChops.difference(copy.convert("L"), original.convert("L"))
    assert ImageStat.Stat(difference).mean[0] < 8, "the scene is still to be seen"
    assert marked(notice, "blockquote") == shown
    for secret in (NUMBER, KEYWORD, SECRET):
        assert secret not in seen.texts


async def test_identity_numbers_in_a_screenshot_are_masked(
    office: Office, media: StartingMedia
) -> None:
    data, numbers = table()
    number = await office.people.photo(ZHANG, OFFICE, data)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [card] = seen.group, seen.sender, seen.supervisors
    for shown in (notice, card):
        copy = await office.people.file(shown)
        text = await text_in(media, copy)
        assert "人员信息登记表" in text and "综合科" in text
        assert not re.search(r"\d{8}", text)
        assert not any(n[6:14] in text for n in numbers)
        assert not Image.open(io.BytesIO(copy)).getexif()
    assert not any(n in seen.texts for n in numbers)


async def test_numbers_in_a_sideways_file_are_masked_and_the_copy_is_upright(
    office: Office, media: StartingMedia
) -> None:
    picture, numbers = pictures.id_table(random.Random(5), rows=3)
    data = pictures.with_orientation(picture, 8)
    number = await office.people.document(ZHANG, OFFICE, "scan.jpg", data)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_], [_] = seen.group, seen.sender, seen.supervisors
    copy = await office.people.file(notice)
    assert Image.open(io.BytesIO(copy)).size == picture.size
    text = await text_in(media, copy)
    assert "人员信息登记表" in text
    assert not any(n[6:14] in text for n in numbers)


async def test_caption_that_is_edited_is_read_like_a_new_one(office: Office) -> None:
    number = await office.people.photo(ZHANG, OFFICE, view(), "现场照片")
    await office.quiet()
    await office.people.edit(ZHANG, OFFICE, number, f"现场照片 {NUMBER}")
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == [f"现场照片 {COVERED}"]
    assert notice["media"]["kind"] == "photo"


async def test_longest_caption_fits_beside_its_photo(office: Office) -> None:
    caption = (f"号码 {NUMBER}。" + "现场一切正常，明天继续巡查。" * 80)[:1024]
    number = await office.people.photo(ZHANG, OFFICE, view(), caption)
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert notice["media"]["kind"] == "photo"
    assert len(notice["text"]) <= 1024
    assert notice["text"].endswith(office.t(LAST_SENTENCE))


async def test_album_with_a_leaking_caption_shows_the_caption_masked(office: Office) -> None:
    files = [("1.jpg", view()), ("2.jpg", view())]
    numbers = await office.people.album(ZHANG, OFFICE, files, f"报名 {NUMBER}")
    seen = await office.outcome(numbers[0])
    for number in numbers:
        assert await office.people.message(OFFICE, number) is None
    [notice], [_] = seen.group, seen.sender
    assert marked(notice, "blockquote") == [f"报名 {COVERED}"]
    assert "相册" in notice["text"], "the other pictures are accounted for"


async def test_topic_gets_the_masked_picture_where_the_photo_stood(office: Office) -> None:
    [papers] = [
        t["id"] for t in (await office.people.chat(PROJECT))["topics"] if t["name"] == "资料"
    ]
    number = await office.people.photo(ZHANG, PROJECT, table()[0], thread_id=papers)
    seen = await office.outcome(number, chat_id=PROJECT)
    assert seen.message is None
    [notice] = seen.group
    assert (notice["thread_id"], notice["media"]["kind"]) == (papers, "photo")


async def test_text_behind_a_slow_picture_is_not_kept_waiting(office: Office) -> None:
    await office.people.photo(ZHANG, OFFICE, table()[0])
    number = await office.people.post(CHEN, OFFICE, MARKED)
    await office.people.wait_gone(OFFICE, number, timeout=1)
    await office.quiet()


async def test_whole_album_goes_with_its_marked_second_picture(office: Office) -> None:
    files = [("1.jpg", view()), ("2.jpg", photo_of_a_page()), ("3.jpg", view())]
    numbers = await office.people.album(ZHANG, OFFICE, files, "今天的照片")
    seen = await office.outcome(numbers[0])
    for number in numbers:
        assert await office.people.message(OFFICE, number) is None
    [notice], [_], [_] = seen.group, seen.sender, seen.supervisors
    assert "张晓华" in notice["text"]
    deleted = [c for c in await office.acts() if c[0] == "deleteMessage"]
    assert len(deleted) == 3, "each is deleted once"


async def test_album_pictures_that_arrive_late_go_too(office: Office) -> None:
    world = office.server.world
    first = await office.people.album(ZHANG, OFFICE, [("a.jpg", view()), ("b.jpg", view())], MARKED)
    album = world.chats[OFFICE].messages[first[0]].placement.album_id
    await office.quiet()
    chat = world.chats[OFFICE]
    late = []
    for _ in range(2):
        photo = await world.files.photo(view())
        message = Message(
            id=world.next_id(chat),
            chat_id=OFFICE,
            date=world.clock.now(),
            author=Author(user_id=ZHANG, real_id=ZHANG),
            content=Content(media=photo),
            placement=Placement(album_id=album),
        )
        late.append(world.add(message).id)
    seen = await office.outcome(late[0])
    for number in (*first, *late):
        assert await office.people.message(OFFICE, number) is None
    assert len(seen.group) == len(seen.sender) == len(seen.supervisors) == 1


async def test_file_name_is_read(office: Office) -> None:
    name = f"{KEYWORD}-周报.txt"
    number = await office.people.document(ZHANG, OFFICE, name, "本周无异常。".encode())
    seen = await office.outcome(number)
    assert seen.message is None
    [notice], [_] = seen.group, seen.sender
    assert "████-周报" in notice["text"]
    assert KEYWORD not in seen.texts


async def test_mark_in_a_file_name_withholds_it(office: Office) -> None:
    name = "机密★10年-选址方案.txt"
    number = await office.people.document(ZHANG, OFFICE, name, "本周无异常。".encode())
    seen = await office.outcome(number)
    assert seen.message is None
    [_], [_], [card] = seen.group, seen.sender, seen.supervisors
    assert office.t("file name") in card["text"]
    assert "选址" not in seen.texts


async def test_text_file_is_read(office: Office) -> None:
    number = await office.people.document(ZHANG, OFFICE, "说明.txt", MARKED.encode("gb18030"))
    seen = await office.outcome(number)
    assert seen.message is None
    [_], [_], [_] = seen.group, seen.sender, seen.supervisors
    assert SECRET not in seen.texts


async def test_voice_message_stays_without_a_word(office: Office) -> None:
    [number] = await office.people.album(ZHANG, OFFICE, [("voice.ogg", VOICE)])
    seen = await office.outcome(number)
    assert seen.message is not None and seen.message["media"]["kind"] == "voice"
    assert await office.acts() == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("scan.jpg", pictures.encode(pictures.scenery(random.Random(1)), "JPEG")[:9000]),
        ("plan.pdf", PDF),
        ("plan.docx", b"PK\3\4" + bytes(range(256)) * 8),
        ("plan.zip", b"PK\3\4" + bytes(range(255, -1, -1)) * 8),
    ],
    ids=["truncated picture", "pdf", "docx", "zip"],
)
async def test_unreadable_file_stays_and_supervisors_are_notified(
    office: Office, name: str, data: bytes
) -> None:
    number = await office.people.document(ZHANG, OFFICE, name, data, "请查收")
    seen = await office.outcome(number)
    assert seen.message is not None
    assert seen.group == seen.sender == []
    [card] = seen.supervisors
    assert office.t("could not be inspected") in card["text"]
    assert len(card["buttons"]) > 0
    assert await office.acts() == [("sendMessage", SUPERVISORS)]
    assert await office.said(WANG) == await office.said(LI) == []


async def test_unreadable_files_of_one_album_make_one_card(office: Office) -> None:
    files = [(f"{i}.pdf", PDF) for i in range(3)]
    numbers = await office.people.album(ZHANG, OFFICE, files, as_document=True)
    seen = await office.outcome(numbers[0])
    for number in numbers:
        assert await office.people.message(OFFICE, number) is not None
    assert seen.group == seen.sender == []
    assert len(seen.supervisors) == 1


async def test_what_could_not_be_read_of_an_album_that_went_is_on_its_card(
    office: Office,
) -> None:
    files = [("0.pdf", PDF), ("1.txt", MARKED.encode()), ("2.pdf", PDF)]
    numbers = await office.people.album(ZHANG, OFFICE, files, as_document=True)
    seen = await office.outcome(numbers[0])
    for number in numbers:
        assert await office.people.message(OFFICE, number) is None
    [_], [_] = seen.group, seen.sender
    gone = [m for m in seen.supervisors if office.t("official marking") in m["text"]]
    assert len(gone) == 1
    assert any(office.t("the file is damaged") in m["text"] for m in seen.supervisors)


async def test_nothing_is_copied_of_a_photo_that_its_author_took_back(office: Office) -> None:
    await office.stop()
    number = await office.people.photo(ZHANG, OFFICE, view(), f"身份证号 {NUMBER}")
    await office.people.delete(ZHANG, OFFICE, number)
    await office.start()
    await office.quiet()
    assert await office.said(OFFICE) == []
    [note] = await office.said(ZHANG)
    assert office.t(TAKEN_DOWN, group="综合科工作群") not in note["text"]


async def test_picture_sent_privately_is_checked_answered_and_not_kept(office: Office) -> None:
    data, _ = table()
    number = await office.people.photo(ZHANG, ZHANG, data)
    seen = await office.outcome(number, chat_id=ZHANG)
    [answer] = seen.sender
    assert office.t(DO_NOT_POST) in answer["text"]
    assert answer["media"] is None
    assert seen.supervisors == []
