"""Honest sniffing: the letters, the delimiter and the header of a table, by what is in it."""

import io
import json
from pathlib import Path

import pytest

from importers.door import admitting as door
from importers.readers import sniff
from importers.readers.dialect import Dialect
from importers.readers.sample import Form, Sample
from importers.readers.tabular import open_table

DATA = Path(__file__).parent / "data"
TEXT = "naam;klas;opmerking\r\nZoë;4b;foto’s en €5\r\nBjörn;4c;café – één\r\n"


def writing_of(body: bytes) -> sniff.Writing:
    return sniff.writing_of(io.BytesIO(body))


def sheet_of(body: bytes, name: str = "lijst.csv") -> door.Admitted:
    return door.admit(body, file_name=name, kind="sheet")


def dialect_of(body: bytes) -> Dialect:
    return Dialect.of(sheet_of(body).dialect["lijst.csv"])


def kept_rows(
    admitted: door.Admitted, name: str = "lijst.csv"
) -> list[tuple[int, list[str] | None]]:
    dialect = Dialect.of(admitted.dialect[name])
    table = open_table(
        admitted.body.open(),
        file=name,
        delimiter=dialect.delimiter,
        header_row=dialect.header_row,
    )
    return [(row.number, row.cells) for row in table.lines]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"],
)
def test_every_way_in_which_dutch_programs_write_text_is_read_to_the_same_letters(encoding: str):
    body = TEXT.encode(encoding)
    writing = writing_of(body)
    assert writing.encoding == encoding
    assert "".join(sniff.texts(io.BytesIO(body), writing.encoding, file="")) == TEXT


def test_a_byte_order_mark_of_a_big_endian_program_is_understood():
    body = b"\xfe\xff" + TEXT.encode("utf-16-be")
    assert "".join(sniff.texts(io.BytesIO(body), writing_of(body).encoding, file="")) == TEXT


@pytest.mark.parametrize("words", ["foto’s;auto’s", "ÉÉN", "€ 12", "Zoë", "crème brûlée", "·"])
def test_windows_text_is_not_taken_for_that_of_a_mac(words: str):
    assert writing_of(words.encode("cp1252")).encoding == "cp1252"


@pytest.mark.parametrize("words", ["Zoë", "één", "Müller", "García Núñez", "coördinatie"])
def test_text_of_a_mac_is_known_by_its_words(words: str):
    assert writing_of(words.encode("mac_roman")).encoding == "mac_roman"


def test_one_damaged_letter_does_not_make_utf_8_something_else():
    body = "Zoë Björn één Daniël ".encode() * 20 + b"\xeb\n"
    assert writing_of(body).encoding == "utf-8"
    admitted = sheet_of(b"naam;klas\n" + "Zoë;1\nBjörn;2\nEsmée;2\n".encode() + b"Jo\xebl;3\n")
    assert [row and row[1] for _, row in kept_rows(admitted)] == ["1", "2", "2", "3"]


def test_letters_that_were_spoilt_before_are_left_and_told():
    admitted = sheet_of("naam;klas\nZoÃ«;4b\nBjÃ¶rn;4c\n".encode())
    assert kept_rows(admitted)[0] == (2, ["ZoÃ«", "4b"])
    (finding,) = [one for one in admitted.findings if one.code == "file.mojibake"]
    assert finding.value == "ZoÃ«"


@pytest.mark.parametrize("word", ["één", "Müller", "foto’s", "ÉÉN", "€", "Öztürk"])
def test_letters_are_known_to_be_spoilt_also_twice(word: str):
    once = word.encode().decode("cp1252")
    assert sniff.mojibake_in(f"x {once} y")
    assert sniff.mojibake_in(f"x {once.encode().decode('cp1252', 'replace')} y")
    assert sniff.mojibake_in(f"x {word} y") is None


def test_that_letters_were_guessed_is_told():
    codes = {one.code: one.detail for one in sheet_of(TEXT.encode("cp1252")).findings}
    assert codes["file.guessed_letters"] == "cp1252"
    assert "file.guessed_letters" not in {one.code for one in sheet_of(TEXT.encode()).findings}


@pytest.mark.parametrize(
    ("start", "delimiter"),
    [
        ("a;b;c\n7,5;8,5;9,0\n6,5;7,5;8,0\n", ";"),
        ("a,b\n1,2\n", ","),
        ("a\tb\n1,5\t2;3\n", "\t"),
        ("PER|1|2\nPER|3|4\n", "|"),
        ('a;b\n"x, y, z, en q";1\n"x, y";2\n', ";"),
        ('a,b\n"1;2;3",4\n"5;6",7\n', ","),
        ("cijfer\n7,5\n8,0\n6,5\n", ";"),
        ("Titel van de lijst, en meer\n\na;b;c\n1;2;3\n4;5;6\n", ";"),
        ("a;b", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_every_row_as_many_cells(start: str, delimiter: str):
    assert sniff.delimiter_of(start) == delimiter


def test_the_line_in_which_excel_names_its_delimiter_is_honoured_and_is_no_row():
    body = b"sep=;\r\nnaam;klas\r\nDe Vries, Jan;4b\r\n"
    assert dialect_of(body) == Dialect(delimiter=";", has_sep_line=True)
    assert kept_rows(sheet_of(body)) == [(2, ["De Vries, Jan", "4b"])]


def test_a_delimiter_that_is_named_wins_over_the_one_that_looks_likely():
    assert dialect_of(b"sep=|\nnaam;x|klas;y\n1;2|3;4\n").delimiter == "|"


@pytest.mark.parametrize(("newline", "rows"), [("\r", 2), ("\n", 2), ("\r\n", 2)])
def test_every_line_end_is_a_line_end_also_a_lone_one(newline: str, rows: int):
    body = newline.join(["naam;klas", "Zoë;4b", "Finn;4c"]).encode()
    assert dialect_of(body).newline == newline
    assert len(kept_rows(sheet_of(body))) == rows


def test_line_ends_that_are_mixed_are_all_line_ends():
    body = b"naam;klas\r\nZoe;4b\nFinn;4c\rMark;4d\r\n"
    assert [number for number, _ in kept_rows(sheet_of(body))] == [2, 3, 4]


def test_a_line_break_within_a_cell_and_a_blank_line_keep_the_numbers_of_excel():
    body = b'naam;opmerking\n"Zoe";"een\ntwee\r\ndrie"\n\nFinn;x'
    assert kept_rows(sheet_of(body)) == [
        (2, ["Zoe", "een\ntwee\r\ndrie"]),
        (3, []),
        (4, ["Finn", "x"]),
    ]


def test_lines_are_never_cut_where_a_piece_of_the_file_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sniff, "PIECE", 7)
    body = TEXT.replace("\r\n", "\r").encode()
    for piece in list(sniff.texts(io.BytesIO(body), "utf-8", file=""))[:-1]:
        assert piece.endswith("\r")


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Naam", "Cijfer"], ["Zoë", "7"]], 1),
        ([["Voortgang klas 4b"], [], ["Nr", "Naam", "Cijfer"], ["1", "Zoë", "7"]], 3),
        (
            [["Docent:", "J. Bos", "", ""], ["Nr", "Naam", "Cijfer", "Datum"], ["1", "Z", "7", ""]],
            2,
        ),
        ([["", "Email address", "2026-10-01 00:00:00"], ["Bram", "b@x.nl", "Completed"]], 1),
        ([["1", "7,5"], ["2", "8"]], 1),
        ([["naam"], ["Zoë"]], 1),
        ([], 1),
    ],
)
def test_the_header_is_found_also_below_a_title(rows: list[list[str]], header: int):
    assert sniff.find_header(rows) == header


def test_what_people_see_first_are_the_rows_as_they_stand():
    admitted = sheet_of(b"Klas 4b;;\n\nNr;Naam;Cijfer\n1;Zoe;7\n")
    (table,) = admitted.sample["tables"]
    assert table["headers"] == ["Nr", "Naam", "Cijfer"]
    assert table["rows"] == [["Klas 4b", "", ""], [], ["Nr", "Naam", "Cijfer"], ["1", "Zoe", "7"]]


def test_a_sample_knows_its_columns_in_any_case():
    sample = Sample(file_name="x", form=Form.TABLE, headers=("Crebo", "CODE"))
    assert sample.has_columns("crebo", "code")
    assert not sample.has_columns("crebo", "titel")


def test_a_nul_byte_and_a_missing_last_line_end_spoil_nothing_else():
    rows = kept_rows(sheet_of(b"naam;klas\nZo\0e;4b\nFinn;4c"))
    assert rows == [(2, ["Zo\0e", "4b"]), (3, ["Finn", "4c"])]


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        (
            "ol1_excel_nl_cp1252.csv",
            Dialect(encoding="cp1252", delimiter=";", has_sep_line=True),
        ),
        ("ol1_unicode_tekst_utf16.txt", Dialect(encoding="utf-16", delimiter="\t")),
        ("ol1_kapot.csv", Dialect(encoding="cp1252", delimiter=";")),
    ],
)
def test_awkward_files_are_known_for_what_they_are(name: str, dialect: Dialect):
    admitted = sheet_of((DATA / name).read_bytes(), name)
    assert Dialect.of(admitted.dialect[name]) == dialect


def test_the_records_of_an_awkward_file_have_the_numbers_that_are_expected_of_them():
    rows = dict(kept_rows(sheet_of((DATA / "ol1_kapot.csv").read_bytes())))
    expected = json.loads((DATA / "expected.json").read_bytes())["ol1_kapot.csv"]
    (bad,) = [rows for key, rows in expected.items() if key.startswith("bad_by_record_number")]
    found = {int(number): rows[int(number)] or [] for number in bad}
    for number, what in bad.items():
        cells = found[int(number)]
        if what["reason"] == "too few fields":
            assert len(cells) < 5
        elif what["reason"] == "too many fields":
            assert len(cells) > 5
        elif what["column"] == "Leerlingnummer" and what["reason"] == "empty key":
            assert not cells[0].strip()


def test_real_files_of_others_are_tables_with_the_right_delimiter(field_data: Path):
    expected = {
        "duo-rod/RO_27DV_20240731_20260324.csv": "|",
        "duo-rod/GRONDSLAG_IP_MBO_27DV_20251119_2025.csv": ";",
        "oulad/studentInfo.csv": ",",
        "case/ccsso_ela_item.csv": ",",
        "mbo-synthetisch/data_dictionary.csv": ";",
        "moodle-logstore/logstore_standard.csv": ",",
    }
    for path, delimiter in expected.items():
        assert dialect_of((field_data / path).read_bytes()).delimiter == delimiter, path
