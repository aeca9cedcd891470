"""Say in one sentence why something was found, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.rules import Evidence, Language, Rule

_WORDS: Mapping[str, Mapping[Language, str]] = MappingProxyType(
    {
        "checked": {"zh-CN": "校验通过", "en": "its check digits fit"},
        "near": {"zh-CN": "附近有“{word}”", "en": "“{word}” stands near"},
        "alone": {"zh-CN": "单独成行", "en": "it has a line to itself"},
        "bracket": {"zh-CN": "写在括号内", "en": "it stands in brackets"},
        "start": {"zh-CN": "位于行首", "en": "it begins its line"},
        "beside": {
            "zh-CN": "同时有公文要素",
            "en": "parts of an official document stand beside it",
        },
        "read": {"zh-CN": "由图片识别", "en": "it was read from a picture"},
    }
)
_WITH = MappingProxyType({"zh-CN": "{what}（{why}）", "en": "{what} ({why})"})
_ELEMENTS = MappingProxyType({"zh-CN": "有{elements}", "en": "it has {elements}"})
_COMMA = MappingProxyType({"zh-CN": "，", "en": ", "})
_LIST_COMMA = MappingProxyType({"zh-CN": "、", "en": ", "})


def reason(code: str, language: Language, word: str = "") -> str:
    """Return one reason; ``word`` is a listed word that was found."""
    return _WORDS[code][language].format(word=word)


def sentence(rule: Rule, reasons: Sequence[str], language: Language) -> str:
    """Return a rule's sentence with the reasons for believing it."""
    what = rule.description[language]
    if not reasons:
        return what
    return _WITH[language].format(what=what, why=_COMMA[language].join(reasons))


def sentence_of_elements(rule: Rule, elements: Sequence[Evidence], language: Language) -> str:
    """Return a rule's sentence with the names of the elements that were seen."""
    names = _LIST_COMMA[language].join(e.title[language] for e in elements)
    return sentence(rule, [_ELEMENTS[language].format(elements=names)], language)
