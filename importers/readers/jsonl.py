"""JSON and lines of JSON (JSONL): read strictly, within limits, one bad line being one bad row.

Strict means RFC 8259: no NaN, no Infinity. An object that repeats a key loses nothing: see Pairs.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from importers import bsn
from importers.issues import Refused

MOST_BYTES = 10_000_000  # of a document that must be read whole
LONGEST_LINE = 1_000_000
# A line that is set aside is kept as the one cell of its row; given back to be repaired, a line
# above it says what is wrong with it.
LINE, REASON = "statement", "leerspoor_reden"
MOST_DEPTH = 50
MOST_DIGITS = 18  # of a whole number that still fits 64 bits
MARK_OF_ORDER = b"\xef\xbb\xbf"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# The closing quotation mark may be missing, lest each mark inside be tried again.
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
# What may hide a number from a search in the text as it stands.
ESCAPED = re.compile(rb"\\u00[0-9a-fA-F]{2}|[0-9][eE]\+?[0-9]")
ESCAPED_DIGIT = re.compile(rb"\\u003([0-9])")
PRIVATE = re.compile(rb"bsn|burgerservice|sofi|onderwijsnummer|persoonsgebonden", re.IGNORECASE)


class Pairs(dict[str, Any]):
    """An object of which a key is repeated; `pairs` has them all, the dict the last of each."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


class Number(str):
    """A number as it was written, so that it comes out as it went in."""

    __slots__ = ()


class NotJson(ValueError):
    """A text is no JSON that we take; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One value of many: a line (from 1), or an item of a list; `code` says why it has no value.

    `line` is the line as it stands, if it is one.
    """

    number: int
    value: Any
    code: str | None = None
    line: bytes = b""


def is_reason(value: Any) -> bool:
    """Whether this is no line of the file, but what is wrong with the next one."""
    return isinstance(value, dict) and REASON in value


def pairs_of(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the keys of an object with their values, also those that are repeated."""
    return found.pairs if isinstance(found, Pairs) else list(found.items())


def read_json(content: IO[bytes], *, file: str) -> Any:
    """Return the value of a whole document; raises Refused."""
    body = content.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Refused("json.too_large", file=file, detail=f"{MOST_BYTES // 1_000_000} MB")
    try:
        return parse(body)
    except NotJson as error:
        raise Refused(error.code, file=file) from None


def read_lines(content: IO[bytes]) -> Iterator[JsonRow]:
    """Yield the values of a file with one on each line; empty lines are passed over."""
    number = 0
    while line := content.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = content.readline(LONGEST_LINE)
            yield JsonRow(number, None, "json.line_too_long")
        elif line.strip():
            yield _row(number, line)


def read_rows(content: IO[bytes], *, file: str) -> Iterator[JsonRow]:
    """Yield the objects of a document that is a list, also a list of lists of them, from 1.

    A document that is one object is a list of one. Raises Refused.
    """
    value = read_json(content, file=file)
    number = 0
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting = one + waiting
            continue
        number += 1
        is_object = isinstance(one, dict)
        yield JsonRow(number, one if is_object else None, None if is_object else "json.no_object")


def parse(body: bytes, *, keeps_numbers: bool = False) -> Any:
    """Return the value of a JSON text; raises NotJson.

    With `keeps_numbers` each number is a Number, as it was written.
    """
    try:
        text = body.removeprefix(MARK_OF_ORDER).decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("json.encoding") from None
    _check_depth(text)
    hooks: dict[str, Any] = {"parse_int": _whole, "parse_float": _fraction}
    if keeps_numbers:
        hooks = {"parse_int": Number, "parse_float": Number}
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, **hooks)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("json.broken") from None
    return _storable(value) if "\\u" in text else value


def dump(value: Any) -> str:
    """Return a value that `parse` gave, numbers kept, as JSON."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        inner = ",".join(f"{json.dumps(key)}:{dump(one)}" for key, one in pairs_of(value))
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)


def cleaned(body: bytes) -> bytes:
    """Return a JSON text without BSN, whatever it is written like.

    A text that is no JSON is cleaned as text: it will be refused, or set aside, and is shown.
    """
    dropped = bsn.drop(body)
    if dropped is body and not ESCAPED.search(body) and not PRIVATE.search(body):
        return body
    try:
        value = parse(body, keeps_numbers=True)
    except NotJson:
        return bsn.drop(ESCAPED_DIGIT.sub(rb"\1", body))
    return dump(_without(value)).encode("utf-8")


def _without(value: Any) -> Any:
    if isinstance(value, Number):
        return bsn.MARK if _is_one(value) else value
    if isinstance(value, str):
        return bsn.drop_text(value)
    if isinstance(value, list):
        return [_without(one) for one in value]
    if isinstance(value, dict):
        return Pairs(
            [
                (bsn.drop_text(key), "" if bsn.is_column_for_it(key) else _without(one))
                for key, one in pairs_of(value)
            ]
        )
    return value


def _is_one(number: Number) -> bool:
    if bsn.drop_text(number) != number:
        return True
    if not set(number) & set("eE."):
        return False
    try:
        whole = float(number)
    except OverflowError:
        return False
    return whole.is_integer() and bsn.drop_text(f"{int(whole):09}") == bsn.MARK


def _row(number: int, line: bytes) -> JsonRow:
    try:
        return JsonRow(number, parse(line), line=line)
    except NotJson as error:
        return JsonRow(number, None, error.code, line)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Pairs(pairs)


def _no_constant(_: str) -> None:
    raise NotJson("json.no_number")


def _whole(number: str) -> int | Number:
    """Return a whole number; as text when no database column would hold it."""
    return int(number) if len(number) <= MOST_DIGITS else Number(number)


def _fraction(number: str) -> float:
    found = float(number)
    if math.isinf(found):
        raise NotJson("json.no_number")
    return found


def _storable(value: Any) -> Any:
    """Return the value with a question mark for what no database can hold: NUL, half letters."""
    if isinstance(value, str) and not isinstance(value, Number):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return _object([(_storable(key), _storable(one)) for key, one in pairs_of(value)])
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MOST_DEPTH:
        return
    depth = 0
    for found in TOKENS.finditer(text):
        if found[0] in {"[", "{"}:
            depth += 1
            if depth > MOST_DEPTH:
                raise NotJson("json.too_deep")
        elif found[0] in {"]", "}"}:
            depth -= 1
