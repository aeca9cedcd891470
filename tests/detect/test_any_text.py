"""In any text, masks cover the findings and nothing else."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.judging.checking import Checker, load_checker
from bot.model import Extent
from bot.settings import Settings

TERMS = ("青松项目", "Falcon", "👨‍👩‍👧", "é́", "\ud800x1")
SECRETS = ("机密★10年", "11010519491231002X", "内部资料", "password: hK3#x9Qz", *TERMS)
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
ODD = st.text("\u200b\u200d\ufe0f\u0336\u20e3\ud83d\udc4d👍🏽\r\n\u2028　﷽ǅΐ%&;\\", max_size=6)
PIECE = st.one_of(
    ANY,
    ODD,
    st.sampled_from(SECRETS),
    st.sampled_from(SECRETS).map(lambda s: "\u200d".join(s)),
    st.sampled_from(SECRETS[:4]).map(quote),
    st.sampled_from(SECRETS[:4]).map(lambda s: base64.b64encode(s.encode()).decode()),
)


@pytest.fixture(scope="module")
def checker() -> Checker:
    settings = Settings()
    return load_checker(settings.resource("packs"), settings.resource("policies.toml"))


@given(st.lists(PIECE, max_size=6).map("".join))
def test_masks_cover_what_was_found_and_nothing_else(checker: Checker, text: str) -> None:
    result = checker.check_text(text, keywords=TERMS)
    assert result.verdict.not_inspected == ()
    assert result.masked is not None
    assert len(result.masked) == len(text)
    covered: set[int] = set()
    for finding in result.verdict.findings:
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.match == text[finding.start : finding.end]
        whole = finding.extent is Extent.WHOLE
        covered.update(range(len(text)) if whole else range(finding.start, finding.end))
    for at, (before, after) in enumerate(zip(text, result.masked, strict=True)):
        assert after == ("█" if at in covered and before != "\n" else before)


@pytest.mark.parametrize("secret", ["👨‍👩‍👧", "Falcon", "青松项目"])
@pytest.mark.parametrize(
    "around", [("👍🏽", "👩‍💻"), ("é", "e\u0301"), ("\ud83d", "\udc4d"), ("🇨🇳", "1️⃣")]
)
def test_neighbours_stay_whole(checker: Checker, secret: str, around: tuple[str, str]) -> None:
    before, after = around
    result = checker.check_text(f"{before} {secret} {after}", keywords=[secret])
    assert result.masked == f"{before} {'█' * len(secret)} {after}"
