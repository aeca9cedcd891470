"""Posts that follow each other are read together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.judging.split_posts import EDGE, RecentPosts
from bot.model import Message, Sender, SenderKind

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def post(number: int, text: str, *, seconds: float = 0, person: int = 1, chat: int = -1) -> Message:
    return Message(
        platform="test",
        chat_id=chat,
        message_id=number,
        sender=Sender(id=person, kind=SenderKind.MEMBER),
        sent_at=START + timedelta(seconds=seconds),
        text=text,
    )


def texts(recent: RecentPosts, message: Message) -> list[tuple[str, tuple[int, ...]]]:
    return [(j.text, j.others) for j in recent.joins(message)]


def test_two_and_three_posts_are_joined() -> None:
    recent = RecentPosts()
    assert texts(recent, post(1, "机密")) == []
    assert texts(recent, post(2, "★")) == [("机密★", (1,))]
    assert texts(recent, post(5, "10年")) == [("机密★10年", (1, 2)), ("★10年", (2,))]
    assert ("★10年。", (2, 5)) in texts(recent, post(6, "。"))
    assert all(len(others) <= 2 for _, others in texts(recent, post(7, "完")))


def test_words_of_letters_are_joined_both_ways() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "Project")))
    assert texts(recent, post(2, "Falcon")) == [("ProjectFalcon", (1,)), ("Project Falcon", (1,))]


def test_posts_of_other_senders_chats_and_topics_are_not_joined() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "机密")))
    assert texts(recent, post(2, "★10年", person=2)) == []
    assert texts(recent, post(3, "★10年", chat=-2)) == []


def test_only_posts_of_one_minute_are_joined() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "机")))
    list(recent.joins(post(2, "密", seconds=50)))
    assert texts(recent, post(3, "★10年", seconds=70)) == [("密★10年", (2,))]


def test_an_edited_post_replaces_its_former_text() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "通知")))
    list(recent.joins(post(2, "★10年")))
    assert texts(recent, post(1, "机密")) == [("机密★10年", (2,))]


def test_a_removed_post_is_dropped() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "机密")))
    recent.forget(post(1, ""), (1,))
    assert texts(recent, post(2, "★10年")) == []


async def test_posts_are_dropped_after_a_minute() -> None:
    clock = Clock()
    recent = RecentPosts(clock=clock)
    list(recent.joins(post(1, "机密")))
    clock.now = 61
    await recent.forget_old()
    assert texts(recent, post(2, "★10年")) == []


def test_only_findings_that_span_the_join_count() -> None:
    recent = RecentPosts()
    list(recent.joins(post(1, "a" * 300)))
    [joined] = recent.joins(post(2, "，b"))
    assert (joined.first, joined.last, joined.offset) == (300, 300, 300 - EDGE)
    assert joined.edges == "a" * EDGE + "，b"
