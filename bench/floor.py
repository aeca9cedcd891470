"""The floor: the least that a bot on python-telegram-bot does, deleting every message.

Run: python -m bench.floor URL TOKEN.
"""

from __future__ import annotations

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def delete(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Delete the message."""
    if update.effective_message is not None:
        await update.effective_message.delete()


def main() -> None:
    """Poll until stopped."""
    url, token = sys.argv[1:]
    builder = Application.builder().token(token)
    application = builder.base_url(f"{url}/bot").base_file_url(f"{url}/file/bot").build()
    application.add_handler(MessageHandler(filters.ALL, delete))
    application.run_polling()


if __name__ == "__main__":
    main()
