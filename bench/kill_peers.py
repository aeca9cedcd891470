"""The same small bot on two libraries, as their guides show it: it takes leaks down and says so.

Run: python -m bench.kill_peers ptb|aiogram URL TOKEN. A leak is deleted, a notice takes its place,
and its sender is told in private.
"""

from __future__ import annotations

import asyncio
import re
import sys

LEAK = re.compile(r"\d{17}[\dX]")


def notice(name: str) -> str:
    """Return what is said in the group."""
    return f"A message from {name} was withheld."


def note() -> str:
    """Return what is said to the sender."""
    return "Your message held personal data and was removed."


def with_ptb(url: str, token: str) -> None:
    """Poll by python-telegram-bot's own Application and Updater."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def handle(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        if message is None or not LEAK.search(message.text or ""):
            return
        await message.delete()
        assert message.from_user is not None
        await context.bot.send_message(message.chat_id, notice(message.from_user.full_name))
        await context.bot.send_message(message.from_user.id, note())

    application = Application.builder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.ALL, handle))
    application.run_polling()


def with_aiogram(url: str, token: str) -> None:
    """Poll by aiogram's Dispatcher."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message

    async def handle(message: Message) -> None:
        if not LEAK.search(message.text or "") or message.bot is None:
            return
        await message.delete()
        assert message.from_user is not None
        await message.bot.send_message(message.chat.id, notice(message.from_user.full_name))
        await message.bot.send_message(message.from_user.id, note())

    async def poll() -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        dispatcher = Dispatcher()
        dispatcher.message.register(handle)
        dispatcher.edited_message.register(handle)
        await dispatcher.start_polling(Bot(token, session=session))

    asyncio.run(poll())


if __name__ == "__main__":
    {"ptb": with_ptb, "aiogram": with_aiogram}[sys.argv[1]](*sys.argv[2:])
