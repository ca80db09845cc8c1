"""Many schools from one: the demo's, with all that its students did, copied under new ids."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from migrations.metadata import metadata
from tracker.models import School

# What was imported is in the records already.
LEFT_OUT = {"import_run", "import_row", "import_issue", "import_cell"}


def copy_school(superuser: sa.Engine, school: School, count: int) -> list[UUID]:
    """Copy a school so many times; returns the ids of the copies."""
    with superuser.begin() as connection:
        # The rows were checked when they were made.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        rows = {table: _rows_of(connection, table, school.id) for table in _tables()}
        for number in range(1, count + 1):
            for table, held in rows.items():
                if held:
                    connection.execute(sa.insert(table), [_copied(row, number) for row in held])
    return [_other(school.id, number) for number in range(1, count + 1)]


def _tables() -> list[sa.Table]:
    school = metadata.tables["school"]
    owned = [
        table
        for table in metadata.sorted_tables
        if any(column.name == "school_id" for column in table.primary_key)
        and table.name not in LEFT_OUT
    ]
    return [school, *owned]


def _rows_of(connection: sa.Connection, table: sa.Table, school_id: UUID) -> list[dict[str, Any]]:
    key = table.c.id if table.name == "school" else table.c.school_id
    found = connection.execute(sa.select(table).where(key == school_id)).mappings()
    return [dict(row) for row in found]


def _copied(row: dict[str, Any], number: int) -> dict[str, Any]:
    copied = {
        name: _other(value, number) if isinstance(value, UUID) else value
        for name, value in row.items()
    }
    if "slug" in copied:
        copied["slug"] = f"{copied['slug']}-{number}"
    return copied


def _other(key: UUID, number: int) -> UUID:
    """Return the id that stands for this one in a copy; it keeps its place in time."""
    return UUID(int=key.int ^ (number << 16))
