"""What can be seen of the bot from outside: whether it works, and figures without content."""
