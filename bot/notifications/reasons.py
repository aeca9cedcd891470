"""Turn a finding's reasons, which are codes, into a sentence in the reader's language."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from bot.rules.rule import ELEMENT, Language, Rule

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
_WITH = MappingProxyType({"zh-CN": "{what}（{why}）", "en": "{what} ({why})"})
_CLOSE = MappingProxyType({"zh-CN": "）", "en": ")"})
_SEMICOLON = MappingProxyType({"zh-CN": "；", "en": "; "})
_ELEMENTS = MappingProxyType({"zh-CN": "有{elements}", "en": "it has {elements}"})
_COMMA = MappingProxyType({"zh-CN": "，", "en": ", "})
_LIST_COMMA = MappingProxyType({"zh-CN": "、", "en": ", "})


@functools.lru_cache(maxsize=4096)
def explained(rule: Rule, reasons: tuple[str, ...], language: Language) -> str:
    """Return a rule's description, with `Finding.reasons` in brackets after it."""
    parts: list[str] = []
    elements: list[str] = []
    for reason in reasons:
        code, _, word = reason.partition(":")
        if code == ELEMENT:
            elements += [e.title[language] for e in rule.evidence if e.name == word]
        elif code in _WORDS:
            parts.append(_WORDS[code][language].format(word=word))
    if elements:
        parts.append(_ELEMENTS[language].format(elements=_LIST_COMMA[language].join(elements)))
    description = rule.description[language]
    if not parts:
        return description
    why = _COMMA[language].join(parts)
    close = _CLOSE[language]
    # A description may end with a bracket of its own: two in a row would read badly.
    if description.endswith(close):
        return description.removesuffix(close) + _SEMICOLON[language] + why + close
    return _WITH[language].format(what=description, why=why)
