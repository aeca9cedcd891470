"""Pages of OFD (GB/T 33190): text objects that stand on one line are put together again."""

from __future__ import annotations

import re
from typing import Any

from bot.detect.media.files.markup import TextHandler, parse_xml
from bot.detect.media.files.walk import Spent, Walk
from bot.detect.media.files.zips import Package
from bot.errors import NotReadable

_CONTENT = re.compile(r"(?:.*/)?(?:Pages|Tpls|Annots|Temps)/[^/]*?(\d{0,5})/[^/]+\.xml\Z", re.I)
_SAME_LINE = 0.5
_GAP = 0.6


class _Page(TextHandler):
    """Gathers a page's text, by place where objects state theirs."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[float, float, float, float] | None = None
        self._fresh = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        local = self.local(name)
        if local == "TextObject":
            self._place(attrs.get("Boundary", ""))
        super().startElement(name, attrs)

    def ended(self, name: str, *, is_empty: bool) -> None:
        if name not in ("TextCode", "TextObject", "CGTransform", "Glyphs", "FillColor"):
            super().ended(name, is_empty=is_empty)

    def _place(self, boundary: str) -> None:
        """Begin a line, or go on with the last one when the object stands beside it."""
        try:
            x, y, width, height = (float(n) for n in boundary.split()[:4])
        except ValueError:
            self.text.append("\n")
            self._last = None
            return
        here, last = (x, y, width, height), self._last
        self._last = here
        if last is None or abs(y - last[1]) > _SAME_LINE * max(height, last[3]):
            self.text.append("\n")
        elif not -_GAP * height < x - (last[0] + last[2]) < _GAP * height:
            self.text.append(" ")


def read_pages(walk: Walk, package: Package) -> frozenset[str]:
    """Read the pages, templates and annotations; return the parts that were read."""
    done = set()
    for name, info in sorted(package.names.items()):
        match = _CONTENT.match(name)
        if match is None:
            continue
        done.add(info.filename)
        page = _Page()
        try:
            parse_xml(walk, package.try_read(info), page)
        except Spent:
            raise
        except NotReadable as error:
            walk.gap(error.reason)
        finally:
            # Pages are counted from zero in their folders' names.
            number = int(match[1]) + 1 if match[1] and "/Pages/" in f"/{name}" else None
            words = "".join(line for line in page.text if not line.isspace() or line in "\n ")
            walk.add(words.strip("\n"), number)
            walk.add("\n".join(dict.fromkeys(page.apart)), number)
    return frozenset(done)
