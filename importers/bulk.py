"""Many rows at once: the ways in which PostgreSQL and SQLite take them fastest.

PostgreSQL gets COPY for thousands, and one JSON text, which it unpacks itself, for a handful;
SQLite gets `executemany`. (COPY is closed to tables behind row-level security, so that goes by a
table of this connection's own.)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.columns import Base, UtcDateTime

Row = Mapping[str, Any]
NOTHING: Row = {}
# What COPY takes for more than itself.
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert_rows(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows of one shape: the names of columns, and values as Python has them."""
    if not rows:
        return
    table = _table(model)
    if not _on_postgresql(session):
        session.execute(sa.insert(table), [dict(row) for row in rows])
        return
    select = sa.select(*_unpacked(model, list(rows[0])).c)
    session.execute(sa.insert(table).from_select([*rows[0]], select), {"rows": _packed(rows)})


def copy_rows(
    session: Session,
    model: type[Base],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    same: Row = NOTHING,
) -> None:
    """Insert thousands of rows, the values in the order of these columns.

    Ids are hexadecimal text, JSON is text; what is the same in all rows stands in `same`.
    """
    if not rows:
        return
    table = _table(model)
    if not _on_postgresql(session):
        _insert_plain(session, table, names, rows, same)
        return
    came = sa.table(f"came_{table.name}", *(sa.column(name, table.c[name].type) for name in names))
    columns = ", ".join(f'"{name}"' for name in names)
    connection = session.connection()
    # Its columns are of the table's types; whatever becomes of this transaction, it goes with it.
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE {came.name} ON COMMIT DROP"  # noqa: S608 - the models' own names
        f" AS SELECT {columns} FROM {table.name} WITH NO DATA"
    )
    raw: Any = connection.connection.driver_connection
    with raw.cursor().copy(f"COPY {came.name} FROM STDIN") as copy:
        copy.write("".join(map(_copied, rows)))
    once = [sa.literal(value, table.c[name].type) for name, value in same.items()]
    session.execute(
        sa.insert(table).from_select([*names, *same], sa.select(*came.c, *once)),
    )
    connection.exec_driver_sql(f"DROP TABLE {came.name}")


def _copied(row: Sequence[Any]) -> str:
    """Return a row as COPY reads it, the format `text`."""
    line = "\t".join(["\\N" if v is None else v if v.__class__ is str else str(v) for v in row])
    is_plain = line.count("\\") == row.count(None) and line.count("\t") == len(row) - 1
    if is_plain and "\n" not in line and "\r" not in line:
        return line + "\n"
    return "\t".join(["\\N" if v is None else str(v).translate(ESCAPED) for v in row]) + "\n"


def _insert_plain(
    session: Session,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    same: Row,
) -> None:
    """Hand rows to SQLite as they are, but for moments and what is the same in all."""
    dialect = session.get_bind().dialect

    def stored(name: str) -> Any:
        return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)

    fixed = [
        value if (kept := stored(name)) is None else kept(value) for name, value in same.items()
    ]
    moments = [i for i, name in enumerate(names) if isinstance(table.c[name].type, UtcDateTime)]
    found = []
    for row in rows:
        values = [*row, *fixed]
        for place in moments:
            if values[place] is not None:
                values[place] = stored(names[place])(values[place])
        found.append(tuple(values))
    columns = ", ".join(f'"{name}"' for name in [*names, *same])
    marks = ", ".join("?" * (len(names) + len(same)))
    session.connection().exec_driver_sql(
        f"INSERT INTO {table.name} ({columns}) VALUES ({marks})",  # noqa: S608 - the models' own names
        found,
    )


def update_rows(session: Session, model: type[Base], rows: Iterable[Row]) -> None:
    """Update rows by their primary key; each row names the key and the columns that it changes."""
    ordered = sorted(rows, key=list)
    for _, same_shape in groupby(ordered, key=list):
        _update(session, model, list(same_shape))


def _update(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    table = _table(model)
    keys = [column.name for column in table.primary_key]
    changed = [name for name in rows[0] if name not in keys]
    if not changed:
        return
    if _on_postgresql(session):
        new = _unpacked(model, list(rows[0]))
        session.execute(
            sa.update(table)
            .where(*(table.c[key] == new.c[key] for key in keys))
            .values({name: new.c[name] for name in changed}),
            {"rows": _packed(rows)},
        )
        return
    session.execute(
        sa.update(table)
        .where(*(table.c[key] == sa.bindparam(f"at_{key}") for key in keys))
        .values({name: sa.bindparam(name) for name in changed}),
        [
            {f"at_{key}": row[key] for key in keys} | {name: row[name] for name in changed}
            for row in rows
        ],
    )


def upsert_from(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    select: sa.Select[Any],
    *,
    update: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """Insert what a SELECT gives; where the key is taken, update these columns instead.

    Those in `keep` stay as they are where the SELECT gives nothing.
    """
    table = _table(model)
    dialect = postgresql if _on_postgresql(session) else sqlite
    insert = dialect.insert(table).from_select(list(columns), select)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={
                **{name: insert.excluded[name] for name in update},
                **{name: sa.func.coalesce(insert.excluded[name], table.c[name]) for name in keep},
            },
        )
    )


def many(session: Session) -> int:
    """Return how many batches a step over sets takes at once; SQLite is not locked for long."""
    return 5 if _on_postgresql(session) else 1


@contextmanager
def by_index(session: Session) -> Iterator[None]:
    """Have PostgreSQL look up each row of a range by its key, instead of reading whole tables."""
    if not _on_postgresql(session):
        yield
        return
    _allow(session, "off")
    yield
    _allow(session, "on")


def _allow(session: Session, value: str) -> None:
    for way in ("hashjoin", "mergejoin"):
        session.execute(sa.text(f"SET LOCAL enable_{way} = {value}"))


def gather_statistics(session: Session, tables: Iterable[str]) -> None:
    """Have PostgreSQL look at tables that were just filled; until then it searches them badly.

    Without statistics it may look up each reference through all records of the school.
    """
    names = sorted(set(tables))
    if names and _on_postgresql(session):
        session.execute(sa.select(sa.func.gather_statistics(*names)))


def is_among(
    session: Session, column: InstrumentedAttribute[Any], values: Iterable[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of these texts, however many."""
    if _on_postgresql(session):
        every = sa.bindparam(None, list(values), type_=postgresql.ARRAY(sa.String()))
        return column == sa.any_(every)
    every = sa.bindparam(None, orjson.dumps(list(values)).decode(), type_=sa.Text())
    found = sa.func.json_each(every).table_valued("value")
    return column.in_(sa.select(found.c.value))


def change(session: Session, statement: sa.Update | sa.Delete) -> None:
    """Run a statement over a set of rows of which this session holds no objects."""
    session.execute(statement, execution_options={"synchronize_session": False})


def as_moment(session: Session, text: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """Return the moment that ISO text in UTC with microseconds says, as the database keeps it."""
    if _on_postgresql(session):
        return sa.cast(text, sa.DateTime(timezone=True))
    return sa.func.replace(sa.func.substr(text, 1, 26), "T", " ")


def as_day(session: Session, text: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """Return the day that ISO text says, as the database keeps it."""
    return sa.cast(text, sa.Date()) if _on_postgresql(session) else text


def insert_from(session: Session, model: type[Base], select: sa.Select[Any]) -> None:
    """Insert what a SELECT gives under the names of columns."""
    session.execute(sa.insert(_table(model)).from_select(select.selected_columns.keys(), select))


def _unpacked(model: type[Base], names: Sequence[str]) -> sa.TableValuedAlias:
    table = _table(model)
    text = sa.cast(sa.bindparam("rows", type_=sa.Text()), postgresql.JSON)
    columns = [sa.column(name, table.c[name].type) for name in names]
    return sa.func.json_to_recordset(text).table_valued(*columns).render_derived(with_types=True)


def _packed(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=plain).decode()


def plain(value: object) -> str:
    """Return a number as JSON keeps it exactly: as text."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _table(model: type[Base]) -> sa.Table:
    table: sa.Table = model.__table__  # type: ignore[assignment]  # a mapped class has a Table
    return table
