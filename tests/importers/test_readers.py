import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from importers.issues import Column, Refused
from importers.readers import tabular, zipbundle
from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.readers.tabular import Table, open_table
from importers.readers.zipbundle import open_bundle


def table_of(text: str | bytes, **options: Any) -> Table:
    body = text.encode() if isinstance(text, str) else text
    return open_table(io.BytesIO(body), file="t.csv", **options)


def refusal_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        attempt()
    return refused.value.finding.code


def test_rows_are_numbered_as_excel_does_also_around_line_breaks_in_cells_and_blank_lines():
    table = table_of('a,b\r\n"1\r\n1",x\r\n\r\n2,y\r\n')
    assert [(row.number, row.cells) for row in table.lines] == [
        (2, ["1\r\n1", "x"]),
        (3, []),
        (4, ["2", "y"]),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_header():
    assert table_of(b"\xef\xbb\xbfcrebo;code\r\n").headers == ("crebo", "code")


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_the_one_of_the_header(delimiter: str):
    assert table_of(delimiter.join(["a", "b", "c"]) + "\n").headers == ("a", "b", "c")


def test_bytes_that_are_no_utf_8_spoil_only_their_own_cell():
    rows = list(table_of(b"a,b\nZo\xeb,1\nMark,2\n").lines)
    assert [row.cells[1] for row in rows if row.cells] == ["1", "2"]


def test_a_quotation_mark_without_end_is_one_unreadable_row():
    rows = list(table_of('a,b\n1,2\n"3,4\n5,6\n').lines)
    assert [(row.number, row.cells is None) for row in rows] == [(2, False), (3, True)]


def test_a_cell_that_is_too_long_is_an_unreadable_row_and_the_rest_is_read():
    rows = list(table_of(f"a,b\n{'x' * (tabular.LONGEST_CELL + 1)},1\n2,3\n").lines)
    assert [row.cells for row in rows] == [None, ["2", "3"]]


def test_a_header_with_the_same_name_twice_is_refused():
    assert refusal_of(lambda: table_of("a,b,A\n")) == "header.twice"


def test_an_empty_file_is_refused():
    assert refusal_of(lambda: table_of("")) == "file.empty"


def test_columns_have_the_letters_of_excel():
    assert [Column(i, "").letter for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def zip_of(*entries: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as made:
        for name, content in entries:
            made.writestr(name, content)
    return body.getvalue()


def opened(*entries: tuple[str, bytes]) -> io.BytesIO:
    return io.BytesIO(zip_of(*entries))


def test_what_systems_leave_in_a_zip_is_left_out():
    body = zip_of(("users.csv", b"x"), ("__MACOSX/._users.csv", b"x"), ("a/Thumbs.db", b"x"))
    assert list(open_bundle(io.BytesIO(body))[1]) == ["users.csv"]


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "C:users.csv", "a\\users.csv"]
)
def test_a_name_that_escapes_its_folder_is_refused(name: str):
    assert refusal_of(lambda: open_bundle(opened((name, b"x")))) == "zip.unsafe_name"


def test_a_link_in_a_zip_is_refused():
    link = zipfile.ZipInfo("users.csv")
    link.external_attr = 0o120777 << 16
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr(link, "/etc/passwd")
    assert refusal_of(lambda: open_bundle(body)) == "zip.unsafe_name"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    assert refusal_of(lambda: open_bundle(opened(("users.csv", b"0" * 3_000_000)))) == "zip.bomb"


def test_too_many_files_are_refused():
    entries = [(f"{n}.csv", b"") for n in range(zipbundle.MOST_ENTRIES + 1)]
    assert refusal_of(lambda: open_bundle(opened(*entries))) == "zip.too_many_files"


@pytest.mark.parametrize("body", [b"PK\x03\x04 and nothing more", b"<html>Inloggen</html>", b"PK"])
def test_what_is_no_whole_zip_is_refused(body: bytes):
    assert refusal_of(lambda: open_bundle(io.BytesIO(body))) == "zip.broken"


def test_a_truncated_zip_is_refused():
    body = zip_of(("users.csv", b"sourcedId\n" * 1000))
    assert refusal_of(lambda: open_bundle(io.BytesIO(body[: len(body) // 2]))) == "zip.broken"


def test_a_table_below_a_title_is_numbered_as_excel_does():
    table = table_of("Klas 4b\r\n\r\na;b\r\n1;2\r\n", delimiter=";", header_row=3)
    assert table.headers == ("a", "b")
    assert [(row.number, row.cells) for row in table.lines] == [(4, ["1", "2"])]


def test_a_table_without_a_header_begins_at_its_first_row():
    table = table_of("VLP|27DV\r\nPER|x\r\n", delimiter="|", header_row=0)
    assert table.headers == ()
    assert [(row.number, row.cells) for row in table.lines] == [
        (1, ["VLP", "27DV"]),
        (2, ["PER", "x"]),
    ]


def test_a_header_that_is_not_there_is_an_empty_file():
    assert refusal_of(lambda: table_of("a;b\r\n", delimiter=";", header_row=3)) == "file.empty"


def test_what_the_door_kept_is_read_by_several_at_once():
    kept = Kept.of(b"0123456789")
    first, second = kept.open(), kept.open()
    assert (first.read(4), second.read(2), first.read()) == (b"0123", b"01", b"456789")
    assert second.seek(-2, io.SEEK_END) == 8
    assert (second.read(), kept.read(), kept.size) == (b"89", b"0123456789", 10)


def test_a_part_of_a_file_is_all_that_its_reader_sees():
    file = tempfile.TemporaryFile()  # noqa: SIM115 - taken over
    file.write(b"0123456789")
    kept = Kept(file, skip=4)
    assert (kept.read(), kept.size) == (b"456789", 6)


def test_how_a_table_was_written_comes_back_as_it_was_stored():
    dialect = Dialect(encoding="cp1252", delimiter=";", has_sep_line=True, header_row=3)
    assert Dialect.of(json.loads(json.dumps(dialect.plain()))) == dialect
