"""Telegram: the feed of updates, their conversion, and the acts of the bot."""
