"""How long something waits: the clock that stands still in holidays and in declared absence."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.known import ON, absence, ago, days, holiday, pauses
from tracker.facts import Pause, PauseKind, waited

many = st.lists(pauses, max_size=4)
past = st.integers(0, 150).map(ago)


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([], 30),
        ([holiday(20, 10)], 20),
        ([holiday(20, 10), absence(15, 5)], 15),  # overlapping days count once
        ([holiday(20, 10), absence(18, 12)], 20),  # the one within the other
        ([holiday(20, 10), absence(10, 5)], 15),  # back to back
        ([holiday(40, 25)], 25),  # began before
        ([holiday(5, -9)], 25),  # still going on: until today
        ([holiday(60, 30)], 30),  # over before it began to wait
        ([holiday(0, -9)], 30),  # begins today: yesterday still counted
        ([holiday(30, 0)], 0),
        ([holiday(10, 20)], 30),  # ends before it begins: no day at all
    ],
)
def test_the_clock_stands_still_in_pauses_and_each_day_counts_once(
    stops: list[Pause], expected: int
) -> None:
    assert waited(ago(30), on=ON, pauses=stops) == expected


@given(past, many)
def test_what_waits_never_waits_longer_than_the_days_that_passed_nor_shorter_than_none(
    since: date, stops: list[Pause]
) -> None:
    assert 0 <= waited(since, on=ON, pauses=stops) <= (ON - since).days


@given(past, many, st.randoms())
def test_the_order_of_pauses_never_matters(since: date, stops: list[Pause], shaken: Random) -> None:
    shuffled = shaken.sample(stops, len(stops))
    assert waited(since, on=ON, pauses=shuffled) == waited(since, on=ON, pauses=stops)


@given(past, many)
def test_the_clock_counts_exactly_the_days_outside_every_pause(
    since: date, stops: list[Pause]
) -> None:
    passed = [since + timedelta(number) for number in range((ON - since).days)]
    counted = [
        day for day in passed if not any(pause.from_on <= day < pause.until_on for pause in stops)
    ]
    assert waited(since, on=ON, pauses=stops) == len(counted)


@given(past, many, days, st.integers(1, 60))
def test_one_more_pause_never_makes_anything_wait_longer(
    since: date, stops: list[Pause], first: date, length: int
) -> None:
    more = [*stops, Pause(PauseKind.ABSENCE, first, first + timedelta(length))]
    assert waited(since, on=ON, pauses=more) <= waited(since, on=ON, pauses=stops)


@given(past, many)
def test_a_day_later_it_waits_a_day_longer_or_the_clock_stood_still(
    since: date, stops: list[Pause]
) -> None:
    today = waited(since, on=ON, pauses=stops)
    still = any(pause.from_on <= ON < pause.until_on for pause in stops)
    assert waited(since, on=ON + timedelta(1), pauses=stops) == today + (not still)
