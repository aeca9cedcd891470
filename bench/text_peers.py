"""The other ways to read a text that bench.text compares with, each proven to find the same."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.detect.text.matching.multi_search import AhocorasickIndex
from bot.model import Finding
from bot.rules.packs import load_packs
from bot.rules.rule import Rule

Contestant = Callable[[str], object]
Peers = dict[str, tuple[Contestant, Sequence[str]]]


class OneByOne:
    """Every term by ``in``, then every place of those that are there."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = tuple(terms)

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return (start, end, index of the term)."""
        return [
            (at, at + len(term), number)
            for number, term in enumerate(self._terms)
            if term in text
            for at in range(len(text))
            if text.startswith(term, at)
        ]


class PatternByPattern:
    """Every term as a pattern of its own, as one writes it to pass over blanks and marks."""

    def __init__(self, terms: Sequence[str]) -> None:
        gap = r"[\W_]{0,3}"
        self._patterns = [re.compile(f"(?=({gap.join(map(re.escape, term))}))") for term in terms]

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Return (start, end, index of the term)."""
        return [
            (match.start(1), match.end(1), number)
            for number, pattern in enumerate(self._patterns)
            for match in pattern.finditer(text)
        ]


class Naive:
    """The naive solution: ``in`` for every term, ``re`` for every rule, and no judgement."""

    def __init__(self, rules: Sequence[Rule], terms: Sequence[str]) -> None:
        self._terms = tuple(terms)
        self._patterns = {
            (rule.id, place): _compiled(pattern)
            for rule in rules
            for place, pattern in enumerate([rule.pattern, *(e.pattern for e in rule.evidence)])
            if pattern
        }

    def __call__(self, text: str) -> list[str]:
        """Return the rules and terms that are there."""
        found = [term for term in self._terms if term in text]
        found += [rule for (rule, _), pattern in self._patterns.items() if pattern.search(text)]
        return found


def _compiled(pattern: str) -> Any:
    """Compile by the standard library, or by `regex` where it knows a class that that does not."""
    try:
        return re.compile(pattern)
    except re.error:
        import regex

        return regex.compile(pattern)


def peers(
    config: Path, keywords: Sequence[str], ours: Any, texts: Sequence[str], *, quick: bool = False
) -> Peers:
    """Build the contestants, and prove that they find what we find."""
    few = texts[:100]
    kind = type(ours)
    contestants: Peers = {
        "(a) in, one by one, in place of our index": (kind(keywords, OneByOne), few),
        "(a) re, one by one, in place of our index": (kind(keywords, PatternByPattern), few[40:60]),
        "(b) pyahocorasick": (kind(keywords, AhocorasickIndex, AhocorasickIndex), texts),
    }
    for name, (contestant, given) in contestants.items():
        for text in given:
            assert contestant(text) == ours(text), f"{name} finds something else"
    packs = load_packs(config / "packs")
    naive = Naive(packs.rules(sorted(packs.by_name)), keywords)
    for text in texts:
        reported = naive(text) if ours(text) else []
        for finding in ours(text):
            assert finding.rule_id in reported or finding.match in reported, (
                "the naive scanner finds less"
            )
    contestants["(a) in and re, one by one, naive scanner"] = (naive, few)
    found = sum(bool(ours(text)) for text in texts)
    print(f"equal: {', '.join(contestants)}; {found} of {len(texts)} texts hold something")
    if quick:
        return contestants
    if importlib.util.find_spec("presidio_analyzer") is None:
        print("(c) not measured: pip install --group bench")
        return contestants
    return {**contestants, **_presidio(config, keywords, ours, few)}


def _presidio(config: Path, keywords: Sequence[str], ours: Any, texts: Sequence[str]) -> Peers:
    packs = load_packs(config / "packs")
    rules = packs.rules(sorted(packs.by_name))
    plain, full = _analyzer(rules, ()), _analyzer(rules, keywords)
    few = texts[45:55]
    for text in few:
        spans = {(r.start, r.end) for r in full(text)}
        for finding in ours(text):
            assert _is_found(finding, spans), "presidio finds less"
    print("presidio-analyzer finds all that we find (it does not judge what stands around)")
    return {"(c) presidio": (plain, few), "(c) presidio with a deny list": (full, few)}


def _is_found(finding: Finding, spans: set[tuple[int, int]]) -> bool:
    return any(start <= finding.start and finding.end <= end for start, end in spans)


def _analyzer(rules: Sequence[Rule], keywords: Sequence[str]) -> Callable[[str], list[Any]]:
    import regex
    import spacy
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        """A model that only splits characters."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"zh": spacy.blank("zh")}

    recognizers = []
    for number, rule in enumerate(rules):
        pattern = rule.pattern.replace("(?P<value>", "(?:", 1)
        regex.compile(pattern)
        recognizers.append(
            PatternRecognizer(
                supported_entity=f"RULE_{number}",
                supported_language="zh",
                patterns=[Pattern(rule.id, pattern, rule.confidence)],
                context=list(rule.surroundings.context),
            )
        )
    if keywords:
        # A deny list proper wants blanks around a term, and so finds none within a sentence.
        listed = Pattern("terms", "|".join(map(regex.escape, keywords)), 0.9)
        recognizers.append(
            PatternRecognizer(supported_entity="TERM", supported_language="zh", patterns=[listed])
        )
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["zh"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["zh"])
    return lambda text: list(engine.analyze(text, language="zh"))
