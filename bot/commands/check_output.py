"""The output of ``check``: JSON Lines, or tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.judging.check_result import CheckResult
from bot.rules.rule import Language

_WORDS = {
    "zh-CN": {
        "clean": "未发现问题",
        "place": "位置",
        "severity": "级别",
        "what": "内容",
        "why": "原因",
        "none": "无",
        "low": "低",
        "medium": "中",
        "high": "高",
        "critical": "严重",
        "not_inspected": "无法检查",
        "error": "无法读取",
        "certainty": "认定",
        "certain": "确定",
        "likely": "疑似",
        "confidence": "把握",
        "mask": "遮盖",
        "follows": "处置",
        "annotated": "标注图",
        "policy": "策略",
        "nothing": "不处置",
        "span": "本处",
        "line": "整行",
        "whole": "全文",
    },
    "en": {
        "clean": "nothing found",
        "place": "place",
        "severity": "severity",
        "what": "what",
        "why": "why",
        "none": "none",
        "low": "low",
        "medium": "medium",
        "high": "high",
        "critical": "critical",
        "not_inspected": "not inspected",
        "error": "cannot be read",
        "certainty": "certainty",
        "certain": "certain",
        "likely": "likely",
        "confidence": "confidence",
        "mask": "mask",
        "follows": "what follows",
        "annotated": "annotated picture",
        "policy": "policy",
        "nothing": "nothing",
        "span": "the hit",
        "line": "its line",
        "whole": "all",
    },
}


class Output(Protocol):
    """Shows results one by one."""

    def result(self, id: object, result: CheckResult) -> None:
        """Show the findings in one input."""

    def error(self, id: object, reason: str) -> None:
        """Show that one input could not be read."""


class JsonOutput:
    """One JSON object a line; with ``explain``, the policy and the annotated picture besides."""

    def __init__(self, explain: bool = False) -> None:
        self._explain = explain

    def result(self, id: object, result: CheckResult) -> None:
        """Write a result."""
        shown = result.to_json(id)
        if self._explain:
            verdict = result.verdict
            shown["policy"] = {"name": verdict.policy, "version": verdict.policy_version}
            shown["annotated"] = str(result.annotated) if result.annotated else None
        self._write(_dump(shown))

    def error(self, id: object, reason: str) -> None:
        """Write an error."""
        self._write(_dump({"id": id, "error": reason}))

    def _write(self, line: str) -> None:
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.buffer.flush()  # a program at the other end of a pipe works on line by line


class TableOutput:
    """A table for people; with ``explain``, also confidences, masks and the actions that follow."""

    def __init__(self, language: Language, *, explain: bool = False) -> None:
        self._explain = explain
        self._words = _WORDS[language]
        self._console = Console()

    def result(self, id: object, result: CheckResult) -> None:
        """Show a table of findings, or that there are none."""
        words, verdict = self._words, result.verdict
        self._console.print(_plain(f"{id}: {words[verdict.severity.label]}"), style="bold")
        for gap in verdict.not_inspected:
            self._console.print(_plain(f"  {words['not_inspected']}: {gap.reason}"), style="yellow")
        if verdict.findings:
            self._console.print(self._table(result))
        elif not verdict.not_inspected:
            self._console.print(f"  {words['clean']}", style="green")
        if self._explain:
            actions = ", ".join(sorted(verdict.actions)) or words["nothing"]
            policy = f"{verdict.policy} {verdict.policy_version}"
            line = f"  {words['follows']}: {actions} ({words['policy']} {policy})"
            self._console.print(_plain(line), style="dim")
        if result.annotated is not None:
            line = f"  {words['annotated']}: {result.annotated}"
            self._console.print(_plain(line), style="dim", soft_wrap=True)

    def error(self, id: object, reason: str) -> None:
        """Show why an input could not be read."""
        self._console.print(_plain(f"{id}: {self._words['error']}: {reason}"), style="red")

    def _table(self, result: CheckResult) -> Table:
        words = self._words
        columns = ["place", "severity", "certainty", "what", "why"]
        columns += ["confidence", "mask"] if self._explain else []
        table = Table()
        for column in columns:
            table.add_column(words[column], overflow="fold")
        for finding, explanation in zip(result.verdict.findings, result.explanations, strict=True):
            place = f"{finding.source.value} {finding.start}-{finding.end}"
            if finding.page is not None:
                place = f"{finding.page}: {place}"
            severity = words[finding.severity.label]
            if finding.suppressed_by:
                severity = f"({severity}) {finding.suppressed_by}"
            why = f"{explanation} [{finding.rule_id}]"
            row: list[str | Text] = [place, severity, words[finding.certainty.value]]
            row += [_plain(finding.match), _plain(why)]
            if self._explain:
                row += [f"{finding.confidence:.2f}", words[finding.extent.value]]
            table.add_row(*row)
        return table


def _plain(text: str) -> Text:
    """Return text without markup, and without lone surrogates, which no terminal can write."""
    return Text(text.encode("utf-8", "replace").decode())


def _dump(record: Mapping[str, Any]) -> str:
    """Return one line of JSON that UTF-8 can carry, lone surrogates included."""
    line = json.dumps(record, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(record)
    return line
