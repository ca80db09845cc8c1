"""Files of statements: how they are recognised, taken apart, and shown when one is wrong."""

from collections.abc import Iterator
from typing import IO, Any

import orjson

from importers.readers.jsonl import LINE, JsonRow, read_lines, read_rows
from importers.readers.sample import Form, Sample
from importers.readers.shapes import Shape, shape_of
from importers.source import Opening

SHOWN = 100
LONGEST_KEPT = 100_000


def recognises(sample: Sample) -> bool:
    """Whether a file holds statements, by its first."""
    found = sample.value
    if sample.form not in {Form.JSON, Form.LINES}:
        return False
    if isinstance(found, dict) and isinstance(found.get("statements"), list):
        found = found["statements"]
    while isinstance(found, list) and found:
        found = found[0]
    return isinstance(found, dict) and len({"actor", "verb", "object"} & set(found)) > 1


def rows_of(content: IO[bytes], opening: Opening, *, within: str) -> Iterator[JsonRow]:
    """Yield the statements of a file, from 1: lines, a list, or a page of a store's answer.

    `within` is the part in which a page, or an envelope, holds them.
    """
    file = opening.file_name
    is_lines = opening.options.get("lines") or shape_of(content, file) is Shape.LINES
    for row in read_lines(content) if is_lines else read_rows(content, file=file):
        if isinstance(row.value, dict) and isinstance(row.value.get(within), list):
            for place, one in enumerate(row.value[within]):
                yield JsonRow(row.number if is_lines else row.number + place, one)
        else:
            yield row


def shown(statement: Any, place: str) -> str | None:
    """Return what stands at a place, if it is short enough to show."""
    for name in place.split(".") if place else ():
        if isinstance(statement, list) and name.isdigit() and int(name) < len(statement):
            statement = statement[int(name)]
        elif isinstance(statement, dict):
            statement = statement.get(name)
        else:
            return None
    if statement is None or isinstance(statement, dict | list):
        return None
    return str(statement)[:SHOWN]


def cells_of(row: JsonRow) -> dict[str, str]:
    """Return a statement as the one cell of its line, for who repairs it."""
    if row.code is not None and not row.line:
        return {}
    if row.line:
        line = row.line.decode("utf-8", "replace").strip().replace("\0", "?")
    else:
        try:
            line = orjson.dumps(row.value).decode()
        except (TypeError, orjson.JSONEncodeError):
            line = str(row.value)
    return {LINE: line[:LONGEST_KEPT]}
