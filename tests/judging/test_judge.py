"""`check`, the private check and the running bot judge by one class, and alike."""

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from bot.fragments import typed_fragments
from bot.judging.active_rules import load_active_rules, watched_paths
from bot.judging.checking import configured_checker
from bot.judging.group_directory import Directory
from bot.judging.judge import Judge
from bot.judging.watched_file import WatchedFile
from bot.model import Action, Message, Sender, SenderKind, Subject, Verdict
from bot.policy.allow_list_file import load_allow_list
from bot.settings import Settings, load_settings
from bot.store.store import Store

ROOT = Path(__file__).parents[2]
CHAT = -1001000000002
TEXTS = (
    "下午三点开会",
    "机密★10年\n关于部署的报告",
    "请登记 11010519491231002X 谢谢",
    "样证 11010519491231002X，机密★10年",
    "星河项目和海燕计划周五评审",
    "海 燕 计 划",
    "jimi★10年",
    "&#26426;&#23494;★10年",
    "张三 11010519491231002X 李四 44052418800101001X 王五 320102199003070038",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with an organisation's own term, a group's, and an entry of the allow-list."""
    folder = tmp_path_factory.mktemp("config")
    (folder / "shoukou.toml").write_text(
        f'keywords = ["星河项目"]\n[[groups]]\nid = {CHAT}\nkeywords = ["海燕计划"]\n', "utf-8"
    )
    (folder / "allowlist.toml").write_text(
        "[[allow]]\nterm = '11010519491231002X'\nowner = 'W'\nreason = 'a published sample'\n"
        "expires = 2099-12-31\n",
        "utf-8",
    )
    return load_settings(folder / "shoukou.toml")


@pytest.fixture(scope="module")
def running(settings: Settings) -> Judge:
    """The judge as the running bot builds it."""
    first, *beside = watched_paths(settings)
    terms = {None: settings.keywords, **{g.id: g.keywords for g in settings.groups}}
    return Judge(
        WatchedFile(first, lambda _: load_active_rules(settings), *beside),
        Directory(cast(Store, None), terms),  # terms from the configuration need no database
        allowed=WatchedFile(settings.allow_list, load_allow_list),
        now=lambda: datetime.now(UTC),
    )


def in_the_group(judge: Judge, text: str) -> Verdict:
    message = Message(
        platform="telegram",
        chat_id=CHAT,
        message_id=1,
        sender=Sender(id=1, kind=SenderKind.MEMBER),
        sent_at=datetime.now(UTC),
        text=text,
    )
    subject = Subject(inbox_id=1, message=message, policy="standard", language="", group_title="")
    findings, failed = judge.inspect(typed_fragments(message), subject)
    return judge.decide(findings, failed, subject.policy)


def test_check_and_the_running_bot_give_every_text_the_same_verdict(
    settings: Settings, running: Judge
) -> None:
    checker = configured_checker(settings)
    for text in TEXTS:
        checked = checker.check_text(text, keywords=("海燕计划",)).verdict
        assert checked == in_the_group(running, text), text


def test_a_draft_is_judged_by_the_organisations_terms_but_not_by_a_groups(
    running: Judge,
) -> None:
    message = Message(
        platform="telegram",
        chat_id=1,
        message_id=1,
        sender=Sender(id=1, kind=SenderKind.MEMBER),
        sent_at=datetime.now(UTC),
        text="星河项目和海燕计划周五评审",
    )
    verdict = running.verdict(typed_fragments(message))
    assert [f.match for f in verdict.effective] == ["星河项目"]
    assert Action.MASK in verdict.actions


def test_the_samples_are_clean_suppressed_certain_and_likely(running: Judge) -> None:
    verdicts = [in_the_group(running, text) for text in TEXTS]
    findings = [f for verdict in verdicts for f in verdict.findings]
    assert any(not verdict.findings for verdict in verdicts)
    assert any(f.suppressed_by for f in findings)
    assert {f.certainty for f in findings} == {"certain", "likely"}


def test_only_the_judge_decides() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bot").rglob("*.py")
        if "policy.decide import" in path.read_text("utf-8")
    }
    assert users == {"bot/judging/judge.py"}
