"""The timetable: each source at its own moment, once, and no more at once than is bearable."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.models import Cadence, ImportRun, ImportSource, RunState
from importers.pulls import source_list, timetable
from importers.pulls.breaker import next_due
from importers.sweep import KEPT
from tests.importers.pulled import Listing, Pulling, pulling
from tests.systems import System, serving
from tracker.db import unit_of_work, utc_now

__all__ = ["pulling"]  # the fixture
NOON = datetime(2026, 11, 19, 11, tzinfo=UTC)


@pytest.fixture
def system() -> Iterator[System]:
    with serving(Listing(pages=1)) as made:
        yield made


def sources(pulling: Pulling, system: System, number: int, cadence: Cadence) -> list[ImportSource]:
    return [
        pulling.add(system, f"Bron {one:02}", cadence=cadence, at=NOON) for one in range(number)
    ]


def start_due(pulling: Pulling, at: datetime) -> int:
    return len(timetable.start_due(pulling.importing.engine, at=at))


def test_nightly_sources_are_spread_over_the_schools_night(pulling: Pulling, system: System):
    zone = ZoneInfo(pulling.importing.school.timezone)
    due = {one.due_at for one in sources(pulling, system, 8, Cadence.NIGHTLY)}
    assert len(due) == 8
    for moment in due:
        assert moment is not None
        local = moment.astimezone(zone)
        assert 1 <= local.hour < 5
        assert local.date() == (NOON + timedelta(days=1)).date()


def test_hourly_sources_are_spread_over_the_hour_and_keep_their_minute(
    pulling: Pulling, system: System
):
    found = sources(pulling, system, 8, Cadence.HOURLY)
    due = [one.due_at for one in found]
    assert len(set(due)) == 8
    for one, moment in zip(found, due, strict=True):
        assert moment is not None
        assert timedelta() < moment - NOON <= timedelta(hours=1)
        again = next_due(one, school=pulling.importing.school, after=moment)
        assert again == moment + timedelta(hours=1)


def test_a_source_by_hand_is_never_due(pulling: Pulling, system: System):
    (source,) = sources(pulling, system, 1, Cadence.BY_HAND)
    assert source.due_at is None
    assert start_due(pulling, NOON + timedelta(days=30)) == 0


def test_what_is_due_is_started_once_and_due_again_at_its_next_moment(
    pulling: Pulling, system: System
):
    (source,) = sources(pulling, system, 1, Cadence.NIGHTLY)
    assert source.due_at is not None
    assert start_due(pulling, source.due_at - timedelta(seconds=1)) == 0
    assert start_due(pulling, source.due_at) == 1
    assert start_due(pulling, source.due_at) == 0
    now = pulling.again(source)
    assert now.due_at is not None
    assert now.due_at > source.due_at + timedelta(hours=22)
    ((run_id,),) = pulling.importing.read(sa.select(ImportRun.id))
    with unit_of_work(pulling.importing.engine, school_id=source.school_id) as session:
        run = session.get_one(ImportRun, (source.school_id, run_id))
    assert (run.state, run.started_by_id) == (RunState.WAITING, None)
    assert pulling.work_through(run).state is RunState.APPLIED


def test_a_paused_source_is_not_started_and_goes_on_at_its_next_moment(
    pulling: Pulling, system: System
):
    (source,) = sources(pulling, system, 1, Cadence.HOURLY)
    engine, school_id = pulling.importing.engine, source.school_id
    with unit_of_work(engine, school_id=school_id) as session:
        source_list.pause(session, by=None, source=session.merge(source), at=NOON)
    assert start_due(pulling, NOON + timedelta(days=1)) == 0
    with unit_of_work(engine, school_id=school_id) as session:
        source_list.resume(session, by=None, source=session.merge(source), at=NOON)
    assert start_due(pulling, NOON + timedelta(hours=1)) == 1


def test_of_many_that_are_due_only_some_are_started_at_once(
    pulling: Pulling, system: System, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(timetable, "MOST_AT_ONCE", 3)
    sources(pulling, system, 5, Cadence.HOURLY)
    at = NOON + timedelta(hours=1)
    assert [start_due(pulling, at) for _ in range(3)] == [3, 2, 0]


def test_old_pulls_that_changed_nothing_go_and_the_others_stay(pulling: Pulling, system: System):
    (source,) = sources(pulling, system, 1, Cadence.HOURLY)
    first, *idle, last = (pulling.pull(source) for _ in range(4))
    engine = pulling.importing.engine
    assert timetable.prune_pulls(engine, at=utc_now()) == 0
    assert timetable.prune_pulls(engine, at=utc_now() + KEPT) == len(idle)
    kept = pulling.importing.read(sa.select(ImportRun.id).order_by(ImportRun.id))
    assert [key for (key,) in kept] == [first.id, last.id]
