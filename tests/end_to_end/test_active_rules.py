"""Packs and policies are taken up while the bot runs; a mistake leaves those in force."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.detect.media.sandbox.lazy_pool import StartingMedia
from bot.policy.publishing import publish
from bot.settings import CONFIG_FOLDER
from tests.support.office import Office, open_office
from tests.support.people import OFFICE, SUPERVISORS, ZHANG

pytestmark = pytest.mark.asyncio(loop_scope="session")
MARK = "机密★10年"
NUMBER = "11010519491231002X"


async def look(office: Office) -> None:
    for file in office.app.watched:
        await file.look()
    await office.quiet()


async def stays(office: Office, text: str) -> bool:
    number = await office.people.post(ZHANG, OFFICE, text)
    await office.quiet()
    return await office.people.message(OFFICE, number) is not None


def shipped(folder: Path) -> Path:
    folder.mkdir()
    shutil.copytree(CONFIG_FOLDER / "packs", folder / "packs")
    shutil.copyfile(CONFIG_FOLDER / "policies.toml", folder / "policies.toml")
    return folder


async def test_a_published_policy_is_taken_up(tmp_path: Path, media: StartingMedia) -> None:
    candidate = shipped(tmp_path / "candidate")
    policies = candidate / "policies.toml"
    policies.write_text(policies.read_text("utf-8").replace('"identity-cn", ', ""), "utf-8")
    async with open_office(tmp_path, media) as office:
        assert not await stays(office, f"号码 {NUMBER}")
        publish(candidate, tmp_path)
        await look(office)
        assert await stays(office, f"号码 {NUMBER}")
        assert not await stays(office, f"附上 {MARK}")


async def test_a_changed_pack_is_taken_up(tmp_path: Path, media: StartingMedia) -> None:
    async with open_office(tmp_path, media) as office:
        assert await stays(office, "样机编号 QX-20431")
        shutil.copytree(CONFIG_FOLDER / "packs", tmp_path / "packs")
        pack = tmp_path / "packs" / "work-secrets.toml"
        rule = """
[[rules]]
name = "prototype"
category = "marking"
severity = "medium"
confidence = 0.9
description = { "zh-CN" = "样机编号", en = "number of a prototype" }
pattern = 'qx-\\d{5}'
view = "folded"
keywords = ["QX-"]
positives = ["样机编号 QX-20431", "QX-20431", "见 QX-20432。"]
negatives = ["QX-2043", "QX 型", "EQX"]
"""
        pack.write_text(pack.read_text("utf-8") + rule, "utf-8")
        await look(office)
        await office.remember()
        assert not await stays(office, "样机编号 QX-20431")
        [notice] = await office.said(OFFICE)
        assert "样机编号" in notice["text"]


async def test_mistake_in_a_file_is_reported_and_changes_nothing(
    tmp_path: Path, media: StartingMedia
) -> None:
    folder = shipped(tmp_path / "own")
    async with open_office(folder, media) as office:
        pack = folder / "packs" / "identity-cn.toml"
        whole = pack.read_text("utf-8")
        pack.write_text(whole.replace("pattern = ", "patern = ", 1), "utf-8")
        await office.remember()
        await look(office)
        [told] = await office.said(SUPERVISORS)
        assert office.t("⚠️ A changed file was refused") in told["text"]
        assert "identity-cn.toml" in told["text"]
        assert "patern" in told["text"]
        assert not await stays(office, f"号码 {NUMBER}")

        await office.remember()
        await look(office)
        assert await office.said(SUPERVISORS) == [], "once for each change"

        pack.write_text(whole, "utf-8")
        await look(office)
        assert not await stays(office, f"号码是 {NUMBER}")


@pytest.mark.parametrize(
    ("language", "why"), [("zh-CN", "校验通过"), ("en", "its check digits fit")]
)
async def test_reason_is_given_in_the_language_of_the_group(
    tmp_path: Path, media: StartingMedia, language: str, why: str
) -> None:
    async with open_office(tmp_path, media, language=language) as office:
        assert not await stays(office, f"号码 {NUMBER}")
        notices = await office.said(OFFICE)
        assert why in notices[-1]["text"]
