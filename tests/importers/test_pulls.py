"""Pulls of a system that hangs, truncates and lies: nobody is closed, and the next run is whole."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from importers import runs
from importers.engine.held import STALE_ASKING, take
from importers.engine.work import do_work
from importers.models import (
    ExternalRef,
    ImportCursor,
    ImportRow,
    ImportRun,
    ImportSource,
    Phase,
    RunState,
)
from importers.pulls.breaker import MOST_FAILURES
from importers.pulls.pulling import MOST_TRIES
from importers.readers import rest
from importers.records import RecordKind
from importers.report import totals_of
from tests.importers.pulled import TOKEN, Listing, Pulling, pulling
from tests.systems import (
    Answer,
    Handler,
    System,
    drip,
    half_announced,
    hang,
    login_page,
    page,
    raw,
    reset,
    serving,
    truncated,
)
from tracker.db import unit_of_work, utc_now
from tracker.models import AuditEvent, Group, Person, PersonState

__all__ = ["pulling"]  # the fixture


@pytest.fixture
def listing() -> Listing:
    return Listing()


@pytest.fixture
def system(listing: Listing) -> Iterator[System]:
    with serving(listing) as made:
        yield made


def gone(pulling: Pulling) -> int:
    return pulling.importing.count(ExternalRef, ExternalRef.gone_at.is_not(None))


def cursors(pulling: Pulling) -> dict[str, str]:
    return {
        name: value["stamp"]
        for name, value in pulling.importing.read(
            sa.select(ImportCursor.stream, ImportCursor.value)
        )
    }


def test_a_pull_is_applied_at_once_and_its_cursors_move(pulling: Pulling, system: System):
    source = pulling.add(system)
    run = pulling.pull(source)
    assert (run.state, run.file_name, run.kind) == (RunState.APPLIED, "Bladen", "pages")
    assert (run.counts["person"]["new"], run.counts["group"]["new"]) == (12, 3)
    assert pulling.importing.count(ImportRow) == 0
    assert cursors(pulling) == {"people": "people-4", "groups": "groups-4"}
    assert pulling.again(source).last_applied_at == pulling.importing.again(run).ended_at
    assert {asked.headers["authorization"] for asked in system.asked} == {f"Bearer {TOKEN}"}
    system.asked.clear()
    again = pulling.pull(source)
    assert totals_of(again) == dict.fromkeys(totals_of(again), 0) | {"same": 15}
    assert system.asked[1].query == {"known": ["people-4"]}


def test_a_pull_that_changes_nothing_leaves_no_trace_in_the_access_log(
    pulling: Pulling, system: System
):
    source = pulling.add(system)
    pulling.pull(source)
    logged = pulling.importing.count(AuditEvent)
    pulling.pull(source)
    assert pulling.importing.count(AuditEvent) == logged


def test_a_source_is_pulled_once_at_a_time(pulling: Pulling, system: System):
    source = pulling.add(system)
    run = pulling.start(source)
    assert pulling.start(source).id == run.id
    pulling.work_through(run)
    assert pulling.start(source).id != run.id


def cut_in_two(handler: Handler) -> None:
    raw(200, b'{"rows": [{"id": "people-3-1"')(handler)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (truncated({"rows": ["x" * 500]}), "source.cut_short"),
        (half_announced({"rows": ["x" * 500]}), "source.cut_short"),
        (cut_in_two, "source.cut_short"),
        (login_page, "source.not_json"),
        (reset, "source.cut_short"),
        (raw(500, b"oops"), "source.broken"),
        (raw(302, b"", {"Location": "https://example.org/"}), "source.redirects"),
        (raw(403, b"no"), "source.refused"),
        (page({"rows": []}, headers={"Link": '<https://example.org/>; rel="next"'}), "other"),
        (page({"rows": []}, headers={"Link": '</people?page=2>; rel="next"'}), "source.endless"),
    ],
)
def test_a_page_that_fails_closes_nobody_and_the_next_pull_is_whole(
    pulling: Pulling, listing: Listing, system: System, answer: Answer, code: str
):
    source = pulling.add(system)
    pulling.pull(source)
    before = cursors(pulling)
    listing.pages = 5
    listing.falls_ill("people", 3, answer, times=1000)
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED
    assert gone(pulling) == 0
    assert pulling.importing.count(Person, Person.state == PersonState.LEFT) == 0
    assert {code if code != "other" else "source.other_host", "closing.held"} <= set(
        pulling.importing.codes(run)
    )
    assert cursors(pulling) == {**before, "groups": "groups-5"}
    held = pulling.again(source)
    assert held.error is not None
    assert held.last_applied_at is not None
    assert held.last_applied_at < run.ended_at

    listing.ill.clear()
    whole = pulling.pull(source)
    assert (whole.state, pulling.importing.codes(whole)) == (RunState.APPLIED, [])
    assert whole.counts["person"] | {"new": 3, "same": 12, "closed": 0} == whole.counts["person"]
    assert cursors(pulling) == {"people": "people-5", "groups": "groups-5"}
    assert pulling.again(source).error is None


def test_the_good_pages_before_a_failing_one_count(
    pulling: Pulling, listing: Listing, system: System
):
    source = pulling.add(system)
    listing.falls_ill("people", 3, raw(404, b""), times=1000)
    run = pulling.pull(source)
    assert (run.counts["person"]["new"], run.counts["group"]["new"]) == (6, 3)
    assert pulling.importing.count(Person) == 6


@pytest.mark.parametrize("answer", [hang, drip])
def test_a_page_that_never_comes_is_left_and_asked_later(
    pulling: Pulling,
    listing: Listing,
    system: System,
    answer: Answer,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(rest, "SECONDS", 0.3)
    listing.falls_ill("people", 3, answer)
    run = pulling.work(pulling.start(pulling.add(system)))
    assert (run.state, run.phase, run.claim) == (RunState.READING, Phase.READ, None)
    assert run.due_at is not None
    assert timedelta(seconds=25) < run.due_at - utc_now() < timedelta(seconds=46)
    asked = len(system.asked)
    assert pulling.work(run).phase is Phase.READ
    assert len(system.asked) == asked
    run = pulling.work_through(run)
    assert (run.state, run.counts["person"]["new"]) == (RunState.APPLIED, 12)
    assert pulling.importing.codes(run) == []


def test_a_throttled_pull_goes_on_when_the_system_says(
    pulling: Pulling, listing: Listing, system: System
):
    listing.falls_ill("people", 2, raw(429, b"", {"Retry-After": "900"}))
    run = pulling.work(pulling.start(pulling.add(system)))
    assert run.due_at is not None
    assert timedelta(minutes=14) < run.due_at - utc_now() <= timedelta(minutes=15)
    assert pulling.work_through(run).counts["person"]["new"] == 12
    pages = [asked.query.get("page", ["1"])[0] for asked in system.asked[1:]]
    assert pages == ["1", "2", "2", "3", "4", "1"]


def test_what_is_down_is_tried_for_minutes_and_then_left_without_waiting_for_every_part(
    pulling: Pulling, listing: Listing, system: System
):
    listing.falls_ill("people", 1, raw(503, b""), times=1000)
    listing.falls_ill("groups", 1, raw(503, b""), times=1000)
    source = pulling.add(system)
    run = pulling.pull(source)
    assert run.state is RunState.FAILED
    assert pulling.importing.codes(run) == ["source.broken", "source.broken"]
    people = [asked for asked in system.asked if asked.path == "/people"]
    groups = [asked for asked in system.asked if asked.path == "/groups"]
    assert (len(people), len(groups)) == (MOST_TRIES * rest.TRIES, rest.TRIES)
    assert gone(pulling) == 0
    assert (pulling.again(source).failures, pulling.again(source).last_applied_at) == (1, None)


def test_five_pulls_that_fail_stop_the_asking_and_one_that_succeeds_starts_it_again(
    pulling: Pulling, listing: Listing, system: System
):
    source = pulling.add(system)
    listing.falls_ill("about", 1, raw(401, b""), times=1000)
    for number in range(1, MOST_FAILURES + 1):
        assert pulling.pull(source).state is RunState.FAILED
        now = pulling.again(source)
        assert (now.failures, now.error) == (number, "source.refused")
        assert (now.paused_at is not None) == (number == MOST_FAILURES)
    assert now.due_at is None
    listing.ill.clear()
    assert pulling.pull(source).state is RunState.APPLIED
    now = pulling.again(source)
    assert (now.failures, now.error, now.paused_at) == (0, None, None)
    assert now.due_at is not None


def test_a_system_that_says_that_it_cannot_be_read_is_not_read(
    pulling: Pulling, listing: Listing, system: System
):
    listing.missing = ("source.not_found",)
    run = pulling.pull(pulling.add(system))
    assert (run.state, run.phase) == (RunState.FAILED, None)
    assert pulling.importing.codes(run) == ["source.not_found"]
    assert [asked.path for asked in system.asked] == ["/about"]


def test_a_pull_that_would_close_very_much_waits_for_approval(
    pulling: Pulling, listing: Listing, system: System
):
    listing.pages = 6
    source = pulling.add(system)
    pulling.pull(source)
    listing.pages = 1
    run = pulling.pull(source)
    assert (run.state, run.counts["person"]["closed"]) == (RunState.PREVIEWED, 15)
    assert gone(pulling) == 0
    before = cursors(pulling)
    newer = pulling.pull(source)
    assert pulling.importing.again(run).state is RunState.DISCARDED
    assert pulling.work_through(run).phase is None
    assert newer.state is RunState.PREVIEWED
    pulling.importing.approve(newer, confirm_closing=True)
    assert pulling.work_through(newer).state is RunState.APPLIED
    assert gone(pulling) == 15
    assert cursors(pulling) != before


def test_a_pull_is_cancelled_while_the_system_is_asked(
    pulling: Pulling, listing: Listing, system: System, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("importers.pulls.pulling.BEAT", 0.0)
    asked, go_on = threading.Event(), threading.Event()

    def slow(handler: Handler) -> None:
        asked.set()
        go_on.wait(30)
        page({"rows": []}, headers={"Link": '</people?page=3>; rel="next"'})(handler)

    listing.falls_ill("people", 2, slow)
    run = pulling.start(pulling.add(system))
    working = threading.Thread(target=pulling.work, args=[run])
    working.start()
    assert asked.wait(30)
    at = utc_now()
    with unit_of_work(pulling.importing.engine, school_id=run.school_id) as session:
        runs.cancel(session, by=None, run=session.merge(run), on=pulling.importing.today(), at=at)
    go_on.set()
    working.join()
    done = pulling.importing.again(run)
    assert (done.state, done.phase) == (RunState.DISCARDED, None)
    assert system.asked[-1].query == {"page": ["2"]}
    assert pulling.importing.count(Person) == 0


def test_a_pull_that_was_put_off_can_be_cancelled(
    pulling: Pulling, listing: Listing, system: System
):
    listing.falls_ill("people", 2, raw(429, b"", {"Retry-After": "900"}))
    run = pulling.work(pulling.start(pulling.add(system)))
    with unit_of_work(pulling.importing.engine, school_id=run.school_id) as session:
        runs.cancel(
            session,
            by=None,
            run=session.merge(run),
            on=pulling.importing.today(),
            at=utc_now(),
        )
    assert pulling.work(run).state is RunState.DISCARDED


def test_a_pull_whose_worker_died_goes_on_behind_its_last_page(
    pulling: Pulling, listing: Listing, system: System
):
    class Killed(BaseException):
        pass

    def die(handler: Handler) -> None:
        raise Killed

    run = pulling.start(pulling.add(system))
    at = utc_now()
    importing = pulling.importing
    held = take(
        importing.engine,
        importing.store,
        school_id=run.school_id,
        run_id=run.id,
        at=at,
        settings=pulling.settings,
    )
    assert held is not None

    def killed() -> bool:
        if len(system.asked) > 2:
            raise Killed
        return False

    held.is_stopping = killed
    with pytest.raises(Killed):
        do_work(held)
    held.batches = None
    assert importing.again(run).claim is not None
    assert pulling.work(run, at + STALE_ASKING / 2).phase is Phase.READ
    run = pulling.work(run, utc_now() + STALE_ASKING + timedelta(seconds=1))
    assert (run.state, run.counts["person"]["new"]) == (RunState.APPLIED, 12)
    pages = [asked.query.get("page", ["1"])[0] for asked in system.asked[1:]]
    assert pages in (["1", "2", "2", "3", "4", "1"], ["1", "2", "3", "4", "1"])


def test_a_long_pull_lets_others_have_the_worker(
    pulling: Pulling, system: System, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("importers.pulls.pulling.TURN", 0.0)
    run = pulling.work(pulling.start(pulling.add(system)))
    assert (run.phase, run.claim, run.done) == (Phase.READ, None, 3)
    run = pulling.work_through(run)
    assert (run.state, run.counts["person"]["new"]) == (RunState.APPLIED, 12)


def test_a_secret_that_no_key_opens_is_asked_for_again(pulling: Pulling, system: System):
    source = pulling.add(system, encryption_keys=["another" * 8])
    run = pulling.pull(source)
    assert run.state is RunState.FAILED
    assert set(pulling.importing.codes(run)) == {"source.key_unreadable"}
    assert system.asked == []


def test_people_and_groups_of_a_pull_carry_their_keys(pulling: Pulling, system: System):
    pulling.pull(pulling.add(system))
    told = pulling.importing.read(
        sa.select(ExternalRef.kind, ExternalRef.ext_id).where(ExternalRef.ext_id.endswith("-1-1"))
    )
    assert sorted(told) == [(RecordKind.GROUP, "groups-1-1"), (RecordKind.PERSON, "people-1-1")]
    assert pulling.importing.count(Group) == 3
    assert pulling.importing.count(ImportSource) == pulling.importing.count(ImportRun) == 1
