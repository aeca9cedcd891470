"""Inspect texts and files by a policy, without a platform, a database or a token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.detect.engine import Engine
from bot.detect.media.files import text_decoding
from bot.detect.media.files.file_kinds import is_plain
from bot.detect.text.decoding.disguised import shared_restorer
from bot.detect.text.terms.keyword_list import KeywordList, KeywordLists, Keywords
from bot.errors import ConfigurationError, NotReadable
from bot.model import Action, Finding, Fragment, NotInspected, Source, Verdict
from bot.notifications.reasons import explained
from bot.policy.allow_list import AllowList
from bot.policy.decide import decide
from bot.policy.masking.spans import mask_text
from bot.policy.policies import Policy, load_policies
from bot.ports import MediaReader
from bot.rules.packs import Packs, load_packs
from bot.rules.rule import Example, Language, Rule

TEXT_SUFFIXES = frozenset(
    (".txt", ".md", ".csv", ".tsv", ".log", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml")
).union((".ini", ".conf", ".env", ".py", ".sh", ".sql", ".properties", ".html", ".htm"))
MAX_TEXT_BYTES, MAX_BYTES = 32 << 20, 64 << 20
_ORDER = (Action.MASK, Action.DELETE, Action.WARN, Action.MUTE, Action.ESCALATE, Action.LOG)
KEPT_LISTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was found in one text or file.

    ``explanations`` has a sentence for each of the verdict's findings. ``masked`` is None unless
    it was text; ``size`` is a picture's, in pixels; ``annotated`` is where its copy with boxes and
    rules was written.
    """

    verdict: Verdict
    explanations: tuple[str, ...] = field(default=(), repr=False)
    masked: str | None = field(default=None, repr=False)
    size: tuple[int, int] = (0, 0)
    annotated: Path | None = None

    def to_json(self, id: object) -> dict[str, Any]:
        """Return the public form; see ``check --batch`` in the documentation."""
        verdict = self.verdict
        reasons = list(dict.fromkeys(gap.reason for gap in verdict.not_inspected))
        return {
            "id": id,
            "severity": verdict.severity.label,
            "actions": [action.value for action in _ORDER if action in verdict.actions],
            "masked": self.masked,
            "not_inspected": ", ".join(reasons) or None,
            "findings": [
                _finding_json(finding, explanation)
                for finding, explanation in zip(verdict.findings, self.explanations, strict=True)
            ],
        }


def _finding_json(finding: Finding, explanation: str) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "category": finding.category.value,
        "severity": finding.severity.label,
        "confidence": finding.confidence,
        "mask": finding.extent.value,
        "source": finding.source.value,
        "start": finding.start,
        "end": finding.end,
        "match": finding.match,
        "page": finding.page,
        "box": list(finding.box) if finding.box else None,
        "explanation": explanation,
        "suppressed_by": finding.suppressed_by,
    }


class Checker:
    """Inspects by any of the loaded policies.

    ``reader`` reads pictures and documents; ``own_terms`` are the organisation's.
    """

    def __init__(
        self,
        packs: Packs,
        policies: Mapping[str, Policy],
        *,
        language: Language = "zh-CN",
        reader: MediaReader | None = None,
        allowed: AllowList | None = None,
        own_terms: Iterable[str] = (),
    ) -> None:
        self.packs = packs
        self._policies = policies
        self._language: Language = language
        self._reader = reader
        self._allowed = allowed or AllowList()
        self._own = KeywordList(own_terms)
        self._engines: dict[str, Engine] = {}
        self._lists: dict[tuple[str, ...], KeywordList] = {}

    def policy(self, name: str) -> Policy:
        """Return a policy; ConfigurationError names the known ones."""
        if name not in self._policies:
            raise ConfigurationError(
                f"there is no policy {name!r}",
                mend=f"known policies: {', '.join(sorted(self._policies))}",
            )
        return self._policies[name]

    def prepare(self, name: str) -> None:
        """Make a policy's rules ready, which takes most of a second; ConfigurationError."""
        self._engine(self.policy(name))

    def check_text(
        self,
        text: str,
        *,
        policy: str = "standard",
        keywords: Sequence[str] = (),
        source: Source = Source.TEXT,
    ) -> CheckResult:
        """Inspect a text as a message's, or as one that stood at ``source``."""
        fragment = Fragment(source=source, text=text)
        verdict = self._decide([fragment], (), policy, keywords)
        return self._result(verdict, masked=mask_text(text, verdict.findings))

    async def check_file(
        self, path: Path, *, policy: str = "standard", keywords: Sequence[str] = ()
    ) -> CheckResult:
        """Inspect a file's name and content; NotReadable when there is no such file."""
        data = _content(path)
        name = Fragment(source=Source.FILENAME, text=path.stem)
        text = _as_text(path, data)
        if text is None:
            fragments, gaps, size = await self._media(path, data)
            verdict = self._decide([*fragments, name], gaps, policy, keywords)
            return self._result(verdict, size=size)
        content = Fragment(source=Source.TEXT, text=text)
        verdict = self._decide([content, name], (), policy, keywords)
        own = [f for f in verdict.findings if f.fragment == 0]
        return self._result(verdict, masked=mask_text(text, own))

    def _result(
        self, verdict: Verdict, *, masked: str | None = None, size: tuple[int, int] = (0, 0)
    ) -> CheckResult:
        explanations = (self._explain(finding) for finding in verdict.findings)
        return CheckResult(
            verdict=verdict, explanations=tuple(explanations), masked=masked, size=size
        )

    def _explain(self, finding: Finding) -> str:
        rule = self.packs.rule(finding.rule_id)
        return explained(rule, finding.reasons, self._language) if rule else finding.rule_id

    def judge(
        self,
        fragments: Sequence[Fragment],
        gaps: Sequence[NotInspected] = (),
        *,
        policy: str = "standard",
    ) -> Verdict:
        """Return the verdict on what was read before."""
        return self._decide(fragments, gaps, policy, ())

    async def finds(self, picture: bytes, *, policy: str = "standard") -> bool:
        """Say whether anything is found in a picture, or could not be looked for."""
        fragments, gaps, _ = await self._media(Path(), picture)
        verdict = self.judge(fragments, gaps, policy=policy)
        return bool(verdict.effective or verdict.not_inspected)

    async def _media(
        self, path: Path, data: bytes
    ) -> tuple[Sequence[Fragment], Sequence[NotInspected], tuple[int, int]]:
        if self._reader is None:
            return (), (NotInspected(reason="unreadable-here", source=Source.DOCUMENT),), (0, 0)
        reading = await self._reader.read(data, name=path.name, mime_type=None)
        size = (reading.width, reading.height)
        if reading.not_inspected is None:
            return reading.fragments, (), size
        source = reading.fragments[0].source if reading.fragments else Source.DOCUMENT
        gap = NotInspected(reason=reading.not_inspected, source=source)
        return reading.fragments, (gap,), size

    def _decide(
        self,
        fragments: Sequence[Fragment],
        gaps: Sequence[NotInspected],
        policy_name: str,
        keywords: Sequence[str],
    ) -> Verdict:
        policy = self.policy(policy_name)
        engine = self._engine(policy)
        inspection = engine.inspect(fragments, self._keyword_list(tuple(keywords)))
        findings = self._allowed.apply(inspection.findings, chat_id=None, now=datetime.now(UTC))
        return decide(findings, (*gaps, *inspection.not_inspected), policy)

    def _engine(self, policy: Policy) -> Engine:
        if policy.name not in self._engines:
            self._engines[policy.name] = Engine(
                self.packs.rules(policy.packs), restorer=shared_restorer()
            )
        return self._engines[policy.name]

    def _keyword_list(self, keywords: tuple[str, ...]) -> Keywords:
        if not keywords:
            return self._own
        if keywords not in self._lists:
            if len(self._lists) >= KEPT_LISTS:
                self._lists.pop(next(iter(self._lists)))
            self._lists[keywords] = KeywordList(keywords)
        return KeywordLists((self._own, self._lists[keywords]))


def load_checker(
    packs_folder: Path,
    policies_file: Path,
    *,
    language: Language = "zh-CN",
    reader: MediaReader | None = None,
    allowed: AllowList | None = None,
    own_terms: Iterable[str] = (),
) -> Checker:
    """Build a checker from the folder of packs and the file of policies."""
    packs = load_packs(packs_folder)
    policies = load_policies(policies_file, packs)
    return Checker(
        packs, policies, language=language, reader=reader, allowed=allowed, own_terms=own_terms
    )


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotReadable("too-large")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotReadable("no-such-file") from None
    except (OSError, ValueError):
        raise NotReadable("cannot-open-file") from None


def _as_text(path: Path, data: bytes) -> str | None:
    """Decode a text file; None for anything else, and for one that the reader has to judge."""
    if len(data) > MAX_TEXT_BYTES or not is_plain(data) or _is_markup(data):
        return None
    is_marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES and (suffix or (b"\0" in data and not is_marked)):
        return None
    decoded = text_decoding.decode(data)
    if decoded.fault is not None or not decoded.texts:
        return None
    return decoded.texts[0]


def _is_markup(data: bytes) -> bool:
    """Say whether a text may hold more than it shows: its comments, entities and attributes."""
    return data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def decode(data: bytes) -> str:
    """Decode text of unknown encoding: UTF-8, UTF-16 with its mark, else what fits best."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return next(iter(text_decoding.decode_all(data)), None) or data.decode("gb18030", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFault:
    """An example that a rule judges wrongly. ``expected`` says that it should be found."""

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


def dump(record: Mapping[str, Any]) -> str:
    """Return one line of JSON that UTF-8 can carry, lone surrogates included."""
    line = json.dumps(record, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(record)
    return line
