r"""Give ``\w`` and ``\d`` their Unicode meaning in RE2, where they mean ASCII; refuse ``\b``."""

from __future__ import annotations

import functools
from types import MappingProxyType

import re2

from bot.errors import ConfigurationError

_CLASSES = MappingProxyType(
    {
        "w": r"\p{L}\p{M}\p{N}_",
        "d": r"\p{Nd}",
    }
)
# RE2's own class has ten times as many ranges, which slows down patterns that repeat it. After
# normalisation no other Chinese characters are left.
_HAN = r"\x{3007}\x{3400}-\x{9fff}\x{20000}-\x{3134f}"
_NAMED_HAN = r"\p{Han}"
REMEMBERED = 2048
"""Compiled patterns that are kept: packs that are read again hold mostly the same ones."""

_NEGATED = MappingProxyType({name.upper(): inside for name, inside in _CLASSES.items()})


def compile_regex(pattern: str, where: str) -> re2._Regexp:
    """Compile an RE2 pattern; raise ConfigurationError that names the place and the fault."""
    try:
        return _compiled(translated(pattern, where))
    except re2.error as error:
        fault = error.args[0] if error.args else "not valid"
        fault = fault.decode() if isinstance(fault, bytes) else str(fault)
        raise ConfigurationError(
            f"the pattern is not valid RE2: {fault}",
            where=where,
            mend="RE2 has no look-around and no back-references; use the field boundary",
        ) from None


@functools.lru_cache(maxsize=REMEMBERED)
def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False  # RE2 would print the pattern, which may be an operator's secret
    # With the default of 8 MB long lists of words make RE2 give up its DFA for the slow NFA.
    options.max_mem = 32 << 20
    return re2.compile(pattern, options)


def translated(pattern: str, where: str) -> str:
    r"""Return a pattern in which \w \W \d \D mean letters and digits of all scripts.

    Raises ConfigurationError where RE2 cannot be given Unicode meaning: \b and \B, and a
    negated class within brackets.
    """
    try:
        return _translated(pattern)
    except ConfigurationError as fault:
        raise ConfigurationError(fault.what, where=where, mend=fault.mend) from None


@functools.lru_cache(maxsize=REMEMBERED)
def _translated(pattern: str) -> str:
    pieces: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith(_NAMED_HAN, at):
            pieces.append(_HAN if in_class else f"[{_HAN}]")
            at += len(_NAMED_HAN)
            continue
        if char == "\\" and at + 1 < len(pattern):
            name = pattern[at + 1]
            if name == "Q":
                end = pattern.find("\\E", at)
                end = len(pattern) if end < 0 else end + 2
                pieces.append(pattern[at:end])
                at = end
                continue
            pieces.append(_escape(name, in_class=in_class))
            at += 2
            continue
        if in_class and pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            pieces.append(pattern[at : end + 2])
            at = end + 2
            continue
        if not in_class and char == "[":
            in_class = True
            # A bracket that closes at once is one of the class's characters.
            opening = next(o for o in ("[^]", "[]", "[^", "[") if pattern.startswith(o, at))
            pieces.append(opening)
            at += len(opening)
            continue
        in_class = in_class and char != "]"
        pieces.append(char)
        at += 1
    return "".join(pieces)


def _escape(name: str, *, in_class: bool) -> str:
    if name in ("b", "B"):
        raise ConfigurationError(
            rf"the pattern uses \{name}, which sees only ASCII in RE2",
            mend="use the field boundary, or name the characters that may stand there",
        )
    if name in _CLASSES:
        return _CLASSES[name] if in_class else f"[{_CLASSES[name]}]"
    if name in _NEGATED:
        if in_class:
            raise ConfigurationError(
                rf"the pattern uses \{name} within brackets, which sees only ASCII in RE2",
                mend=rf"write the class without \{name}, or negate all of it: [^\{name.lower()}]",
            )
        return f"[^{_NEGATED[name]}]"
    return f"\\{name}"
