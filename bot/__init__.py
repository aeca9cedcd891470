"""Shoukou keeps an organisation's own confidential material out of its chat groups."""

__version__ = "0.1.0"
