"""The drawing of one goal: where everything lies, by the rules of the design."""

import ast
import inspect
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType

import pytest

from tests.tracker.drawn import (
    COACH,
    LIMITS,
    ON,
    ROWS,
    SECOND_SUPERVISOR,
    SELF,
    SUPERVISOR,
    TEACHER,
    ago,
    drawn,
    judgement,
    stay,
)
from tracker import drawings, ribbons, spoor
from tracker.spoor import Moment, Size, Target, Window, newest_first

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


def test_words_beside_pennants_stand_only_where_they_touch_nothing() -> None:
    moments = [Moment(ago(days), "les") for days in (80, 78, 20, 0)]
    drawing = drawn(judgement(SELF, 0, 100), size=Size.LARGE, moments=moments)
    assert [moment.label for moment in drawing.moments] == ["les", "", "les", ""]


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
