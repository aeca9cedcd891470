"""Measure a policy's recall and precision on labelled lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import ConfigurationError, NotReadable
from bot.judging.check_result import CheckResult
from bot.judging.checking import Checker
from bot.model import Severity, Source

ALL = "all"
"""The family that stands for all lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A line with its correct verdict.

    ``rules`` are ids or beginnings of ids, one of which must be found; an empty tuple means that
    nothing may be found. ``severity`` is the least severity that counts as correct. ``text`` or
    the file at ``path`` is inspected.
    """

    number: int
    family: str
    leaks: bool
    rules: tuple[str, ...] = ()
    severity: Severity | None = None
    text: str | None = field(default=None, repr=False)
    path: Path | None = field(default=None, repr=False)
    source: Source = Source.TEXT


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of lines: leaks that were found and missed, harmless ones that were flagged or not."""

    found: int = 0
    missed: int = 0
    flagged: int = 0
    passed: int = 0

    def add(self, *, leaks: bool, found: bool) -> Tally:
        """Return the counts with one more line."""
        return Tally(
            self.found + (leaks and found),
            self.missed + (leaks and not found),
            self.flagged + (not leaks and found),
            self.passed + (not leaks and not found),
        )

    @property
    def recall(self) -> float | None:
        """The part of leaks that was found; None where there were none."""
        leaks = self.found + self.missed
        return self.found / leaks if leaks else None

    @property
    def false_positive_rate(self) -> float | None:
        """The part of harmless lines that was flagged; None where there were none."""
        harmless = self.flagged + self.passed
        return self.flagged / harmless if harmless else None

    @property
    def precision(self) -> float | None:
        """The part of flagged lines that leak; None where nothing was flagged."""
        flagged = self.found + self.flagged
        return self.found / flagged if flagged else None

    def is_worse_than(self, other: Tally) -> bool:
        """Return True if recall or precision fell, on the same lines."""
        return self.found < other.found or self.flagged > other.flagged


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts for each family and for ``ALL``; ``wrong`` lists the lines judged wrongly."""

    families: Mapping[str, Tally]
    wrong: tuple[Label, ...] = ()

    @property
    def total(self) -> Tally:
        """The counts over all families."""
        return self.families[ALL]


def load_labels(path: Path) -> tuple[Label, ...]:
    """Load labelled lines; ConfigurationError names the line that is wrong.

    Each is an object with ``text`` or ``path``, and with the correct verdict: ``rules`` (a list,
    empty for harmless), ``leak`` (true or false) or ``severity`` (``none`` for harmless).
    Optional: ``family`` and ``source``.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("cannot be read as UTF-8", where=str(path)) from error
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    return tuple(_label(line, n, path) for n, line in numbered)


def _label(line: str, number: int, path: Path) -> Label:
    where = f"{path}: line {number}"
    try:
        raw = json.loads(line)
    except ValueError:
        raise ConfigurationError("not JSON", where=where) from None
    if not isinstance(raw, dict) or ("text" in raw) == ("path" in raw):
        raise ConfigurationError("needs text or path", where=where)
    try:
        return _from_object(raw, number, path.parent)
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(
            "not a valid label",
            where=where,
            mend="give rules (a list), leak (true or false) or severity",
        ) from None


def _from_object(raw: Mapping[str, Any], number: int, folder: Path) -> Label:
    severity = Severity[raw["severity"].upper()] if "severity" in raw else None
    rules = tuple(map(str, raw.get("rules", ())))
    if isinstance(raw.get("rules"), str) or not {"rules", "leak", "severity"} & set(raw):
        raise ValueError
    leaks = bool(raw.get("leak", rules or (severity or Severity.NONE) > Severity.NONE))
    return Label(
        number=number,
        family=str(raw.get("family", rules[0].partition("/")[0] if rules else "harmless")),
        leaks=leaks,
        rules=rules,
        severity=severity,
        text=str(raw["text"]) if "text" in raw else None,
        path=folder / raw["path"] if "path" in raw else None,
        source=Source(raw.get("source", "text")),
    )


async def measure(checker: Checker, labels: Iterable[Label], policy: str) -> Measures:
    """Inspect every line by a policy and count; NotReadable for a file that is not there."""
    families: dict[str, Tally] = {ALL: Tally()}
    wrong: list[Label] = []
    for label in labels:
        found = is_found(label, await _inspect(checker, label, policy))
        for family in (ALL, label.family):
            families[family] = families.get(family, Tally()).add(leaks=label.leaks, found=found)
        if found != label.leaks:
            wrong.append(label)
    return Measures(families, tuple(wrong))


async def _inspect(checker: Checker, label: Label, policy: str) -> CheckResult:
    if label.text is not None:
        return checker.check_text(label.text, policy=policy, source=label.source)
    if label.path is None:
        raise NotReadable("needs-text-or-path")
    return await checker.check_file(label.path, policy=policy)


def is_found(label: Label, result: CheckResult) -> bool:
    """Return True if the label's rule was found or, on a harmless line, anything at all."""
    found = result.verdict.effective
    if not label.leaks:
        return bool(found)
    if label.severity is not None and result.verdict.severity < label.severity:
        return False
    return any(not label.rules or f.rule_id.startswith(label.rules) for f in found)


def families_in_order(measured: Sequence[Measures]) -> list[str]:
    """Return the names of all families, ``ALL`` last."""
    names = dict.fromkeys(name for m in measured for name in m.families if name != ALL)
    return [*names, ALL]
