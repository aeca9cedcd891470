"""Groups and terms held in memory, and how soon a change counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from pathlib import Path

import pytest

from bot.detect.text.normalization.normalizer import Normalizer
from bot.detect.text.terms.keyword_list import KeywordList
from bot.judging.group_directory import FRESH, Directory
from bot.settings import GroupSettings
from bot.store.group_terms import Keyword
from bot.store.groups import Group
from bot.store.store import Store

OFFICE, NEW = -4001, -1001000000099


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}", tmp_path / "keys")
    await store.groups.designate(None, OFFICE, title="综合科")
    yield store
    await store.close()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def directory(store: Store, time: Time) -> Directory:
    return Directory(store, {OFFICE: ("青松项目",)}, clock=time)


async def add(store: Store, term: str, chat_id: int = OFFICE) -> None:
    async with store.db.write() as tx:
        await store.group_terms.add(tx, chat_id, term, 6001)


def build(terms: Iterable[str]) -> KeywordList:
    return KeywordList(terms, Normalizer())


async def test_an_unknown_group_is_none(directory: Directory) -> None:
    assert await directory.get(-5) is None
    assert directory.terms(-5) == ()


async def test_terms_come_from_the_settings_and_from_the_database(
    store: Store, directory: Directory
) -> None:
    await add(store, "银杏行动")
    await add(store, "青松项目")
    group = await directory.get(OFFICE)
    assert group is not None and group.title == "综合科"
    assert sorted(directory.terms(OFFICE)) == sorted(["青松项目", "银杏行动"])


async def test_a_change_by_another_process_counts_after_a_look(
    store: Store, directory: Directory, time: Time
) -> None:
    await directory.get(OFFICE)
    await add(store, "银杏行动")
    await directory.get(OFFICE)
    assert "银杏行动" not in directory.terms(OFFICE)
    time.now += FRESH + 1
    await directory.get(OFFICE)
    assert "银杏行动" in directory.terms(OFFICE)


async def test_a_change_by_this_process_counts_at_once(store: Store, directory: Directory) -> None:
    await directory.get(OFFICE)
    await add(store, "银杏行动")
    directory.forget(OFFICE)
    await directory.get(OFFICE)
    assert "银杏行动" in directory.terms(OFFICE)


async def test_terms_stay_in_force_while_a_group_is_read_again(
    store: Store, directory: Directory
) -> None:
    await add(store, "银杏行动")
    await directory.get(OFFICE)
    directory.forget(OFFICE)
    assert "银杏行动" in directory.terms(OFFICE)


async def test_a_change_while_a_group_is_being_read_is_not_missed(
    store: Store, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = store.group_terms.of_some

    async def slow(chat_ids: Collection[int]) -> Sequence[Keyword]:
        found = await read(chat_ids)
        if not changed.done():
            await add(store, "银杏行动")
            directory.forget(OFFICE)
            changed.set_result(None)
        return found

    changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(type(store.group_terms), "of_some", lambda _, chat_ids: slow(chat_ids))
    await directory.get(OFFICE)
    await directory.get(OFFICE)
    assert "银杏行动" in directory.terms(OFFICE)


async def test_the_list_is_rebuilt_only_when_the_terms_change(
    store: Store, directory: Directory
) -> None:
    await directory.get(OFFICE)
    first = directory.keywords(OFFICE, build)
    assert first is not None and directory.keywords(OFFICE, build) is first
    directory.forget(OFFICE)
    await directory.get(OFFICE)
    assert directory.keywords(OFFICE, build) is first
    await add(store, "银杏行动")
    directory.forget(OFFICE)
    await directory.get(OFFICE)
    assert directory.keywords(OFFICE, build) is not first
    assert directory.keywords(-5, build) is None


async def test_a_migrated_group_keeps_the_terms_of_the_settings(
    store: Store, directory: Directory
) -> None:
    await add(store, "银杏行动")
    await store.groups.migrate(None, OFFICE, NEW)
    async with store.db.write() as tx:
        await store.groups.designate_configured(tx, [GroupSettings(id=OFFICE)])
    group = await directory.get(NEW)
    assert group is not None and group.status == "designated"
    assert sorted(directory.terms(NEW)) == sorted(["青松项目", "银杏行动"])
    former = await directory.get(OFFICE)
    assert former is not None and former.status == "left"


async def test_stale_groups_in_use_are_read_together(
    store: Store, directory: Directory, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = [-5000 - n for n in range(20)]
    for chat in chats:
        await store.groups.designate(None, chat, title="分会")
        await add(store, f"银杏{chat}号", chat)
    for chat in chats:
        await directory.get(chat)
    asked: list[int] = []
    some = store.groups.some

    async def counted(chat_ids: Collection[int]) -> list[Group]:
        asked.append(len(chat_ids))
        return await some(chat_ids)

    monkeypatch.setattr(store.groups, "some", counted)
    time.now += FRESH + 1
    await add(store, "白鹭行动", chats[3])
    found = await asyncio.gather(*(directory.get(chat) for chat in chats))
    assert all(group is not None and group.title == "分会" for group in found)
    assert asked == [len(chats)]
    assert sorted(directory.terms(chats[3])) == sorted([f"银杏{chats[3]}号", "白鹭行动"])
    assert directory.terms(chats[4]) == (f"银杏{chats[4]}号",)
