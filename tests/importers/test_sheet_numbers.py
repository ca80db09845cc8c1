"""Numbers as Dutch schools write them: never guessed where two readings are possible."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.sheet.numbers import NumberRead, read_hours, read_number

AMOUNTS = st.decimals(min_value=-9_999_999, max_value=9_999_999, places=3)


@given(AMOUNTS, st.sampled_from(["", " ", "\u00a0", "  "]))
def test_what_is_written_in_dutch_is_read_as_it_was_meant(number: Decimal, space: str):
    written = f"{space}{number:f}{space}".replace(".", ",")
    assert read_number(written) == NumberRead(number.normalize() + 0)


@given(AMOUNTS)
def test_a_point_is_read_with_a_warning_or_refused_where_it_may_mean_thousands(number: Decimal):
    read = read_number(f"{number:f}")
    if read.is_error:
        assert read.code == "number.thousands"
    else:
        assert read == NumberRead(number.normalize() + 0, "number.point")


@given(AMOUNTS)
def test_an_agreed_point_is_read_without_any_warning(number: Decimal):
    assert read_number(f"{number:f}", decimal=".") == NumberRead(number.normalize() + 0)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_code(text: str):
    read = read_number(text)
    assert (read.value is not None) or (read.is_error and read.code == "number.form")


@given(st.integers(1_000, 9_999_999), st.sampled_from([".", " ", "'"]))
def test_thousands_are_refused_unless_the_school_says_how_it_writes_them(number: int, sign: str):
    written = f"{number:,}".replace(",", sign) + ",5"
    refused = read_number(written)
    assert (refused.code, refused.is_error) == ("number.thousands", True)
    assert read_number(written, thousands=sign) == NumberRead(Decimal(number) + Decimal("0.5"))


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("8,0 ", "8", None),
        ("7.5", "7.5", "number.point"),
        ("8.50000", "8.5", "number.point"),
        ("0.500", "0.5", "number.point"),
        ("7,12345", "7.123", None),
        ("+6", "6", None),
        ("1.234", None, "number.thousands"),
        ("1,234.5", None, "number.thousands"),
        ("1 234,5", None, "number.thousands"),
        ("1e1", None, "number.form"),
        ("zeven", None, "number.form"),
        ("7,5,1", None, "number.form"),
        ("12345678", None, "number.form"),
        ("٧", None, "number.form"),
        ("", None, "number.form"),
    ],
)
def test_numbers_as_they_are_met(text: str, value: str | None, code: str | None):
    read = read_number(text)
    assert read.code == code
    assert read.is_error == (value is None)
    if value is not None:
        assert str(read.value) == value


def test_a_percentage_is_the_number_that_stands_there():
    assert read_number("76,00 %") == NumberRead(Decimal(76), is_percent=True)


@pytest.mark.parametrize("text", ["32,5", "32,5 uur", "32.5 uur", "32:30", "32,5u", "32,5 hours"])
def test_hours_are_read_with_or_without_their_word(text: str):
    assert read_hours(text).value == Decimal("32.5")
