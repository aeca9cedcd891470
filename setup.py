"""Puts `config/` into the wheel as the package `bot.defaults`; all else is in pyproject.toml."""

from __future__ import annotations

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["bot*", "rehearsal*"]), "bot.defaults"],
    package_dir={"bot.defaults": "config"},
)
