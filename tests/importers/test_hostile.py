"""Files that were made to hurt, or are not what they seem: a clear no, in little memory."""

import io
import re
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from importers.door import admitting as door
from importers.issues import Refused
from importers.readers import zipbundle
from importers.sentences import SENTENCES
from tests.importers.test_workbooks import SIMPLE, repacked

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000
LITTLE = 30 * MEGABYTE


@contextmanager
def little_memory() -> Iterator[None]:
    """Fail when more than a little memory was held at any moment."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < LITTLE, f"{peak / MEGABYTE:.0f} MB"


def refusal_of(body: bytes, name: str = "lijst.csv") -> str:
    with little_memory(), pytest.raises(Refused) as refused:
        door.admit(body, file_name=name, kind=None)
    finding = refused.value.finding
    assert finding.code in SENTENCES
    assert finding.file
    return finding.code


def zip_of(entries: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return body.getvalue()


def entries_of(path: str, size: int) -> bytes:
    """Return a workbook of which one part is very long, and packed small."""

    def blow(name: str, part: bytes) -> bytes:
        return part[:60] + b" " * size + part[60:] if name == path else part

    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(SIMPLE)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, blow(name, old.read(name)))
    return out.getvalue()


PAGE = b"""<!DOCTYPE html>
<html><head><title>Inloggen</title></head><body><form action="/login"></form></body></html>"""


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (PAGE, "leerlingen.csv", "file.web_page"),
        (b"\xef\xbb\xbf\r\n  <HTML><body>sessie verlopen</body></HTML>", "x.xlsx", "file.web_page"),
        (b"<table><tr><td>Naam</td></tr></table>", "export.xls", "file.web_page"),
        (PAGE.decode().encode("utf-16"), "leerlingen.csv", "file.web_page"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "rooster.csv", "file.pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "foto.csv", "file.picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 300, "foto.xlsx", "file.picture"),
        (b"\x1f\x8b\x08\0" + b"\0" * 300, "lijst.csv.gz", "file.no_text"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 300, "lijst.7z", "file.no_text"),
        (b"\x7fELF" + b"\0" * 300, "lijst.csv", "file.no_text"),
        (bytes(range(256)) * 20, "lijst.csv", "file.no_text"),
        (b"geen zip", "bundel.zip", "zip.broken"),
        (b"PK\x03\x04 en dan niets", "bundel.zip", "zip.broken"),
    ],
)
def test_what_only_looks_like_a_table_has_a_sentence_of_its_own(body: bytes, name: str, code: str):
    assert refusal_of(body, name) == code


@pytest.mark.parametrize("header", ["BM;Naam", "ID3;Naam", "MZ;Naam", "FWS;Naam", "PKnr;Naam"])
def test_a_table_whose_first_letters_are_the_sign_of_something_else_is_a_table(header: str):
    body = f"{header}\n1;Zoë\n".encode()
    assert door.admit(body, file_name="x.csv", kind="sheet").body.read() == body


def test_a_zip_bomb_is_refused_unopened():
    assert refusal_of(zip_of({"users.csv": b"0" * 50_000_000}), "b.zip") == "zip.bomb"


@pytest.mark.parametrize("path", ["../users.csv", "/etc/cron.d/users.csv", "C:\\users.csv"])
def test_a_path_that_escapes_is_refused(path: str):
    assert refusal_of(zip_of({path: b"sourcedId\n"}), "b.zip") == "zip.unsafe_name"


def test_a_zip_in_a_zip_is_refused_alone_and_among_others():
    inner = zip_of({"users.csv": b"sourcedId\n"})
    assert refusal_of(zip_of({"a.zip": inner}), "b.zip") == "zip.nested"
    assert refusal_of(zip_of({"a.zip": inner, "users.csv": b"x"}), "b.zip") == "zip.nested"
    assert refusal_of(zip_of({"lijst.csv": inner}), "b.zip") == "zip.nested"
    assert refusal_of(zip_of({"users.csv": inner, "orgs.csv": b"x"}), "b.zip") == "zip.nested"


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_says():
    body = bytearray(zip_of({"lijst.csv": b"Nr;Naam\n" + b"1;Zoe\n" * 5000}))
    place = body.rindex(b"PK\x01\x02") + 24
    body[place : place + 4] = (20).to_bytes(4, "little")
    assert refusal_of(bytes(body), "b.zip") == "zip.broken"


def test_a_zip_with_a_password_is_refused():
    body = bytearray(zip_of({"users.csv": b"sourcedId\n"}))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(sign) + place] |= zipbundle.IS_ENCRYPTED
    assert refusal_of(bytes(body), "b.zip") == "zip.encrypted"


def test_one_table_in_a_zip_is_opened_as_that_table():
    for name, table in (("map/lijst.csv", b"Nr;Naam\n1;Zoe\n"), ("lijst.xlsx", SIMPLE)):
        admitted = door.admit(
            zip_of({name: table, "__MACOSX/._lijst": b"x"}), file_name="b.zip", kind="sheet"
        )
        assert admitted.file_name == Path(name).name
        assert [one.code for one in admitted.findings] == ["zip.one_file"]


EXPANDING = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize("body", [EXPANDING, OUTSIDE])
def test_xml_that_expands_or_reaches_out_is_refused_alone_and_in_a_workbook(body: bytes):
    assert refusal_of(body, "dossiers.xml") == "xml.dtd"

    def plant(name: str, part: bytes) -> bytes:
        return body if name == "xl/sharedStrings.xml" else part

    assert refusal_of(repacked(SIMPLE, plant), "lijst.xlsx") == "xml.dtd"


def test_deep_json_is_refused():
    assert refusal_of(b'[{"a":' * 100_000, "x.json") == "json.too_deep"


@pytest.mark.parametrize(
    "path", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_a_part_of_a_workbook_that_is_packed_impossibly_is_refused(path: str):
    assert refusal_of(entries_of(path, 20_000_000), "lijst.xlsx") == "zip.bomb"


def test_a_workbook_with_links_to_others_gives_nothing_of_them():
    def link(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        outside = b'<c r="A2"><f>[1]Blad1!A1</f><v>42</v></c>'
        return re.sub(rb'<c r="A2".*?</c>', outside, part)

    body = io.BytesIO(repacked(SIMPLE, link))
    with zipfile.ZipFile(body, "a") as book:
        book.writestr("xl/externalLinks/externalLink1.xml", OUTSIDE)
    admitted = door.admit(body.getvalue(), file_name="lijst.xlsx", kind="sheet")
    assert admitted.body.read().decode() == "Nr,Naam\r\n,Zoë\r\n2,Finn\r\n"
    assert [one.code for one in admitted.findings] == ["xlsx.formula"]


def test_a_cell_of_200_kilobytes_spoils_one_row_and_no_memory():
    table = b"Nr;Naam\n1;Zoe\n2;" + b"x" * 200_000 + b"\n3;Finn\n"
    with little_memory():
        admitted = door.admit(table, file_name="lijst.csv", kind="sheet")
    assert admitted.body.read() == table


def test_a_line_without_end_is_refused():
    assert refusal_of(b"Nr;Naam\n" + b"x" * 5_000_000) == "file.line_too_long"


SCRIPT = """
import resource, sys
from importers.door import admitting as door
from importers.issues import Refused
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        try:
            print(door.admit(file, file_name=path, kind="sheet").body.size)
        except Refused as refusal:
            print(refusal.finding.code)
print(peak() - before)
"""


def admit_elsewhere(*paths: Path) -> tuple[list[str], int]:
    """Admit files in a process of its own; returns what came of them, and the megabytes it took."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    *told, grown = done.stdout.split()
    return told, int(grown)


def test_files_made_to_fill_memory_and_large_ones_pass_in_pieces(tmp_path: Path):
    paths = []
    for piece in (b'<c s="1"/>', b'<foo a="1"/>'):

        def flood(name: str, part: bytes, piece: bytes = piece) -> bytes:
            is_sheet = name == "xl/worksheets/sheet1.xml"
            return part.replace(b"<sheetData>", b"<sheetData>" + piece * 80_000, is_sheet)

        paths.append(tmp_path / f"{len(paths)}.xlsx")
        paths[-1].write_bytes(repacked(SIMPLE, flood))
    paths.append(tmp_path / "lijst.csv")
    row = "S900701;Zoë de Vries;Reflectieverslag 4;7,5;04-11-2026;prima\r\n".encode("cp1252")
    with paths[-1].open("wb") as file:
        file.write(b"Nr;Naam;Onderdeel;Cijfer;Datum;Opmerking\r\n")
        file.writelines(row * 999 + b"S9;123456782;;;;\r\n" for _ in range(300))
    told, grown = admit_elsewhere(*paths)
    assert len(told) == len(paths)
    assert int(told[-1]) > paths[-1].stat().st_size
    assert grown < 20, f"{grown} MB"
