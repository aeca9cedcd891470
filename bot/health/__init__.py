"""The bot's readiness and its metrics, without content."""
