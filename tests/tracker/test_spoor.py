"""The drawing of one goal: where everything lies, by the rules of the design."""

import ast
import inspect
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import drawings, ribbons, spoor
from tracker.facts import (
    GoalFact,
    JudgementFact,
    PlacementFact,
    PlanFacts,
    Rater,
    Thresholds,
)
from tracker.rules import signals
from tracker.signals import Rule
from tracker.spoor import Drawing, Moment, Ribbon, Size, Target, Window, draw, newest_first

ON = date(2026, 11, 19)
SELF, COACH, SUPERVISOR, SECOND_SUPERVISOR, TEACHER = (UUID(int=number) for number in range(11, 16))
ROLES = {
    SELF: Rater.SELF,
    COACH: Rater.COACH,
    SUPERVISOR: Rater.SUPERVISOR,
    SECOND_SUPERVISOR: Rater.SUPERVISOR,
    TEACHER: Rater.OTHER,
}
LIMITS = Thresholds()
GOAL = UUID(int=2)
EDGE = {Size.MINI: (7, 101), Size.LIST: (2, 98), Size.LARGE: (1.6, 98.4)}
ROWS = {Size.MINI: (30, 22, 14, 6), Size.LIST: (54, 39, 24, 9), Size.LARGE: (166, 126, 86, 46)}
numbers = count(1000)


def ago(days: int) -> date:
    return ON - timedelta(days)


def judgement(by: UUID, anchor: int, days: int) -> JudgementFact:
    number = next(numbers)
    return JudgementFact(
        id=UUID(int=number),
        by=ROLES[by],
        by_id=by,
        anchor=anchor,
        label="goed",
        observed_on=ago(days),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
        goal_ids=frozenset({GOAL}),
    )


def drawn(*judgements: JudgementFact, size: Size = Size.LIST, **more: Any) -> Drawing:
    return draw(judgements, on=ON, limits=LIMITS, size=size, **more)


def stay(since: int, until: int, company: str = "De Es") -> PlacementFact:
    return PlacementFact(UUID(int=3), company, ago(since), ago(until))


def points(ribbon: Ribbon) -> list[tuple[float, float]]:
    """Return every point of an outline, control points too."""
    assert re.fullmatch(r"M[-\d. ]+([LC][-\d. ]+)+Z", ribbon.path)
    values = [float(number) for number in re.findall(r"-?[\d.]+", ribbon.path)]
    return list(zip(values[::2], values[1::2], strict=True))


# --- sizes and axes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "width", "height"),
    [(Size.MINI, 108, 38), (Size.LIST, 100, 65), (Size.LARGE, 100, 208)],
)
def test_each_size_has_its_measures_and_four_equal_rows(
    size: Size, width: int, height: int
) -> None:
    drawing = drawn(*(judgement(SELF, anchor, 40 - anchor) for anchor in range(4)), size=size)
    assert (drawing.width, drawing.height) == (width, height)
    assert tuple(mark.y for mark in drawing.marks) == ROWS[size]
    assert drawing.rows == (() if size is Size.MINI else ROWS[size][::-1])


def test_days_lie_evenly_between_the_first_judgement_and_today() -> None:
    drawing = drawn(judgement(SELF, 1, 60), judgement(SELF, 1, 30), judgement(SELF, 1, 0))
    assert [mark.x for mark in drawing.marks] == [2, 50, 98]


def test_a_window_is_at_least_four_weeks_wide_and_begins_at_the_target_when_that_is_older() -> None:
    assert drawn(judgement(SELF, 1, 7)).marks[0].x == pytest.approx(2 + 96 * 0.75)
    aimed = drawn(judgement(SELF, 1, 50), target=Target(2, ago(100)))
    assert aimed.marks[0].x == 50


def test_rows_of_a_table_share_one_window() -> None:
    window = spoor.window_since([ago(100), ago(20)], on=ON, limits=LIMITS)
    assert window == Window(ago(100), ON)
    assert drawn(judgement(SELF, 1, 50), window=window).marks[0].x == 50


def test_without_a_day_the_window_shows_sixty() -> None:
    assert spoor.window_since([], on=ON, limits=LIMITS) == Window(ago(60), ON)


def test_a_window_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="two days"):
        Window(ON, ON)


@pytest.mark.parametrize(("due_in", "shown"), [(10, 10), (28, 28), (200, 28)])
def test_a_large_drawing_runs_on_to_the_due_day_by_a_third_at_most(due_in: int, shown: int) -> None:
    target = Target(3, ago(80), ON + timedelta(due_in))
    large = drawn(judgement(SELF, 1, 80), size=Size.LARGE, target=target)
    assert large.today == pytest.approx(1.6 + 96.8 * 80 / (80 + shown), abs=0.01)
    assert (large.flag is not None) is (due_in == shown)
    assert drawn(judgement(SELF, 1, 40), judgement(SELF, 1, 0), target=target).marks[1].x == 98


# --- marks -----------------------------------------------------------------------------------


def test_raters_of_one_day_and_row_stand_side_by_side_in_their_order() -> None:
    drawing = drawn(*(judgement(by, 2, 21) for by in (TEACHER, SUPERVISOR, COACH, SELF)))
    assert [mark.by for mark in drawing.marks] == ["self", "coach", "supervisor", "other"]
    assert len({mark.x for mark in drawing.marks}) == 1
    shifts = [mark.shift for mark in drawing.marks]
    apart = 5.2 * 2.1
    assert shifts == pytest.approx([-1.5 * apart, -0.5 * apart, 0.5 * apart, 1.5 * apart], abs=0.06)


def test_the_same_rater_again_on_a_day_and_row_is_one_mark_counted_twice() -> None:
    drawing = drawn(judgement(SUPERVISOR, 3, 9), judgement(SUPERVISOR, 3, 9))
    assert [(mark.times, mark.shift) for mark in drawing.marks] == [(2, 0)]


def test_two_supervisors_are_two_marks() -> None:
    drawing = drawn(judgement(SUPERVISOR, 3, 9), judgement(SECOND_SUPERVISOR, 3, 9))
    assert [mark.by for mark in drawing.marks] == ["supervisor", "supervisor"]


def test_other_rows_of_one_day_share_their_place_across() -> None:
    low, high = drawn(judgement(SELF, 1, 9), judgement(COACH, 2, 9)).marks
    assert low.x == high.x
    assert low.shift == high.shift == 0


@pytest.mark.parametrize(
    ("days", "age", "share"), [(28, 0, 1), (29, 1, 0.94), (85, 2, 0.88), (183, 3, 0.82)]
)
def test_marks_grow_smaller_with_their_age(days: int, age: int, share: float) -> None:
    (mark,) = drawn(judgement(COACH, 1, days)).marks
    assert mark.age == age
    assert mark.radius == pytest.approx(5.2 * share, abs=0.05)


def test_what_is_older_than_two_years_is_counted_and_stays_in_the_table() -> None:
    old, edge, fresh = (judgement(SELF, 1, days) for days in (731, 730, 5))
    drawing = drawn(old, edge, fresh, size=Size.LARGE)
    assert (len(drawing.marks), drawing.earlier) == (2, 1)
    assert newest_first([old, fresh, edge], on=ON) == [fresh, edge, old]


# --- ribbons and silence ---------------------------------------------------------------------


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


# --- what lies behind the trail --------------------------------------------------------------


def test_the_target_is_a_band_on_its_row_until_it_is_due() -> None:
    drawing = drawn(judgement(SELF, 0, 100), target=Target(2, ago(75), ago(25)))
    band = drawing.target
    assert band is not None
    assert (band.x, band.x + band.width) == (26, 74)
    assert band.y + band.height / 2 == 24


def test_a_target_without_a_due_day_runs_on_to_today() -> None:
    band = drawn(judgement(SELF, 0, 100), target=Target(2, ago(50))).target
    assert band is not None
    assert band.x + band.width == 98


def test_a_target_that_was_due_before_the_window_is_not_drawn() -> None:
    window = Window(ago(40), ON)
    assert drawn(target=Target(2, ago(90), ago(50)), window=window).target is None


def test_a_target_set_later_waits() -> None:
    drawing = drawn(judgement(SELF, 0, 40), target=Target(2, ON + timedelta(1)))
    assert drawing.target is None
    assert drawing.words.target_anchor is None


def test_the_flag_stands_at_the_due_day_of_a_large_drawing() -> None:
    target = Target(2, ago(75), ago(25))
    flag = drawn(judgement(SELF, 0, 100), size=Size.LARGE, target=target).flag
    assert flag is not None
    assert (flag.x, flag.y) == (pytest.approx(1.6 + 96.8 * 0.75), 86)
    assert drawn(judgement(SELF, 0, 100), target=target).flag is None


def test_placements_reach_from_the_top_to_the_base_and_run_off_the_edges() -> None:
    first, second = drawn(
        judgement(SELF, 0, 100),
        size=Size.LARGE,
        placements=[stay(50, -90, "Het Anker"), stay(200, 75)],
    ).placements
    assert (first.x, first.y, first.height, first.label) == (0, 0, 178, "De Es")
    assert first.width == pytest.approx(1.6 + 96.8 * 0.25)
    assert (second.x, second.x + second.width) == (50, 100)


def test_a_placement_outside_the_window_is_not_drawn_and_only_large_ones_are_labelled() -> None:
    drawing = drawn(judgement(SELF, 0, 50), placements=[stay(90, 50), stay(-1, -90), stay(40, 30)])
    assert [place.label for place in drawing.placements] == [""]


def test_activity_is_a_tick_on_the_base_line_and_never_on_a_row() -> None:
    days = [ago(50), ago(50), ago(0), ago(-3), ago(200)]
    said = judgement(SELF, 0, 100)
    drawing = drawn(said, activity=days)
    assert drawing.ticks == (50, 98)
    assert drawing.base - drawing.tick_height > max(drawing.rows)
    assert replace(drawing, ticks=()) == drawn(said)


def test_moments_have_a_pennant_and_a_label_where_there_is_room() -> None:
    moments = [Moment(ago(50), "les"), Moment(ON + timedelta(2), "later")]
    for size, label in ((Size.MINI, ""), (Size.LIST, ""), (Size.LARGE, "les")):
        drawing = drawn(judgement(SELF, 0, 100), size=size, moments=moments)
        assert [moment.label for moment in drawing.moments] == [label]
        assert drawing.moments[0].y < ROWS[size][3]


def test_months_stand_under_a_large_drawing_and_leave_room_for_now() -> None:
    drawing = drawn(judgement(SELF, 0, 100), size=Size.LARGE)
    assert [month.first.month for month in drawing.months] == [9, 10, 11]
    longer = drawn(judgement(SELF, 0, 250), size=Size.LARGE)
    assert [month.first.month for month in longer.months] == [5, 7, 9]
    assert not any(month.shows_year for month in longer.months)
    assert drawn(judgement(SELF, 0, 100)).months == ()


def test_a_long_drawing_names_half_years_with_their_year() -> None:
    drawing = drawn(judgement(SELF, 0, 700), size=Size.LARGE)
    assert [(month.first, month.shows_year) for month in drawing.months] == [
        (date(2025, 1, 1), True),
        (date(2025, 7, 1), True),
        (date(2026, 1, 1), True),
        (date(2026, 7, 1), True),
    ]


# --- difference and words --------------------------------------------------------------------


def test_a_difference_joins_the_two_rows_at_the_later_judgement() -> None:
    drawing = drawn(judgement(SELF, 3, 40), judgement(SUPERVISOR, 1, 20), judgement(COACH, 2, 10))
    assert drawing.difference is not None
    assert (drawing.difference.x, drawing.difference.until_x) == (50, 50)
    assert (drawing.difference.y, drawing.difference.until_y) == (9, 39)
    assert drawing.words.differs


def test_the_words_hold_the_last_judgement_of_each_rater_whatever_its_age() -> None:
    old, first, last = judgement(COACH, 1, 300), judgement(SELF, 1, 40), judgement(SELF, 2, 3)
    words = drawn(last, old, first, target=Target(3, ago(40))).words
    assert words.latest == (last, old)
    assert (words.target_anchor, words.differs, words.is_quiet) == (3, False, False)


# --- what may never matter -------------------------------------------------------------------

days = st.integers(-30, 900).map(ago)
judgements = st.lists(
    st.builds(
        lambda by, **values: JudgementFact(
            by=ROLES[by], by_id=by, label="", goal_ids=frozenset({GOAL}), **values
        ),
        by=st.sampled_from(list(ROLES)),
        id=st.uuids(),
        anchor=st.integers(0, 3),
        observed_on=days | st.integers(0, 60).map(ago),
        recorded_at=st.sampled_from([datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]),
    ),
    max_size=10,
    unique_by=lambda j: j.id,
)
targets = st.none() | st.builds(
    lambda anchor, since, length: Target(anchor, since, since + timedelta(length)),
    st.integers(0, 3),
    days,
    st.integers(1, 400),
)
sizes = st.sampled_from(Size)


@given(judgements, sizes, targets)
def test_everything_lies_inside_the_drawing(
    said: list[JudgementFact], size: Size, target: Target | None
) -> None:
    drawing = drawn(*said, size=size, target=target, placements=[stay(300, 100), stay(50, -50)])
    low, high = EDGE[size]
    for mark in drawing.marks:
        assert low <= mark.x <= high
        assert mark.y in ROWS[size]
    for ribbon in drawing.ribbons:
        assert all(0 <= x <= drawing.width for x, _ in points(ribbon))
        assert all(0 <= y <= drawing.base + 3 for _, y in points(ribbon))
    for silence in drawing.silences:
        assert 0 <= silence.x < silence.until_x <= high
        assert silence.y in ROWS[size]
    for box in (*drawing.placements, *([drawing.target] if drawing.target else [])):
        assert 0 <= box.x < box.x + box.width <= drawing.width + 1


@given(judgements, sizes)
def test_every_judgement_is_a_mark_or_counted(said: list[JudgementFact], size: Size) -> None:
    drawing = drawn(*said, size=size)
    known = [j for j in said if j.observed_on <= ON]
    assert sum(mark.times for mark in drawing.marks) + drawing.earlier == len(known)
    spots = {(j.observed_on, j.anchor, j.by, j.by_id) for j in known if j.observed_on >= ago(730)}
    assert len(drawing.marks) == len(spots)


@given(judgements, sizes, targets, st.randoms())
def test_the_order_of_judgements_never_matters(
    said: list[JudgementFact], size: Size, target: Target | None, shaken: Random
) -> None:
    shuffled = shaken.sample(said, len(said))
    assert drawn(*shuffled, size=size, target=target) == drawn(*said, size=size, target=target)


@given(judgements, sizes)
def test_a_future_judgement_changes_nothing_today(said: list[JudgementFact], size: Size) -> None:
    past = [j for j in said if j.observed_on <= ON]
    assert drawn(*said, size=size) == drawn(*past, size=size)


@given(judgements, st.sampled_from([Size.MINI, Size.LIST]), st.integers(-400, 400).map(timedelta))
def test_shifting_all_days_draws_the_same(
    said: list[JudgementFact], size: Size, by: timedelta
) -> None:
    later = [j._replace(observed_on=j.observed_on + by) for j in said]
    there = draw(later, on=ON + by, limits=LIMITS, size=size)
    here = drawn(*said, size=size)
    assert there.from_on == here.from_on + by
    assert replace(there, on=ON, from_on=here.from_on, words=here.words) == here
    assert [j.id for j in there.words.latest] == [j.id for j in here.words.latest]


@given(judgements)
def test_the_drawn_difference_is_the_one_that_is_signalled(said: list[JudgementFact]) -> None:
    goal = GoalFact(GOAL, "", is_active=True, since=ago(2000))
    facts = PlanFacts(UUID(int=1), ago(2000), goals=[goal], judgements=said)
    signal = next((s for s in signals(facts, on=ON) if s.rule is Rule.RATERS_APART), None)
    drawing = drawn(*said)
    assert drawing.words.differs == (signal is not None)
    if signal and drawing.difference:
        high, low = signal.facts[0].anchor, signal.facts[1].anchor
        assert high is not None
        assert low is not None
        rows = ROWS[Size.LIST]
        assert (drawing.difference.y, drawing.difference.until_y) == (rows[high], rows[low])


@given(judgements)
def test_silence_and_ribbon_together_cover_the_time_since_the_first_judgement(
    said: list[JudgementFact],
) -> None:
    drawing = drawn(*said)
    known = [j for j in said if j.observed_on <= ON]
    if not known:
        assert (drawing.ribbons, drawing.silences) == ((), ())
        return
    spans = [(s.x, s.until_x) for s in drawing.silences]
    spans += [
        (min(x for x, _ in points(ribbon)), max(x for x, _ in points(ribbon)))
        for ribbon in drawing.ribbons
    ]
    reached = min(start for start, _ in spans)
    assert reached <= min((mark.x for mark in drawing.marks), default=2)
    for start, end in sorted(spans):
        assert start <= reached + 0.05
        reached = max(reached, end)
    assert reached >= 97.95


@given(judgements, sizes)
def test_any_thresholds_give_a_drawing(said: list[JudgementFact], size: Size) -> None:
    odd = Thresholds(quiet_days=0, counting_days=0, drawn_days=1, gap=1)
    drawing = draw(said, on=ON, limits=odd, size=size)
    assert drawing.earlier + sum(mark.times for mark in drawing.marks) == len(
        [j for j in said if j.observed_on <= ON]
    )


@pytest.mark.parametrize("module", [spoor, ribbons, drawings])
def test_the_spoor_reads_no_clock_and_knows_no_session_nor_sentence(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called.isdisjoint({"today", "now", "utcnow", "time", "monotonic"})
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {"bisect", "collections", "collections.abc", "dataclasses", "datetime", "enum"}
    plain |= {"itertools", "typing", "uuid"}
    assert imported <= plain | {"tracker.drawings", "tracker.ribbons"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
