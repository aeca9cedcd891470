"""The commands, a module each; `bot.cli` registers them."""
