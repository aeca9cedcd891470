"""Exclude known harmless findings. They stay in the verdict, with the id of the entry."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import re2

from bot.errors import ConfigurationError
from bot.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowEntry:
    """One exclusion, with who answers for it and until when.

    ``kind`` names the meaning of ``value``: a ``term`` (equals the match), a ``pattern`` (RE2, for
    the whole match), a ``rule`` (its id), or a ``group`` (the chat's id: everything there).
    ``chat_id`` limits an entry to one group.
    """

    id: str
    kind: Literal["term", "pattern", "rule", "group"]
    value: str = field(repr=False)
    owner: str = field(repr=False)
    reason: str = field(repr=False)
    expires: datetime
    chat_id: int | None = None


class AllowList:
    """The exclusions in force."""

    def __init__(self, entries: Iterable[AllowEntry] = ()) -> None:
        self._entries = tuple(entries)
        self._patterns = {e.id: _compile(e) for e in self._entries if e.kind == "pattern"}
        for entry in self._entries:
            if not (entry.owner.strip() and entry.reason.strip()):
                raise ConfigurationError(
                    "an owner and a reason are needed", where=f"allow-list entry {entry.id}"
                )

    def apply(
        self, findings: Sequence[Finding], *, chat_id: int | None, now: datetime
    ) -> tuple[Finding, ...]:
        """Return the findings, those that an entry excludes with ``suppressed_by = allow:ID``."""
        live = [e for e in self._entries if e.expires > now and e.chat_id in (None, chat_id)]
        return tuple(self._one(finding, live, chat_id) for finding in findings)

    def _one(self, finding: Finding, live: Iterable[AllowEntry], chat_id: int | None) -> Finding:
        if finding.suppressed_by is not None:
            return finding
        for entry in live:
            if self._excludes(entry, finding, chat_id):
                return finding.evolve(suppressed_by=f"allow:{entry.id}")
        return finding

    def _excludes(self, entry: AllowEntry, finding: Finding, chat_id: int | None) -> bool:
        if entry.kind == "rule":
            return finding.rule_id == entry.value
        if entry.kind == "group":
            return str(chat_id) == entry.value
        if entry.kind == "term":
            return _plain(finding.match) == _plain(entry.value)
        # RE2 takes no lone surrogates. All of the match must fit: a pattern that fits a part would
        # exclude more than its owner meant.
        text = finding.match.encode("utf-8", "replace").decode()
        return self._patterns[entry.id].fullmatch(text) is not None


def _plain(text: str) -> str:
    """Return a text as terms are compared: full-width forms, case and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _compile(entry: AllowEntry) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False  # RE2 would print the pattern, which may hold the excluded term
    try:
        return re2.compile(entry.value, options)
    except re2.error:
        raise ConfigurationError(
            "the pattern is not valid RE2", where=f"allow-list entry {entry.id}"
        ) from None
