"""A sheet that was not read as its school meant is read again as people say; not sent anew."""

from typing import Any

import pytest
import sqlalchemy as sa

from importers.door.rereading import read_again
from importers.engine.held import take
from importers.engine.work import do_work
from importers.issues import Severity
from importers.models import ImportRow, ImportRun, ImportSource, MatchOn, Phase, RunState
from tests.importers.importing import Importing
from tests.importers.kept_imports import KeptImports
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import Activity, ActivityItem, Person
from tracker.people import today_at

PEOPLE = b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\nS2;Lot Vos\r\n"
# The grades have no day; `Wie` says nothing to us.
GRADES = b"Wie;Cijfer;Datum\r\nS1;7,5;2-11-2026\r\nS2;x;2-11-2026\r\n"
UNDATED = b"Leerlingnummer;Plan\r\nS1;7,5\r\n"
WHO = {"columns": {"Wie": {"means": "number"}}, "person": "Wie"}


def say(importing: Importing, run: ImportRun, **said: Any) -> ImportRun:
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        read_again(
            session,
            by=None,
            run=session.merge(run),
            store=importing.store,
            on=today_at(importing.school, at),
            at=at,
            **{"mapping": {}, **said},
        )
    return importing.again(run)


def errors(importing: Importing, run: ImportRun) -> list[str]:
    return importing.codes(run, Severity.ERROR)


@pytest.fixture
def refused(importing: Importing, kept_imports: KeptImports) -> ImportRun:
    kept_imports.bring(importing, "few", lambda: importing.bring(PEOPLE, "mensen.csv"))
    return importing.preview(GRADES, "cijfers.csv")


def test_a_refused_sheet_is_kept_and_read_again_by_what_its_columns_mean(
    importing: Importing, refused: ImportRun
):
    assert (refused.state, errors(importing, refused)) == (RunState.REFUSED, ["sheet.no_person"])
    assert len(importing.kept_files()) == 1
    waiting = say(importing, refused, mapping=WHO, source="Toetsweek")
    assert (waiting.state, waiting.phase) == (RunState.WAITING, Phase.RESTAGE)
    preview = importing.work(refused)
    assert preview.state is RunState.PREVIEWED
    assert errors(importing, preview) == ["grade.unknown"]
    assert importing.count(Activity) == 0
    done = importing.apply(preview)
    assert done.counts["result"]["new"] == 1
    assert importing.read(sa.select(ActivityItem.title)) == [("Cijfer",)]
    assert importing.kept_files() == []


def test_what_was_said_is_remembered_when_it_is_applied(importing: Importing, refused: ImportRun):
    say(importing, refused, mapping=WHO)
    importing.apply(importing.work(refused))
    again = importing.preview(GRADES, "cijfers-2.csv")
    assert "mapping.remembered" in importing.codes(again)
    assert again.counts["result"]["same"] == 1


def test_a_preview_is_replaced_by_the_one_that_was_read_again(importing: Importing):
    importing.bring(PEOPLE, "mensen.csv")
    first = importing.preview(b"Leerlingnummer;Plan;Datum\r\nS1;7,5;2-11-2026\r\n", "a.csv")
    say(importing, first, mapping={"columns": {"Plan": {"means": "result", "item": "Plan A"}}})
    second = importing.work(first)
    assert second.preview_digest != first.preview_digest
    assert importing.count(ImportRow, ImportRow.run_id == first.id) == 3
    with pytest.raises(Conflict, match=r"import\.other_preview"):
        importing.approve(second, digest=first.preview_digest)
    importing.apply(second)
    assert importing.read(sa.select(ActivityItem.title)) == [("Plan A",)]


def test_another_row_may_hold_the_headers(importing: Importing):
    importing.bring(PEOPLE, "mensen.csv")
    body = b"a;b;c\r\nLeerlingnummer;Plan;Datum\r\nS1;7,5;2-11-2026\r\n"
    run = importing.preview(body, "cijfers.csv", options={"mapping": {"person": "a"}})
    say(importing, run, header_row=2)
    preview = importing.work(run)
    assert preview.layout["headers"] == {"cijfers.csv": ["Leerlingnummer", "Plan", "Datum"]}
    assert preview.counts["result"]["new"] == 1
    with pytest.raises(Invalid) as wrong:
        say(importing, preview, header_row=9)
    assert wrong.value.fields == {"header_row": "header.not_there"}


def test_a_mapping_that_helps_nothing_refuses_with_the_new_reasons_only(importing: Importing):
    run = importing.preview(UNDATED, "cijfers.csv")
    assert errors(importing, run) == ["sheet.no_date"]
    mapping = {"columns": {"Leerlingnummer": {"means": "unused"}}}
    again = say(importing, run, mapping=mapping)
    assert (again.state, again.phase) == (RunState.REFUSED, None)
    assert errors(importing, again) == ["sheet.no_person"]
    dated = say(importing, again, mapping={"date": "2026-11-02"})
    assert dated.state is RunState.WAITING


def test_what_the_door_said_stays(importing: Importing):
    body = "Leerlingnummer;Naam;Zoë\r\nS1;Zoë;7\r\n".encode("cp1252")
    run = importing.preview(body, "mensen.csv")
    told = importing.codes(run)
    assert "file.guessed_letters" in told
    say(importing, run, mapping={"columns": {"Zoë": {"means": "unused"}}})
    assert importing.codes(importing.work(run)) == ["file.guessed_letters"]


def test_a_wrong_mapping_changes_nothing(importing: Importing, refused: ImportRun):
    with pytest.raises(Invalid) as wrong:
        say(importing, refused, mapping={"columns": {"Wie": {"means": "magic"}}})
    assert wrong.value.fields == {"mapping.columns.Wie.means": "mapping.choice"}
    assert errors(importing, refused) == ["sheet.no_person"]


def test_what_is_applied_or_going_on_is_not_read_again(importing: Importing):
    run = importing.start(PEOPLE, "mensen.csv")
    with pytest.raises(Conflict, match=r"import\.not_correctable"):
        say(importing, run)
    done = importing.apply(importing.work(run))
    with pytest.raises(Conflict, match=r"import\.not_correctable"):
        say(importing, done)
    assert importing.count(Person) == 2


def test_by_what_people_are_matched_follows_what_is_said_until_it_was_applied(
    importing: Importing,
):
    body = b"Leerlingnummer;E-mail;Plan;Datum\r\nS1;jan@school.example;7;2-11-2026\r\n"
    run = importing.preview(body, "cijfers.csv", options={"source": "Toetsweek"})
    by_email = {"person": "E-mail", "columns": {"Leerlingnummer": {"means": "unused"}}}
    say(importing, run, mapping=by_email)
    matched = sa.select(ImportSource.match_on).where(ImportSource.name == "Toetsweek")
    assert importing.read(matched) == [(MatchOn.EMAIL,)]
    importing.work(run)
    say(importing, run, mapping={"person": "Leerlingnummer"})
    assert importing.read(matched) == [(MatchOn.NUMBER,)]


def test_a_worker_that_dies_while_reading_again_is_followed_by_another(
    importing: Importing, refused: ImportRun
):
    say(importing, refused, mapping=WHO)
    importing.work(refused)
    say(importing, refused, mapping=WHO | {"date": "2026-11-03"})
    stopped = take(
        importing.engine,
        importing.store,
        school_id=importing.school.id,
        run_id=refused.id,
        at=utc_now(),
    )
    assert stopped is not None
    looks = iter([False, False, True])
    stopped.is_stopping = lambda: next(looks)
    do_work(stopped)
    done = importing.work(refused)
    assert done.state is RunState.PREVIEWED
    assert done.counts["result"]["new"] == 1
    assert errors(importing, done) == ["grade.unknown"]
