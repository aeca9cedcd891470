"""The detectors of text: the packs' rules, and a group's own terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import re2

from bot.detect.text.checksums import PROOFS
from bot.detect.text.context import is_harmless_talk, nearest_word, sentence, stands
from bot.detect.text.index import DaachorseIndex, IndexFactory
from bot.detect.text.keywords import KeywordHit, Keywords
from bot.detect.text.normalize import Normalized, Normalizer, dense
from bot.detect.text.patterns import PatternHit, RulePattern
from bot.detect.text.reasons import reason
from bot.detect.text.reasons import sentence as why_sentence
from bot.model import Category, Extent, Finding, Fragment, Severity, Source
from bot.regex import compile_regex
from bot.rules import DISGUISED, GROUP_KEYWORD, Language, Position, Rule

# A mark withholds the whole fragment: more of the same rule would say nothing new.
MAX_WHOLE = 20
MAX_PLACES = 60
HIGHEST = 0.99
_TELLING_PLACES: tuple[tuple[Position, str], ...] = (
    ("line", "alone"),
    ("bracket", "bracket"),
    ("start", "start"),
)
# No honest text speaks about one mark so often. Beyond this a mark counts as one without being
# judged, so that neither time nor a real mark can be lost among decoys.
MAX_DROPPED, LENGTH_PER_DROPPED, UNJUDGED = 48, 128, 0.6
_DIGIT = re.compile("[0-9]")
_DIGIT_RUN = re.compile("[0-9](?:[ -]{0,2}[0-9])*")


@dataclass(frozen=True, slots=True)
class _Prepared:
    rule: Rule
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
        language: Language,
        normalizer: Normalizer,
        *,
        index: IndexFactory = DaachorseIndex,
    ) -> None:
        self._language: Language = language
        self._rules = tuple(_prepare(rule, normalizer) for rule in rules)
        gates: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for keyword in rule.keywords:
                gates.setdefault(dense(normalizer(keyword).folded), []).append(number)
        self._gates = tuple(tuple(numbers) for numbers in gates.values())
        self._index = index(tuple(gates))
        self._always = tuple(n for n, rule in enumerate(rules) if not rule.keywords)
        self._fewest_digits = min((rules[n].digits for n in self._always), default=0)

    def detect(self, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        """Yield the findings of every rule."""
        chosen: set[int] = set()
        for _, _, gate in self._index.find(text.dense_text):
            chosen.update(self._gates[gate])
        digits = _longest_run(text.text)
        if self._always and digits >= self._fewest_digits:
            chosen.update(self._always)
        for number in sorted(chosen):
            prepared = self._rules[number]
            rule = prepared.rule
            if digits >= rule.digits and (not rule.sources or fragment.source in rule.sources):
                yield from self._run(prepared, fragment, text)

    def _run(self, prepared: _Prepared, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        rule = prepared.rule
        most = MAX_WHOLE if rule.extent is Extent.WHOLE else None
        if _fits(prepared, text):
            yield from islice(self._judged(prepared, fragment, text), most)

    def _judged(
        self, prepared: _Prepared, fragment: Fragment, text: Normalized
    ) -> Iterator[Finding]:
        severity: Severity | None = None
        patience = MAX_DROPPED + len(text.text) // LENGTH_PER_DROPPED
        for hit in prepared.pattern.find(text):
            judgement: _Judgement | None
            if patience > 0 or prepared.rule.extent is not Extent.WHOLE:
                judgement = _judge(prepared, fragment, text, hit)
            else:
                judgement = _Judgement(prepared.rule.confidence * UNJUDGED, ())
            if judgement is None:
                patience -= 1
                continue
            if severity is None:
                severity = _severity(prepared, text)
            rule = prepared.rule
            reasons = list(judgement.reasons)
            if severity > rule.severity:
                reasons.append(("beside", ""))
            told = [reason(code, self._language, word) for code, word in reasons]
            yield _finding(
                rule, fragment, text.span(hit.start, hit.end), severity, judgement.confidence,
                why_sentence(rule, told, self._language),
            )  # fmt: skip


def _longest_run(text: str) -> int:
    """Count the digits of the longest number, blanks and hyphens inside it allowed."""
    return max((len(_DIGIT.findall(run)) for run in _DIGIT_RUN.findall(text)), default=0)


def _prepare(rule: Rule, normalizer: Normalizer) -> _Prepared:
    around = rule.surroundings
    return _Prepared(
        rule=rule,
        pattern=RulePattern(rule),
        context=tuple(normalizer(word).folded for word in around.context),
        beside=compile_regex(around.beside, rule.id) if around.beside else None,
        unless=compile_regex(around.unless, rule.id) if around.unless else None,
        absent=compile_regex(around.absent, rule.id) if around.absent else None,
        raised_beside=compile_regex(rule.raised_beside, rule.id) if rule.raised_beside else None,
    )


def _fits(prepared: _Prepared, text: Normalized) -> bool:
    """Say whether the fragment as a whole holds what the rule asks for, and not what it bars."""
    if prepared.absent is not None and prepared.absent.search(text.compact.text):
        return False
    return prepared.beside is None or bool(prepared.beside.search(text.compact.text))


def _severity(prepared: _Prepared, text: Normalized) -> Severity:
    rule = prepared.rule
    if rule.raised is None or prepared.raised_beside is None:
        return rule.severity
    return rule.raised if prepared.raised_beside.search(text.compact.text) else rule.severity


@dataclass(frozen=True, slots=True)
class _Judgement:
    """How sure a hit is, and the codes of the reasons with a listed word each."""

    confidence: float
    reasons: tuple[tuple[str, str], ...]


def _judge(
    prepared: _Prepared, fragment: Fragment, text: Normalized, hit: PatternHit
) -> _Judgement | None:
    """Judge a hit by what stands around it; None drops it."""
    rule, around = prepared.rule, prepared.rule.surroundings
    confidence = rule.confidence
    reasons: list[tuple[str, str]] = []
    if rule.validator in PROOFS:
        reasons.append(("checked", ""))
    if around.context:
        span = (hit.start, hit.end)
        word = nearest_word(text.folded, span, prepared.context, around.window)
        if word is None and around.context_required:
            return None
        confidence = confidence if word else confidence * 0.8
        reasons += [("near", word)] if word else []
    if not stands(text, hit.start, hit.end, around.positions) or _is_barred(prepared, text, hit):
        return None
    if is_harmless_talk(text, hit.start, hit.end, around.discourse):
        return None
    if rule.category is Category.MARKING:
        place = _place(text, hit)
        reasons += [(place, "")] if place else []
        confidence += (1 - confidence) / 2 if place else 0
    if fragment.source is Source.IMAGE:
        reasons.append(("read", ""))
    return _Judgement(min(confidence, HIGHEST), tuple(reasons))


def _is_barred(prepared: _Prepared, text: Normalized, hit: PatternHit) -> bool:
    if prepared.unless is None:
        return False
    low, high = sentence(text.folded, hit.start, hit.end)
    return bool(prepared.unless.search(text.folded[low:high]))


def _place(text: Normalized, hit: PatternHit) -> str | None:
    """Name the place that speaks for a mark: its own line, brackets, or the start of a line."""
    for position, code in _TELLING_PLACES:
        if stands(text, hit.start, hit.end, (position,)):
            return code
    return None


class KeywordDetector:
    """Looks for a group's own terms. Of overlapping hits the longest is told."""

    name = "keywords"

    def __init__(self, keywords: Keywords, language: Language) -> None:
        self._keywords = keywords
        self._language: Language = language

    def detect(self, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        """Yield a finding for each place."""
        hits = sorted(self._keywords.find(text), key=lambda h: (h.start, -h.end))
        for start, end in _places(hits):
            yield _finding(
                GROUP_KEYWORD, fragment, text.span(start, end), GROUP_KEYWORD.severity,
                GROUP_KEYWORD.confidence, GROUP_KEYWORD.description[self._language],
            )  # fmt: skip


class DisguiseDetector:
    """Looks for a group's own terms in disguise, beside what `KeywordDetector` finds."""

    name = "disguises"

    def __init__(self, keywords: Keywords, language: Language) -> None:
        self._keywords = keywords
        self._language: Language = language

    def detect(self, fragment: Fragment, text: Normalized) -> Iterator[Finding]:
        """Yield a doubt for each place."""
        hits = sorted(self._keywords.disguised(text), key=lambda h: (h[0], -h[1]))
        end = 0
        for start, last, kind in hits:
            if start >= end:
                yield doubt(kind, fragment, text.span(start, last), self._language)
                end = last


def doubt(kind: str, fragment: Fragment, span: tuple[int, int], language: Language) -> Finding:
    """Return the finding of what may be something in disguise."""
    rule = DISGUISED[kind]
    return _finding(rule, fragment, span, rule.severity, rule.confidence, language)


def _places(hits: Sequence[KeywordHit]) -> list[tuple[int, int]]:
    """Drop hits inside others and join those that overlap or, when there are very many, touch."""
    slack = 0 if len(hits) > MAX_PLACES else -1
    places: list[tuple[int, int]] = []
    for hit in hits:
        if places and hit.start <= places[-1][1] + slack:
            places[-1] = (places[-1][0], max(places[-1][1], hit.end))
        else:
            places.append((hit.start, hit.end))
    return places


def _finding(
    rule: Rule,
    fragment: Fragment,
    span: tuple[int, int],
    severity: Severity,
    confidence: float,
    explanation: str,
) -> Finding:
    return Finding(
        rule_id=rule.id,
        category=rule.category,
        severity=severity,
        confidence=round(confidence, 2),
        extent=rule.extent,
        source=fragment.source,
        start=span[0],
        end=span[1],
        match=fragment.text[span[0] : span[1]],
        explanation=explanation,
    )
