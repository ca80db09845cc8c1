import pytest

from importers import bsn

BSN = "123456782"


def test_nine_digits_that_pass_the_eleven_test_are_a_bsn():
    assert bsn.passes_eleven_test(BSN.encode())
    assert bsn.passes_eleven_test(b"012345672")


def test_other_nine_digits_are_not():
    assert not bsn.passes_eleven_test(b"123456789")
    assert not bsn.passes_eleven_test(b"000000000")


@pytest.mark.parametrize(
    "written",
    [BSN, "123.456.782", "123 456 782", "1234.56.782", f"BSN{BSN}", f"{{BSN:{BSN}}}", f"{BSN}.00"],
)
def test_a_bsn_is_dropped_however_it_is_written(written: str):
    dropped = bsn.drop_text(f"7,{written},x")
    assert bsn.MARK in dropped
    assert BSN not in dropped.replace(".", "").replace(" ", "")


@pytest.mark.parametrize(
    "harmless",
    [
        "1234567820",
        "0123456782",
        "f81d4fae-7dec-11d0-a765-123456782bf6",
        "da39a3ee5e6b123456782b0d3255bfef",
        "2026-09-01T08:30:00.123456782Z",
        "2026-09-01 9:30",
        "S123456",
    ],
)
def test_identifiers_and_moments_are_left_alone(harmless: str):
    assert bsn.drop_text(harmless) == harmless


def test_what_is_not_utf_8_comes_out_as_it_went_in():
    assert bsn.drop("Zoë;123456782\r\n".encode("cp1252")) == "Zoë;[bsn]\r\n".encode("cp1252")


def test_columns_for_the_number_are_known_by_their_name():
    assert bsn.is_column_for_it("metadata.bsn_hash")
    assert bsn.is_column_for_it("Burgerservicenummer")
    assert not bsn.is_column_for_it("sourcedId")
