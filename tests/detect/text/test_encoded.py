"""Encoded parts are read, and what is found in them points to them."""

import base64
import html
import quopri
from textwrap import wrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.detect.engine import Engine
from bot.model import Finding, Fragment, Source
from bot.rules.packs import load_packs
from bot.settings import Settings

PACKS = load_packs(Settings().resource("packs"))
ENGINE = Engine(PACKS.rules(["cn-markings", "identity-cn"]))
MARK = "机密★10年"
NUMBER = "11010519491231002X"


def inspect(text: str) -> tuple[Finding, ...]:
    inspection = ENGINE.inspect([Fragment(source=Source.TEXT, text=text)])
    assert inspection.not_inspected == ()
    return inspection.findings


def base64_of(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


def entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" for c in text)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("percent", quote(MARK)),
        ("quoted-printable", quopri.encodestring(MARK.encode(), quotetabs=True).decode()),
        ("percent, partly", f"机{quote('密')}★10年"),
        ("percent in GBK", quote(MARK.encode("gbk"))),
        ("entities", entities(MARK)),
        ("hexadecimal entities", "".join(f"&#x{ord(c):X};" for c in MARK)),
        ("escapes", MARK.encode("ascii", "backslashreplace").decode()),
        ("byte escapes", "".join(f"\\x{b:02x}" for b in MARK.encode())),
        ("base64", base64_of(MARK)),
        ("base64 without padding", base64_of(MARK).rstrip("=")),
        ("base64 of GBK", base64_of(MARK + "，关于会议", "gbk")),
        ("base64 of UTF-16", base64_of(MARK, "utf-16")),
        ("base64 in lines", "\n".join(wrap(base64_of("请查收" * 20 + "\n" + MARK), 76))),
        ("hexadecimal", MARK.encode().hex()),
        ("hexadecimal with blanks", MARK.encode().hex(" ")),
        ("full width", quote(MARK).translate({i: i + 0xFEE0 for i in range(0x21, 0x7F)})),
        ("percent in base64", base64_of(quote(MARK))),
        ("base64 in base64", base64_of(base64_of(MARK))),
        ("percent in percent", quote(quote(MARK))),
        ("base64 in entities", entities(base64_of(MARK))),
    ],
)  # fmt: skip
def test_a_mark_is_found_in(name: str, encoded: str) -> None:
    text = f"看：{encoded} 。"
    found = [f for f in inspect(text) if f.rule_id == "cn-markings/state-secret"]
    assert [(f.start, f.end, f.match) for f in found] == [(2, 2 + len(encoded), encoded)], name


def test_three_levels_are_not_followed() -> None:
    assert inspect(quote(quote(quote(MARK)))) == ()


def test_a_codes_own_characters_are_covered_and_no_others() -> None:
    text = f"https://example.com/?id={quote(NUMBER[:6])}%31%39{NUMBER[8:]}&x=%E5%A5%BD"
    [finding] = inspect(text)
    assert finding.match == NUMBER[:6] + "%31%39" + NUMBER[8:]


def test_a_number_between_codes_is_found() -> None:
    [finding] = inspect(f"?a=%20{NUMBER}%20b")
    assert finding.match == NUMBER


def test_a_finding_in_clear_text_is_reported_once() -> None:
    assert len(inspect(f"{NUMBER} %E5%A5%BD")) == 1


@pytest.mark.parametrize(
    "text",
    ["internationalization", "0123456789abcdef" * 4, "a" * 400, "%zz &nope; \\uZZZZ", "100%的人"],
)
def test_ordinary_text_is_not_taken_for_code(text: str) -> None:
    assert inspect(text) == ()


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(0, 3))
def test_any_text_keeps_its_offsets(text: str, kind: int) -> None:
    plain = text.encode("utf-8", "replace").decode()
    code = (quote(plain), html.escape(plain), base64_of(plain), plain.encode().hex())[kind]
    whole = f"{text}{code}{NUMBER}"
    for finding in inspect(whole):
        assert 0 <= finding.start < finding.end <= len(whole)
        assert whole[finding.start : finding.end] == finding.match
