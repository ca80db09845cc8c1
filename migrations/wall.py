"""The wall between schools, and what the application's role may do; PostgreSQL only.

Forced, so that it holds for the owner too; without `app.school` no row is seen or written.
"""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import make_url

READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"


def raise_wall(*tables: str, grants: str = READ_WRITE) -> None:
    """Let the application see and write the rows of the school it has entered, and no others."""
    if op.get_bind().dialect.name != "postgresql":
        return
    inside = "school_id = nullif(current_setting('app.school', true), '')::uuid"
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY wall ON {table} USING ({inside}) WITH CHECK ({inside})")
    grant(*tables, grants=grants)


def grant(*tables: str, grants: str = READ_WRITE) -> None:
    """Let the application use tables; by itself for gate tables, which stay outside the wall."""
    role = _application_role()
    if role is None:
        return
    for table in tables:
        op.execute(f'GRANT {grants} ON {table} TO "{role}"')


def grant_function(function: str) -> None:
    """Let the application call a function of the owner's, named with the types that it takes."""
    role = _application_role()
    if role is not None:
        op.execute(f'GRANT EXECUTE ON FUNCTION {function} TO "{role}"')


def revoke(rights: str, *tables: str) -> None:
    """Take rights back from the application."""
    role = _application_role()
    if role is None:
        return
    for table in tables:
        op.execute(f'REVOKE {rights} ON {table} FROM "{role}"')


def each_school() -> Iterator[UUID]:
    """Enter one school after the other: the wall holds for the owner too."""
    school = sa.table("school", sa.column("id", sa.Uuid()))
    for school_id in op.get_bind().scalars(sa.select(school.c.id)).all():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"SELECT set_config('app.school', '{school_id}', true)")
        yield school_id


def _application_role() -> str | None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return None
    url = op.get_context().config.attributes["application_url"]  # type: ignore[union-attr]  # run by Alembic, so configured
    role = make_url(url).username
    return None if role == bind.engine.url.username else role
