"""DUO's Registratieoverzicht and Grondslag: placements and keuzedelen, and never a BSN."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.door import disguise
from importers.issues import Severity
from importers.models import ImportRow, ImportRun, RowStatus, RunState
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    ActivityItem,
    Company,
    LearningPlan,
    Placement,
    PlanMember,
    SchoolRole,
)
from tracker.people import add_person

# Invented; both pass the eleven-test, as does the number of the first company.
BSN, ONDERWIJSNR = "111222333", "012345672"
COMPANY = "100000009"
RO = f"""VLP|99XX|2025-08-01|2026-03-24|2026-03-25
PER|{BSN}||2004-08-28|V
ISG|{BSN}||C3|2025-08-01|2028-07-31||
ISP|{BSN}||C3|2025-08-01|25655|BOL||J||100A501|101X591||
BPV|{BSN}||C3|C1|2025-08-07|2025-09-01|2026-06-30||448|{COMPANY}|25655|
BPV|{BSN}||C3|C2|2025-08-07|2025-09-01|2026-06-30|2026-01-15|200|100642111|25655|
DIP|{BSN}||8286771|25655|2026-01-16||J|C3|100A501
GEO|{BSN}||8286771|25655|8286774|3005||6|MBO|74|MBO|51|MBO||
KZD|{BSN}||8286771|25655|8286772|K0067||Behaald|||
KZD|{BSN}||||8286773|K0138|2026-02-02|Niet behaald|N|C3|100A501
PER||{ONDERWIJSNR}|2003-04-13|M
ISG||{ONDERWIJSNR}|1|2024-08-01|2027-07-31||
ISP||{ONDERWIJSNR}|1|2024-08-01|25655|BBL||J||100A500|101X589||
BPV||{ONDERWIJSNR}|1|1|2024-06-05|2024-08-01|2027-07-31||3840|{COMPANY}|25655|
KZD||{ONDERWIJSNR}|||8451439|K0226|2025-06-12|Behaald|J|1|100A500
SLR|2|2|2|0|3|1|0|1|3
"""
GRONDSLAG = f"""VLP;99XX;2025;20260119;V
PER;{BSN};21;21;22;22;V;5196;;;;6030;6030;6030;;;0001;;5196;;0001;
ISG;{BSN};99XX;C3;20250801;20280731;;
ISP;{BSN};99XX;C3;20250801;;25655;;BOL;;1;100A501;101X591;;
BPV;{BSN};99XX;C3;C1;20250807;20250901;20260630;;448;{COMPANY};25655;
KZD;{BSN};99XX;;8286772;K0067;BEHAALD;1;20260116;C3;100A501
SLR;1;1;1;0;1;0;0;0;0;0;1
"""


def excel(text: str) -> str:
    """Return a Registratieoverzicht as Excel leaves it: zeros gone, days turned, trailer first."""

    def cell(value: str) -> str:
        year, *rest = value.split("-")
        if len(rest) == 2:
            return f"{int(rest[1])}-{int(rest[0])}-{year}"
        return str(int(value)) if value.isdigit() else value

    rows = [";".join(map(cell, line.split("|"))) for line in text.splitlines()]
    width = max(row.count(";") for row in rows)
    padded = [row + ";" * (width - row.count(";")) for row in rows]
    return "\r\n".join([padded[-1], *padded[1:-1], padded[0], ""])


PGN = ("p", f"PGN;Studentnummer\r\n{BSN};s1\r\n")
PAIRS = f"BSN;Studentnummer\r\n{BSN};s1\r\n{ONDERWIJSNR};s2\r\n"


def add_students(importing: Importing) -> None:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for number, name in (("s1", "Sam Stage"), ("s2", "Bo Bedrijf")):
            add_person(
                session,
                by=None,
                school=importing.school,
                name=name,
                number=number,
                roles=[SchoolRole.STUDENT],
                at=utc_now(),
            )


@pytest.fixture
def students(importing: Importing) -> Importing:
    """Add the two students, by their student numbers."""
    add_students(importing)
    return importing


@pytest.fixture
def paired(importing: Importing, kept_imports: KeptImports) -> Importing:
    """Add the two students, and tell which number is which student."""

    def pair() -> ImportRun:
        add_students(importing)
        return importing.bring(PAIRS.encode(), "koppellijst.csv")

    run = kept_imports.bring(importing, "paired", pair)
    assert (run.kind, run.counts["person"]["same"]) == ("duo_pairs", 2)
    return importing


def ro(importing: Importing, text: str = RO) -> ImportRun:
    return importing.bring(text.replace("\n", "\r\n").encode(), "RO_99XX.csv")


def rows(importing: Importing, *columns: Any) -> list[tuple[Any, ...]]:
    owner = columns[0].class_.school_id
    found = importing.read(sa.select(*columns).where(owner == importing.school.id))
    return sorted((tuple(row) for row in found), key=repr)


PLACEMENTS = [
    (date(2024, 8, 1), date(2027, 8, 1), 3840),
    (date(2025, 9, 1), date(2026, 1, 16), 200),
    (date(2025, 9, 1), date(2026, 7, 1), 448),
]


@pytest.mark.parametrize("text", [RO, excel(RO)], ids=["as DUO wrote it", "saved by Excel"])
def test_a_registratieoverzicht_becomes_companies_and_placements(
    paired: Importing, text: str
) -> None:
    run = ro(paired, text)
    assert (run.kind, run.state) == ("duo_ro", RunState.APPLIED)
    assert sorted(paired.codes(run)) == ["duo.no_framework", "duo.passed_over"]
    found = rows(paired, Placement.from_on, Placement.until_on, Placement.planned_hours)
    assert found == PLACEMENTS
    assert [number for (number,) in rows(paired, Company.number)] == [COMPANY, "100642111"]
    assert paired.count(LearningPlan) == paired.count(PlanMember) == 2


def test_an_achieved_keuzedeel_is_a_dated_signal_and_another_is_none(paired: Importing) -> None:
    run = ro(paired)
    assert rows(paired, ActivityItem.title) == [("Keuzedeel K0067",), ("Keuzedeel K0226",)]
    assert rows(paired, Activity.occurred_on, Activity.text) == [
        (date(2025, 6, 12), "behaald"),
        (date(2026, 1, 16), "behaald"),
    ]
    assert run.counts["result"]["ignored"] == 1


def test_the_same_file_again_changes_nothing(paired: Importing) -> None:
    ro(paired)
    before = paired.contents()
    run = ro(paired)
    assert {
        status for counts in run.counts.values() for status, number in counts.items() if number
    } == {"same", "ignored"}
    assert paired.contents() == before


def test_who_is_not_known_is_parked_with_the_row_where_the_school_finds_them(
    students: Importing,
) -> None:
    run = ro(students)
    assert run.counts["person"]["quarantined"] == 2
    assert run.counts["placement"]["quarantined"] == 3
    names = students.read(
        sa.select(ImportRow.data["name"].as_string()).where(
            ImportRow.run_id == run.id, ImportRow.kind == "person"
        )
    )
    assert {name for (name,) in names} == {
        "#2 · 25655 · C3 · 2025-08-01",
        "#11 · 25655 · 1 · 2024-08-01",
    }


def test_what_waited_comes_in_once_the_pairs_are_known(students: Importing) -> None:
    ro(students)
    assert students.count(Placement) == 0
    students.bring(PAIRS.encode(), "koppellijst.csv")
    ro(students)
    assert students.count(Placement) == 3


def test_a_list_of_pairs_names_the_people_of_a_grondslag_too(students: Importing) -> None:
    run = students.bring(PGN[1].encode(), "koppellijst.csv")
    assert (run.kind, run.counts["person"]["same"]) == ("duo_pairs_grondslag", 1)
    students.bring(GRONDSLAG.encode(), "GRONDSLAG_IP.csv")
    assert rows(students, Placement.planned_hours) == [(448,)]


def test_a_grondslag_is_read_in_its_own_layout(students: Importing) -> None:
    run = students.preview(GRONDSLAG.encode(), "GRONDSLAG_IP.csv")
    assert (run.kind, students.codes(run, Severity.WARNING)) == (
        "duo_grondslag",
        ["duo.no_framework"],
    )
    assert run.counts["company"]["new"] == 1
    found = students.read(
        sa.select(ImportRow.data).where(ImportRow.run_id == run.id, ImportRow.kind == "placement")
    )
    assert found[0][0] == {
        "from_on": "2025-09-01",
        "until_on": "2026-07-01",
        "ended_on": None,
        "planned_hours": "448",
    }


def test_a_file_that_is_not_all_there_is_told_and_closes_nobody(paired: Importing) -> None:
    ro(paired)
    for text, code in (
        (RO.replace("SLR|2|2", "SLR|9|2"), "duo.totals_differ"),
        (RO[: RO.index("SLR")], "duo.no_totals"),
        (RO.replace("SLR|2|2", "SLR|twee|2"), "duo.totals_unreadable"),
    ):
        lines = [line for line in text.split("\n") if not line.startswith("BPV")]
        run = ro(paired, "\n".join(lines))
        assert {code, "duo.totals_differ"} & set(paired.codes(run)), code
        found = rows(paired, Placement.from_on, Placement.until_on, Placement.planned_hours)
        assert found == PLACEMENTS, code


def test_an_earlier_end_ends_the_placement_that_was_there(paired: Importing) -> None:
    ro(paired)
    ro(paired, RO.replace("2026-06-30||448", "2026-06-30|2026-02-01|448"))
    assert (date(2025, 9, 1), date(2026, 2, 2), 448) in rows(
        paired, Placement.from_on, Placement.until_on, Placement.planned_hours
    )
    assert paired.count(Placement) == 3


def test_a_day_that_is_none_sets_its_placement_aside(paired: Importing) -> None:
    run = ro(
        paired,
        RO.replace(
            "2025-08-07|2025-09-01|2026-06-30||448", "2025-08-07|2025-09-31|2026-06-30||448"
        ),
    )
    assert "date.form" in paired.codes(run, Severity.ERROR)
    assert paired.count(Placement) == 2


def test_no_number_of_a_person_is_kept_anywhere(students: Importing) -> None:
    """Neither in the tables, nor in the kept file, as DUO writes it or as Excel leaves it."""
    for name, text in (
        ("ro", RO),
        ("excel", excel(RO)),
        ("grondslag", GRONDSLAG),
        ("k", PAIRS),
        PGN,
    ):
        run = students.start(text.encode(), f"{name}.csv")
        kept = b"".join(path.read_bytes() for path in students.kept_files())
        tables = repr([students.read(sa.select(table)) for table in (ImportRow, ImportRun)])
        students.work(run)
        tables += repr([students.read(sa.select(table)) for table in (ImportRow, ImportRun)])
        for number in (BSN, ONDERWIJSNR, ONDERWIJSNR.lstrip("0")):
            assert number.encode() not in kept
            assert number not in tables


def test_without_the_server_s_key_no_such_file_is_taken(importing: Importing) -> None:
    run = importing.start(RO.encode(), "RO_99XX.csv", encryption_keys=())
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["bsn.no_key"])


def test_the_name_of_a_number_depends_on_the_key_and_not_on_zeros_that_excel_took() -> None:
    assert disguise.name("012345672", b"one") == disguise.name(" 12345672", b"one")
    assert disguise.name("012345672", b"one") != disguise.name("012345672", b"other")
    assert disguise.name("BSN1", b"one") == disguise.name("bsn1", b"one")


@pytest.mark.parametrize(
    ("name", "placements", "companies"),
    [
        ("RO_27DV_20240731_20260324.csv", 17, 12),
        ("GRONDSLAG_IP_MBO_27DV_20251119_2025.csv", 21, 15),
    ],
)
def test_real_files_are_read_whole(
    importing: Importing, field_data: Path, name: str, placements: int, companies: int
) -> None:
    body = (field_data / "duo-rod" / name).read_bytes()
    run = importing.preview(body, name)
    assert run.state is RunState.PREVIEWED
    assert run.counts["placement"] == {
        **dict.fromkeys(run.counts["placement"], 0),
        "quarantined": placements,
    }
    assert run.counts["company"]["new"] == companies
    bad = importing.read(
        sa.select(ImportRow.kind).where(
            ImportRow.run_id == run.id,
            ImportRow.status == RowStatus.QUARANTINED,
            ImportRow.is_good.is_(False),
        )
    )
    assert bad == []
    assert "duo.totals_differ" in importing.codes(run)
