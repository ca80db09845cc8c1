"""Fields of requests and answers: each refusal is one of our codes, and nothing is without a limit.

marshmallow's sentences are replaced by codes here, at their source, so that nobody has to read
them back; docs.py says what each means.
"""

# ruff: noqa: ARG002 - marshmallow's signatures
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate

FIRST_YEAR, LAST_YEAR = 1900, 2199
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
CURSOR_BYTES = 16
REQUIRED = {"required": "required", "null": "required", "validator_failed": "not_a_choice"}


class Contract(Schema):
    """A body or a query: fields that are not declared are refused."""

    class Meta:
        """Refuse what is not declared."""

        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's declaration
        "unknown": "unknown_field",
        "type": "not_an_object",
    }


def _documented(
    options: dict[str, Any], about: str, example: Any, kind: str | None = None, **codes: str
) -> dict[str, Any]:
    """Return a field's options with its codes, and what the document says of it."""
    said = {"description": about, "example": example, "type": kind}
    return {
        **options,
        "metadata": {name: value for name, value in said.items() if value is not None},
        "error_messages": {**REQUIRED, **codes},
    }


def _between(least: int | None, most: int) -> list[validate.Validator]:
    shortest = [validate.Length(min=least, error="too_short")] if least else []
    return [*shortest, validate.Length(max=most, error="too_long")]


class Text(fields.String):
    """Text of a bounded length; spaces around it do not count, so blank text is too short."""

    def __init__(
        self, *, longest: int, shortest: int = 1, about: str, example: Any = None, **options: Any
    ) -> None:
        """Take a text of `shortest` to `longest` characters."""
        super().__init__(
            **_documented(
                options, about, example, invalid="not_text", bad_character="bad_character"
            ),
            validate=_between(shortest, longest),
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **options).strip()
        # No database keeps these: NUL, and halves of a surrogate pair.
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise self.make_error("bad_character")
        return text


class Id(fields.UUID):
    """The id of a record."""

    def __init__(self, *, about: str, example: Any = None, **options: Any) -> None:
        """Take a UUID in its usual form of 36 characters."""
        super().__init__(**_documented(options, about, example, invalid_uuid="not_an_id"))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> UUID:
        if not isinstance(value, str) or ID.fullmatch(value) is None:
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **options)


class Day(fields.Date):
    """A day: YYYY-MM-DD."""

    def __init__(self, *, about: str, example: Any = None, **options: Any) -> None:
        """Take a day from 1900 to 2199."""
        super().__init__(
            **_documented(
                options, about, example, invalid="not_a_date", out_of_range="out_of_range"
            )
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> date:
        if not isinstance(value, str) or DAY.fullmatch(value) is None:
            raise self.make_error("invalid")
        day = super()._deserialize(value, attr, data, **options)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self.make_error("out_of_range")
        return day


class Moment(fields.DateTime):
    """A moment: RFC 3339 with its offset; given back in UTC."""

    def __init__(self, *, about: str, example: Any = None, **options: Any) -> None:
        """Take a moment from 1900 to 2199."""
        super().__init__(
            **_documented(
                options, about, example, invalid="not_a_moment", out_of_range="out_of_range"
            )
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> datetime:
        if not isinstance(value, str) or MOMENT.fullmatch(value) is None:
            raise self.make_error("invalid")
        moment = super()._deserialize(value, attr, data, **options)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.make_error("out_of_range")
        return moment.astimezone(UTC)

    def _serialize(
        self, value: datetime | None, attr: str | None, obj: Any, **options: Any
    ) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Whole(fields.Integer):
    """A whole number in a range."""

    def __init__(
        self, *, least: int, most: int, about: str, example: Any = None, **options: Any
    ) -> None:
        """Take a number from `least` to `most`, both included."""
        limits = [
            validate.Range(min=least, error="too_small"),
            validate.Range(max=most, error="too_large"),
        ]
        super().__init__(
            **_documented(options, about, example, invalid="not_a_number", too_large="too_large"),
            validate=limits,
        )

    def _validated(self, value: Any) -> int:
        # A query holds text; a body holds numbers, and true is none.
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value, re.ASCII):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.make_error("invalid")


class Flag(fields.Boolean):
    """True or false, and nothing that looks like it."""

    def __init__(self, *, about: str, example: Any = None, **options: Any) -> None:
        """Take true or false."""
        super().__init__(**_documented(options, about, example, invalid="not_true_or_false"))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Choice(fields.Enum[StrEnum]):
    """One of a fixed list of words."""

    def __init__(
        self, words: type[StrEnum], *, about: str, example: Any = None, **options: Any
    ) -> None:
        """Take one of the words of an enum."""
        super().__init__(
            words,
            by_value=True,
            **_documented(options, about, example, kind="string", unknown="not_a_choice"),
        )


class Many(fields.List[Any]):
    """A list of at most `most`, without doubles."""

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        most: int,
        about: str,
        example: Any = None,
        **options: Any,
    ) -> None:
        """Take a list of ids, words or numbers."""
        super().__init__(
            inner,
            **_documented(options, about, example, invalid="not_a_list"),
            validate=[validate.Length(max=most, error="too_long"), _no_doubles],
        )


def _no_doubles(values: list[Any]) -> None:
    seen = set()
    doubles = {}
    for place, value in enumerate(values):
        if value in seen:
            doubles[place] = ["repeated"]
        seen.add(value)
    if doubles:
        raise ValidationError(doubles)


class Cursor(fields.Field[UUID]):
    """Where a page ends, as a word that says nothing to others."""

    def __init__(self, *, about: str, example: Any = None, **options: Any) -> None:
        """Take what an earlier page gave."""
        super().__init__(
            **_documented(options, about, example, kind="string", invalid="not_a_cursor")
        )

    def _serialize(
        self, value: UUID | None, attr: str | None, obj: Any, **options: Any
    ) -> str | None:
        return None if value is None else cursor_of(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any
    ) -> UUID:
        try:
            found = urlsafe_b64decode(f"{value}==".encode("ascii"))
        except ValueError:
            raise self.make_error("invalid") from None
        if len(found) != CURSOR_BYTES or cursor_of(UUID(bytes=found)) != value:
            raise self.make_error("invalid")
        return UUID(bytes=found)


def cursor_of(key: UUID) -> str:
    """Return the opaque form of the last id of a page."""
    return urlsafe_b64encode(key.bytes).decode().rstrip("=")
