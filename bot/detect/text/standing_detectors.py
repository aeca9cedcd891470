"""The list of detectors that run on every message: one entry for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.detect.text.decoding.disguised import DisguiseDeriver, Restorer
from bot.detect.text.decoding.encoded import EncodingDeriver
from bot.detect.text.detector import Detector, TextDeriver
from bot.detect.text.matching.evidence_detector import StructureDetector
from bot.detect.text.matching.keyword_gates import Gates
from bot.detect.text.matching.multi_search import IndexFactory
from bot.detect.text.matching.rule_detector import RuleDetector, rule_gates
from bot.detect.text.normalization.normalizer import Normalizer
from bot.rules.rule import Rule


class Standing(NamedTuple):
    """The detectors and derivers of an engine, apart from those of a group's own terms."""

    detectors: tuple[Detector, ...]
    derivers: tuple[TextDeriver, ...]


def standing(
    rules: Iterable[Rule], normalizer: Normalizer, index: IndexFactory, restorer: Restorer | None
) -> Standing:
    """Build the detectors of the packs' rules, and what derives other texts.

    They share one `Gates`: its single pass over a text answers all their ``may_find``. Numbers in
    the gates are places in ``every``, then one more for words that may be a mark in disguise.
    """
    every = sorted(rules, key=lambda rule: bool(rule.evidence))
    by_pattern = [rule for rule in every if not rule.evidence]
    by_structure = every[len(by_pattern) :]
    disguise = len(every)
    disguised = ((word, disguise) for word in (restorer.words() if restorer else ()))
    gates = Gates((*rule_gates(every, normalizer), *disguised), index=index)
    detectors: tuple[Detector, ...] = (
        RuleDetector(by_pattern, normalizer, gates),
        StructureDetector(by_structure, gates, len(by_pattern)),
    )
    derivers: tuple[TextDeriver, ...] = (EncodingDeriver(normalizer),)
    if restorer is not None:
        derivers += (DisguiseDeriver(restorer, gates, disguise),)
    return Standing(detectors, derivers)
