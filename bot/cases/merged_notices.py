"""Merge the notices of a flood into one message for each chat, with a line for each notice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.cases.payloads import Entry, Payload, dump, load
from bot.notifications.composer import Composer
from bot.notifications.texts import merged_notices as words
from bot.notifications.texts.merged_notices import MergedLine
from bot.outgoing import Button, EffectKind, Post
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

_BUTTONS_IN_A_ROW = 5
_MANY_PICTURES = 10
"""From this number on, notices with a masked picture are merged too, without the picture."""

_Noticed = tuple[EffectRow, Post, Entry]


class MergedNotices:
    """Plans the effect that carries several notices."""

    def __init__(self, store: Store, composer: Composer) -> None:
        self._store = store
        self._composer = composer

    async def merge(self, rows: Sequence[EffectRow]) -> tuple[EffectRow, Collection[int]] | None:
        """Commit that the first notice and those like it are sent as one effect.

        Notices are alike if they have the same kind, chat, topic and fate of the message. Returns
        the effect and the ids that it carries, or None if the first notice is sent alone.
        """
        async with self._store.db.write() as tx:
            waiting = await self._store.effects.waiting(tx, [row.id for row in rows])
            still = {row.id: row for row in waiting}
            alike = _alike([still[row.id] for row in rows if row.id in still])
            if len(alike) < 2:
                return None
            ids = [row.id for row, _, _ in alike]
            carrier = await self._store.effects.carry(tx, self._merged(alike), ids)
            return carrier, set(ids)

    def _merged(self, notices: Sequence[_Noticed]) -> NewEffect:
        first, post, entry = notices[0]
        t = self._composer.translator(entry.language)
        private = first.kind is EffectKind.WARN
        compose = words.to_sender if private else words.in_group
        rows = [_line(entry, private=private) for _, _, entry in notices]
        buttons = [
            Button(label=t("✋ No. {number}", number=number), data=entry.mistake)
            for number, (_, _, entry) in enumerate(notices, 1)
            if entry.mistake is not None
        ]
        merged = Post(
            chat_id=first.chat_id,
            thread_id=post.thread_id,
            text=compose(t, rows, removed=entry.removed),
            buttons=tuple(
                tuple(buttons[at : at + _BUTTONS_IN_A_ROW])
                for at in range(0, len(buttons), _BUTTONS_IN_A_ROW)
            ),
        )
        return NewEffect(
            key=f"merged/{first.id}",
            kind=first.kind,
            chat_id=first.chat_id,
            payload=dump(Payload(post=merged)),
        )


def _alike(rows: Sequence[EffectRow]) -> list[_Noticed]:
    """Return the first notice, and those that can share one message with it."""
    notices: list[_Noticed] = []
    for row in rows:
        payload = load(row.payload) if row.payload else Payload()
        alone = payload.with_picture and len(rows) < _MANY_PICTURES
        if payload.post is None or payload.entry is None or alone:
            if not notices:
                return []
            continue
        notice = (row, payload.post, payload.entry)
        if not notices or _kind(notice) == _kind(notices[0]):
            notices.append(notice)
    return notices[: words.MOST]


def _kind(notice: _Noticed) -> object:
    row, post, entry = notice
    return row.kind, row.chat_id, post.thread_id, entry.removed


def _line(entry: Entry, *, private: bool) -> MergedLine:
    return MergedLine(
        who=entry.group if private else entry.name,
        posted_at=entry.posted_at,
        reasons=entry.reasons,
        excerpt=entry.excerpt,
    )
