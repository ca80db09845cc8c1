"""What the pages about imports are given; no database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from importers.door.admitting import KINDS
from importers.readers.dialect import Dialect
from tests.web.source_samples import source

NOW = datetime(2026, 11, 19, 13, 30, tzinfo=UTC)
RUN, SOURCE = UUID(int=13), UUID(int=601)
COUNTS = {"new": 46, "changed": 112, "same": 1029, "closed": 7, "quarantined": 4, "ignored": 1}
NOTHING = dict.fromkeys(COUNTS, 0)
LONG = "Toetsweek 2 periode 1 groep OL1 en OL2 definitief (kopie) 2026-11-19 gecorrigeerd_v3.xlsx"
ISSUES = [
    {
        "file": "users.csv",
        "row": 14,
        "letter": "C",
        "column": "sourcedId",
        "value": None,
        "message": "Zonder sourcedId weten we niet wie dit is.",
        "hint": "Vul het nummer in en stuur het bestand opnieuw.",
        "severity": "error",
    },
    {
        "file": "results.csv",
        "row": 615,
        "letter": "H",
        "column": "scoreDate",
        "value": "31-11-2026",
        "message": "Deze datum bestaat niet.",
        "hint": "Bedoel je 30-11-2026?",
        "severity": "warning",
    },
    {
        "file": "meetpunt.zip",
        "row": None,
        "letter": None,
        "column": None,
        "value": None,
        "message": "Het bestand manifest.csv ontbreekt.",
        "hint": "Maak de bundel opnieuw.",
        "severity": "error",
    },
]


def column(place: int, header: str, means: str | None, *cells: str, **more: Any) -> dict[str, Any]:
    return {
        "place": place,
        "letter": "ABCDEFGH"[place],
        "header": header,
        "means": means,
        "item": None,
        "scale": None,
        "cells": list(cells),
        "is_scored": means in {"result", "present", "hours"},
        **more,
    }


COLUMNS = [
    column(0, "Leerlingnummer", "number", "S900001", "S900002", "S900003"),
    column(1, "Naam", "name", "Wytske-Marijke van den Bovenkamp-Hoogendijk", "Eva Nowak"),
    column(2, "Medicijnen klaarzetten en toedienen", "result", "7,5", "8", "6,4",
           item="Medicijnen klaarzetten en toedienen", scale="1-10"),
    column(3, "Aanwezig", "present", "ja", "nee", item="Aanwezig"),
    column(4, "Lokaal", None),
    column(5, "Geboortedatum", "unused", "2008-01-01"),
]  # fmt: skip
VALUES = {
    "source": "Bestand van school",
    "header_row": 3,
    "day": "",
    "people": "",
    "pattern": "",
    "snapshot": "",
    "repeats": "",
}
READ_AS: dict[str, Any] = {
    "kind": "sheet",
    "dialect": Dialect(is_xlsx=True, sheet="Cijfers", header_row=3),
    "files": [],
    "rows": [
        {"number": 1, "cells": ["Cijferlijst periode 1"]},
        {"number": 2, "cells": []},
        {"number": 3, "cells": [one["header"] for one in COLUMNS]},
        {"number": 4, "cells": ["S900001", "Eva Nowak", "7,5", "ja", "B1.04", "2008-01-01"]},
    ],
    "columns": COLUMNS,
    "is_correctable": True,
    "is_remembered": True,
    "values": VALUES,
    "errors": {},
}
OF_BUNDLE = READ_AS | {
    "kind": "oneroster",
    "dialect": None,
    "files": [("users.csv", 14), ("results.csv", 9)],
    "rows": [],
    "columns": [],
    "is_correctable": False,
    "is_remembered": False,
}
OF_LIST = READ_AS | {
    "kind": "kwalificaties",
    "dialect": Dialect(delimiter=";", encoding="cp1252"),
    "columns": [],
    "is_correctable": False,
    "is_remembered": False,
}
TAKEN: dict[str, Any] = {
    "kinds": ["sheet", "kwalificaties"],
    "has_signs": True,
    "is_other_sign": False,
    "rows": [
        {"number": number, "is_header": number == 1, "cells": [one["header"] for one in COLUMNS]}
        for number in range(1, 21)
    ],
    "columns": 6,
    "values": {"kind": "sheet", "sign": "tab"},
    "errors": {"kind": "Dit bestand is zo niet te lezen. Kies een andere soort."},
}
ERRORS = {
    "means-4": "Kies één kolom voor het nummer van de persoon.",
    "item-2": "Dit is te lang. Maak het korter.",
    "header_row": "Daar staan geen namen van kolommen. Kies een andere rij.",
    "pattern": "Geef een heel nummer als voorbeeld, zoals S000701.",
}


def progress(stage: str, **changes: Any) -> dict[str, Any]:
    told = {"stage": stage, "done": 268_000, "total": 412_000, "rate": 21_400, "left": 7}
    seen = {"stage": stage, "done": 1000, "at": NOW.isoformat()}
    return {**told, "seen": seen, **changes}


GOING_ON = {
    "waiting": progress("waiting", done=0, total=None, rate=None, left=None),
    "reading": progress("reading", total=None, left=None),
    "applying": progress("writing"),
}


def run(state: str, **changes: Any) -> dict[str, Any]:
    """Return what the page of an import run is given."""
    record: dict[str, Any] = {
        "id": RUN,
        "name": "meetpunt_v1p2_bulk.zip",
        "state": state,
        "started_at": NOW - timedelta(minutes=4),
        "by": "Ilse Kramer",
        "digest": "b1946ac9",
        "done": 268,
        "total": 412,
        "counts": COUNTS,
        "by_kind": {"person": COUNTS, "result": COUNTS | {"new": 729}},
    }
    has_rows = state in ("previewed", "applied", "refused")
    of_run = {name: changes.pop(name) for name in list(changes) if name in record}
    return {
        "run": record | of_run,
        "source": {"id": SOURCE, "name": "OneRoster", "is_system": False},
        "progress": GOING_ON.get(state),
        "read_as": OF_BUNDLE if state == "previewed" else None,
        "taken": TAKEN if state == "previewed" else None,
        "repair_of": None,
        "was_stopped": False,
        "issues": ISSUES if has_rows else [],
        "more_issues": 12 if has_rows else 0,
        "changes": [
            {
                "kind": "person",
                "subject": "Eva Nowak",
                "field": "given_name",
                "was": "Eef",
                "becomes": "Eva",
                "row": 22,
            },
            {
                "kind": "membership",
                "subject": "cls-2",
                "field": "until_on",
                "was": None,
                "becomes": "closed",
                "row": None,
            },
        ],
        "must_confirm": state == "previewed",
        "asks_newcomers": False,
        "quarantine": {
            "bad": 3,
            "elsewhere": 2,
            "waiting": 12,
            "waits": {"people": 9, "rows": 1, "repair": 1, "other": 1},
            "is_applied": state == "applied",
        },
        "closing": {"membership": 7, "person": 0},
        "problem": {
            "message": "Dit is geen zip-bestand.",
            "hint": "Maak de bundel opnieuw en stuur hem nog eens.",
            "code": "not_a_zip",
        },
        **changes,
    }


SHEET = {"name": LONG, "counts": COUNTS | {"closed": 0}, "must_confirm": False, "closing": {}}


OF_FILES = {"kind": "sheet", "url": None, "is_of_files": True, "due_at": None}
EXPIRED = ("De sleutel is verlopen.", "Vraag een nieuwe aan.")
IMPORTS: dict[str, Any] = {
    "sources": [
        source("good"),
        source("old", name="Bpv-plaatsen", **OF_FILES, last_ok_at=NOW - timedelta(days=9)),
        source("waiting", name="Studenten", **OF_FILES, last_ok_at=NOW - timedelta(days=38)),
        source("busy", name="Lesrooster", kind="oneroster", last_ok_at=None),
        source("failed", name="Praktijkleren in de zorg en het sociaal werk", reason=EXPIRED),
    ],
    "begun": {"people": True, "guides": False, "frameworks": True, "lms": False},
    "waits": {
        "previews": [run("previewed")["run"] | {"name": name} for name in ("studenten.csv", LONG)],
        "repairs": [
            {"run_id": RUN, "file_name": "cijfers periode 1.xlsx", "rows": 1},
            {"run_id": RUN, "file_name": LONG, "rows": 1204},
        ],
        "parked": 3,
        "ready": 2,
        "unsaid": 24,
        "lms": 1,
    },
    "runs": [
        run(state)["run"] | {"name": LONG if state == "applied" else "studenten.csv"}
        for state in ("waiting", "previewed", "applied", "refused", "discarded")
    ],
    "kinds": list(KINDS),
    "values": {"kind": ""},
    "errors": {},
}
NOTHING_WAITS = {"previews": [], "repairs": [], "parked": 0, "ready": 0, "unsaid": 0, "lms": 0}
PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "imports": ("administrator", "school/imports.html", IMPORTS),
    "imports-empty": (
        "administrator",
        "school/imports.html",
        IMPORTS
        | {
            "sources": [],
            "runs": [],
            "waits": NOTHING_WAITS,
            "begun": dict.fromkeys(("people", "guides", "frameworks", "lms"), False),
        },
    ),
    "imports-errors": (
        "administrator",
        "school/imports.html",
        IMPORTS
        | {
            "values": {"kind": "sheet", "level": "9", "title": "Verzorgende IG"},
            "errors": {
                "files": "Kies een zip- of csv-bestand.",
                "level": "Kies een niveau van 1 tot en met 4.",
            },
        },
    ),
    **{
        f"import-{state}": ("administrator", "school/import_run.html", run(state))
        for state in (
            "waiting",
            "reading",
            "previewed",
            "applying",
            "applied",
            "refused",
            "failed",
            "discarded",
        )
    },
    "import-reading-unknown": (
        "administrator",
        "school/import_run.html",
        run("reading", by=None, source=None, progress=progress("comparing", rate=1, left=140)),
    ),
    "import-sheet": (
        "administrator",
        "school/import_run.html",
        run("previewed", **SHEET, read_as=READ_AS, issues=ISSUES * 5, asks_newcomers=True),
    ),
    "import-sheet-refused": (
        "administrator",
        "school/import_run.html",
        run("refused", name=LONG, read_as=READ_AS | {"errors": ERRORS}),
    ),
    "import-list": (
        "administrator",
        "school/import_run.html",
        run("previewed", counts=NOTHING, must_confirm=False, closing={}, read_as=OF_LIST),
    ),
    "import-stopped": (
        "administrator",
        "school/import_run.html",
        run("previewed", was_stopped=True, must_confirm=False),
    ),
}
