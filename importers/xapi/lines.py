"""Files of statements: how they are recognised, taken apart, and shown when one is wrong."""

from collections.abc import Iterator
from typing import IO, Any

import orjson

from importers.door.shapes import Shape, shape_of
from importers.readers.jsonl import JsonRow, read_lines, read_rows
from importers.readers.sample import Form, Sample
from importers.source import Opening

SHOWN = 100
LONGEST_KEPT = 20_000


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


def rows_of(content: IO[bytes], opening: Opening) -> Iterator[JsonRow]:
    """Yield the statements of a file, from 1: lines, a list, or a page of a store's answer."""
    file = opening.file_name
    if opening.options.get("lines") or shape_of(content, file) is Shape.LINES:
        yield from read_lines(content)
        return
    for row in read_rows(content, file=file):
        if isinstance(row.value, dict) and isinstance(row.value.get("statements"), list):
            for number, one in enumerate(row.value["statements"], row.number):
                yield JsonRow(number, one)
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


def cells_of(statement: Any) -> dict[str, str]:
    """Return a statement as the one cell of its line, for who repairs it."""
    try:
        line = orjson.dumps(statement).decode()
    except (TypeError, orjson.JSONEncodeError):
        line = str(statement)
    return {"statement": line[:LONGEST_KEPT]}
