"""Workbooks of Excel: what people typed, with the numbers of the rows that they see."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from importers.door import admitting as door
from importers.issues import Refused
from importers.readers import xlsx
from importers.readers.dialect import Dialect
from importers.readers.tabular import open_table

DATA = Path(__file__).parent / "data"
Book = Any
Make = Callable[[Book], None]


def book_of(make: Make) -> bytes:
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"strings_to_formulas": False}) as book:
        make(book)
    return body.getvalue()


def sheet_of(rows: list[list[Any]], name: str = "Klas") -> Make:
    def make(book: Book) -> None:
        sheet = book.add_worksheet(name)
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)

    return make


def admitted(body: bytes, name: str = "lijst.xlsx") -> door.Admitted:
    return door.admit(body, file_name=name, kind="sheet")


def rows_of(one: door.Admitted) -> list[tuple[int, list[str] | None]]:
    dialect = Dialect.of(one.dialect[one.file_name])
    table = open_table(one.body.open(), file="", delimiter=",", header_row=dialect.header_row)
    return [(row.number, row.cells) for row in table.lines]


def refusal_of(body: bytes, name: str = "lijst.xlsx") -> str:
    with pytest.raises(Refused) as refused:
        admitted(body, name)
    return refused.value.finding.code


def codes(one: door.Admitted) -> list[str]:
    return [finding.code for finding in one.findings]


def repacked(body: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """Return a workbook with its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


SIMPLE = book_of(sheet_of([["Nr", "Naam"], [1, "Zoë"], [2, "Finn"]]))


def test_a_teachers_workbook_is_read_below_its_title_without_its_total():
    one = admitted((DATA / "ol1_docent.xlsx").read_bytes(), "ol1_docent.xlsx")
    dialect = Dialect.of(one.dialect["ol1_docent.xlsx"])
    assert (dialect.header_row, dialect.sheet, dialect.is_xlsx) == (4, "Klas ol1", True)
    rows = rows_of(one)
    assert len(rows) == 26
    assert rows[0] == (5, ["900701", "'t Hart, Bram", "Plannen", "O", "2026-11-02", "32"])
    assert rows[-1] == (30, ["", "Totaal"])
    (formula,) = [one for one in one.findings if one.code == "xlsx.formula"]
    assert (formula.row, formula.column and formula.column.letter) == (30, "F")
    assert "niet importeren" not in one.body.read().decode()


def test_cells_become_the_text_that_people_see():
    def make(book: Book) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd-mm-yyyy"})
        moment = book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
        hour = book.add_format({"num_format": "hh:mm"})
        number = book.add_format({"num_format": "0000000"})
        sheet.write_row(0, 0, ["dag", "moment", "uur", "nr", "cijfer", "geheel", "waar", "tekst"])
        sheet.write_datetime(1, 0, date(2026, 11, 4), day)
        sheet.write_datetime(1, 1, datetime(2026, 11, 4, 8, 30), moment)  # noqa: DTZ001 - Excel knows no zones
        sheet.write_datetime(1, 2, time(8, 30), hour)
        sheet.write_number(1, 3, 900701, number)
        sheet.write_number(1, 4, 0.1 + 0.2)
        sheet.write_number(1, 5, 8.0)
        sheet.write_boolean(1, 6, True)
        sheet.write_string(1, 7, "=1+1")

    ((_, cells),) = rows_of(admitted(book_of(make)))
    assert cells == [
        "2026-11-04", "2026-11-04T08:30:00", "08:30:00", "0900701", "0.3", "8", "true", "=1+1",
    ]  # fmt: skip


def test_formulas_and_cells_with_an_error_are_empty_and_told_with_row_and_column():
    def make(book: Book) -> None:
        sheet_of([["Nr", "Cijfer", "Naam"], [1, "", "Zoë"], [2, "", "Finn"]])(book)
        sheet = book.get_worksheet_by_name("Klas")
        sheet.write_formula("B2", '=WEBSERVICE("http://x.example")', None, "7")
        sheet.write_formula("B3", "='[geheim.xlsx]Blad1'!A1", None, 8)

    def spoil(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        return part.replace(b'<c r="A3"><v>2</v></c>', b'<c r="A3" t="e"><v>#N/A</v></c>')

    one = admitted(repacked(book_of(make), spoil))
    assert rows_of(one) == [(2, ["1", "", "Zoë"]), (3, ["", "", "Finn"])]
    told = [(f.code, f.row, f.column and f.column.letter, f.value) for f in one.findings]
    assert told == [
        ("xlsx.formula", 2, "B", None),
        ("xlsx.error_cell", 3, "A", "#N/A"),
        ("xlsx.formula", 3, "B", None),
    ]


def test_hidden_sheets_are_never_read_and_the_sheet_that_was_taken_is_said():
    def make(book: Book) -> None:
        book.add_worksheet("Omslag").write(0, 0, "Voortgang")
        for name in ("oud", "stil", "Klas", "Legenda"):
            sheet_of([["Nr", name], [1, f"van {name}"]], name)(book)
        book.get_worksheet_by_name("oud").hide()
        book.get_worksheet_by_name("stil").very_hidden()

    one = admitted(book_of(make))
    assert rows_of(one) == [(2, ["1", "van Klas"])]
    told = {finding.code: (finding.value, finding.detail) for finding in one.findings}
    assert told == {"xlsx.hidden_sheets": (None, "2"), "xlsx.other_sheets": ("Klas", "Legenda")}


def test_a_workbook_without_a_table_to_be_seen_is_refused():
    def make(book: Book) -> None:
        book.add_worksheet("leeg")
        sheet_of([["Nr", "Naam"], [1, "Zoë"]], "oud")(book)
        book.get_worksheet_by_name("oud").hide()

    assert refusal_of(book_of(make)) == "xlsx.no_table"


def test_merged_cells_in_the_rows_are_told_and_those_of_a_title_are_not():
    def make(book: Book) -> None:
        sheet_of([[], ["Klas", "Naam"], ["", "Zoë"], ["", "Finn"]])(book)
        sheet = book.get_worksheet_by_name("Klas")
        sheet.merge_range("A1:B1", "Voortgang")
        sheet.merge_range("A3:A4", "4b")

    one = admitted(book_of(make))
    assert rows_of(one) == [(3, ["4b", "Zoë"]), (4, ["", "Finn"])]
    assert [(f.code, f.detail) for f in one.findings] == [("xlsx.merged", "A3:A4")]


def test_rows_far_below_keep_their_number_and_empty_ones_at_the_end_are_nothing():
    def make(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Nr", "Naam"])
        sheet.write_row(999, 0, [1, "Zoë"])
        sheet.write_blank(1_048_575, 0, None, book.add_format({"bold": True}))

    one = admitted(book_of(make))
    assert [(number, cells) for number, cells in rows_of(one) if cells] == [(1000, ["1", "Zoë"])]
    assert one.body.size < 3000


def test_a_workbook_called_csv_and_a_csv_called_workbook_are_read_as_what_they_are():
    one = admitted(SIMPLE, "lijst.csv")
    assert rows_of(one) == [(2, ["1", "Zoë"]), (3, ["2", "Finn"])]
    assert codes(one) == ["file.really_xlsx"]
    assert codes(admitted(b"Nr;Naam\n1;Zoe\n", "lijst.xlsx")) == ["file.really_text"]


def test_the_macros_of_a_workbook_are_left_alone_and_its_cells_are_read():
    body = io.BytesIO(SIMPLE)
    with zipfile.ZipFile(body, "a") as book:
        book.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    one = admitted(body.getvalue(), "lijst.xlsm")
    assert codes(one) == ["xlsx.macros"]
    assert rows_of(one)[0] == (2, ["1", "Zoë"])


def test_days_of_an_old_mac_are_the_days_that_people_see():
    def make(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["dag", "naam"])
        sheet.write_datetime(1, 0, date(2026, 11, 4), book.add_format({"num_format": "d-m-yy"}))
        sheet.write(1, 1, "Zoë")

    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"date_1904": True}) as book:
        make(book)
    assert rows_of(admitted(body.getvalue())) == [(2, ["2026-11-04", "Zoë"])]


def test_how_a_word_is_pronounced_is_no_part_of_it():
    def pronounce(name: str, part: bytes) -> bytes:
        spoken = "<t>Zoë</t><rPh sb='0' eb='1'><t>zo-ee</t></rPh>".encode()
        return part.replace("<t>Zoë</t>".encode(), spoken)

    assert rows_of(admitted(repacked(SIMPLE, pronounce)))[0] == (2, ["1", "Zoë"])


def test_more_formulas_than_anybody_reads_are_counted():
    def make(book: Book) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Nr", "Som"])
        for row in range(1, 71):
            sheet.write(row, 0, row)
            sheet.write_formula(row, 1, "=A2")

    told = codes(admitted(book_of(make)))
    assert told.count("xlsx.formula") == xlsx.MOST_TOLD
    assert told.count("xlsx.more") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<v>1</v>", b"<v>een</v>"),
        (b'<row r="3"', b'<row r="1"'),
        (b'<row r="3"', b'<row r="99999999999"'),
        (b'r="B2"', b'r="A2"'),
        (b'r="B2"', b'r="ZZZZZ2"'),
        (b't="s"><v>0<', b't="s"><v>999<'),
        (b"<sheetData>", b"<sheetData><c>"),
        (b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "a">]><worksheet'),
    ],
)
def test_a_damaged_workbook_is_refused_and_never_worse(old: bytes, new: bytes):
    def spoil(name: str, part: bytes) -> bytes:
        return part.replace(old, new) if name == "xl/worksheets/sheet1.xml" else part

    assert refusal_of(repacked(SIMPLE, spoil)) in {"xlsx.broken", "xml.broken", "xml.dtd"}


def test_more_rows_than_people_type_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(xlsx, "MOST_FILLED_ROWS", 2)
    assert refusal_of(SIMPLE) == "xlsx.too_large"


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"mimetype": b"application/vnd.oasis", "content.xml": b"<x/>"}, "file.ods"),
        ({"word/document.xml": b"<x/>"}, "file.document"),
        ({"xl/workbook.bin": b"x"}, "file.old_excel"),
    ],
)
def test_other_office_files_are_refused_each_with_its_own_sentence(
    entries: dict[str, bytes], code: str
):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for name, part in entries.items():
            made.writestr(name, part)
    assert refusal_of(body.getvalue(), "lijst.xlsx") == code


def test_old_excel_and_a_workbook_with_a_password_are_told_apart():
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert refusal_of(ole, "lijst.xls") == "file.old_excel"
    assert refusal_of(ole + "EncryptedPackage".encode("utf-16-le")) == "file.password"
    old = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    assert refusal_of(old, "lijst.xls") == "file.old_excel"
