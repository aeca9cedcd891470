"""Translations: gettext catalogues read with Babel when the program starts.

Sentences in the code are English and serve as keys; ``config/locales/<language>/LC_MESSAGES``
holds the translations. A sentence without a translation is shown in English.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


def best_language(wanted: str | None, default: Language) -> Language:
    """Return the supported language nearest to a platform's code such as ``zh-hans``."""
    if not wanted:
        return default
    if wanted.lower().startswith("zh"):
        return "zh-CN"
    return "en" if wanted.lower().startswith("en") else default


class Translator:
    """Translates sentences into one language."""

    def __init__(self, language: Language, sentences: dict[str, str]) -> None:
        self.language = language
        self._sentences = sentences

    def __call__(self, sentence: str, /, **fields: object) -> str:
        """Return the translated sentence with its ``{fields}`` filled in."""
        translated = self._sentences.get(sentence, sentence)
        return translated.format(**fields) if fields else translated


class Catalogs:
    """The translators of all languages."""

    def __init__(self, translators: dict[str, Translator], default: Language) -> None:
        self._translators = translators
        self.default = default

    @classmethod
    def load(cls, folder: Path, default: Language = "zh-CN") -> Catalogs:
        """Read ``<folder>/<language>/LC_MESSAGES/shoukou.po``; English needs no file."""
        translators: dict[str, Translator] = {"en": Translator("en", {})}
        for language in LANGUAGES:
            path = folder / language.replace("-", "_") / "LC_MESSAGES" / "shoukou.po"
            if path.is_file():
                with path.open("rb") as file:
                    catalog = read_po(file)
                sentences = {
                    str(m.id): str(m.string) for m in catalog if m.id and m.string and not m.fuzzy
                }
                translators[language] = Translator(language, sentences)
        return cls(translators, default)

    def get(self, language: str | None = None) -> Translator:
        """Return the translator for a language, or for the nearest that there is."""
        chosen = best_language(language, self.default)
        return self._translators.get(chosen) or self._translators["en"]
