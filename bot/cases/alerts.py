"""Messages to the supervisors outside of the cards."""

from __future__ import annotations

from bot.cases.payloads import Payload, dump, load
from bot.cases.supervisors_chat import SupervisorsChat
from bot.notifications.composer import Composer
from bot.notifications.texts import supervisors as words
from bot.notifications.texts.merged_notices import shortened
from bot.outgoing import EffectKind, Post, RichText
from bot.store.effects import EffectRow, NewEffect
from bot.store.store import Store

_QUOTED = 120


class Alerts:
    """Plans messages to the supervisors' chat; none if no such chat is configured."""

    def __init__(self, store: Store, composer: Composer, chat: SupervisorsChat) -> None:
        self._store = store
        self._composer = composer
        self._chat = chat

    async def unsure(self, row: EffectRow) -> list[NewEffect]:
        """Report a message of unknown outcome, which is not sent again.

        The text of a private message to a person is not quoted.
        """
        payload = load(row.payload) if row.payload else Payload()
        public = row.chat_id < 0 and payload.post is not None
        group = await self._store.groups.get(row.chat_id)
        text = words.unsure(
            self._composer.translator(),
            group=(group.title if group else None) or "",
            chat_id=row.chat_id,
            said=shortened(payload.post.text.text, _QUOTED) if public and payload.post else "",
        )
        return self.alert(f"unsure/{row.id}", text)

    async def dead_letter(self, update_id: int, chat_id: int | None) -> list[NewEffect]:
        """Report an update that could not be handled and cannot become a case."""
        group = await self._store.groups.get(chat_id) if chat_id is not None else None
        text = words.dead_letter(
            self._composer.translator(),
            group=(group.title if group else None) or "",
            number=update_id,
        )
        return self.alert(f"dead-letter/{update_id}", text)

    def alert(self, key: str, text: RichText) -> list[NewEffect]:
        """Plan a message that must arrive: it is sent again after a lost reply."""
        return self._message(EffectKind.ESCALATE, key, text)

    def send_once(self, key: str, text: RichText) -> list[NewEffect]:
        """Plan a message that is never sent twice, even if its reply was lost."""
        return self._message(EffectKind.SAY, key, text)

    def _message(self, kind: EffectKind, key: str, text: RichText) -> list[NewEffect]:
        if self._chat.id is None:
            return []
        payload = dump(Payload(post=Post(chat_id=self._chat.id, text=text)))
        return [NewEffect(key=key, kind=kind, chat_id=self._chat.id, payload=payload)]
