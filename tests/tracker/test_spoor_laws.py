"""What holds for every drawing of a goal, whatever was judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.drawn import EDGE, GOAL, LIMITS, ON, ROLES, ROWS, ago, drawn, points, stay
from tracker.facts import (
    GoalFact,
    JudgementFact,
    PlanFacts,
    Thresholds,
)
from tracker.rules import signals
from tracker.signals import Rule
from tracker.spoor import Size, Target, draw

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
