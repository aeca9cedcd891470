"""Read copies of pictures, compressed and resized, with what was read in the first and without.

Run: python -m bench.near_copies [--each N] [--copies N] [--rounds N] [--seed N] [--harsh]. Prints,
by kind of picture, the keys found in the copies both ways and the processor time of a copy with the
memory against that without; then, over pictures that differ in a digit, a mark or a line, how many
read as what stood in the other one (wrong), or lost what they were read as without it (lost).
"""

from __future__ import annotations

import argparse
import io
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from bench.report import save, table
from bot.detect.media.file_reader import Reader
from bot.detect.media.ocr import doubtful_lines
from bot.detect.media.pictures.known_lines import LineMemory
from bot.store.keys import Cipher
from tests.support.picture_set import FAMILIES, MARKS
from tests.support.pictures import encode, font, note, official_page, resident_id

_FOLD = str.maketrans("☆⭐*＊（）〔〕[]", "★★★★()()()")
_FORMATS = ("JPEG", "JPEG", "JPEG", "WEBP", "PNG")


@dataclass(slots=True)
class Tally:
    """The results for copies of one kind."""

    copies: int = 0
    keys: int = 0
    with_memory: int = 0
    without: int = 0
    wrong: int = 0
    lost: int = 0
    recalled: int = 0
    shares: list[float] = field(default_factory=list)


class Readings:
    """One reader and its memory, which can be left out."""

    def __init__(self) -> None:
        self.reader = Reader.with_engine("rapid", doubtful_lines)
        self.reader.warm_up()
        self.forget()

    def forget(self) -> None:
        self.memory = LineMemory(Cipher(bytes(32)))
        self.recalled = 0

    def text(self, data: bytes, *, remembering: bool) -> tuple[str, float]:
        """Return a picture's text without blanks, and the processor time of reading it."""
        started = time.thread_time()
        found, _ = self.reader.read(data, None, recall=self._recall if remembering else None)
        took = time.thread_time() - started
        if remembering and "keep" in found:
            self.memory.keep(found["keep"])
        text = "".join(f["text"] + "\n" for f in found["fragments"])
        return "".join(text.split()).translate(_FOLD), took

    def _recall(self, likeness: str) -> str | None:
        lines = self.memory.recall(likeness)
        self.recalled += lines is not None
        return lines


def copy(picture: Image.Image, rng: random.Random, *, harsh: bool = False) -> bytes:
    """Return a picture as another client would send it: resized by 0.5 to 1.5, compressed anew.

    A ``harsh`` copy is a preview: a quarter to nearly a half of the size.
    """
    scale = rng.choice((0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5))
    if harsh:
        scale = rng.choice((0.25, 0.3, 0.35, 0.4, 0.45))
    size = (round(picture.width * scale), round(picture.height * scale))
    kind = rng.choice(_FORMATS)
    options = {} if kind == "PNG" else {"quality": rng.choice((40, 50, 60, 75, 90))}
    resized = picture.resize(
        size, rng.choice((Image.Resampling.BILINEAR, Image.Resampling.LANCZOS))
    )
    return encode(resized.convert("RGB"), kind, **options)


def originals(each: int, seed: int) -> Iterator[tuple[str, Image.Image, tuple[str, ...]]]:
    """Yield kind, picture as it was sent first, and keys."""
    for family, draw in FAMILIES.items():
        for number in range(each):
            rng = random.Random(f"{seed}/{family}/{number}")
            picture, keys = draw(rng)
            data = encode(picture.convert("RGB"), "JPEG", quality=90)
            yield family, Image.open(io.BytesIO(data)), keys


def _page(mark: str, more: str = "") -> Image.Image:
    page = official_page(mark)
    ImageDraw.Draw(page).text((1080, 1710), more, font=font(20), fill="black")
    return page


def _pale(mark: str) -> Image.Image:
    page = official_page("")
    layer = Image.new("L", page.size, 0)
    draw = ImageDraw.Draw(layer)
    draw.text((620, 877), mark, font=font(150, bold=True), fill=255, anchor="mm")
    mask = layer.rotate(40).point(lambda v: v // 3)
    page.paste(Image.new("RGB", page.size, "#707070"), mask=mask)
    return page


def _form(number: str, mark: str = "") -> Image.Image:
    return note(mark or "人员登记表", "姓名 王示例", f"身份证 {number}", "单位 综合科", size=34)


def _one_digit(number: str, rng: random.Random) -> str:
    """Return a number with one digit changed: its check fails."""
    at = rng.randrange(6, 17)
    return number[:at] + rng.choice([d for d in "0123456789" if d != number[at]]) + number[at + 1 :]


Pair = tuple[Image.Image, tuple[str, ...]]


def _changed(rng: random.Random) -> dict[str, tuple[Pair, Pair]]:
    """Return pairs of pictures that look alike, each with what stands in it alone."""
    one, other = rng.sample(MARKS, 2)
    number, another = resident_id(rng), resident_id(rng)
    wrong = _one_digit(number, rng)
    return {
        "another mark": ((_page(one), (one,)), (_page(other), (other,))),
        "no mark any more": ((_page(one), (one,)), (_page(""), ())),
        "a mark added": ((_page(""), ()), (_page(one), (one,))),
        "a mark of 20 pixels added": ((_page(""), ()), (_page("", one), (one,))),
        "a pale layer added": ((_page(""), ()), (_pale(one), (one,))),
        "another pale layer": ((_pale(one), (one,)), (_pale(other), (other,))),
        "another number": ((_form(number), (number,)), (_form(another), (another,))),
        "one digit changed": ((_form(number), (number,)), (_form(wrong), (wrong,))),
        "one digit put right": ((_form(wrong), (wrong,)), (_form(number), (number,))),
    }


def measure_copies(readings: Readings, options: argparse.Namespace) -> dict[str, Tally]:
    """Read each original, then its copies both ways in turns."""
    tallies: dict[str, Tally] = {}
    for family, picture, keys in originals(options.each, options.seed):
        rng = random.Random(f"{options.seed}/{family}/copies")
        tally = tallies.setdefault(family, Tally())
        readings.forget()
        readings.text(encode(picture, "PNG"), remembering=True)
        for number in range(options.copies):
            data = copy(picture, rng, harsh=options.harsh)
            ways = (True, False) if number % 2 else (False, True)
            took, text = {}, {}
            for remembering in ways:
                text[remembering], took[remembering] = readings.text(data, remembering=remembering)
            tally.copies += 1
            tally.keys += len(keys)
            tally.with_memory += sum(key in text[True] for key in keys)
            tally.without += sum(key in text[False] for key in keys)
            tally.shares.append(took[True] / took[False])
        tally.recalled += readings.recalled
    return tallies


def measure_changes(readings: Readings, options: argparse.Namespace) -> dict[str, Tally]:
    """Read one of a pair, then copies of the other: nothing of the first may be found there."""
    tallies: dict[str, Tally] = {}
    for number in range(options.rounds):
        rng = random.Random(f"{options.seed}/changes/{number}")
        for name, ((first, gone), (second, there)) in _changed(rng).items():
            tally = tallies.setdefault(name, Tally())
            readings.forget()
            readings.text(encode(first, "PNG"), remembering=True)
            data = copy(second, rng, harsh=options.harsh)
            text, _ = readings.text(data, remembering=True)
            alone, _ = readings.text(data, remembering=False)
            tally.copies += 1
            tally.keys += len(there)
            tally.with_memory += sum(key in text for key in there)
            tally.without += sum(key in alone for key in there)
            tally.lost += sum(key in alone and key not in text for key in there)
            tally.wrong += any(key in text and key not in alone for key in gone)
            tally.recalled += readings.recalled
    return tallies


def show(name: str, tallies: dict[str, Tally], more: Callable[[Tally], list[object]]) -> None:
    heads = ["kind", "copies", "recalled", "keys", "with", "without"]
    lines: list[list[object]] = [heads + [""] * len(more(Tally(shares=[1.0])))]
    for kind, tally in tallies.items():
        found = [tally.keys, tally.with_memory, tally.without]
        lines.append([kind, tally.copies, tally.recalled, *found, *more(tally)])
    sums = [sum(getattr(t, n) for t in tallies.values()) for n in Tally.__slots__[:6]]
    print(f"all: copies, keys, with, without, wrong, lost: {sums}")
    table(lines)
    save(name, lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=2)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--harsh", action="store_true", help="copies of a quarter to a half")
    options = parser.parse_args()
    readings = Readings()
    copies = measure_copies(readings, options)
    show("near_copies", copies, lambda t: [f"time {statistics.median(t.shares):.2f}"])
    every = [share for tally in copies.values() for share in tally.shares]
    print(f"time of a copy with memory over without: median {statistics.median(every):.2f}")
    changes = measure_changes(readings, options)
    show("near_changes", changes, lambda t: [f"wrong {t.wrong}", f"lost {t.lost}"])
    print(f"load {os.getloadavg()}")


if __name__ == "__main__":
    main()
