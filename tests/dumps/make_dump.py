"""Make a small, populated dump of the present schema, for the test that migrates old ones.

    .venv/bin/python -m tests.dumps.make_dump tests/dumps/0005.json

A dump is JSON: its revision, and per table, in the order in which rows can be inserted, the kind
of each column and the rows. Nobody in it exists.
"""

import json
import sys
import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.metadata import metadata
from migrations.run import migrate
from tests.world import make_world
from tracker.columns import UtcDateTime
from tracker.db import new_id, open_engine, utc_now

Dump = dict[str, Any]
# How each kind of value is written in JSON, and how a database of any age takes it.
KINDS: dict[str, sa.types.TypeEngine[Any]] = {
    "uuid": sa.Uuid(),
    "moment": UtcDateTime(),
    "day": sa.Date(),
    "number": sa.Numeric(),
    "flag": sa.Boolean(),
    "json": sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True), "postgresql"
    ),
    "whole": sa.Integer(),
    "text": sa.Text(),
}
READ = {
    "uuid": UUID,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "number": Decimal,
}


def kind_of(column: sa.Column[Any]) -> str:
    """Return the kind under which a column's values are written."""
    if isinstance(column.type, sa.Enum):
        return "text"
    for kind, example in KINDS.items():
        if isinstance(column.type, type(example)):
            return kind
    return "text"


def dump(engine: sa.Engine) -> Dump:
    """Return everything in a database of the present schema; `engine` sees every row."""
    with engine.connect() as connection:
        version = sa.text("SELECT version_num FROM alembic_version")
        tables = {
            table.name: {
                "columns": {column.name: kind_of(column) for column in table.columns},
                "rows": [
                    [_written(value) for value in row]
                    for row in connection.execute(sa.select(table).order_by(*table.primary_key))
                ],
            }
            for table in metadata.sorted_tables
        }
        return {"revision": connection.scalar(version), "tables": tables}


def load(engine: sa.Engine, dumped: Dump) -> None:
    """Put a dump into an empty database of its revision; `engine` may insert any row."""
    with engine.begin() as connection:
        for name, held in dumped["tables"].items():
            kinds = held["columns"]
            table = sa.table(name, *(sa.column(column, KINDS[kinds[column]]) for column in kinds))
            for row in held["rows"]:
                values = {
                    column: READ.get(kinds[column], _same)(value) if value is not None else None
                    for column, value in zip(kinds, row, strict=True)
                }
                connection.execute(table.insert(), values)


def _same(value: Any) -> Any:
    return value


def _written(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def populate(engine: sa.Engine, *, everything: sa.Engine) -> None:
    """Tell the tests' story, and add one row to each table that the story leaves empty."""
    make_world(engine)
    with everything.begin() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(sa.select(table).limit(1)).first() is None:
                connection.execute(table.insert(), row_for(connection, table))


def row_for(connection: sa.Connection, table: sa.Table) -> dict[str, Any]:
    """Return a row that refers to rows that are there, of one school."""
    school_id = connection.scalar(sa.select(metadata.tables["judgement"].c.school_id).limit(1))
    row = {column.name: _value(column) for column in table.columns}
    if "school_id" in row:
        row["school_id"] = school_id
    about_one = any(str(rule.name).endswith("about_one") for rule in table.constraints)
    for key in table.foreign_key_constraints:
        if about_one and key.column_keys[-1] in {"evidence_id", "question_id"}:
            row[key.column_keys[-1]] = None
            continue
        target = key.referred_table
        names = {element.parent.name: element.column for element in key.elements}
        query = sa.select(*names.values())
        if "school_id" in target.columns:
            query = query.where(target.c.school_id == school_id)
        found = connection.execute(query.limit(1)).first()
        row.update(zip(names, found or [None] * len(names), strict=True))
        if "school_id" in row:
            row["school_id"] = school_id
    return row


def _value(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.Enum):
        return column.type.python_type(column.type.enums[0])
    examples = {
        "uuid": new_id(),
        "moment": utc_now(),
        "day": utc_now().date(),
        "number": Decimal("7.125"),
        "flag": True,
        "json": {"een": ["twee", None]},
        "whole": 1,
        "text": "tekst – é",
    }
    return examples[kind_of(column)]


def fresh() -> Dump:
    """Return a dump of the present schema with a row in every table."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/dump.db"
        migrate(owner_url=url, application_url=url)
        engine = open_engine(url)
        populate(engine, everything=engine)
        dumped = dump(engine)
        engine.dispose()
    return dumped


def as_lines(dumped: Dump) -> Iterable[str]:
    """Write a dump as JSON with one line for each row, so that it can be read and compared."""
    yield f'{{"revision": {json.dumps(dumped["revision"])}, "tables": {{\n'
    for number, (name, held) in enumerate(dumped["tables"].items()):
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in held["rows"])
        columns = json.dumps(held["columns"])
        yield f'{"," if number else ""}"{name}": {{"columns": {columns}, "rows": [\n{rows}\n]}}\n'
    yield "}}\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(as_lines(fresh())), "utf-8")
