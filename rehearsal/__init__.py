"""A local server that speaks the Telegram Bot API, with people behind it."""
