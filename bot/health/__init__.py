"""The bot as seen from outside: readiness, and figures without content."""
