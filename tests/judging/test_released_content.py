"""Digests by which a released content is known again."""

from __future__ import annotations

import hashlib

import pytest

from bot.fragments import ReadAttachments
from bot.judging.released_content import digests_of, digests_of_findings
from bot.model import Category, Extent, Finding, Fragment, Severity, Source

NOTHING = ReadAttachments()


def digest(content: bytes, purpose: str) -> str:
    return hashlib.sha256(purpose.encode() + b"/" + content).hexdigest()


def digests(text: str, source: Source = Source.TEXT, **fields: object) -> tuple[str, ...]:
    attached = fields.pop("attached", NOTHING)
    fragment = Fragment(source=source, text=text, **fields)  # type: ignore[arg-type]
    return digests_of(fragment, attached, digest)  # type: ignore[arg-type]


SAME = [
    ("the same", "机密★10年 报告", "机密★10年 报告"),
    ("spaces and line ends differ", "机密★10年 报告", "机密★10年\n 报告 "),
]
DIFFERENT = [
    ("a word added", "机密★10年 报告", "机密★10年 报告一"),
    ("a letter changed", "机密★10年 报告", "机密★20年 报告"),
    ("a part of it", "机密★10年 报告", "机密★10年"),
]


@pytest.mark.parametrize(("one", "other"), [s[1:] for s in SAME], ids=[s[0] for s in SAME])
def test_a_text_is_recognised_whatever_its_blanks(one: str, other: str) -> None:
    assert digests(one) == digests(other)


@pytest.mark.parametrize(
    ("one", "other"), [d[1:] for d in DIFFERENT], ids=[d[0] for d in DIFFERENT]
)
def test_another_text_is_not_recognised(one: str, other: str) -> None:
    assert not set(digests(one)) & set(digests(other))


def test_a_text_is_recognised_wherever_it_was_typed() -> None:
    assert digests("机密★10年", Source.CAPTION) == digests("机密★10年", Source.TEXT)


def test_a_picture_is_recognised_by_its_bytes() -> None:
    one, other = (ReadAttachments(content={0: data}) for data in (b"one", b"other"))
    known = digests("机密", Source.IMAGE, attachment=0, attached=one)
    assert known == digests("读成别的", Source.IMAGE, attachment=0, attached=one)
    assert known != digests("机密", Source.IMAGE, attachment=0, attached=other)


def test_a_picture_is_recognised_by_its_text_if_that_is_long_enough() -> None:
    one, other = (ReadAttachments(content={0: data}) for data in (b"one", b"other"))
    long = "机密★10年 关于云杉工程选址的报告，共三部分，详见附件。"
    again = digests(long, Source.IMAGE, attachment=0, attached=other)
    assert set(digests(long, Source.IMAGE, attachment=0, attached=one)) & set(again)


def test_a_typed_text_does_not_release_a_picture_that_bears_it() -> None:
    long = "机密★10年 关于云杉工程选址的报告，共三部分，详见附件。"
    assert not set(digests(long)) & set(digests(long, Source.IMAGE, attachment=0))


def test_only_fragments_with_findings_have_digests() -> None:
    fragments = [Fragment(source=Source.TEXT, text=text) for text in ("你好", "机密★10年")]
    finding = Finding(
        rule_id="cn-markings/mark",
        category=Category.MARKING,
        severity=Severity.HIGH,
        confidence=1.0,
        extent=Extent.WHOLE,
        source=Source.TEXT,
        start=0,
        end=6,
        match="机密★10年",
        fragment=1,
    )
    found = digests_of_findings([finding, finding], fragments, NOTHING, digest)
    assert list(found) == [1]
    assert found[1] == digests("机密★10年")
