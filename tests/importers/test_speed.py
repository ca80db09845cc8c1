"""What makes imports quick changes nothing of what they say and do."""

import pytest
import sqlalchemy as sa

from importers import runs
from importers.engine.held import HeldRun, take
from importers.engine.restage import begin_again
from importers.engine.work import STEPS, do_work
from importers.engine.write import occasion_of, tell
from importers.models import (
    ExternalRef,
    ImportRow,
    ImportRun,
    ImportSeen,
    Phase,
    RunState,
)
from importers.records import RecordKind
from importers.staged import rows_of
from importers.targets.by_kind import TARGETS
from tests.importers.bundles import Rows, bundle, only, setting
from tests.importers.importing import Importing
from tests.servers import on_postgresql
from tracker.db import unit_of_work, utc_now
from tracker.models import Activity

ONE = "res-2-S900002"


def passed_over(importing: Importing, run: ImportRun) -> dict[RecordKind, int]:
    rows = importing.read(
        sa.select(ImportSeen.kind, sa.func.sum(ImportSeen.number))
        .where(ImportSeen.run_id == run.id)
        .group_by(ImportSeen.kind)
    )
    return {kind: int(number) for kind, number in rows}


def staged(importing: Importing, run: ImportRun, kind: RecordKind) -> int:
    return importing.count(ImportRow, ImportRow.run_id == run.id, ImportRow.kind == kind)


def test_rows_that_tell_what_was_told_before_are_not_read(
    importing: Importing, imported: ImportRun
):
    run = importing.preview(bundle({"results.csv": setting(ONE, score="7.25")}))
    assert passed_over(importing, run)[RecordKind.RESULT] == 46
    assert passed_over(importing, run)[RecordKind.MEMBERSHIP] == 32
    assert staged(importing, run, RecordKind.RESULT) == 1
    assert run.counts["result"] | {"same": 46, "changed": 1} == run.counts["result"]
    assert importing.apply(run).state is RunState.APPLIED
    assert importing.count(ImportSeen) == 0


def matched_in(importing: Importing, **options: int) -> int:
    """Read a bundle, and return in how many steps it was matched up to its preview."""
    run = importing.start(bundle(), **options)
    held = take(
        importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=utc_now()
    )
    assert held is not None
    steps = 0
    while held.phase is not None:
        steps += held.phase is Phase.MATCH
        STEPS[held.phase](held)
    assert importing.again(run).state is RunState.PREVIEWED
    return steps


def test_streams_of_a_few_rows_are_matched_together_and_many_rows_are_not(importing: Importing):
    streams = len(importing.preview(bundle()).layout["streams"])
    assert matched_in(importing) == 1 < streams
    assert matched_in(importing, batch_size=5) > streams


def test_the_same_in_other_words_is_the_same_and_remembered(
    importing: Importing, imported: ImportRun
):
    written = bundle({"results.csv": setting(ONE, score="9.50")})
    run = importing.bring(written)
    assert run.counts["result"] | {"same": 47, "changed": 0} == run.counts["result"]
    again = importing.preview(written)
    assert staged(importing, again, RecordKind.RESULT) == 0


def test_a_row_with_something_to_be_said_of_it_is_read_each_time(importing: Importing):
    warned = bundle({"results.csv": setting(ONE, score="9,5")})
    first = importing.bring(warned)
    again = importing.preview(warned)
    assert importing.codes(first) == importing.codes(again) == ["number.comma"]
    assert again.counts["result"] | {"same": 47} == again.counts["result"]


@pytest.mark.parametrize("score", ["9.5", "1.0"])
def test_twins_are_found_though_their_rows_are_known(
    importing: Importing, imported: ImportRun, score: str
):
    def twice(rows: Rows) -> Rows:
        return [*rows, rows[0] | {"score": score}]

    run = importing.preview(bundle({"results.csv": twice}))
    found = [(issue.code, issue.row) for issue in importing.issues(run)]
    if score == "9.5":
        assert found == [("key.twice", 2)]
        assert run.counts["result"] | {"same": 47, "ignored": 1} == run.counts["result"]
    else:
        assert found == [("key.contradictory", 2), ("key.contradictory", 49)]
        assert run.counts["result"] | {"same": 46, "quarantined": 2} == run.counts["result"]
    assert run.counts["result"]["closed"] == 0


def test_rows_about_somebody_who_is_no_longer_told_of_are_set_aside_though_known(
    importing: Importing, imported: ImportRun
):
    run = importing.preview(bundle({"users.csv": only(lambda row: row["sourcedId"] != "S900002")}))
    assert run.counts["person"]["closed"] == 1
    about = [issue for issue in importing.issues(run) if issue.value == "S900002"]
    assert {(issue.code, issue.file) for issue in about} == {
        ("ref.unknown", "roles.csv"),
        ("ref.unknown", "enrollments.csv"),
        ("ref.unknown", "results.csv"),
    }
    aside = run.counts["result"]["quarantined"]
    assert aside > 0
    assert run.counts["result"] | {"same": 47 - aside, "closed": 0} == run.counts["result"]


def test_what_is_missing_among_known_rows_is_closed(importing: Importing, imported: ImportRun):
    run = importing.bring(bundle({"results.csv": only(lambda row: row["sourcedId"] != ONE)}))
    assert run.counts["result"] | {"same": 46, "closed": 1} == run.counts["result"]
    assert importing.count(Activity, Activity.ended_at.is_not(None)) == 1


def test_known_rows_that_another_run_changed_meanwhile_are_read_again(
    importing: Importing, imported: ImportRun
):
    first = importing.preview(bundle({"results.csv": setting(ONE, score="7.25")}))
    importing.bring(bundle({"results.csv": setting("res-2-S900003", score="3.5")}))
    again = importing.apply(first)
    assert again.state is RunState.PREVIEWED
    assert "preview.outdated" in importing.codes(again)
    assert again.counts["result"] | {"changed": 2, "same": 45} == again.counts["result"]


def test_a_file_is_kept_while_it_may_be_read_again(importing: Importing):
    run = importing.preview(bundle())
    assert len(importing.kept_files()) == 1
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        found.state = RunState.READING
        begin_again(found)
    again = importing.work(run)
    assert (again.state, again.preview_digest) == (RunState.PREVIEWED, run.preview_digest)
    assert staged(importing, again, RecordKind.RESULT) == 47
    assert importing.apply(again).state is RunState.APPLIED
    assert importing.kept_files() == []


def cancel(importing: Importing, run: ImportRun) -> None:
    with unit_of_work(importing.engine, school_id=run.school_id) as session:
        found = session.get_one(ImportRun, (run.school_id, run.id))
        runs.cancel(session, by=None, run=found, on=importing.today(), at=utc_now())


def hold(importing: Importing, run: ImportRun) -> HeldRun:
    held = take(
        importing.engine, importing.store, school_id=run.school_id, run_id=run.id, at=utc_now()
    )
    assert held is not None
    return held


def test_after_a_cancel_no_batch_is_staged_any_more(importing: Importing):
    run = importing.start(bundle(), batch_size=10)
    held = hold(importing, run)
    STEPS[Phase.READ](held)
    before = importing.again(run).done
    cancel(importing, run)
    STEPS[Phase.READ](held)
    assert importing.again(run).done == before == 10
    do_work(held)
    assert importing.again(run).state is RunState.DISCARDED
    assert importing.count(ImportRow) == 0


def test_after_a_cancel_no_batch_is_written_any_more(importing: Importing):
    run = importing.preview(bundle(), batch_size=10)
    importing.approve(run)
    held = hold(importing, run)
    while held.phase is not Phase.WRITE:
        STEPS[held.phase or Phase.CLEAN](held)
    STEPS[Phase.WRITE](held)
    cancel(importing, run)
    written = importing.count(ExternalRef)
    do_work(held)
    assert importing.again(run).state is RunState.PREVIEWED
    assert importing.count(ExternalRef) == written == 10


def test_a_row_that_came_back_is_no_longer_gone(importing: Importing, imported: ImportRun):
    importing.bring(bundle({"results.csv": only(lambda row: row["sourcedId"] != ONE)}))
    run = importing.bring(bundle())
    assert run.counts["result"] | {"changed": 1, "same": 46} == run.counts["result"]
    assert importing.count(ExternalRef, ExternalRef.gone_at.is_not(None)) == 0


def test_a_signal_written_within_the_database_is_as_one_written_row_by_row(importing: Importing):
    run = importing.preview(bundle())
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        results = [*rows_of(run), ImportRow.kind == RecordKind.RESULT]
        told, occasion = tell(session, results, limit=100), occasion_of(session, run)
    by_row = {row.local_id: TARGETS[RecordKind.RESULT].columns(row, occasion) for row in told}
    importing.apply(run)
    written = importing.read(sa.select(Activity))
    assert len(written) == len(by_row) == 47
    for (activity,) in written:
        wanted = by_row[activity.id]
        wanted.pop("source_id")
        assert {name: getattr(activity, name) for name in wanted} == wanted


def test_signs_that_mean_something_to_the_database_are_only_text(importing: Importing):
    words = 'tab\there, \\N, \\. and a back\\slash, "quoted"\nand a second line'
    importing.bring(bundle({"results.csv": setting(ONE, comment=words)}))
    assert words in {text for (text,) in importing.read(sa.select(Activity.text))}


def test_signals_are_not_decided_again_when_nothing_changed_since_the_preview(
    importing: Importing,
):
    run = importing.preview(bundle({"results.csv": setting(ONE, studentSourcedId="nobody")}))
    found = [(issue.id, issue.code) for issue in importing.issues(run)]
    assert [code for _, code in found] == ["ref.unknown"]
    assert importing.apply(run).counts["result"] == run.counts["result"]
    assert [(issue.id, issue.code) for issue in importing.issues(run)] == found
    assert importing.count(Activity) == 46


@on_postgresql
def test_the_application_may_have_statistics_made_of_tables_that_it_does_not_own(
    importing: Importing, imported: ImportRun
):
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        session.execute(sa.select(sa.func.gather_statistics("external_ref")))
    pages = sa.text("SELECT reltuples FROM pg_class WHERE relname = 'external_ref'")
    assert importing.read(pages)[0][0] > 0
