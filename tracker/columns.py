"""What tables are made of: types of columns, references within a school, the base of records."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from tracker.db import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Personal(StrEnum):
    """Why a column holds personal data; drives export, retention and erasure."""

    NAME = "name"
    CONTACT = "contact"
    IDENTIFIER = "identifier"
    WORDS = "words"
    FILE = "file"
    RAW = "raw"


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment in UTC, aware in Python on every database (SQLite itself forgets the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive moments, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _text(length: int | None, personal: Personal | None) -> MappedColumn[Any]:
    kind = sa.Text() if length is None else sa.String(length)
    return mapped_column(kind, info={"personal": personal})


# Text about things: no personal data.
Code = Annotated[str, _text(64, None)]
Label = Annotated[str, _text(200, None)]
Url = Annotated[str, _text(2000, None)]
Prose = Annotated[str, _text(None, None)]
Digest = Annotated[str, _text(64, None)]
# Text about or by people.
PersonName = Annotated[str, _text(200, Personal.NAME)]
Email = Annotated[str, _text(254, Personal.CONTACT)]
Identifier = Annotated[str, _text(255, Personal.IDENTIFIER)]
Title = Annotated[str, _text(200, Personal.WORDS)]
FreeText = Annotated[str, _text(None, Personal.WORDS)]
FileName = Annotated[str, _text(255, Personal.FILE)]
# Structures.
Plain = Annotated[
    dict[str, Any],
    mapped_column(
        sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
        info={"personal": None},
    ),
]
Raw = Annotated[
    dict[str, Any],
    mapped_column(
        sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
        info={"personal": Personal.RAW},
    ),
]

# Types that cannot hold personal data by themselves; every other column says it.
NEUTRAL_TYPES = (sa.Uuid, sa.Boolean, sa.Integer, sa.Numeric, sa.Date, sa.Enum, UtcDateTime)


class Base(DeclarativeBase):
    """Every record has an id from the moment it is made."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's declaration
        datetime: UtcDateTime,
        date: sa.Date,
        Decimal: sa.Numeric(10, 3),
        Enum: sa.Enum(
            Enum,
            native_enum=False,
            length=32,
            values_callable=lambda kind: [member.value for member in kind],
            create_constraint=False,
        ),
    }


@sa.event.listens_for(Base, "init", propagate=True)
def _give_id(record: Base, _args: object, values: dict[str, Any]) -> None:
    if "id" in record.__mapper__.attrs:
        values.setdefault("id", new_id())


def ref(
    table: str, *, index: bool = True, primary_key: bool = False, is_checked: bool = True
) -> MappedColumn[Any]:
    """Declare a reference within the same school; its key and index begin with school_id.

    Where the database does not check it (no foreign key), decision 0051 says what keeps it true.
    """
    info = {"refers": table, "index": index and not primary_key, "is_checked": is_checked}
    return mapped_column(sa.Uuid, info=info, primary_key=primary_key)


def unchecked_school() -> MappedColumn[Any]:
    """Declare the school of rows of which the database need not check it (decision 0051)."""
    return mapped_column(sa.Uuid, primary_key=True, sort_order=-2)


class SchoolOwned(Base):
    """A table behind the wall: keyed by school first, referring to rows of the same school only."""

    __abstract__ = True

    school_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("school.id"), primary_key=True, sort_order=-2
    )

    @classmethod
    def __table_cls__(
        cls, name: str, metadata: sa.MetaData, *parts: Any, **options: Any
    ) -> sa.Table:
        """Turn each `ref()` into a composite foreign key and, where wanted, an index."""
        extra: list[Any] = []
        for column in parts:
            if isinstance(column, sa.Column) and "refers" in column.info:
                table = column.info["refers"]
                if column.info["is_checked"]:
                    target = [f"{table}.school_id", f"{table}.id"]
                    extra.append(sa.ForeignKeyConstraint(["school_id", column.name], target))
                if column.info["index"]:
                    extra.append(sa.Index(None, "school_id", column.name))
        return sa.Table(name, metadata, *parts, *extra, **options)


class Record(SchoolOwned):
    """A record of one school, found by its id."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)
