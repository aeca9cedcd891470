"""The command ``policy test``: measure a policy on labelled lines, compare, and publish."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.errors import ConfigurationError, NotReadable
from bot.judging.checking import configured_checker
from bot.judging.evaluation import Label, Measures, Tally, families_in_order, load_labels, measure
from bot.judging.rule_examples import check_examples
from bot.policy.publishing import PACKS, publish
from bot.ports import MediaReader
from bot.rules.packs import load_packs
from bot.rules.rule import Language
from bot.settings import Settings, load_settings

ReaderFactory = Callable[[Settings], AbstractAsyncContextManager[MediaReader]]
WORSE = 1
_WORDS: dict[Language, dict[str, str]] = {
    "zh-CN": {
        "family": "类别",
        "recall": "召回率",
        "false": "误报率",
        "precision": "准确率",
        "force": "现行",
        "candidate": "候选",
        "missed": "漏报",
        "flagged": "误报",
        "worse": "候选策略不如现行策略，不予发布（确要采用请加 --accept）",
        "fine": "候选策略不差于现行策略",
        "accepted": "候选策略不如现行策略，已按 --accept 采用",
        "published": "已发布；运行中的机器人几秒内自动采用",
        "examples": "候选规则有 {count} 个示例不符，请先运行 policy check",
    },
    "en": {
        "family": "family",
        "recall": "recall",
        "false": "false positives",
        "precision": "precision",
        "force": "in force",
        "candidate": "candidate",
        "missed": "missed",
        "flagged": "flagged",
        "worse": "the candidate is worse than the policy in force: refused (--accept overrules)",
        "fine": "the candidate is no worse than the policy in force",
        "accepted": "the candidate is worse than the policy in force: accepted by --accept",
        "published": "published; a running bot takes it up within seconds",
        "examples": "{count} examples of the candidate are judged wrongly; see policy check",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The measures of the policy in force and, if there is one, of the candidate."""

    in_force: Measures
    candidate: Measures | None

    @property
    def worse(self) -> bool:
        return self.candidate is not None and self.candidate.total.is_worse_than(
            self.in_force.total
        )


def register(policy: typer.Typer, reader: ReaderFactory | None = None) -> None:
    """Add ``test`` to the commands under ``policy``."""

    @policy.command()
    def test(
        file: Annotated[Path, typer.Argument(metavar="FILE.jsonl")],
        policy: Annotated[str, typer.Option(help="The policy to measure.")] = "standard",
        candidate: Annotated[
            Path | None, typer.Option(help="A folder with packs/ and policies.toml to compare.")
        ] = None,
        against: Annotated[str | None, typer.Option(help="The policy in force.")] = None,
        do_publish: Annotated[
            bool, typer.Option("--publish", help="Put the candidate in force.")
        ] = False,
        accept: Annotated[bool, typer.Option(help="Publish a worse candidate, too.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    ) -> None:
        """Measure precision and recall on labelled lines, and compare with the policy in force.

        Exit status: 0 measured and no worse, 1 worse or faulty and therefore refused.
        """
        settings = load_settings()
        words = _WORDS[settings.language]
        if do_publish and candidate is None:
            raise ConfigurationError("nothing to publish", mend="name a folder with --candidate")
        labels = load_labels(file)
        comparing = candidate is not None or (against is not None and against != policy)
        result = asyncio.run(
            _compare(settings, labels, policy, against or policy, candidate, comparing, reader)
        )
        _show(result, words, as_json=as_json)
        if candidate is not None:
            _require_examples(candidate, words)
        if result.worse:
            typer.echo(words["accepted" if accept else "worse"], err=True)
            if not accept:
                raise typer.Exit(WORSE)
        elif comparing and not as_json:
            typer.echo(words["fine"])
        if do_publish and candidate is not None:
            publish(candidate, settings.config.parent)
            typer.echo(words["published"], err=as_json)


async def _compare(
    settings: Settings,
    labels: tuple[Label, ...],
    policy: str,
    against: str,
    candidate: Path | None,
    comparing: bool,
    reader: ReaderFactory | None,
) -> _Result:
    async with AsyncExitStack() as stack:
        media = await stack.enter_async_context(reader(settings)) if reader else None
        own = configured_checker(settings, reader=media)
        other = own
        if candidate:
            other = configured_checker(settings, reader=media, candidate=candidate)
        try:
            in_force = await measure(own, labels, against)
            measured = await measure(other, labels, policy) if comparing else None
        except NotReadable as error:
            raise ConfigurationError("a labelled file cannot be read", where=error.reason) from None
        return _Result(in_force=in_force, candidate=measured)


def _require_examples(candidate: Path, words: dict[str, str]) -> None:
    faults = sum(1 for _ in check_examples(load_packs(candidate / PACKS)))
    if faults:
        typer.echo(words["examples"].format(count=faults), err=True)
        raise typer.Exit(WORSE)


def _show(result: _Result, words: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(result), ensure_ascii=False))
        return
    columns = [(words["force"], result.in_force)]
    if result.candidate is not None:
        columns.append((words["candidate"], result.candidate))
    table = Table(words["family"])
    for name, _ in columns:
        for figure in ("recall", "false", "precision"):
            table.add_column(f"{words[figure]}\n{name}", justify="right")
    for family in families_in_order([m for _, m in columns]):
        cells = [c for _, m in columns for c in _cells(m.families.get(family, Tally()))]
        table.add_row(family, *cells)
    console = Console(highlight=False)
    console.print(table)
    for label in columns[-1][1].wrong:
        fault = words["missed" if label.leaks else "flagged"]
        typer.echo(f"{fault}: {label.number} ({label.family})")


def _cells(tally: Tally) -> list[str]:
    leaks, harmless = tally.found + tally.missed, tally.flagged + tally.passed
    flagged = tally.found + tally.flagged
    return [
        _share(tally.recall, tally.found, leaks),
        _share(tally.false_positive_rate, tally.flagged, harmless),
        _share(tally.precision, tally.found, flagged),
    ]


def _share(value: float | None, part: int, whole: int) -> str:
    return "-" if value is None else f"{100 * value:.2f} % ({part}/{whole})"


def _as_json(result: _Result) -> dict[str, Any]:
    record: dict[str, Any] = {"in_force": _measures_json(result.in_force)}
    if result.candidate is not None:
        record |= {"candidate": _measures_json(result.candidate), "worse": result.worse}
    return record


def _measures_json(measures: Measures) -> dict[str, Any]:
    return {
        "families": {name: _tally_json(tally) for name, tally in measures.families.items()},
        "wrong": [label.number for label in measures.wrong],
    }


def _tally_json(tally: Tally) -> dict[str, float | int | None]:
    return {
        "found": tally.found,
        "missed": tally.missed,
        "flagged": tally.flagged,
        "passed": tally.passed,
        "recall": tally.recall,
        "false_positive_rate": tally.false_positive_rate,
        "precision": tally.precision,
    }
