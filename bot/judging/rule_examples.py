"""Run every rule's own examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.detect.engine import Engine
from bot.model import Fragment
from bot.rules.packs import Packs
from bot.rules.rule import Example, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFault:
    """An example that a rule judges wrongly. ``expected``: it should be found."""

    rule_id: str
    text: str = field(repr=False)
    expected: bool


def check_examples(packs: Packs) -> Iterator[ExampleFault]:
    """Run every rule's own examples; ConfigurationError for a pattern that is not valid."""
    for pack in packs.by_name.values():
        for rule in pack.rules:
            engine = Engine([rule])
            yield from _run_examples(engine, rule)


def _run_examples(engine: Engine, rule: Rule) -> Iterator[ExampleFault]:
    def found(example: Example) -> bool:
        inspection = engine.inspect([Fragment(source=example.source, text=example.text)])
        return bool(inspection.findings)

    for example in rule.positives:
        if not found(example):
            yield ExampleFault(rule_id=rule.id, text=example.text, expected=True)
    for example in rule.negatives:
        if found(example):
            yield ExampleFault(rule_id=rule.id, text=example.text, expected=False)
