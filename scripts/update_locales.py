"""Bring the translation catalogues in line with the sentences in the code.

Usage: python scripts/update_locales.py          updates config/locales/*/LC_MESSAGES/shoukou.po
       python scripts/update_locales.py --check  fails when a sentence has no translation
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("zh_CN",)


def sentences() -> Catalog:
    """Collect every sentence that the code passes to a translator."""
    catalog = Catalog(project="shoukou", charset="utf-8")
    found = extract_from_dir(
        str(ROOT / "bot"), method_map=[("**.py", "python")], keywords={"t": None, "_": None}
    )
    for path in (ROOT / "bot").rglob("*.py"):
        for message in _fault_sentences(ast.parse(path.read_text(encoding="utf-8"))):
            catalog.add(message)
    for file, _line, message, _comments, _context in found:
        catalog.add(message, locations=[(f"bot/{file}", 0)])
    return catalog


def _fault_sentences(tree: ast.AST) -> Iterator[str]:
    """Yield what and mend of every ConfigurationError: they are translated when shown."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "ConfigurationError":
            continue
        given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "mend")]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def update(language: str, template: Catalog, *, check: bool) -> list[str]:
    """Merge the template into one catalogue; return the sentences without a translation."""
    path = ROOT / "config" / "locales" / language / "LC_MESSAGES" / "shoukou.po"
    catalog = Catalog(locale=language)
    if path.is_file():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    catalog.update(template, no_fuzzy_matching=True)
    # A date would make every two changes of the sentences conflict.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    catalog.project, catalog.version = "shoukou", ""
    catalog.header_comment = f"# Shoukou's sentences in {language}."
    catalog.last_translator = catalog.language_team = "Shoukou"
    catalog.obsolete.clear()
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, omit_header=False, sort_output=True, width=0, no_location=True)
    return [str(m.id) for m in catalog if m.id and not m.string]


def main() -> int:
    """Update or check every catalogue."""
    check = "--check" in sys.argv
    missing = [s for language in LANGUAGES for s in update(language, sentences(), check=check)]
    for sentence in missing:
        print(f"not translated: {sentence}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
