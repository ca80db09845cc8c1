"""Moodle's own exports through the real door and engine: the gradebook, completion, the log."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.door import admitting as door
from importers.issues import Refused, Severity
from importers.models import ImportRow, ImportRun, ImportSource, RunState
from importers.moodle_exports.completion import state_of
from importers.moodle_exports.course import course_of
from importers.moodle_exports.grades import told_of
from importers.repair.quarantine import bad_rows
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tracker.db import unit_of_work
from tracker.models import Activity, ActivityItem, ActivityKind, Group, Person, Precision

DATA = Path(__file__).parent / "data" / "moodle-exports"
GRADES, COMPLETION = DATA / "pr30_grade_export.csv", DATA / "pr30_activity_completion.csv"
DOWNLOADED, WEEK = 1_795_288_597, 7 * 86_400  # 21 November 2026
HEADER = ["First name", "Last name", "ID number", "Email address"]
LAST = "Last downloaded from this course"
NAME = "PR-30 Grades-20261121_2016-comma_separated.csv"
# The people of the recorded exports: number -> given name, family name.
with GRADES.open(encoding="utf-8", newline="") as recorded:
    NAMES = {row[2]: row[:2] for row in list(csv.reader(recorded))[1:]}
KINDS = {
    "grade_export.csv": "moodle_grades",
    "grade_export.xlsx": "moodle_grades",
    "activity_completion.csv": "moodle_completion",
    "activity_completion.xlsx": "moodle_completion",
    "activity_completion.json": "export.json",
    "log.csv": "export.log",
}


def table(*rows: list[Any], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def grades(columns: list[str], *people: list[str], at: int = DOWNLOADED, **how: Any) -> bytes:
    """Write a gradebook; each of the people is a number, followed by cells."""
    rows = [[*named(number), number, "", *rest, at] for number, *rest in people]
    return table([*HEADER, *columns, LAST], *rows, **how)


def named(number: str) -> list[str]:
    return NAMES.get(number, ["Jan", "Bos"])


def completion(header: list[str], *people: list[str]) -> bytes:
    """Write a report of completion; each of the people is a number, followed by cells."""
    rows = [[" ".join(named(number)), "", number, *rest] for number, *rest in people]
    return b"\xef\xbb\xbf" + table(["", "Email address", "ID number", *header], *rows)


@pytest.fixture
def students(importing: Importing, kept_imports: KeptImports) -> Importing:
    """Have a school with the students S900001 to S900030, by a list of its own."""
    rows = [[number, *name] for number, name in NAMES.items()]
    body = table(["Leerlingnummer", "Voornaam", "Achternaam"], *rows)
    kept_imports.bring(importing, "listed", lambda: importing.bring(body, "lijst.csv"))
    return importing


def changed(run: ImportRun) -> dict[str, int]:
    doing = ("new", "changed", "closed")
    totals = {kind: sum(by[name] for name in doing) for kind, by in run.counts.items()}
    return {kind: total for kind, total in totals.items() if total}


def signals(importing: Importing, kind: ActivityKind) -> dict[tuple[str, str], Any]:
    """Return what counts now, by number and title: value or word, and day."""
    found = importing.read(
        sa.select(Person.number, ActivityItem.title, Activity.value, Activity.text)
        .add_columns(Activity.occurred_on)
        .join(Activity, Activity.person_id == Person.id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.kind == kind, Activity.ended_at.is_(None))
    )
    return {(number, title): (text or value, on) for number, title, value, text, on in found}


def records(importing: Importing, run: ImportRun) -> set[tuple[Any, ...]]:
    """Return what was read, without where it stood."""
    columns = (ImportRow.kind, ImportRow.op, ImportRow.ext_id, ImportRow.person, ImportRow.target)
    rows = importing.read(
        sa.select(*columns, ImportRow.match_key, ImportRow.data).where(ImportRow.run_id == run.id)
    )
    return {(*row[:-1], repr(sorted(row.data.items()))) for row in rows}


def landing(path: Path) -> str:
    """Return as what kind a file comes in, or with which code it is refused once it is open."""
    admitted = door.admit(path.read_bytes(), file_name=path.name, kind=None)
    if not admitted.kind.startswith("moodle_log") and not admitted.kind.endswith("_json"):
        return admitted.kind
    return admitted.kind.replace("moodle_log", "export.log").replace(
        "moodle_completion_json", "export.json"
    )


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_each_export_ends_in_one_place(name: str):
    assert landing(DATA / name) == KINDS[name.partition("_")[2]]


def test_each_recorded_export_ends_in_one_place(field_data: Path):
    paths = [path for path in (field_data / "moodle-exports").iterdir() if path.suffix != ".md"]
    ends = {path.name: landing(path) for path in paths}
    assert len(ends) == 12
    for name, end in ends.items():
        assert end == next(kind for ending, kind in KINDS.items() if name.endswith(ending)), name


@pytest.mark.parametrize(("name", "code"), [
    ("pr30_log.csv", "export.log"), ("pr30_activity_completion.json", "export.json"),
])  # fmt: skip
def test_what_has_lost_its_names_or_numbers_is_refused(importing: Importing, name: str, code: str):
    run = importing.preview((DATA / name).read_bytes(), name)
    assert run.state is RunState.REFUSED
    assert importing.codes(run) == [code]
    assert importing.count(ImportRow) == 0


@pytest.mark.parametrize("path", [GRADES, COMPLETION])
def test_csv_and_workbook_tell_the_same(students: Importing, path: Path):
    told = []
    for suffix in (".csv", ".xlsx"):
        run = students.preview(path.with_suffix(suffix).read_bytes(), path.stem + suffix)
        assert students.codes(run, Severity.ERROR) == []
        told.append(records(students, run))
    assert told[0] == told[1]
    assert len(told[0]) > 200


def test_a_gradebook_gives_results_of_the_day_of_the_download(students: Importing):
    run = students.bring(GRADES.read_bytes(), GRADES.name)
    assert run.state is RunState.APPLIED
    found = signals(students, ActivityKind.RESULT)
    day = date(2026, 11, 21)
    assert found["S900001", "Uitleg 3"] == (Decimal("9.4"), day)
    assert found["S900003", "Verdieping 10"] == (Decimal(73), day)
    assert ("S900001", "Startopdracht 1") not in found
    assert {title for _, title in found} == {
        title for title, in students.read(sa.select(ActivityItem.title))
    }  # fmt: skip
    assert not any("total" in title.lower() for _, title in found)
    ((course,),) = students.read(sa.select(Group.title))
    assert course == "PR30"
    assert students.count(Activity, Activity.precision != Precision.DAY) == 0
    assert {"export.dated_by_download", "export.course", "export.totals"} <= set(
        students.codes(run)
    )


def test_feedback_of_teachers_is_nowhere(students: Importing):
    run = students.preview(GRADES.read_bytes(), GRADES.name)
    assert b"bronvermelding" in GRADES.read_bytes()
    assert "bronvermelding" not in repr(run.sample)
    assert "bronvermelding" not in repr(students.read(sa.select(ImportRow.data)))
    assert not any(b"bronvermelding" in path.read_bytes() for path in students.kept_files())
    assert "export.feedback" in students.codes(run)


def test_a_grade_that_did_not_change_keeps_its_day(students: Importing):
    columns = ["Assignment: Plan (Real)"]
    first = students.bring(grades(columns, ["S900001", "7.50"], ["S900002", "6.00"]), NAME)
    assert changed(first) == {"group": 1, "lesson_task": 1, "result": 2}
    later = grades(columns, ["S900001", "7.50"], ["S900002", "6.40"], at=DOWNLOADED + WEEK)
    assert changed(students.bring(later, NAME)) == {"result": 1}
    assert signals(students, ActivityKind.RESULT) == {
        ("S900001", "Plan"): (Decimal("7.5"), date(2026, 11, 21)),
        ("S900002", "Plan"): (Decimal("6.4"), date(2026, 11, 28)),
    }


def test_another_form_or_language_of_the_same_grades_changes_nothing(students: Importing):
    students.bring(grades(["Quiz: Plan (Real)"], ["S900001", "7.50"], ["S900002", "-"]), NAME)
    later = {"at": DOWNLOADED + WEEK, "delimiter": ";"}
    dutch = grades(["Test: Plan (Echt)"], ["S900001", "7,5"], ["S900002", "-"], **later)
    assert changed(students.bring(dutch, "PR-30 Cijfers-20261128_2016.csv")) == {}


def test_an_older_export_takes_nothing_back(students: Importing):
    columns = ["Assignment: Plan (Real)"]
    students.bring(grades(columns, ["S900001", "7.50"], at=DOWNLOADED + WEEK), NAME)
    older = students.bring(grades(columns, ["S900001", "-"]), NAME)
    assert "change.older" in students.codes(older)
    assert signals(students, ActivityKind.RESULT)["S900001", "Plan"][0] == Decimal("7.5")
    gone = grades(columns, ["S900001", "-"], at=DOWNLOADED + 2 * WEEK)
    assert changed(students.bring(gone, NAME)) == {"result": 1}
    assert signals(students, ActivityKind.RESULT) == {}


def test_grades_are_read_in_the_language_of_the_export(students: Importing):
    columns = [
        "Opdracht: Plan (Echt)", "Test: Toets (Percentage)", "Rubric (Letter)",
        "Opdracht: Verslag (Echt)", "Opdracht: Verslag (Percentage)", "Cursustotaal (Echt)",
        "Periode 1 totaal (Echt)", "Opdracht: Plan (Feedback)",
    ]  # fmt: skip
    cells = ["7,25", "76,00 %", "B", "Voldoende", "60,00 %", "8,00", "8,00", "Goed zo"]
    body = grades(columns, ["S900001", *cells], delimiter=";")
    run = students.bring(body, "PR-30 Cijfers-20261121_2016.csv")
    assert students.codes(run, Severity.ERROR) == []
    found = {
        title: told for (_, title), (told, _) in signals(students, ActivityKind.RESULT).items()
    }
    assert found == {
        "Plan": Decimal("7.25"), "Toets": Decimal(76), "Rubric": "B", "Verslag": "Voldoende",
    }  # fmt: skip
    limits = students.read(
        sa.select(ActivityItem.title, ActivityItem.value_max).where(
            ActivityItem.value_max.is_not(None)
        )
    )
    assert [tuple(row) for row in limits] == [("Toets", 100)]
    details = {issue.code: issue.detail for issue in students.issues(run)}
    assert details["export.totals"] == "Cursustotaal, Periode 1 totaal"
    assert details["export.other_forms"] == "Opdracht: Verslag (Percentage)"


def test_the_same_title_in_two_courses_is_two_items(students: Importing):
    columns = ["Assignment: Startopdracht 1 (Real)"]
    students.bring(grades(columns, ["S900001", "7.00"]), "PR-30 Grades-20261121_2016.csv")
    students.bring(grades(columns, ["S900001", "5.00"]), "OL-1 Grades-20261121_2016.csv")
    assert students.count(ActivityItem) == 2
    assert students.count(Activity, Activity.ended_at.is_(None)) == 2


def test_a_grade_and_a_completion_are_about_the_same_item(students: Importing):
    students.bring(GRADES.read_bytes(), GRADES.name)
    before = students.count(ActivityItem)
    students.bring(COMPLETION.read_bytes(), "progress.pr30.csv")
    done = {title for _, title in signals(students, ActivityKind.COMPLETION)}
    graded = {title for _, title in signals(students, ActivityKind.RESULT)}
    assert graded < done
    assert "Presentatie 18 – “diëten & één”" in graded
    assert (before, students.count(ActivityItem)) == (13, 20)
    assert students.count(ImportSource) == 2
    # Each knows of the items what the other does not; from the second round on nothing changes.
    for body, name in ((GRADES, GRADES.name), (COMPLETION, "progress.pr30.csv")) * 2:
        again = students.preview(body.read_bytes(), name)
        doing = {"new", "changed", "closed"}
        told = {
            kind: {k: n for k, n in by.items() if k in doing and n}
            for kind, by in again.counts.items()
        }
        assert not any(told.values()), (name, told)
        students.apply(again)


def test_completion_is_of_the_moment_that_moodle_tells(students: Importing):
    run = students.bring(COMPLETION.read_bytes(), COMPLETION.name)
    ((at, precision),) = students.read(
        sa.select(Activity.occurred_at, Activity.precision)
        .join(Person, Person.id == Activity.person_id)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Person.number == "S900001", ActivityItem.title == "Logboek week 9")
    )
    assert (at.isoformat(), precision) == ("2026-09-29T14:24:57+00:00", Precision.INSTANT)
    due = dict(students.read(sa.select(ActivityItem.title, ActivityItem.due_on)))
    assert due["Startopdracht 1"] == date(2026, 10, 1)
    assert due["Bronnen 5"] is None
    # Once that night the clock went back, and the report says no zone.
    twice = [issue for issue in students.issues(run) if issue.code == "time.twice"]
    assert [issue.value for issue in twice] == ["2026-10-25 02:03:04", "2026-10-25 02:10:25"]
    assert changed(students.bring(COMPLETION.read_bytes(), COMPLETION.name)) == {}


def test_what_is_no_longer_complete_is_taken_back(students: Importing):
    header = ["Plan &amp; aanpak", "2026-10-01 23:59:00", "Verslag", "2026-10-01 23:59:00"]
    done = [
        "Voltooid",
        "2026-09-20 10:00:00",
        "Voltooid (voldoende cijfer behaald)",
        "2026-09-21 10:00",
    ]
    students.bring(completion(header, ["S900001", *done]), "progress.pr-30.csv")
    assert set(signals(students, ActivityKind.COMPLETION)) == {
        ("S900001", "Plan & aanpak"), ("S900001", "Verslag"),
    }  # fmt: skip
    undone = ["Niet voltooid", "", "Voltooid (ingesteld door A. de Vries)", "2026-09-21 10:00"]
    students.bring(completion(header, ["S900001", *undone]), "progress.pr-30.csv")
    assert set(signals(students, ActivityKind.COMPLETION)) == {("S900001", "Verslag")}
    assert "Vries" not in repr(students.read(sa.select(Activity.text)))


def test_without_numbers_the_report_is_refused_with_the_setting_to_change(importing: Importing):
    header, day = ["", "Email address", "Plan", "", "Verslag", ""], "2026-09-20 10:00:00"
    body = table(header, ["Jan Bos", "j@s.example", "Completed", day, "Completed", day])
    run = importing.preview(body, "progress.pr-30.csv")
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["export.no_number"])
    body = table(["First name", "Plan (Real)", LAST], ["Jan", "7.50", DOWNLOADED])
    assert importing.codes(importing.preview(body, NAME)) == ["export.no_number"]


def test_a_bad_cell_is_given_back_and_the_rest_comes_in(students: Importing):
    header = ["Plan", "2026-10-01 23:59:00", "Verslag", "2026-10-01 23:59:00"]
    rows = [
        ["S900001", "Completed", "2026-09-20 10:00", "Bijna", ""],
        ["", "Completed", "2026-09-20 10:00", "Not completed", ""],
        ["S900003", "Completed", "31-02-2026", "Completed", "2026-09-20 10:00"],
        ["S900004", "Completed", "", "Not completed", ""],
    ]
    run = students.bring(completion(header, *rows), "progress.pr-30.csv")
    found = {(issue.row, issue.code) for issue in students.issues(run) if issue.row}
    assert found == {
        (2, "export.state_unknown"), (3, "key.missing"), (4, "date.impossible"),
        (5, "value.missing"),
    }  # fmt: skip
    assert set(signals(students, ActivityKind.COMPLETION)) == {
        ("S900001", "Plan"), ("S900003", "Verslag"),
    }  # fmt: skip
    with unit_of_work(students.engine, school_id=students.school.id, writes=False) as session:
        name, body = bad_rows(session, session.get_one(ImportRun, (run.school_id, run.id)))
    lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert len(lines) == 5
    assert lines[0][3:7] == [header[0], header[1], header[2], f"{header[3]} (2)"]
    lines[1][5], lines[3][4], lines[4][4] = "Not completed", "2026-02-28 10:00", "2026-09-22 09:00"
    lines[2][0], lines[2][2] = " ".join(named("S900002")), "S900002"
    again = students.bring(b"\xef\xbb\xbf" + table(*lines), name)
    assert students.codes(again, Severity.ERROR) == []
    assert len(signals(students, ActivityKind.COMPLETION)) == 5
    assert students.count(ActivityItem) == 2


def test_a_word_that_is_no_grade_is_set_aside(students: Importing):
    run = students.bring(grades(["Plan (Real)"], ["S900001", "x" * 300]), NAME)
    found = {(issue.row, issue.code) for issue in students.issues(run) if issue.row}
    assert found == {(2, "value.too_long")}
    assert signals(students, ActivityKind.RESULT) == {}


def test_one_number_twice_is_nobodys(students: Importing):
    body = grades(["Plan (Real)"], ["S900001", "7.00"], ["S900001", "5.00"], ["S900002", "6.00"])
    run = students.bring(body, NAME)
    found = {(issue.row, issue.code, issue.detail) for issue in students.issues(run) if issue.row}
    assert found == {(2, "key.contradictory", "3"), (3, "key.contradictory", "2")}
    assert set(signals(students, ActivityKind.RESULT)) == {("S900002", "Plan")}


def test_two_activities_of_one_name_are_not_guessed(students: Importing):
    columns = ["Assignment: Plan (Real)", "Quiz: Plan (Real)", "Quiz: Toets (Real)"]
    run = students.bring(grades(columns, ["S900001", "7.00", "5.00", "6.00"]), NAME)
    assert [i.value for i in students.issues(run) if i.code == "export.same_title"] == ["Plan"]
    assert set(signals(students, ActivityKind.RESULT)) == {("S900001", "Toets")}


def test_who_is_unknown_waits_with_their_grades(students: Importing):
    run = students.bring(grades(["Plan (Real)"], ["S1", "7.00"], ["S900001", "6.00"]), NAME)
    assert {"person.parked", "ref.parked"} <= set(students.codes(run))
    assert set(signals(students, ActivityKind.RESULT)) == {("S900001", "Plan")}
    assert students.count(Person) == 30


def test_an_export_may_not_take_the_name_of_another_source(students: Importing):
    run = students.preview(
        GRADES.read_bytes(), GRADES.name, options={"source": "Bestand van school"}
    )
    assert (run.state, "source.other_kind" in students.codes(run)) == (RunState.REFUSED, True)


@pytest.mark.parametrize(("name", "course", "key"), [
    ("PR-30 Grades-20261121_2016-comma_separated.csv", "PR-30", "course:pr-30"),
    ("PR-30 Cijfers-20261121_2016-comma_separated (1).csv", "PR-30", "course:pr-30"),
    ("progress.pr-30.csv", "PR-30", "course:pr-30"),
    ("progress.pr-30-foute-rijen.csv", "PR-30", "course:pr-30"),
    ("ol1_nl_grade_export.xlsx", "OL1 NL", "course:ol1_nl"),
    ("ol1_nl_activity_completion.csv", "OL1 NL", "course:ol1_nl"),
    ("progress.ol1_nl.csv", "OL1 NL", "course:ol1_nl"),
    ("VZ 2026 Grades-20261121_2016.csv", "VZ 2026", "course:vz_2026"),
    ("Nederlands 2F bijspijkeren Grades-20261121_2016.csv", "Nederlands 2f bijspijkeren",
     "course:nederlands_2f_bijspijkeren"),
])  # fmt: skip
def test_the_course_stands_in_the_name_of_the_file(name: str, course: str, key: str):
    found = course_of(name)
    assert (found.title, found.key) == (course, key)


@pytest.mark.parametrize("name", ["grades.csv", "Cijfers-20261121_2016.csv", "progress (2).csv"])
def test_a_name_without_a_course_is_refused(importing: Importing, name: str):
    with pytest.raises(Refused):
        course_of(name)
    run = importing.preview(GRADES.read_bytes(), name)
    assert importing.codes(run) == ["export.no_course"]


@pytest.mark.parametrize(("header", "told"), [
    ("Assignment: Plan (Real)", ("Plan", "number", False)),
    ("Opdracht: Plan (v2) (Echt)", ("Plan (v2)", "number", False)),
    ("Kerntaak 1: gesprek (Percentage)", ("Kerntaak 1: gesprek", "percentage", False)),
    ("SCORM-pakket: Veilig werken (Letter)", ("Veilig werken", "letter", False)),
    ("Course total (Real)", ("Course total", "number", True)),
    ("Toetsen totaal (Real)", ("Toetsen totaal", "number", True)),
    ("Quiz: Alles in totaal (Real)", ("Alles in totaal", "number", False)),
    ("Plan (Feedback)", ("Plan", "feedback", False)),
    ("Aantal (uren)", None),
    ("ID number", None),
])  # fmt: skip
def test_a_header_of_the_gradebook_is_taken_apart(header: str, told: tuple[str, str, bool] | None):
    assert told_of(header) == told


@pytest.mark.parametrize(("cell", "is_done"), [
    ("Completed", True), ("Voltooid", True), ("Not completed", False), ("Niet voltooid", False),
    ("Completed (achieved pass grade)", True), ("Completed (did not achieve pass grade)", False),
    ("Voltooid (voldoende cijfer behaald)", True),
    ("Voltooid (behaald cijfer onvoldoende)", False),
    ("Not completed (set by A. de Vries)", False), ("Terminé", None), ("", None),
])  # fmt: skip
def test_a_state_is_read_in_dutch_and_english(cell: str, is_done: bool | None):
    assert state_of(cell) is is_done
