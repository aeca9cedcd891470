"""Grammars for labelled lines: what leaks, what only looks like it, and everyday office chat."""
