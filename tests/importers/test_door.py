"""The door: what may come in, and what stays outside, above all the BSN."""

import io
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.door import admitting as door
from importers.issues import Refused
from importers.models import RunState
from importers.readers.dialect import Dialect
from importers.records import Unread
from importers.source import Opening
from migrations.metadata import metadata
from tests.importers.bundles import Rows, bundle, setting
from tests.importers.importing import Importing

BSN = "123456782"
OTHER_BSN = "111222333"


def refusal_of(body: bytes, name: str = "bestand", kind: str | None = None) -> str:
    with pytest.raises(Refused) as refused:
        door.admit(body, file_name=name, kind=kind)
    return refused.value.finding.code


def test_the_kind_is_recognised_by_what_is_in_the_file():
    assert door.admit(bundle(), file_name="x", kind=None).kind == "oneroster"
    listed = b"crebo;code;soort;kerntaak;titel\r\n"
    assert door.admit(listed, file_name="x", kind=None).kind == "kwalificaties"


def test_a_file_of_another_kind_than_was_said_is_refused():
    assert refusal_of(b"crebo;code;soort;kerntaak;titel\r\n", kind="oneroster") == "file.other_kind"
    assert refusal_of(bundle(), kind="kwalificaties") == "file.other_kind"


def test_an_empty_and_a_too_large_file_are_refused(monkeypatch: pytest.MonkeyPatch):
    assert refusal_of(b"") == "file.empty"
    monkeypatch.setattr(door, "MOST_BYTES", 1000)
    assert refusal_of(b"x" * 1001) == "file.too_large"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"])
def test_what_is_kept_is_utf_8_and_how_it_was_written_is_remembered(encoding: str):
    text = "crebo;code;soort;kerntaak;titel\r\n25655;B1-K1;kerntaak;;Voert één taak uit\r\n"
    admitted = door.admit(text.encode(encoding), file_name="l.csv", kind=None)
    assert admitted.body.read().decode() == text
    assert Dialect.of(admitted.dialect["l.csv"]) == Dialect(encoding=encoding, delimiter=";")


def test_a_table_in_a_bundle_may_be_written_in_any_encoding():
    users = "sourcedId,familyName\r\nS1,Daniël\r\n"
    body = bundle(without=("users.csv",), extra={"users.csv": users.encode("utf-16")})
    admitted = door.admit(body, file_name="b.zip", kind=None)
    with zipfile.ZipFile(admitted.body.open()) as kept:
        assert kept.read("users.csv").decode() == users
    assert admitted.dialect["users.csv"]["encoding"] == "utf-16"


def test_a_file_without_lines_is_refused_without_filling_the_memory():
    users = b"sourcedId," + b"x" * 3_000_000
    body = bundle(without=("users.csv",), extra={"users.csv": users})
    assert refusal_of(body) in {"file.line_too_long", "zip.bomb"}


def test_only_the_files_that_we_read_are_kept():
    body = bundle(extra={"demographics.csv": b"sourcedId,birthDate\r\n", "foto.jpg": b"\xff\xd8"})
    admitted = door.admit(body, file_name="bundel.zip", kind=None)
    with zipfile.ZipFile(admitted.body.open()) as kept:
        names = set(kept.namelist())
    assert "users.csv" in names
    assert not names & {"demographics.csv", "foto.jpg"}
    assert {f.file for f in admitted.findings} == {"demographics.csv", "foto.jpg"}


def test_the_same_file_in_two_folders_is_refused():
    assert refusal_of(bundle(extra={"map/Users.csv": b"sourcedId\r\n"})) == "zip.same_file_twice"


def test_a_column_for_the_number_is_emptied_whatever_is_in_it():
    users = b'sourcedId,naam,bsn\r\n1,"Zo\xc3\xab\r\nBakker",12345678\r\n2,Finn,"1,2"\r\n'
    body = bundle(without=("users.csv",), extra={"users.csv": users})
    admitted = door.admit(body, file_name="bundel.zip", kind=None)
    with zipfile.ZipFile(admitted.body.open()) as kept:
        content = kept.read("users.csv")
    assert content == b'sourcedId,naam,bsn\r\n1,"Zo\xc3\xab\r\nBakker",\r\n2,Finn,\r\n'
    (finding,) = admitted.findings
    assert (finding.code, finding.row, finding.column and finding.column.name) == (
        "bsn.column",
        1,
        "bsn",
    )


def planted() -> bytes:
    """Return a bundle with a BSN wherever one could arrive."""
    spaced = f"{BSN[:3]} {BSN[3:6]} {BSN[6:]}"
    users = {
        "S900001": {"userIds": f"{{BSN:{BSN}}}", "middleName": BSN, "phone": BSN},
        "S900002": {"identifier": BSN},
        "S900003": {"familyName": f"Bakker {BSN}", "email": f"{BSN}@school.example"},
        "S900004": {"sourcedId": BSN, "enabledUser": "misschien"},
        "S900005": {"password": BSN, "status": BSN, "enabledUser": spaced},
    }

    def plant(rows: Rows) -> Rows:
        return [row | users.get(row["sourcedId"], {}) for row in rows]

    return bundle(
        {
            "users.csv": plant,
            "classes.csv": setting("cls-2", title=f"Groep van {BSN}", classCode=spaced),
            "enrollments.csv": setting("enr-2-S900009", sourcedId=BSN, role=BSN),
            "lineItems.csv": setting("li-2", title=f"Opdracht {OTHER_BSN}", description=BSN),
            "results.csv": setting("res-2-S900003", comment=f"bsn {OTHER_BSN}", score=BSN),
            "manifest.csv": lambda rows: [*rows, {"propertyName": BSN, "value": BSN}],
        },
        extra={f"leerling {BSN}.txt": BSN.encode(), "demographics.csv": BSN.encode()},
    )


def everything(url: str) -> str:
    """Return all that stands in the database, in every table of every school."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = [
            str(list(connection.execute(sa.select(sa.text("*")).select_from(table))))
            for table in metadata.sorted_tables
        ]
    engine.dispose()
    return "\n".join(rows)


def traces(text: str) -> list[str]:
    bare = text.replace(" ", "").replace(".", "")
    return [number for number in (BSN, OTHER_BSN) if number in bare]


def test_no_bsn_is_in_any_table_file_log_or_answer(
    importing: Importing,
    superuser_engine: sa.Engine,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    url = superuser_engine.url.render_as_string(hide_password=False)
    run = importing.start(planted(), f"export {BSN}.zip")
    assert traces(everything(url)) == []
    kept = b"".join(path.read_bytes() for path in importing.kept_files())
    with zipfile.ZipFile(io.BytesIO(kept[16:])) as bundle_kept:
        inside = b"".join(bundle_kept.read(name) for name in bundle_kept.namelist())
    assert traces(kept.decode("latin-1") + inside.decode("latin-1")) == []
    previewed = importing.work(run)
    assert previewed.state is RunState.PREVIEWED
    assert traces(everything(url)) == []
    applied = importing.apply(previewed)
    assert applied.state is RunState.APPLIED
    assert traces(everything(url)) == []
    told = "".join(f"{issue.value} {issue.detail}" for issue in importing.issues(applied))
    out, err = capfd.readouterr()
    assert traces(told + out + err + caplog.text) == []


def test_where_a_bsn_stood_is_said_with_row_and_column(importing: Importing):
    run = importing.preview(planted())
    dropped = {
        (issue.file, issue.row, issue.column)
        for issue in importing.issues(run)
        if issue.code == "bsn.dropped"
    }
    assert ("users.csv", 2, "userIds") in dropped
    assert ("users.csv", 4, "familyName") in dropped
    assert ("results.csv", 3, "comment") in dropped
    keyless = [i for i in importing.issues(run) if i.code == "key.missing"]
    assert ("users.csv", 5) in {(issue.file, issue.row) for issue in keyless}


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Return a file with a few random accidents."""
    found = bytearray(body)
    for _ in range(chance.choice([1, 3, 20])):
        place = chance.randrange(len(found) + 1)
        accident = chance.choice(
            [b'"', b"\r", b"\n", b",", b"\0", b"\xff", b"9" * 300, b"[bsn]", BSN.encode(), b""]
        )
        found[place : place + chance.randrange(40)] = accident
    return bytes(found)


def test_an_accident_to_a_file_never_does_worse_than_refuse_it_or_set_rows_aside():
    chance = random.Random(7)  # noqa: S311 - the same accidents every time
    with zipfile.ZipFile(io.BytesIO(bundle())) as whole:
        tables = {name: whole.read(name) for name in whole.namelist()}
    outcomes = set()
    for number in range(150):
        body = mutated(bundle(), chance)
        if number % 2:
            name = chance.choice(list(tables))
            body = bundle(without=(name,), extra={name: mutated(tables[name], chance)})
        try:
            admitted = door.admit(body, file_name="bundel.zip", kind=None)
            source = door.open_source(
                admitted.kind,
                admitted.body,
                Opening(
                    file_name="bundel.zip",
                    options={},
                    zone=ZoneInfo("Europe/Amsterdam"),
                    at=datetime(2026, 11, 22, tzinfo=UTC),
                ),
            )
        except Refused as refusal:
            outcomes.add(refusal.finding.code)
            continue
        if any(finding.is_error for finding in source.check()):
            outcomes.add("checked")
            continue
        for stream in source.streams():
            for batch in source.read(stream, after=0, size=50):
                for told in batch.records:
                    record = told.read() if isinstance(told, Unread) else told
                    if record is None:
                        continue
                    assert record.ext_id is None or len(record.ext_id) <= 255
                    assert "\0" not in str(record.stored)
                    outcomes.add(record.standing)
    assert {"zip.broken", "checked", "good", "bad"} <= outcomes


def test_a_run_shows_the_first_rows_as_they_were_read(importing: Importing):
    run = importing.start(b"Klas 4b;;\nNr;Naam;BSN\n1;Zo\xeb;12345\n" * 30, "lijst.csv")
    assert run.sample is not None
    (shown,) = run.sample["tables"]
    assert (shown["file"], shown["headers"]) == ("lijst.csv", ["Nr", "Naam", "BSN"])
    assert len(shown["rows"]) == 20
    assert shown["rows"][2] == ["1", "Zoë", ""]
    assert run.layout["dialect"]["lijst.csv"]["header_row"] == 2


def test_a_run_shows_the_first_rows_of_each_table_in_a_bundle(importing: Importing):
    run = importing.start(bundle())
    assert run.sample is not None
    shown = {table["file"]: len(table["rows"]) for table in run.sample["tables"]}
    assert shown["users.csv"] == 20
    assert shown["classes.csv"] == 4


def test_a_file_alone_in_a_zip_gives_its_run_its_name(importing: Importing):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        made.writestr("map/klas 4b.csv", b"Nr;Naam\n1;Zoe\n")
    run = importing.start(body.getvalue(), "export.zip")
    assert run.file_name == "klas 4b.csv"
    assert "zip.one_file" in importing.codes(run)


def test_a_file_may_be_read_from_disk_as_it_comes(tmp_path: Path):
    path = tmp_path / "lijst.csv"
    path.write_bytes(b"Nr;Naam\n1;Zoe\n")
    with path.open("rb") as file:
        assert (
            door.admit(file, file_name="lijst.csv", kind="sheet").body.read() == path.read_bytes()
        )
