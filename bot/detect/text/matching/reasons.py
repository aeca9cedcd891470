"""Say in one sentence why something was found, in the reader's language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from bot.model import Category
from bot.rules.rule import Language, Rule

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
        "content": {
            "zh-CN": "旁边有材料标题或内容",
            "en": "a title or other content stands beside it",
        },
        "no talk": {
            "zh-CN": "所在的句子不是讲解、提问、提醒或案例",
            "en": "its sentence is no lesson, question, reminder or report",
        },
        "no sample": {
            "zh-CN": "形式相符，且不是示例或占位符",
            "en": "its form fits, and it is no sample",
        },
        "form": {"zh-CN": "形式相符", "en": "its form fits"},
        "listed": {"zh-CN": "与列出的工具相符", "en": "it names a tool that is listed"},
        "decoded": {"zh-CN": "还原编码或分隔后可见", "en": "it shows once its writing is undone"},
        "read": {"zh-CN": "由图片识别", "en": "it was read from a picture"},
    }
)
ELEMENT = "element"
"""The code of an element of a structure; its name follows."""

_LAST = MappingProxyType(
    {
        Category.MARKING: "no talk",
        Category.CREDENTIAL: "no sample",
        Category.IDENTITY: "form",
        Category.DOCUMENT: "listed",
    }
)
_WITH = MappingProxyType({"zh-CN": "{what}（{why}）", "en": "{what} ({why})"})
_CLOSE = MappingProxyType({"zh-CN": "）", "en": ")"})
_SEMICOLON = MappingProxyType({"zh-CN": "；", "en": "; "})
_ELEMENTS = MappingProxyType({"zh-CN": "有{elements}", "en": "it has {elements}"})
_COMMA = MappingProxyType({"zh-CN": "，", "en": ", "})
_LIST_COMMA = MappingProxyType({"zh-CN": "、", "en": ", "})


def last_reason(category: Category) -> str | None:
    """Return the code of what speaks for a finding when nothing else does."""
    return _LAST.get(category)


def also(sentence: str, code: str, language: Language) -> str:
    """Return a sentence with one more reason."""
    return _joined(sentence, _WORDS[code][language], language)


def _joined(what: str, why: str, language: Language) -> str:
    """Add a reason in brackets, in those that are there already if there are any."""
    close = _CLOSE[language]
    if what.endswith(close):
        return what.removesuffix(close) + _SEMICOLON[language] + why + close
    return _WITH[language].format(what=what, why=why)


@functools.lru_cache(maxsize=4096)
def explained(rule: Rule, reasons: tuple[str, ...], language: Language) -> str:
    """Return a rule's sentence with the reasons for believing it, as `Finding.reasons` has them."""
    told: list[str] = []
    elements: list[str] = []
    for reason in reasons:
        code, _, word = reason.partition(":")
        if code == ELEMENT:
            elements += [e.title[language] for e in rule.evidence if e.name == word]
        elif code in _WORDS:
            told.append(_WORDS[code][language].format(word=word))
    if elements:
        told.append(_ELEMENTS[language].format(elements=_LIST_COMMA[language].join(elements)))
    what = rule.description[language]
    if not told:
        return what
    return _joined(what, _COMMA[language].join(told), language)
