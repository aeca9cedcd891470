"""Inspect texts and files by a policy, without a platform, a database or a token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.detect.text.matching.multi_search import MATCHERS, DaachorseIndex, IndexFactory
from bot.detect.text.terms.keyword_list import KeywordList, SearchableTerms
from bot.judging.active_rules import read_rules
from bot.judging.check_result import CheckResult
from bot.judging.file_contents import as_text, content
from bot.judging.group_directory import Build
from bot.judging.judge import Judge
from bot.judging.watched_file import Fixed
from bot.model import Fragment, NotInspected, Source, Verdict
from bot.policy.allow_list import AllowList
from bot.policy.allow_list_file import load_allow_list
from bot.policy.keyword_files.reader import read_terms
from bot.policy.masking.spans import mask_text
from bot.policy.policies import Policy
from bot.policy.publishing import PACKS, POLICIES
from bot.ports import MediaReader
from bot.rules.packs import Packs
from bot.rules.rule import Language
from bot.settings import Settings

KEPT_LISTS = 32
"""Lists of terms kept prepared: the lines of a batch mostly share a few lists."""


class Checker:
    """Inspects texts and files by any of a judge's policies.

    ``reader`` reads pictures and documents; ``language`` is that of the explanations.
    """

    def __init__(
        self, judge: Judge, *, language: Language = "zh-CN", reader: MediaReader | None = None
    ) -> None:
        self._judge = judge
        self._language: Language = language
        self._reader = reader
        self._lists: dict[tuple[str, ...], KeywordList] = {}

    @property
    def packs(self) -> Packs:
        """The packs that rules are taken from."""
        return self._judge.rules.packs

    def policy(self, name: str) -> Policy:
        """Return a policy; ConfigurationError names the known ones."""
        return self._judge.rules.require_policy(name)

    def prepare(self, name: str) -> None:
        """Make a policy's rules ready, which takes most of a second; ConfigurationError."""
        self._judge.rules.engine(self.policy(name).name)

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
        verdict = self._verdict([fragment], (), policy, keywords)
        return self._result(verdict, masked=mask_text(text, verdict.findings))

    async def check_file(
        self, path: Path, *, policy: str = "standard", keywords: Sequence[str] = ()
    ) -> CheckResult:
        """Inspect a file's name and content; NotReadable when there is no such file."""
        data = content(path)
        name = Fragment(source=Source.FILENAME, text=path.stem)
        text = as_text(path, data)
        if text is None:
            fragments, gaps, size = await self._media(path, data)
            verdict = self._verdict([*fragments, name], gaps, policy, keywords)
            return self._result(verdict, size=size)
        verdict = self._verdict(
            [Fragment(source=Source.TEXT, text=text), name], (), policy, keywords
        )
        own = [f for f in verdict.findings if f.fragment == 0]
        return self._result(verdict, masked=mask_text(text, own))

    def judge(
        self,
        fragments: Sequence[Fragment],
        gaps: Sequence[NotInspected] = (),
        *,
        policy: str = "standard",
    ) -> Verdict:
        """Return the verdict on fragments that were read before."""
        return self._verdict(fragments, gaps, policy, ())

    async def finds(self, picture: bytes, *, policy: str = "standard") -> bool:
        """Return True if anything is found in a picture, or could not be looked for."""
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

    def _verdict(
        self,
        fragments: Sequence[Fragment],
        gaps: Sequence[NotInspected],
        policy: str,
        keywords: Sequence[str],
    ) -> Verdict:
        # A misspelt policy is an error here; the running bot would fall back to the standard one.
        name = self.policy(policy).name
        terms = self._keyword_list(tuple(keywords), name)
        return self._judge.verdict(fragments, gaps, policy=name, more_terms=terms)

    def _keyword_list(self, keywords: tuple[str, ...], policy: str) -> KeywordList | None:
        if not keywords:
            return None
        if keywords not in self._lists:
            if len(self._lists) >= KEPT_LISTS:
                self._lists.pop(next(iter(self._lists)))
            self._lists[keywords] = self._judge.rules.engine(policy).keyword_list(keywords)
        return self._lists[keywords]

    def _result(
        self, verdict: Verdict, *, masked: str | None = None, size: tuple[int, int] = (0, 0)
    ) -> CheckResult:
        explanations = tuple(
            self._judge.explain(finding.rule_id, finding.reasons, self._language)
            for finding in verdict.findings
        )
        return CheckResult(verdict=verdict, explanations=explanations, masked=masked, size=size)


class OrganisationTerms:
    """The organisation's own terms, where no group is known; see `bot.judging.judge.Terms`."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._terms = tuple(terms)
        self._list: KeywordList | None = None

    def keywords(self, chat_id: int | None, build: Build) -> SearchableTerms | None:
        """Return the terms, prepared at the first call."""
        if self._list is None and self._terms:
            self._list = build(self._terms)
        return self._list


def load_checker(
    packs_folder: Path,
    policies_file: Path,
    *,
    language: Language = "zh-CN",
    reader: MediaReader | None = None,
    allowed: AllowList | None = None,
    own_terms: Iterable[str] = (),
    index: IndexFactory = DaachorseIndex,
) -> Checker:
    """Build a checker from the folder of packs and the file of policies."""
    judge = Judge(
        Fixed(read_rules(packs_folder, policies_file, index)),
        OrganisationTerms(own_terms),
        allowed=Fixed(allowed or AllowList()),
    )
    return Checker(judge, language=language, reader=reader)


def configured_checker(
    settings: Settings,
    *,
    language: Language | None = None,
    reader: MediaReader | None = None,
    candidate: Path | None = None,
) -> Checker:
    """Build a checker by the settings; a ``candidate`` folder has other packs and policies."""
    file = settings.keyword_files.get(None)
    return load_checker(
        candidate / PACKS if candidate else settings.resource(PACKS),
        candidate / POLICIES if candidate else settings.resource(POLICIES),
        language=language or settings.language,
        reader=reader,
        allowed=load_allow_list(settings.allow_list),
        own_terms=(*settings.keywords, *(read_terms(file) if file else ())),
        index=MATCHERS[settings.matcher],
    )
