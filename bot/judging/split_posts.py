"""The posts of each sender within the last minute, to find a text that is split over them.

    posts of one sender:  "请查收机密"  "★10年关于部署的报告"
    joined text:          "请查收机密★10年关于部署的报告"
                                    ^ the join; a finding counts only if it spans it

Content is held in memory only, for a minute, and never written anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic

from bot.model import Finding, Joined, Message

SPAN = timedelta(minutes=1)
MAX_PARTS = 3
MAX_SENDERS = 20_000
"""Senders that are remembered; beyond that, those who have been silent longest are dropped."""

EDGE = 128
"""Characters on each side of a join that are inspected first: nearly all joins hold nothing."""

_Key = tuple[int, int | None, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    message_id: int
    sent_at: datetime
    text: str = field(repr=False)


@dataclass(slots=True)
class _Recent:
    posts: list[_Post] = field(default_factory=list, repr=False)
    until: float = 0.0


class RecentPosts:
    """The recent posts of every sender, by chat and topic; see `bot.pipeline.Recent`."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._senders: OrderedDict[_Key, _Recent] = OrderedDict()

    def joins(self, message: Message) -> Iterator[Joined]:
        """Remember a post, and yield its text joined with the posts next to it, longest runs first.

        An edited post replaces its former text.
        """
        if not message.text:
            return
        recent = self._senders.setdefault(_key(message), _Recent())
        recent.until = self._clock() + SPAN.total_seconds()
        self._senders.move_to_end(_key(message))
        own = _Post(message_id=message.message_id, sent_at=message.sent_at, text=message.text)
        posts = [p for p in recent.posts if p.message_id != own.message_id]
        posts = sorted([*posts, own], key=lambda p: p.message_id)
        recent.posts = posts = [p for p in posts if abs(own.sent_at - p.sent_at) <= SPAN]
        self._drop_old()
        at = posts.index(own)
        for size in range(MAX_PARTS, 1, -1):
            for start in range(max(0, at - size + 1), min(at, len(posts) - size) + 1):
                run = posts[start : start + size]
                if run[-1].sent_at - run[0].sent_at <= SPAN:
                    yield from _joined(run, message)

    def forget(self, message: Message, ids: tuple[int, ...]) -> None:
        """Drop posts that were taken down."""
        recent = self._senders.get(_key(message))
        if recent is not None:
            recent.posts = [p for p in recent.posts if p.message_id not in ids]

    async def forget_old(self) -> None:
        """Drop posts that are older than a minute."""
        self._drop_old()

    def _drop_old(self) -> None:
        now = self._clock()
        while self._senders:
            key, recent = next(iter(self._senders.items()))
            if recent.until > now and len(self._senders) <= MAX_SENDERS:
                return
            del self._senders[key]


def _key(message: Message) -> _Key:
    return message.chat_id, message.thread_id, message.sender.id


def _joined(run: list[_Post], message: Message) -> Iterator[Joined]:
    """Yield the ways in which posts read as one text: without a gap, and with a blank between."""
    texts = [p.text for p in run]
    between = [""]
    if all(_is_word(a[-1]) and _is_word(b[0]) for a, b in pairwise(texts)):
        between.append(" ")
    others = tuple(p.message_id for p in run if p.message_id != message.message_id)
    for gap in between:
        head, tail = texts[0], texts[-1]
        inner = gap.join(["", *texts[1:-1], ""])
        # A long post in the middle holds the finding itself, or nothing spans it.
        if len(inner) > EDGE:
            continue
        yield Joined(
            text=head + inner + tail,
            others=others,
            edges=head[-EDGE:] + inner + tail[:EDGE],
            first=len(head),
            last=len(head) + len(inner),
            offset=max(0, len(head) - EDGE),
        )


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalpha()


def spans_join(joined: Joined, findings: Iterable[Finding], offset: int = 0) -> bool:
    """Return True if a certain finding begins in the first post and ends in the last.

    The findings' offsets count from ``offset`` of the joined text.
    """
    return any(
        f.start + offset < joined.first and f.end + offset > joined.last
        for f in findings
        if f.suppressed_by is None and f.is_certain
    )
