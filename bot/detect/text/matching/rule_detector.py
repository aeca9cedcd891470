"""The detector of the packs' rules.

The path of one rule, from cheap to costly; most texts leave at the first step::

    gates     does a keyword of the rule occur?          one pass for all rules
    digits    is there a number long enough?
    prefilter is there a run that the pattern needs?     `run_prefilter`
    pattern   does RE2 match, at a boundary, validated?  `patterns`
    fragment  beside / absent
    hit       context words, position, unless, talk      `_score`
    finding
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, islice

import re2

from bot.detect.text.discourse.chinese_talk import is_harmless_talk
from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.matching.patterns import PatternHit, RulePattern
from bot.detect.text.matching.positions import nearest_word, sentence, stands
from bot.detect.text.matching.scoring import Score, default_reason, finding
from bot.detect.text.normalization.normalized_text import Normalized, dense
from bot.detect.text.normalization.normalizer import Normalizer
from bot.detect.text.values.check_digits import PROOFS
from bot.model import Category, Extent, Finding, Fragment, Severity, Source
from bot.rules.regex import compile_regex
from bot.rules.rule import Position, Rule

# A mark withholds the whole fragment: more of the same rule would say nothing new.
MAX_WHOLE = 10
HIGHEST = 0.99
_TELLING_PLACES: tuple[tuple[Position, str], ...] = (
    ("line", "alone"),
    ("bracket", "bracket"),
    ("start", "start"),
)
# No honest text speaks about one mark so often, and where a rule has found so much, the rest is
# hardly other. Beyond this a hit counts without being judged, so that neither time nor a real
# mark can be lost among decoys.
MAX_JUDGED, LENGTH_PER_JUDGED, UNJUDGED = 48, 128, 0.6
_DIGITS = bytes(0x30 if chr(c) in "0123456789" else 0 for c in range(256))
_DIGIT_BYTE = 0x30
_DIGIT = re.compile("[0-9]")
_DIGIT_RUN = re.compile("[0-9](?:[ -]{0,2}[0-9])*")


@dataclass(frozen=True, slots=True)
class _Prepared:
    rule: Rule
    digits: bytes
    pattern: RulePattern
    context: tuple[str, ...]
    beside: re2._Regexp | None
    unless: re2._Regexp | None
    absent: re2._Regexp | None
    raised_beside: re2._Regexp | None


class RuleDetector:
    """Runs the rules whose keywords occur; one pass finds all keywords."""

    name = "rules"

    def __init__(
        self,
        rules: Sequence[Rule],
        normalizer: Normalizer,
        gates: Gates | None = None,
    ) -> None:
        """Prepare rules; ``gates`` are opened by `rule_gates`, by the place of a rule."""
        self._rules = tuple(_prepare(rule, normalizer) for rule in rules)
        self._gates = gates or Gates(rule_gates(rules, normalizer))
        always: dict[int, list[_Prepared]] = {}
        for prepared in self._rules:
            if not prepared.rule.keywords:
                always.setdefault(prepared.rule.digits, []).append(prepared)
        self._always = tuple((b"0" * digits, always[digits]) for digits in sorted(always))

    def able(self, text: Normalized, opened: AbstractSet[int]) -> list[_Prepared]:
        """Return those of the opened rules that may find something; seldom any."""
        chosen = [self._rules[n] for n in sorted(opened) if n < len(self._rules)] if opened else []
        digits = text.ascii.translate(_DIGITS, b" -")
        if _DIGIT_BYTE in digits:
            for run, rules in self._always:
                if run not in digits:
                    break
                chosen += rules
        if not chosen:
            return chosen
        return [r for r in chosen if r.digits in digits and r.pattern.may_match(text)]

    def may_find(self, text: Normalized) -> bool:
        """Return True if any rule may find something."""
        return bool(self.able(text, self._gates.opened(text)))

    def detect(self, fragment: Fragment, text: Normalized) -> Iterable[Finding]:
        """Return the findings of every rule."""
        able = self.able(text, self._gates.opened(text))
        return self._found(able, fragment, text) if able else ()

    def _found(
        self, able: Iterable[_Prepared], fragment: Fragment, text: Normalized
    ) -> Iterator[Finding]:
        digits: int | None = None
        for prepared in able:
            rule = prepared.rule
            if rule.digits and digits is None:
                digits = _longest_run(text.text)
            if digits is not None and digits < rule.digits:
                continue
            if not rule.sources or fragment.source in rule.sources:
                yield from self._run(prepared, fragment, text)

    def _run(self, prepared: _Prepared, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        whole = prepared.rule.extent is Extent.WHOLE
        most = prepared.rule.most or (MAX_WHOLE if whole else None)
        hits = prepared.pattern.find(text)
        # Most patterns do not match, so the rule's other conditions come after the first hit.
        first = next(hits, None)
        if first is not None and _fits(prepared, text):
            yield from islice(self._scored(prepared, fragment, text, chain((first,), hits)), most)

    def _scored(
        self, prepared: _Prepared, fragment: Fragment, text: Normalized, hits: Iterable[PatternHit]
    ) -> Iterator[Finding]:
        rule, whole = prepared.rule, prepared.rule.extent is Extent.WHOLE
        severity: Severity | None = None
        left = MAX_JUDGED + len(text.text) // LENGTH_PER_JUDGED
        for hit in hits:
            score = _score(prepared, fragment, text, hit) if left > 0 else _unscored(rule)
            # A rule that withholds all yields few findings anyway, so only its dropped hits count.
            left -= (score is None) is whole
            if score is None:
                continue
            if severity is None:
                severity = _severity(prepared, text)
            reasons = score.reasons
            if severity > rule.severity:
                reasons = (*reasons, "beside")
            span = text.span(hit.start, hit.end)
            score = Score(score.confidence, reasons, severity)
            yield finding(rule, fragment, span, score)


def rule_gates(rules: Sequence[Rule], normalizer: Normalizer) -> Iterator[tuple[str, int]]:
    """Yield the words that open rules, each with the place of its rule."""
    for number, rule in enumerate(rules):
        for keyword in rule.keywords:
            yield dense(normalizer(keyword).folded), number


def _longest_run(text: str) -> int:
    """Count the digits of the longest number, blanks and hyphens inside it allowed."""
    return max((len(_DIGIT.findall(run)) for run in _DIGIT_RUN.findall(text)), default=0)


def _prepare(rule: Rule, normalizer: Normalizer) -> _Prepared:
    around = rule.surroundings
    return _Prepared(
        rule=rule,
        digits=b"0" * rule.digits,
        pattern=RulePattern(rule),
        context=tuple(normalizer(word).folded for word in around.context),
        beside=compile_regex(around.beside, rule.id) if around.beside else None,
        unless=compile_regex(around.unless, rule.id) if around.unless else None,
        absent=compile_regex(around.absent, rule.id) if around.absent else None,
        raised_beside=compile_regex(rule.raised_beside, rule.id) if rule.raised_beside else None,
    )


def _fits(prepared: _Prepared, text: Normalized) -> bool:
    """Return True if the fragment as a whole holds what the rule asks for, and not what it bars."""
    if prepared.absent is not None and prepared.absent.search(text.encoded("compact")):
        return False
    return prepared.beside is None or bool(prepared.beside.search(text.encoded("compact")))


def _severity(prepared: _Prepared, text: Normalized) -> Severity:
    rule = prepared.rule
    if rule.raised is None or prepared.raised_beside is None:
        return rule.severity
    return rule.raised if prepared.raised_beside.search(text.encoded("compact")) else rule.severity


@functools.lru_cache(maxsize=1024)
def _unscored(rule: Rule) -> Score:
    code = default_reason(rule.category)
    confidence = rule.confidence * (UNJUDGED if rule.extent is Extent.WHOLE else 1)
    return Score(confidence, (code,) if code else ())


def _score(
    prepared: _Prepared, fragment: Fragment, text: Normalized, hit: PatternHit
) -> Score | None:
    """Score a hit by its surroundings; None drops it."""
    rule, around = prepared.rule, prepared.rule.surroundings
    confidence = rule.confidence
    reasons: list[str] = []
    if rule.validator in PROOFS:
        reasons.append("checked")
    if around.context:
        span = (hit.start, hit.end)
        word = nearest_word(text.folded, span, _present(prepared, text), around.window)
        if word is None and around.context_required:
            return None
        confidence = confidence if word else confidence * 0.8
        reasons += [f"near:{word}"] if word else []
    if not stands(text, hit.start, hit.end, around.positions) or _is_barred(prepared, text, hit):
        return None
    if is_harmless_talk(text, hit.start, hit.end, around.discourse):
        return None
    if rule.category is Category.MARKING:
        place = _place(text, hit)
        reasons += [place] if place else []
        confidence += (1 - confidence) / 2 if place else 0
        reasons += ["content"] if around.beside else []
    if not reasons and (code := default_reason(rule.category)):
        reasons.append(code)
    if fragment.source is Source.IMAGE:
        reasons.append("read")
    return Score(min(confidence, HIGHEST), tuple(reasons))


def _present(prepared: _Prepared, text: Normalized) -> tuple[str, ...]:
    """Return those words of a rule's context that stand anywhere in the text."""
    present = text.cache.context_words.get(prepared.context)
    if present is None:
        present = tuple(word for word in prepared.context if word in text.folded)
        text.cache.context_words[prepared.context] = present
    return present


def _is_barred(prepared: _Prepared, text: Normalized, hit: PatternHit) -> bool:
    if prepared.unless is None:
        return False
    low, high = sentence(text, hit.start, hit.end)
    around = text.folded[low:high]
    barred = text.cache.barred.get((prepared.unless, around))
    if barred is None:
        barred = prepared.unless.search(around) is not None
        text.cache.barred[prepared.unless, around] = barred
    return barred


def _place(text: Normalized, hit: PatternHit) -> str | None:
    """Name the place that speaks for a mark: its own line, brackets, or the start of a line."""
    for position, code in _TELLING_PLACES:
        if stands(text, hit.start, hit.end, (position,)):
            return code
    return None
