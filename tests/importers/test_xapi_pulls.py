"""Pulling a store of statements: exact, whatever order it gives and however often it is asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from importers.models import ImportCursor, ImportRun, ImportSource, RunState
from tests.importers.pulled import Pulling, pulling
from tests.importers.test_xapi import doing, people, signals, statement
from tests.lrs import KEY, Lrs, Manners, address_of, asked_since, lrs
from tests.systems import raw, truncated

__all__ = ["pulling"]


@pytest.fixture
def store() -> Iterator[Lrs]:
    with lrs() as running:
        yield running


def add(pulling: Pulling, store: Lrs, **options: Any) -> ImportSource:
    assert store.system is not None
    url = address_of(store)
    return pulling.add(store.system, "LRS", kind="xapi", url=url, secret=KEY, options=options)


def cursor(pulling: Pulling) -> datetime:
    ((value,),) = pulling.importing.read(sa.select(ImportCursor.value))
    return datetime.fromisoformat(value["stored"])


def test_a_pull_takes_what_was_stored_since_the_last_one(pulling: Pulling, store: Lrs) -> None:
    people(pulling.importing, "S1", "S2")
    source = add(pulling, store)
    store.store(*(statement(number, "experienced") for number in range(1, 26)), statement(30))
    run = pulling.pull(source)
    assert run.state is RunState.APPLIED, pulling.importing.codes(run)
    assert [(kind, number) for _, kind, _, _, number, *_ in signals(pulling.importing)] == [
        ("completion", None),
        ("visit", 25.0),
    ]
    assert cursor(pulling) == store.now
    before = pulling.importing.contents()
    assert doing(pulling.pull(source)) == 0
    assert pulling.importing.contents() == before
    store.store(statement(31, "experienced"), statement(32, "passed", "S2"))
    run = pulling.pull(source)
    assert {kind: number for _, kind, _, _, number, *_ in signals(pulling.importing)} == {
        "completion": None,
        "visit": 26.0,
        "result": None,
    }
    first, *later = asked_since(store)
    assert first is None
    assert all(later)
    assert pulling.importing.kept_files() == []


@pytest.mark.parametrize(
    "manners",
    [
        Manners(is_absolute=True),
        Manners(has_consistent=False),
        Manners(has_consistent=False, ignores_ascending=True),
        Manners(has_consistent=False, repeats_pages=True),
        Manners(has_consistent=False, filters_on_timestamp=True, ignores_ascending=True),
    ],
    ids=["absolute", "not consistent", "newest first", "repeating", "by timestamp"],
)
def test_a_store_with_other_manners_is_read_exactly(pulling: Pulling, manners: Manners) -> None:
    people(pulling.importing, "S1")
    with lrs(manners) as store:
        source = add(pulling, store)
        for first in (1, 13):
            store.store(
                *(
                    statement(number, "experienced", timestamp=None)
                    for number in range(first, first + 12)
                )
            )
            pulling.pull(source)
        assert doing(pulling.pull(source)) == 0
        assert [number for _, _, _, _, number, *_ in signals(pulling.importing)] == [24.0]
        if not manners.has_consistent:
            assert store.now - cursor(pulling) == timedelta(minutes=10)


def test_the_place_to_begin_goes_back_only_when_the_store_says_so(pulling: Pulling) -> None:
    with lrs(Manners(has_consistent=False)) as store:
        source = add(pulling, store)
        store.store(statement(1))
        pulling.pull(source)
        first = cursor(pulling)
        store.stored.clear()
        pulling.pull(source)
        assert cursor(pulling) == first
        store.manners.has_consistent = True
        store.now = datetime(2026, 1, 1, tzinfo=UTC)
        pulling.pull(source)
        assert cursor(pulling) == store.now


def test_a_page_that_fails_leaves_the_place_and_nothing_is_taken_by_halves(
    pulling: Pulling, store: Lrs
) -> None:
    people(pulling.importing, "S1")
    source = add(pulling, store)
    store.store(*(statement(number, "experienced") for number in range(1, 26)))
    run = pulling.start(source)
    assert store.system is not None
    healthy = store.__call__
    asked = {"pages": 0}

    def third_fails(one: Any) -> Any:
        asked["pages"] += 1
        return truncated({"statements": []}) if asked["pages"] == 4 else healthy(one)

    store.system.answer = third_fails
    run = pulling.work_through(run)
    assert run.state is RunState.APPLIED
    assert [number for _, _, _, _, number, *_ in signals(pulling.importing)] == [25.0]
    store.system.answer = lambda _: raw(500, b"")
    failed = pulling.pull(source)
    assert failed.state is RunState.FAILED
    assert cursor(pulling) == store.now


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (raw(401, b""), "source.refused"),
        (raw(200, b"<html>"), "source.not_json"),
        (raw(200, b'{"statements": 3}'), "xapi.odd_answer"),
        (raw(200, b'["a"]'), "xapi.odd_answer"),
    ],
)
def test_a_store_that_gives_no_statements_says_why(
    pulling: Pulling, store: Lrs, answer: Any, code: str
) -> None:
    source = add(pulling, store)
    assert store.system is not None
    store.system.answer = lambda _: answer
    run = pulling.pull(source)
    assert run.state is RunState.FAILED
    assert code in pulling.importing.codes(run)


def test_a_store_that_points_elsewhere_is_not_followed(pulling: Pulling) -> None:
    with lrs(Manners(more_host="http://127.0.0.2:9")) as store:
        source = add(pulling, store)
        store.store(*(statement(number) for number in range(1, 15)))
        run: ImportRun = pulling.pull(source)
        assert run.state is RunState.FAILED
        assert "source.other_host" in pulling.importing.codes(run)
        assert pulling.importing.read(sa.select(ImportCursor.value)) == []
