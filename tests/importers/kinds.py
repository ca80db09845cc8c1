"""One small file of every kind that a school may send, all about the same people."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from importers.door import admitting as door
from importers.door import disguise
from importers.issues import Finding
from importers.models import ImportRun
from importers.records import Record, Unread
from importers.source import FileKind, Opening, Source
from tests.importers.bundles import QUALIFICATIONS, bundle, only
from tests.importers.importing import Importing
from tests.importers.test_case import below, item
from tests.importers.test_duo import BSN, GRONDSLAG, ONDERWIJSNR, RO
from tests.importers.test_moodle_logstore import log
from tests.importers.test_moodle_logstore import row as log_row
from tests.importers.test_sbb import dossier, file_of, profile

DOING = ("new", "changed", "closed")
# Two students of the bundle.
AYLIN, FINN = "S900001", "S900002"


COACH, TEACHER = "C900001", "D900001"
FEW = {AYLIN, FINN, "S900003", "S900004", COACH, TEACHER}


@dataclass(frozen=True)
class Sent:
    """A file as somebody sends it."""

    name: str
    body: bytes
    options: Mapping[str, Any] = field(default_factory=dict)


def _sheet(*rows: str, mapping: Mapping[str, Any] | None = None, source: str = "Lijst") -> Sent:
    told = {"mapping": dict(mapping)} if mapping else {}
    return Sent("lijst.csv", _lines(*rows), {"source": source, **told})


def _lines(*rows: str) -> bytes:
    return "".join(f"{row}\r\n" for row in rows).encode()


def small_bundle() -> bytes:
    """Return the demo's bundle with four students, their coach and a teacher."""
    of_few = only(lambda row: row["userSourcedId"] in FEW)
    return bundle(
        {
            "users.csv": only(lambda row: row["sourcedId"] in FEW),
            "roles.csv": of_few,
            "enrollments.csv": of_few,
            "results.csv": only(lambda row: row["studentSourcedId"] in FEW),
        }
    )


_COMPLETION = (
    ",Email address,ID number,Startopdracht 1,2026-10-01 00:00:00,Bronnen 5,",
    f"Aylin Bos,stu0001@meetpunt.example,{AYLIN},Completed,2026-11-15 20:53:57,Not completed,",
    f"Finn Özdemir,stu0002@meetpunt.example,{FINN},Not completed,,Completed,2026-10-25 06:28:50",
)
_STATEMENT = {
    "id": "00000000-0000-4000-8000-000000000001",
    "actor": {"account": {"homePage": "https://lms.example", "name": AYLIN}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
    "object": {"id": "https://lms.example/cm/17", "definition": {"name": {"nl": "Toets"}}},
    "timestamp": "2026-11-02T10:00:00Z",
}
_ENVELOPE = {
    "sensor": "https://lms.example/sensors/1",
    "sendTime": "2026-11-02T10:00:05.000Z",
    "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p2",
    "data": [
        {
            "id": "urn:uuid:00000000-0000-4000-8000-000000000002",
            "type": "AssignableEvent",
            "actor": {
                "id": "https://lms.example/users/42",
                "otherIdentifiers": [{"identifierType": "SisSourcedId", "identifier": AYLIN}],
            },
            "action": "Completed",
            "object": {"id": "https://lms.example/quiz/18", "name": "Opdracht"},
            "eventTime": "2026-11-02T10:00:00.000Z",
        }
    ],
}
_PACKAGE = {
    "CFDocument": {"identifier": "d-1", "title": "Vaardigheden"},
    "CFItems": [item("a", humanCodingScheme="A"), item("b")],
    "CFAssociations": [below("a", "d-1", 1), below("b", "a", 1)],
}

# Kinds that are known only to be refused with a better word.
ONLY_REFUSED = {"moodle_completion_json", "moodle_log"}
# In an order in which one may refer to the other.
SENT: dict[str, Sent] = {
    "oneroster": Sent("bundel.zip", small_bundle()),
    "kwalificaties": Sent(
        "kwalificaties.csv",
        b"".join(QUALIFICATIONS.read_bytes().splitlines(keepends=True)[:12]),
        {"edition": "2026"},
    ),
    "sbb": Sent("dossiers.xml", file_of(dossier("23124", profile("25655")))),
    "case": Sent("raamwerk.json", json.dumps(_PACKAGE).encode()),
    "duo_pairs": Sent(
        "koppellijst.csv", _lines("BSN;Studentnummer", f"{BSN};{AYLIN}", f"{ONDERWIJSNR};{FINN}")
    ),
    "duo_pairs_grondslag": Sent(
        "koppellijst2.csv", _lines("PGN;Studentnummer", f"{ONDERWIJSNR};{FINN}")
    ),
    "duo_ro": Sent("RO_99XX.csv", RO.replace("\n", "\r\n").encode()),
    "duo_grondslag": Sent("GRONDSLAG_99XX.csv", GRONDSLAG.replace("\n", "\r\n").encode()),
    "moodle_completion": Sent("progress.pr-30.csv", _lines(*_COMPLETION)),
    "moodle_grades": Sent(
        "ZW-10 Grades-20261121_2016.csv",
        _lines(
            "First name;Last name;ID number;Institution;Department;Email address;"
            "Assignment: Startopdracht 1 (Real);Course total (Real);"
            "Last downloaded from this course",
            f"Aylin;Bos;{AYLIN};;;stu0001@meetpunt.example;8.50;59.40;1795288598",
        ),
    ),
    "moodle_logstore": Sent("logstore.csv", log(log_row(userid=3))),
    "caliper": Sent("gebeurtenissen.json", json.dumps(_ENVELOPE).encode()),
    "xapi": Sent("klik.jsonl", json.dumps(_STATEMENT).encode() + b"\n"),
    "people": _sheet(
        "Leerlingnummer;Voornaam;Achternaam;E-mail",
        f"{AYLIN};Aylin;Bos;stu0001@meetpunt.example",
        "S7;Noor;Dijkstra;noor@meetpunt.example",
        source="Leerlingenlijst",
    ),
    "groups": _sheet(
        "Leerlingnummer;Klas",
        f"{AYLIN};VZ3A",
        f"{FINN};VZ3B",
        mapping={"snapshot": True},
        source="Klassenlijst",
    ),
    "grades": _sheet(
        "Leerlingnummer;Naam;Plan van aanpak;Verslag;Datum",
        f"{AYLIN};Aylin Bos;7,5;83;2-11-2026",
        f"{FINN};Finn Özdemir;6,0;-;2-11-2026",
        source="Cijferlijst",
    ),
    "presence": _sheet(
        "Leerlingnummer;Les;Datum;Aanwezig",
        f"{AYLIN};Verbandleer;4-11-2026;ja",
        f"{FINN};Verbandleer;4-11-2026;nee",
        source="Presentielijst",
    ),
    "bpv": _sheet(
        "Leerlingnummer;Leerbedrijf;Plaats;Leerbedrijf-ID;Begin;Einde;Uren",
        f"{FINN};Zorggroep Zuid;Ede;100200;1-9-2026;31-1-2027;320",
        source="Bpv-lijst",
    ),
    "lessons": _sheet(
        "Les;Omschrijving;Van;Tot en met",
        "Medisch rekenen;Oefenen met de rekentoets;1-9-2026;1-2-2027",
        source="Lesaanbod",
    ),
}


def bring(importing: Importing, sent: Sent) -> ImportRun:
    """Preview and apply a file."""
    return importing.bring(sent.body, sent.name, options=dict(sent.options))


def read(sent: Sent) -> tuple[list[Record], list[Finding]]:
    """Read a file through the door, without a school; raises Refused."""
    source, findings = opened(sent)
    if any(finding.is_error for finding in findings):
        return [], findings
    told = [
        record.read() if isinstance(record, Unread) else record
        for stream in source.streams()
        for batch in source.read(stream, after=0, size=50)
        for record in batch.records
    ]
    return [record for record in told if record is not None], findings


def opened(sent: Sent) -> tuple[Source, list[Finding]]:
    """Return a file as the source it is, with what is to be said of the whole; raises Refused."""
    admitted = door.admit(sent.body, file_name=sent.name, kind=None, prepare=_able_to_name)
    source = door.open_source(
        admitted.kind,
        admitted.body,
        Opening(
            file_name=admitted.file_name,
            options=sent.options,
            zone=ZoneInfo("Europe/Amsterdam"),
            at=datetime(2026, 11, 22, tzinfo=UTC),
            dialect=admitted.dialect,
        ),
    )
    return source, [*admitted.findings, *source.check()]


def _able_to_name(kind: FileKind) -> FileKind:
    return replace(kind, name_person=lambda number: disguise.name(number, b"k" * 32))


def done_by(run: ImportRun) -> dict[str, dict[str, int]]:
    """Return, by kind of record, what a run made, changed or closed."""
    return {
        kind: {status: counts[status] for status in DOING if counts[status]}
        for kind, counts in run.counts.items()
        if any(counts[status] for status in DOING)
    }


def set_aside_by(run: ImportRun) -> int:
    """Return how many records a run set aside."""
    return sum(counts["quarantined"] for counts in run.counts.values())


def rewritten(
    body: bytes, change: Callable[[list[list[str]]], list[list[str]]], **how: Any
) -> bytes:
    """Return a table of text as another program saves it."""
    text = body.decode("utf-8-sig")
    delimiter = how.get("read", max(";,|\t", key=text.splitlines()[0].count))
    rows = change(list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
    out = io.StringIO(newline="")
    newline = how.get("newline", "\r\n")
    csv.writer(out, delimiter=how.get("write", delimiter), lineterminator=newline).writerows(rows)
    return out.getvalue().encode(how.get("encoding", "utf-8"))


def in_zip(body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a bundle with each of its tables changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            made.writestr(name, change(given.read(name)))
    return out.getvalue()
