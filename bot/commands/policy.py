"""The commands under ``policy``."""

from __future__ import annotations

import typer

from bot.commands import policy_test
from bot.errors import ConfigurationError
from bot.judging.rule_examples import check_examples
from bot.policy.policies import load_policies
from bot.rules.packs import load_packs
from bot.settings import load_settings

_WORDS = {
    "zh-CN": {
        "missed": "应当发现而没有发现",
        "false": "不应发现而发现了",
        "good": "{rules} 条规则、{policies} 个策略：全部通过",
        "bad": "{faults} 个示例不符",
    },
    "en": {
        "missed": "should be found and is not",
        "false": "should not be found and is",
        "good": "{rules} rules, {policies} policies: all pass",
        "bad": "{faults} examples are judged wrongly",
    },
}


def register(app: typer.Typer, reader: policy_test.ReaderFactory | None = None) -> None:
    """Add ``policy check`` and ``policy test`` to the commands; ``reader`` reads files."""
    policy = typer.Typer(no_args_is_help=True, help="Packs and policies.")
    app.add_typer(policy, name="policy")

    policy_test.register(policy, reader)

    @policy.callback()
    def group() -> None:
        """Packs and policies."""

    @policy.command()
    def check() -> None:
        """Validate packs and policies, and run every rule's own examples."""
        try:
            settings = load_settings()
            words = _WORDS[settings.language]
            packs = load_packs(settings.resource("packs"))
            policies = load_policies(settings.resource("policies.toml"), packs)
            faults = list(check_examples(packs))
        except ConfigurationError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        for fault in faults:
            verdict = words["missed"] if fault.expected else words["false"]
            shown = fault.text.encode("utf-8", "replace").decode()
            typer.echo(f"{fault.rule_id}: {verdict}: {shown!r}", err=True)
        if faults:
            typer.echo(words["bad"].format(faults=len(faults)), err=True)
            raise typer.Exit(1)
        rules = sum(len(pack.rules) for pack in packs.by_name.values())
        typer.echo(words["good"].format(rules=rules, policies=len(policies)))
