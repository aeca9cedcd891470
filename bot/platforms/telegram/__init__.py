"""Telegram: receiving updates, converting messages, and the bot's acts."""
