"""Rules as data; packs load them and the engine runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.model import Category, Extent, Severity, Source

Language = Literal["zh-CN", "en"]
View = Literal["text", "folded", "compact"]
Boundary = Literal["none", "digit", "alnum", "token"]
Position = Literal["any", "line", "phrase", "clause", "bracket", "edge", "start", "cell", "header"]
Discourse = Literal["none", "near", "broad"]

LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text that a rule must find or must not find; ``source`` is where it stood."""

    text: str = field(repr=False)
    source: Source = Source.TEXT


ELEMENT = "element"
"""The code of the reason that an element of a structure was seen; the element's name follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One element of a structure: RE2 on the compact form, and its weight in the score."""

    name: str
    title: Mapping[str, str]
    weight: float
    pattern: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Conditions on the text around a hit.

    ``context`` words within ``window`` characters raise the confidence, and are needed where
    ``context_required``. ``positions`` lists where the hit may stand. ``discourse`` names the talk
    about secrecy that makes the hit harmless. ``beside`` is a pattern that must be found elsewhere
    in the fragment, ``unless`` one that must not be found in the hit's sentence, ``absent`` one
    that must not be found anywhere in the fragment.
    """

    context: tuple[str, ...] = ()
    context_required: bool = False
    window: int = 40
    positions: tuple[Position, ...] = ("any",)
    discourse: Discourse = "none"
    beside: str | None = None
    unless: str | None = None
    absent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing to look for.

    ``pattern`` is RE2 and runs on ``view``: ``text`` keeps case, ``folded`` is lower case,
    ``compact`` is lower case without blanks. It runs only if one of ``keywords`` occurs (or there
    are none), the fragment has ``digits`` digits, and ``guard``, a pattern that
    rules can share, matches. A group named ``value`` is the hit;
    else the whole match is. A rule with ``evidence`` has no pattern: it is found where the weights
    of the elements that are present add up to ``threshold``, in a fragment of at most ``longest``
    characters without blanks, where that is not 0. A rule with ``most`` yields at
    most so many findings in a fragment, because more of the same add nothing. ``raised`` is the
    severity with ``raised_beside`` in the fragment.
    """

    id: str
    pack: str
    category: Category
    severity: Severity
    extent: Extent
    confidence: float
    description: Mapping[str, str]
    pattern: str = field(repr=False)
    view: View = "text"
    guard: str | None = None
    keywords: tuple[str, ...] = ()
    digits: int = 0
    boundary: Boundary = "none"
    validator: str | None = None
    entropy: float = 0.0
    stop_words: tuple[str, ...] = ()
    sources: frozenset[Source] = frozenset()
    surroundings: Surroundings = Surroundings()
    raised: Severity | None = None
    raised_beside: str | None = None
    evidence: tuple[Evidence, ...] = ()
    threshold: float = 0.0
    longest: int = 0
    most: int = 0
    positives: tuple[Example, ...] = ()
    negatives: tuple[Example, ...] = ()

    # Rules are keys of caches; hashing all fields would walk hundreds of examples each time.
    def __hash__(self) -> int:
        return hash(self.id)


GROUP_KEYWORD = Rule(
    id="keywords/group",
    pack="keywords",
    category=Category.KEYWORD,
    severity=Severity.MEDIUM,
    extent=Extent.SPAN,
    confidence=0.9,
    description=MappingProxyType(
        {
            "zh-CN": "含有本群设定的关键词",
            "en": "contains a term of this group's own list",
        }
    ),
    pattern="",
)

_DISGUISES = {
    "alike": ("同音或形近的字", "characters that sound or look alike"),
    "pinyin": ("拼音", "its sounds spelt out"),
    "split": ("拆开的字", "characters taken apart"),
    "reversed": ("倒写", "reversed writing"),
    "spaced": ("夹有字母或数字的字", "letters between its characters"),
    "initials": ("拼音首字母", "its initials"),
}

DISGUISED: Mapping[str, Rule] = MappingProxyType(
    {
        kind: Rule(
            id=f"disguise/{kind}",
            pack="disguise",
            category=Category.KEYWORD,
            severity=Severity.LOW,
            extent=Extent.SPAN,
            confidence=0.3 if kind == "initials" else 0.4,
            description=MappingProxyType(
                {
                    "zh-CN": f"疑似以{chinese}写成的受保护内容，请人工判断",
                    "en": f"may be protected material written with {english}; a person decides",
                }
            ),
            pattern="",
        )
        for kind, (chinese, english) in _DISGUISES.items()
    }
)
"""The rules for likely protected material in disguise, by the kind of disguise."""

BUILT_IN: Mapping[str, Rule] = MappingProxyType(
    {rule.id: rule for rule in (GROUP_KEYWORD, *DISGUISED.values())}
)
"""The rules that are in no pack."""
