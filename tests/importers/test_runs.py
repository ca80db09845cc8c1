"""A run from start to end: what was seen is what is applied, by administrators only, once."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from importers import runs
from importers.engine import held
from importers.engine.changes import changes_of
from importers.engine.held import STALE, LostClaim, take
from importers.engine.work import STEPS, do_work
from importers.models import ImportIssue, ImportRow, ImportRun, Phase, RunState
from importers.pulls.source_list import states_of
from importers.sweep import KEPT, waiting_runs
from tests.importers.bundles import QUALIFICATIONS, bundle, only, setting
from tests.importers.importing import Importing
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.models import Activity, AuditEvent, Group, Person, PersonState
from tracker.people import today_at


def test_only_the_preview_that_was_seen_can_be_approved(importing: Importing):
    run = importing.preview(bundle())
    with pytest.raises(Conflict, match=r"import\.other_preview"):
        importing.approve(run, digest="0" * 64)
    assert importing.count(Person) == 0


def test_a_run_is_applied_once(importing: Importing, imported: ImportRun):
    with pytest.raises(Conflict, match=r"import\.not_previewed"):
        importing.approve(imported)


def test_what_changed_since_the_preview_is_shown_again_instead_of_applied(importing: Importing):
    first = importing.preview(bundle())
    importing.bring(bundle({"users.csv": setting("S900001", familyName="Anders")}))
    again = importing.apply(first)
    assert again.state is RunState.PREVIEWED
    assert again.preview_digest != first.preview_digest
    assert "preview.outdated" in importing.codes(again)
    assert again.counts["person"] | {"changed": 1, "same": 31} == again.counts["person"]
    ((name,),) = importing.read(sa.select(Person.name).where(Person.number == "S900001"))
    assert name == "Pien Anders"
    assert importing.apply(again).state is RunState.APPLIED
    ((name,),) = importing.read(sa.select(Person.name).where(Person.number == "S900001"))
    assert name == "Pien Bos"


def test_a_person_who_took_the_number_while_we_wrote_leads_to_a_new_preview(importing: Importing):
    run = importing.preview(bundle(), batch_size=10)
    importing.approve(run)
    held = take(
        importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=utc_now()
    )
    assert held is not None
    while held.phase is Phase.MATCH:
        STEPS[held.phase](held)
    assert held.phase is Phase.WRITE
    STEPS[held.phase](held)
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        session.add(
            Person(
                school_id=run.school_id,
                name="Iemand Anders",
                given_name="Iemand",
                email=None,
                number="S900030",
                locale=None,
                state=PersonState.ACTIVE,
                created_at=utc_now(),
            )
        )
    do_work(held)
    again = importing.again(run)
    assert again.state is RunState.PREVIEWED
    assert again.counts["person"] | {"same": 20, "quarantined": 1} == again.counts["person"]
    assert importing.codes(again).count("person.parked") == 1
    assert importing.apply(again).state is RunState.APPLIED
    assert importing.count(Person) == 32


def test_a_thrown_away_preview_leaves_nothing_behind(importing: Importing):
    run = importing.preview(bundle({"results.csv": setting("res-2-S900003", score="acht")}))
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        runs.discard(session, by=None, run=session.merge(run), on=importing.today(), at=utc_now())
    importing.work(run)
    assert importing.again(run).state is RunState.DISCARDED
    assert importing.count(ImportRow) == 0
    assert importing.count(ImportIssue) == 0
    assert importing.kept_files() == []
    assert importing.count(Person) == 0


def cancel(importing: Importing, run: ImportRun) -> None:
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        runs.cancel(session, by=None, run=found, on=importing.today(), at=utc_now())


def hold(importing: Importing, run: ImportRun) -> held.HeldRun:
    held = take(
        importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=utc_now()
    )
    assert held is not None
    return held


def test_reading_can_be_cancelled_between_two_batches(importing: Importing):
    run = importing.start(bundle(), batch_size=10)
    held = hold(importing, run)
    for _ in range(3):
        STEPS[Phase.READ](held)
    assert importing.count(ImportRow) == 30
    cancel(importing, run)
    do_work(held)
    assert importing.again(run).state is RunState.DISCARDED
    assert importing.count(ImportRow) == 0
    assert importing.kept_files() == []


def test_applying_can_be_cancelled_and_taken_up_again(importing: Importing):
    run = importing.preview(bundle(), batch_size=10)
    importing.approve(run)
    held = hold(importing, run)
    while importing.count(Person) < 20:
        STEPS[held.phase or Phase.CLEAN](held)
    cancel(importing, run)
    do_work(held)
    rest = importing.again(run)
    assert rest.state is RunState.PREVIEWED
    assert rest.counts["person"] | {"same": 20, "new": 12} == rest.counts["person"]
    assert importing.apply(rest).state is RunState.APPLIED
    assert importing.count(Person) == 32
    assert importing.count(Activity) == 47


def test_what_was_approved_and_is_cancelled_before_a_row_is_written_is_a_preview_again(
    importing: Importing,
):
    run = importing.preview(bundle(), batch_size=10)
    importing.approve(run)
    cancel(importing, run)
    again = importing.work(run)
    assert (again.state, again.counts) == (RunState.PREVIEWED, run.counts)
    assert again.preview_digest == run.preview_digest
    assert importing.count(Person) == 0
    assert importing.apply(again).state is RunState.APPLIED


def test_what_is_over_cannot_be_cancelled(importing: Importing, imported: ImportRun):
    with pytest.raises(Conflict, match=r"import\.not_going_on"):
        cancel(importing, imported)


def test_a_worker_that_was_taken_for_dead_writes_nothing_more(importing: Importing):
    run = importing.start(bundle(), batch_size=10)
    first = hold(importing, run)
    STEPS[Phase.READ](first)
    later = utc_now() + STALE + timedelta(seconds=1)
    second = take(
        importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=later
    )
    assert second is not None
    with pytest.raises(LostClaim):
        STEPS[Phase.READ](first)
    do_work(second)
    assert importing.again(run).state is RunState.PREVIEWED
    assert importing.again(run).counts["person"]["new"] == 32


def test_of_one_source_one_run_is_worked_on_at_a_time(importing: Importing):
    first, second = importing.start(bundle()), importing.start(bundle())
    hold(importing, first)
    assert (
        take(
            importing.engine,
            importing.store,
            school_id=second.school_id,
            run_id=second.id,
            at=utc_now(),
        )
        is None
    )
    other = importing.start(QUALIFICATIONS.read_bytes(), "lijst.csv")
    assert importing.work(other).state is RunState.PREVIEWED


def test_of_many_workers_one_gets_the_run(importing: Importing):
    run = importing.start(bundle())
    gate, taken = threading.Barrier(6), []

    def attempt() -> None:
        gate.wait()
        found = take(
            importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=utc_now()
        )
        if found is not None:
            taken.append(found)

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


def test_a_run_that_never_gets_further_is_given_up(importing: Importing):
    run = importing.start(bundle())
    at = utc_now()
    for _ in range(held.MOST_ATTEMPTS):
        assert take(
            importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=at
        )
        at += STALE + timedelta(seconds=1)
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        session.get_one(ImportRun, (run.school_id, run.id)).heartbeat_at = None
    importing.work(run)
    assert importing.again(run).state is RunState.FAILED
    assert importing.codes(run) == ["run.gave_up"]
    assert importing.kept_files() == []


def test_a_file_that_vanished_fails_the_run_and_says_so(importing: Importing):
    run = importing.start(bundle())
    for path in importing.kept_files():
        path.unlink()
    failed = importing.work(run)
    assert failed.state is RunState.FAILED
    assert importing.codes(failed) == ["run.failed"]
    assert importing.count(ImportRow) == 0


def test_the_sweeper_finds_what_waits_and_what_was_left(importing: Importing):
    run = importing.start(bundle())
    here = (run.school_id, run.id)
    assert waiting_runs(importing.engine, at=utc_now()) == [here]
    hold(importing, run)
    assert waiting_runs(importing.engine, at=utc_now()) == []
    assert waiting_runs(importing.engine, at=utc_now() + STALE) == [here]


def test_raw_rows_and_cells_go_after_thirty_days(importing: Importing):
    run = importing.bring(bundle({"results.csv": setting("res-2-S900003", score="acht")}))
    assert importing.count(ImportRow) == 1
    assert waiting_runs(importing.engine, at=utc_now()) == []
    assert waiting_runs(importing.engine, at=utc_now() + KEPT) == [(run.school_id, run.id)]
    importing.work(run)
    assert importing.count(ImportRow) == 0
    (issue,) = importing.issues(run)
    assert (issue.code, issue.value) == ("number.form", None)
    assert waiting_runs(importing.engine, at=utc_now() + KEPT) == []


def test_a_preview_that_nobody_looked_at_for_thirty_days_is_thrown_away(importing: Importing):
    run = importing.preview(bundle())
    assert waiting_runs(importing.engine, at=utc_now() + KEPT) == [(run.school_id, run.id)]
    importing.work(run)
    assert importing.again(run).state is RunState.DISCARDED
    assert importing.count(ImportRow) == 0


def test_changes_are_shown_field_by_field(importing: Importing, imported: ImportRun):
    changed = {
        "users.csv": setting("S900001", familyName="Bos-Jansen"),
        "results.csv": setting("res-2-S900002", score="7.25"),
        "enrollments.csv": only(lambda row: row["userSourcedId"] != "S900003"),
    }
    run = importing.preview(bundle(changed))
    with unit_of_work(importing.engine, school_id=run.school_id, writes=False) as session:
        found = changes_of(session, session.get_one(ImportRun, (run.school_id, run.id)))
    shown = [(c.kind, c.subject, c.field, c.was, c.becomes, c.row) for c in found]
    assert shown == [
        ("person", "Pien Bos-Jansen", "name", "Pien Bos", "Pien Bos-Jansen", 2),
        ("membership", "Merel Bakker", "until_on", None, "closed", None),
        ("result", "Finn Özdemir", "value", "9.500", "7.25", 2),
    ]


def test_only_administrators_start_and_approve(world: World, ours: Importing):
    at = utc_now()
    on = today_at(world.school, at)
    for person in (world.student, world.coach, world.supervisor, world.teacher):
        with (
            pytest.raises(NotAllowed),
            unit_of_work(ours.engine, school_id=world.school.id) as session,
        ):
            runs.start(
                session,
                by=person,
                school=world.school,
                store=ours.store,
                file_name="bundel.zip",
                body=bundle(),
                on=on,
                at=at,
            )
    assert ours.kept_files() == []
    run = ours.preview(bundle())
    with (
        pytest.raises(NotAllowed),
        unit_of_work(ours.engine, school_id=world.school.id) as session,
    ):
        runs.approve(
            session,
            by=world.coach,
            run=session.merge(run),
            digest=run.preview_digest or "",
            on=on,
            at=at,
        )


def test_only_administrators_of_this_school_see_a_run(world: World, ours: Importing):
    run = ours.preview(bundle())
    on = ours.today()
    with unit_of_work(ours.engine, school_id=world.school.id, writes=False) as session:
        assert runs.find_run(session, run.id, person=world.administrator, on=on).id == run.id
        (state,) = states_of(session, world.school, by=world.administrator, at=utc_now())
        assert (state.source.name, state.health) == ("OneRoster", "waiting")
        (recent,) = runs.recent_runs(session, person=world.administrator, on=on, limit=5)
        assert recent.id == run.id
        for person in (world.student, world.coach, world.supervisor, world.teacher):
            with pytest.raises(NotFound):
                runs.find_run(session, run.id, person=person, on=on)
            with pytest.raises(NotAllowed):
                runs.recent_runs(session, person=person, on=on, limit=5)
    with (
        unit_of_work(ours.engine, school_id=world.elsewhere.school_id, writes=False) as session,
        pytest.raises(NotFound),
    ):
        runs.find_run(session, run.id, person=world.elsewhere, on=on)


def test_who_did_what_is_in_the_log(world: World, ours: Importing):
    run = ours.preview(bundle())
    at = utc_now()
    with unit_of_work(ours.engine, school_id=world.school.id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        runs.approve(
            session,
            by=world.administrator,
            run=found,
            digest=run.preview_digest or "",
            on=ours.today(),
            at=at,
        )
    ours.work(run)
    events = ours.read(
        sa.select(AuditEvent.verb, AuditEvent.by_id, AuditEvent.details).where(
            AuditEvent.subject_id == run.id
        )
    )
    assert {(e.verb, e.by_id) for e in events} == {
        ("started import", None),
        ("approved import", world.administrator.id),
        ("applied import", world.administrator.id),
    }
    ((details,),) = [(e.details,) for e in events if e.verb == "applied import"]
    assert details == {"new": 149, "changed": 0, "closed": 0}


def test_a_second_school_is_not_touched(world: World, ours: Importing):
    ours.bring(bundle())
    with unit_of_work(ours.engine, school_id=world.elsewhere.school_id, writes=False) as session:
        groups = sa.select(sa.func.count()).select_from(Group)
        assert session.scalar(groups.where(Group.school_id == world.elsewhere.school_id)) == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [({"level": "5"}, "level"), ({"edition": "x" * 41}, "edition"), ({"naam": "x"}, "naam")],
)
def test_options_that_cannot_be_are_invalid(
    importing: Importing, options: dict[str, str], field: str
):
    with pytest.raises(Invalid) as invalid:
        importing.start(QUALIFICATIONS.read_bytes(), "lijst.csv", options=options)
    assert list(invalid.value.fields) == [field]
    assert importing.count(ImportRun) == 0
