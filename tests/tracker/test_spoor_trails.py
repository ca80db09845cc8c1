"""The trail of one goal: ribbons that bend, fork and fall silent."""

import pytest

from tests.tracker.drawn import COACH, ON, SELF, SUPERVISOR, ago, drawn, judgement, points, stay
from tracker.spoor import Target, Window


def test_one_rater_gives_one_ribbon_that_starts_as_a_point() -> None:
    (ribbon,) = drawn(judgement(SELF, 1, 20)).ribbons
    assert not ribbon.is_between
    start = points(ribbon)[0]
    assert start == pytest.approx((2 + 96 * 8 / 28 - 1.6, 39), abs=0.01)
    assert {y for _, y in points(ribbon)} == {39, 39 - 4.6, 39 + 4.6}


def test_a_bend_arrives_on_the_day_of_the_judgement() -> None:
    drawing = drawn(judgement(SELF, 0, 60), judgement(SELF, 2, 40), judgement(SELF, 2, 20))
    (ribbon,) = drawing.ribbons
    above = [x for x, y in points(ribbon) if y == 24 - 4.6]
    assert min(above) == pytest.approx(drawing.marks[1].x - 0.8, abs=0.01)
    assert (drawing.marks[1].x, 24 - 4.6) in points(ribbon)


def test_a_bend_keeps_its_length_when_nothing_else_moved_just_before() -> None:
    drawing = drawn(judgement(SELF, 0, 60), judgement(SELF, 0, 33), judgement(SELF, 2, 31))
    arrives = drawing.marks[2].x
    begins = max(x for x, y in points(drawing.ribbons[0]) if y == 54 - 4.6 and x < arrives - 0.81)
    assert begins == pytest.approx(arrives - 1.6, abs=0.01)


def test_disagreement_forks_the_ribbon_and_fills_between() -> None:
    drawing = drawn(judgement(SELF, 2, 20), judgement(SUPERVISOR, 1, 10))
    between, high, low = drawing.ribbons
    assert [ribbon.is_between for ribbon in drawing.ribbons] == [True, False, False]
    assert {y for _, y in points(high)} == {24, 24 - 4.6, 24 + 4.6}
    assert min(y for _, y in points(low)) == 24 - 4.6
    assert max(y for _, y in points(low)) == 39 + 4.6
    assert (min(y for _, y in points(between)), max(y for _, y in points(between))) == (
        24 - 4.6,
        39 + 4.6,
    )


def test_agreement_closes_the_fork() -> None:
    drawing = drawn(judgement(SELF, 2, 20), judgement(COACH, 1, 15), judgement(COACH, 2, 5))
    low = drawing.ribbons[-1]
    assert points(low)[0][1] == 24
    at_end = [y for x, y in points(low) if x >= 98]
    assert set(at_end) == {24 - 4.6, 24 + 4.6}


def test_a_rater_of_twelve_weeks_ago_no_longer_pulls_at_the_ribbon() -> None:
    counting = drawn(judgement(COACH, 0, 84), *(judgement(SELF, 2, days) for days in (60, 35, 10)))
    expired = drawn(judgement(COACH, 0, 85), *(judgement(SELF, 2, days) for days in (60, 35, 10)))
    at_end = [
        {y for x, y in points(drawing.ribbons[-1]) if x >= 98} for drawing in (counting, expired)
    ]
    assert at_end == [{54 - 4.6, 54 + 4.6}, {24 - 4.6, 24 + 4.6}]


@pytest.mark.parametrize(("days", "is_silent"), [(28, False), (29, True)])
def test_the_ribbon_stops_four_weeks_after_the_last_judgement(days: int, is_silent: bool) -> None:
    drawing = drawn(judgement(SELF, 1, days))
    assert bool(drawing.silences) is is_silent
    assert drawing.words.is_quiet is is_silent


def test_silence_stays_on_its_row_until_today() -> None:
    drawing = drawn(judgement(SELF, 2, 56))
    (silence,) = drawing.silences
    assert (silence.x, silence.until_x, silence.y) == (50, 98, 24)
    assert max(x for x, _ in points(drawing.ribbons[0])) == 50


def test_a_forked_trail_goes_quiet_on_both_rows() -> None:
    drawing = drawn(judgement(SELF, 2, 60), judgement(COACH, 1, 60))
    assert [silence.y for silence in drawing.silences] == [24, 39]


def test_after_silence_a_new_ribbon_starts_as_a_point() -> None:
    drawing = drawn(judgement(SELF, 1, 100), judgement(SELF, 2, 10))
    assert len(drawing.ribbons) == 2
    assert [(s.x, s.until_x) for s in drawing.silences] == [(28.88, 88.4)]
    assert points(drawing.ribbons[1])[0] == pytest.approx((88.4 - 1.6, 24), abs=0.01)


def test_the_ribbon_arrives_at_what_was_judged_today() -> None:
    (ribbon,) = drawn(judgement(SELF, 1, 20), judgement(SELF, 3, 0)).ribbons
    assert (98, 9 - 4.6) in points(ribbon)


def test_a_trail_that_began_before_the_window_comes_in_at_the_edge() -> None:
    window = Window(ago(40), ON)
    (ribbon,) = drawn(judgement(SELF, 1, 50), judgement(SELF, 2, 30), window=window).ribbons
    assert points(ribbon)[0] == (0, 39 - 4.6)
    (silence,) = drawn(judgement(SELF, 1, 100), window=window).silences
    assert (silence.x, silence.until_x) == (0, 98)


def test_a_silence_that_begins_where_the_window_does_comes_in_at_the_edge_too() -> None:
    ends = Window(ago(56), ago(14))
    (silence,) = drawn(judgement(SELF, 1, 200), window=ends).silences
    assert (silence.x, silence.until_x) == (0, 100)
    expired = drawn(judgement(SELF, 1, 100 + 85), window=Window(ago(100), ON))
    assert [(line.x, line.until_x) for line in expired.silences] == [(0, 98)]


def test_without_a_judgement_there_is_no_trail_and_never_a_zero() -> None:
    drawing = drawn(target=Target(2, ago(7)), placements=[stay(90, -60)])
    assert (drawing.ribbons, drawing.silences, drawing.marks) == ((), (), ())
    assert drawing.difference is None
    assert drawing.words.latest == ()
    assert drawing.words.is_quiet is False
    assert drawing.target is not None
    assert len(drawing.placements) == 1
