"""Honest sniffing of text: its encoding, its line ends, its delimiter, and where its header is.

Strict UTF-8 is known for certain; every other encoding is a guess by evidence, and is told.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from importers.issues import Refused

PIECE = 1_000_000
# A line may hold one long cell with line breaks in it; what goes on for longer is no table.
LONGEST_LINE = 2_000_000
START = 200_000
SAMPLED = 50  # records that the delimiter must be consistent over
MOST_WORDS = 2000  # that are weighed to tell two encodings apart
DELIMITERS = ";\t,|"
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Letters that Dutch, and the names of people in the Netherlands, are full of.
LETTERS = frozenset("ëéèïöüáóçêôâàñäíúûî")
RARER_LETTERS = frozenset("ãåøæßışğćčšž")
SIGNS = frozenset("’‘“”–—…€•°·½²³´\xa0")
WORDS = re.compile(rb"[^\x80-\xff]?[\x80-\xff]+[^\x80-\xff]?")
SPOILT = re.compile("[\udc80-\udcff]")
WHOLE = re.compile("[^\x00-\x7f\udc80-\udcff]")
# What the second byte of a letter in UTF-8 looks like when it was read as cp1252.
SECOND = "\u0080-\u00bfŒœŠšŸŽžƒˆ˜\u2013-\u2122"
MOJIBAKE = re.compile(f"[\\w-]*(?:Ã[{SECOND}]|â[€‚][{SECOND}]|Â[\u00a0-\u00bf])[\\w-]*")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(\r\n|\r|\n)', re.IGNORECASE)
NUMBER_COMMAS = re.compile(r"(?<=\d),(?=\d)")
NUMBER_OR_DAY = re.compile(r"[-+]?[\d.,:/ %-]*\d[\d.,:/ %-]*")
LEAST_SHARE = 0.6


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How the letters of a file were written; `is_guess` where another reading is possible."""

    encoding: str
    is_guess: bool = False


def writing_of(content: IO[bytes]) -> Writing:
    """Return how a file was written; reads it once, and leaves it at its beginning."""
    content.seek(0)
    start = content.read(START)
    content.seek(0)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return Writing(encoding=encoding)
    wide = _wide(start[:4000])
    if wide is not None:
        return Writing(encoding=wide, is_guess=True)
    try:
        return _narrow(content)
    finally:
        content.seek(0)


def texts(content: IO[bytes], encoding: str, *, file: str) -> Iterator[str]:
    """Yield the text in pieces of whole lines; raises Refused when a line has no end.

    What cannot be read as this encoding becomes lone surrogates: it spoils only its own cell.
    """
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    rest = ""
    while piece := content.read(PIECE):
        text = rest + decoder.decode(piece)
        # A CR at the very end may be half of a line end.
        end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
        if len(text) - end > LONGEST_LINE:
            raise Refused("file.line_too_long", file=file)
        if end:
            yield text[:end]
        rest = text[end:]
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def split_separator_line(start: str) -> tuple[str | None, str]:
    """Return the delimiter that Excel's own first line `sep=;` names, and the rest."""
    found = SEPARATOR_LINE.match(start)
    return (found[1], start[found.end() :]) if found else (None, start)


def newline_of(start: str) -> str:
    """Return the line end that is used most."""
    both = start.count("\r\n")
    counts = {
        "\r\n": both,
        "\n": start.count("\n") - both,
        "\r": start.count("\r") - both,
    }
    return max(counts, key=lambda newline: counts[newline])


def delimiter_of(start: str) -> str:
    """Return the delimiter that gives the most records the same number of cells, more than one."""
    best, best_score = ";", (LEAST_SHARE, 0)
    first = start.split("\n", 1)[0]
    for delimiter in DELIMITERS:
        if delimiter not in start:
            continue
        if delimiter == "," and "," not in first and not NUMBER_COMMAS.sub("", start).count(","):
            continue  # decimal commas in a list of one column
        counts = Counter(len(cells) for cells in records(start, delimiter, most=SAMPLED) if cells)
        wide = {size: count for size, count in counts.items() if size > 1}
        if not wide:
            continue
        size, count = max(wide.items(), key=lambda one: (one[1], one[0]))
        score = (count / counts.total(), size)
        if score > best_score:
            best, best_score = delimiter, score
    return best if best_score[1] else _most_in(first)


def records(start: str, delimiter: str, *, most: int) -> list[list[str]]:
    """Return the first records of a text, as far as they can be taken apart."""
    found: list[list[str]] = []
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            found.append(cells)
            if len(found) == most:
                break
    except csv.Error:
        pass
    return found


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the first rows is the header, from 1; titles may stand above it.

    It is the first row that fills a good part of the width with words. Where none does, it is
    the first row: nothing is guessed away.
    """
    widths = [sum(1 for cell in row if cell.strip()) for row in rows]
    widest = max(widths, default=0)
    for number, (row, width) in enumerate(zip(rows, widths, strict=True), start=1):
        if width < min(2, widest) or width * 5 < widest * 2:
            continue
        filled = [cell.strip() for cell in row if cell.strip()]
        words = [cell for cell in filled if not NUMBER_OR_DAY.fullmatch(cell)]
        if filled and not any(cell.endswith(":") for cell in filled) and len(words) * 2 >= width:
            return number
    return 1


def mojibake_in(text: str) -> str | None:
    """Return a word whose letters were spoilt before the file came here (UTF-8 read as cp1252)."""
    if "Ã" not in text and "â" not in text and "Â" not in text:
        return None
    found = MOJIBAKE.search(text)
    return found[0] if found else None


def _wide(start: bytes) -> str | None:
    """Return which UTF-16 this is by where its NULs stand, or None."""
    pairs = len(start) // 2
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if pairs and odd * 10 > pairs * 4 and even * 10 < pairs:
        return "utf-16-le"
    if pairs and even * 10 > pairs * 4 and odd * 10 < pairs:
        return "utf-16-be"
    return None


def _narrow(content: IO[bytes]) -> Writing:
    """Tell UTF-8 from cp1252 and Mac Roman, by all that is in the file."""
    strict = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        while piece := content.read(PIECE):
            strict.decode(piece)
        strict.decode(b"", final=True)
    except UnicodeDecodeError:
        content.seek(0)
        return _other(content)
    return Writing(encoding="utf-8")


def _other(content: IO[bytes]) -> Writing:
    """Return the likeliest encoding; UTF-8 that somebody damaged here and there stays UTF-8."""
    words: list[bytes] = []
    good = bad = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    while piece := content.read(PIECE):
        text = decoder.decode(piece)
        bad += len(SPOILT.findall(text))
        good += len(WHOLE.findall(text))
        if len(words) < MOST_WORDS:
            words += WORDS.findall(piece)[:MOST_WORDS]
    if good > bad:
        return Writing(encoding="utf-8", is_guess=True)
    dutch = _points(word.decode("cp1252", "replace") for word in words)
    mac = _points(word.decode("mac_roman") for word in words)
    return Writing(encoding="mac_roman" if mac > dutch else "cp1252", is_guess=True)


def _points(words: Iterable[str]) -> int:
    """Return how much like people's writing these words look."""
    points = 0
    for word in words:
        for place, letter in enumerate(word):
            before, after = word[place - 1 : place] if place else "", word[place + 1 : place + 2]
            if letter.isascii():
                continue
            if letter in LETTERS:
                points += 3
            elif letter in RARER_LETTERS:
                points += 1
            elif letter.lower() in LETTERS:
                points += -2 if before.islower() else 1
            elif letter == "’" and before.isalpha() and after in {"s", "n", "t"}:
                points += 3
            elif letter in SIGNS:
                points += -1 if before.isalpha() and after.isalpha() else 1
            else:
                points -= 2
    return points


def _most_in(line: str) -> str:
    return max(DELIMITERS, key=line.count)
