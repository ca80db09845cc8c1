"""How a file was read, as the page of its run shows it: its form, its first rows, its columns."""

from collections.abc import Mapping
from typing import Any

from importers.door.otherwise import kinds_of, look_otherwise, may_be_another
from importers.door.rereading import is_correctable
from importers.issues import Column
from importers.models import ImportRun
from importers.readers.dialect import Dialect
from importers.readers.sample import Form, Sample
from importers.sheet import NAME
from importers.sheet.columns import Means
from importers.sheet.mapping import formatted
from importers.sheet.memory import UNDERSTOOD, mapping_of
from web.forms import Filled

SHOWN_ROWS = 8
SHOWN_CELLS = 3
# A form strips what stands around an answer; a tab would be nothing.
SIGNS = {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}
MOST_COLUMNS = 12
# Of these columns the form also asks what they are about, and on which scale.
WITH_ITEM = {Means.RESULT, Means.PRESENT, Means.HOURS}


def dialect_of(run: ImportRun) -> Dialect:
    """Return how the file of a run was written."""
    return Dialect.of(run.layout.get("dialect", {}).get(run.file_name, {}))


def columns_of(run: ImportRun) -> list[dict[str, Any]]:
    """Return what the columns of a sheet were taken for (importers/sheet/shown.py)."""
    found: list[dict[str, Any]] = run.layout.get(UNDERSTOOD, {}).get("columns", [])
    return found


def understood(run: ImportRun, filled: Filled | None) -> dict[str, Any] | None:
    """Return how a file was read, for its page; None when nothing of it can be shown."""
    tables = (run.sample or {}).get("tables", [])
    if run.kind is None or not tables:
        return None
    dialect, table = dialect_of(run), tables[0]
    is_one = len(tables) == 1
    said = mapping_of(run)
    return {
        "kind": run.kind,
        "dialect": dialect if is_one else None,
        "files": [] if is_one else [(one["file"], len(one["headers"])) for one in tables],
        "rows": [
            {"number": number, "cells": [cell for cell in row if cell.strip()]}
            for number, row in enumerate(table["rows"][: max(SHOWN_ROWS, dialect.header_row)], 1)
        ]
        if is_one
        else [],
        "columns": _columns(run, table, dialect) if is_one else [],
        "is_correctable": is_correctable(run),
        "is_remembered": bool(said) and "mapping" not in run.options,
        "values": _values(run, said) | (filled.values if filled else {}),
        "errors": filled.sentences() if filled else {},
    }


def _values(run: ImportRun, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": run.options.get("source") or NAME,
        "header_row": dialect_of(run).header_row,
        "day": run.layout.get(UNDERSTOOD, {}).get("day") or "",
        "people": said.get("people") or "",
        "pattern": formatted(said["person_pattern"], "1") if said.get("person_pattern") else "",
        "snapshot": "yes" if said.get("snapshot") else "",
        "repeats": "yes" if said.get("repeats") else "",
    }


def _columns(run: ImportRun, table: Mapping[str, Any], dialect: Dialect) -> list[dict[str, Any]]:
    """Return the columns of a sheet with what they were taken for, and their first cells."""
    headers, rows = table["headers"], table["rows"][dialect.header_row :]
    told = []
    for place, column in enumerate(columns_of(run)):
        index = headers.index(column["header"]) if column["header"] in headers else None
        cells = [row[index] for row in rows if index is not None and index < len(row)]
        told.append(
            column
            | {
                "place": place,
                "letter": Column(index, column["header"]).letter,
                "cells": [cell for cell in cells if cell.strip()][:SHOWN_CELLS],
                "is_scored": column["means"] in WITH_ITEM,
            }
        )
    return told


def taken(run: ImportRun, store: Any, filled: Filled | None) -> dict[str, Any] | None:
    """Return what a table was or would be taken for, for its page; None when that is settled.

    {"kinds", "has_signs", "is_other_sign", "rows": [{"number", "cells", "is_header"}], "columns"
    (how many there are), "values": {"kind", "sign"}, "errors"}; rows only of a form that is asked.
    """
    if not may_be_another(run):
        return None
    dialect, (table, *_) = dialect_of(run), (run.sample or {}).get("tables") or [None]
    if table is None:
        return None
    names = {sign: name for name, sign in SIGNS.items()}
    values = {"kind": run.kind, "sign": names.get(dialect.delimiter, "other")}
    values |= filled.values if filled else {}
    if filled is not None:
        sign = None if dialect.is_xlsx else SIGNS.get(str(values["sign"]))
        sample = look_otherwise(run, store, sign)
    else:
        told = {"headers": tuple(table["headers"]), "rows": table["rows"], "dialect": dialect}
        sample = Sample(file_name=run.file_name, form=Form.TABLE, **told)
    rows, header_row = sample.rows if filled else [], sample.dialect.header_row
    return {
        "kinds": list(dict.fromkeys([str(run.kind), *kinds_of(sample)])),
        "has_signs": not dialect.is_xlsx,
        "is_other_sign": values["sign"] == "other",
        "rows": [
            {"number": number, "cells": row[:MOST_COLUMNS], "is_header": number == header_row}
            for number, row in enumerate(rows, 1)
        ],
        "columns": max(map(len, rows), default=0),
        "values": values,
        "errors": filled.sentences() if filled else {},
    }
