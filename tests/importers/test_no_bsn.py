"""A BSN never enters, in whatever file and in whatever way it is written."""

import io
import zipfile

import pytest
import sqlalchemy as sa
import xlsxwriter

from importers import bsn
from importers.door import admitting as door
from importers.door.cleaning import clean_table
from importers.issues import Finding, Refused
from importers.readers import jsonl
from tests.importers.importing import Importing
from tests.importers.test_door import BSN, everything, traces
from tests.importers.test_workbooks import repacked

SPACED = f"{BSN[:3]} {BSN[3:6]} {BSN[6:]}"
HARD_SPACED = SPACED.replace(" ", "\xa0")
DOTTED = f"{BSN[:4]}.{BSN[4:6]}.{BSN[6:]}"
TABLE = (
    f"Lijst van {BSN};;;;\r\n"
    f"Leerlingnummer;Naam {BSN};Opmerking;Cijfer;Burgerservicenummer\r\n"
    f"S1;Zoë;bsn {SPACED};7;12345\r\n"
    f"{BSN};Björn;{DOTTED} en {HARD_SPACED};{BSN};{BSN}\r\n"
    f'S3;"één ""{BSN}""\n{BSN}";x;8;weet ik niet\r\n'
)


def left_in(admitted: door.Admitted) -> str:
    """Return all that is kept or told of a file, unpacked."""
    kept = admitted.body.read()
    if zipfile.is_zipfile(io.BytesIO(kept)):
        with zipfile.ZipFile(io.BytesIO(kept)) as bundle:
            kept += b"".join(bundle.read(name) for name in bundle.namelist())
    told = (admitted.findings, admitted.file_name, admitted.dialect, admitted.sample)
    return kept.decode("utf-8", "replace").replace("\xa0", "") + str(told)


def workbook() -> bytes:
    body = io.BytesIO()
    with xlsxwriter.Workbook(body) as book:
        sheet = book.add_worksheet(f"Klas {BSN}")
        sheet.write_row(0, 0, ["Nr", f"Naam {BSN}", "Opmerking", "Sofinummer"])
        sheet.write_row(1, 0, [int(BSN), "Zoë", SPACED, 12345])
        sheet.write_row(2, 0, [2, BSN, f"BSN{BSN}", "onbekend"])
        sheet.write_rich_string("B4", "12345", book.add_format({"bold": True}), "6782")
        sheet.write(3, 0, 3)
        sheet.write_comment("A2", BSN)
        sheet.write_formula("C4", f'="{BSN}"', None, BSN)
        book.add_worksheet(f"Blad {BSN}").write_row(0, 0, [BSN, BSN])
        book.add_worksheet("verborgen").write_row(0, 0, [BSN, "x"])
        book.get_worksheet_by_name("verborgen").hide()
        book.set_properties({"title": BSN})
    return body.getvalue()


def as_double(name: str, part: bytes) -> bytes:
    """Write the number as some programs do."""
    is_sheet = name == "xl/worksheets/sheet1.xml"
    return part.replace(f"<v>{BSN}</v>".encode(), b"<v>1.23456782E8</v>", is_sheet)


def zipped(name: str, body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(name, body)
        made.comment = BSN.encode()
    return out.getvalue()


DOSSIER = f"""<sbb><dossiers><dossier nr="{BSN}" bsn="12345"><titel>Kok {SPACED}</titel>
<a>12345<![CDATA[6782]]></a><b>&#49;23456782</b><!-- {BSN} --><bsn>123</bsn></dossier></dossiers>
</sbb>""".encode()

FILES: dict[str, bytes] = {
    f"lijst {BSN}.csv": TABLE.encode(),
    "bom.csv": TABLE.encode("utf-8-sig"),
    "wijd.txt": TABLE.replace(";", "\t").encode("utf-16"),
    "wijder.txt": TABLE.encode("utf-16-be"),
    "windows.csv": TABLE.encode("cp1252"),
    "mac.csv": TABLE.encode("mac_roman"),
    "oud.csv": TABLE.replace("\r\n", "\r").encode(),
    "sep.csv": b"sep=;\r\n" + TABLE.encode("cp1252"),
    "klas.xlsx": workbook(),
    "dubbel.xlsx": repacked(workbook(), as_double),
    "klas.csv": workbook(),
    "een.zip": zipped(f"map {BSN}/lijst {BSN}.csv", TABLE.encode()),
    "boek.zip": zipped(f"{BSN}.xlsx", workbook()),
    "dossiers.xml": DOSSIER,
}


@pytest.mark.parametrize("name", FILES)
def test_nothing_of_it_is_left_behind_the_door(name: str):
    admitted = door.admit(FILES[name], file_name=bsn.drop_text(name), kind=None)
    left = left_in(admitted)
    assert traces(left) == []
    assert "12345" not in left.replace("123456", "")
    assert bsn.MARK in left


def test_no_table_file_or_log_holds_one_after_reading(
    importing: Importing,
    superuser_engine: sa.Engine,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    url = superuser_engine.url.render_as_string(hide_password=False)
    for name, body in FILES.items():
        importing.preview(body, name)
        kept = b"".join(path.read_bytes() for path in importing.kept_files())
        assert traces(kept.decode("latin-1")) == []
    assert traces(everything(url)) == []
    out, err = capfd.readouterr()
    assert traces(out + err + caplog.text) == []


@pytest.mark.parametrize(
    "text",
    [
        f'{{"id": {BSN}, "name": "Zo {SPACED}", "bsn": "12345", "{BSN}": 1}}',
        '{"id": 1.23456782E8, "more": [123456782.0, {"x": "\\u0031\\u003223456782"}]}',
        '{"id": 123456782e0, "BSN": 12345, "deep": {"burgerservicenummer": {"nr": 12345}}}',
    ],
)
def test_json_is_cleaned_of_it_as_number_as_text_as_key_and_in_disguise(text: str):

    left = jsonl.cleaned(text.encode()).decode()
    assert traces(left) == []
    assert "12345" not in left
    assert jsonl.parse(left.encode())


def test_a_refusal_tells_nothing_of_it():
    for name, body in (("x.zip", zipped(f"../{BSN}.csv", b"x")), ("y", zipped(f"{BSN}.zip", b"x"))):
        with pytest.raises(Refused) as refused:
            door.admit(body, file_name=name, kind=None)
        assert traces(str(refused.value.finding)) == []


def test_a_source_that_knows_where_numbers_stand_cleans_each_row_itself():
    def clean(cells: list[str]) -> None:
        if cells and cells[0] == "PER":
            cells[1] = "iemand"

    text = f"VLP;123456789\r\nPER;{BSN};{BSN}\r\nBPV;bsn\r\n"
    findings: list[Finding] = []
    pieces = clean_table(
        [text], delimiter=";", header_row=0, file="x", findings=findings, clean_row=clean
    )
    assert b"".join(pieces) == b"VLP;123456789\r\nPER;iemand;[bsn]\r\nBPV;bsn\r\n"
    assert findings == []


def test_a_column_named_for_it_is_emptied_below_its_header_only():
    body = b"Geen bsn invullen;;\r\nNr;BSN;Naam\r\n1;123;Zoe\r\n2;;Finn\r\n"
    admitted = door.admit(body, file_name="x.csv", kind="sheet")
    assert admitted.body.read() == b"Geen bsn invullen;;\r\nNr;BSN;Naam\r\n1;;Zoe\r\n2;;Finn\r\n"
    (finding,) = admitted.findings
    assert (finding.code, finding.row, finding.column and finding.column.letter) == (
        "bsn.column", 2, "B",
    )  # fmt: skip
