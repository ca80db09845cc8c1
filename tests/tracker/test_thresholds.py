"""A school's own limits: set by its administrators, within bounds, and heard by every signal."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.db import unit_of_work
from tracker.errors import Invalid, NotAllowed
from tracker.facts import DEFAULTS, Thresholds
from tracker.models import AuditEvent, Person, School, Threshold
from tracker.overview import rows_for
from tracker.signals import Rule
from tracker.thresholds import LIMITS, set_thresholds, thresholds_of


def put(
    work: Session, world: World, values: dict[str, int], *, by: Person | None = None, later: int = 0
) -> Thresholds:
    return set_thresholds(
        work,
        by=by or world.administrator,
        school=world.school,
        values=values,
        on=world.on,
        at=world.at + timedelta(seconds=later),
    )


def fired(work: Session, world: World, days: int) -> set[Rule]:
    """Return which rules fire for the coach so many days from now."""
    (row,) = rows_for(
        work, reader=world.coach, school=world.school, on=world.on + timedelta(days=days)
    )
    return {signal.rule for signal in row.signals}


def test_a_school_that_set_nothing_has_our_limits(work: Session, world: World) -> None:
    assert thresholds_of(work, school=world.school) == DEFAULTS


def test_every_limit_has_bounds_and_a_default_within_them() -> None:
    assert set(LIMITS) == set(Thresholds.__dataclass_fields__)
    for name, (least, most) in LIMITS.items():
        assert least <= getattr(DEFAULTS, name) <= most, name


def test_the_administrator_changes_what_they_name_and_nothing_else(
    work: Session, world: World
) -> None:
    changed = put(work, world, {"nothing_shared_days": 14, "gap": 3})
    assert changed == Thresholds(nothing_shared_days=14, gap=3)
    assert thresholds_of(work, school=world.school) == changed


@pytest.mark.parametrize("who", ["student", "coach", "supervisor", "teacher", "other_coach"])
def test_nobody_else_changes_a_limit(work: Session, world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        put(work, world, {"gap": 1}, by=getattr(world, who))
    assert thresholds_of(work, school=world.school) == DEFAULTS


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_takes_its_bounds_and_nothing_beyond(
    work: Session, world: World, name: str
) -> None:
    least, most = LIMITS[name]
    for nth, value in enumerate((least, most)):
        assert getattr(put(work, world, {name: value}, later=nth), name) == value
    for value in (least - 1, most + 1):
        with pytest.raises(Invalid) as refusal:
            put(work, world, {name: value})
        assert refusal.value.fields == {name: "threshold.out_of_bounds"}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (
            {"gap": 1, "news_days": 900, "contexts": 1},
            {"news_days": "threshold.out_of_bounds", "contexts": "threshold.out_of_bounds"},
        ),
        ({"gap": 1, "colour": 3}, {"colour": "threshold.unknown"}),
    ],
)
def test_one_wrong_limit_and_none_is_changed(
    work: Session, world: World, values: dict[str, int], fields: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        put(work, world, values)
    assert refusal.value.fields == fields
    assert thresholds_of(work, school=world.school) == DEFAULTS


def test_the_newest_limit_holds_and_the_earlier_ones_stay(work: Session, world: World) -> None:
    put(work, world, {"news_days": 7})
    put(work, world, {"news_days": 21}, later=1)
    assert thresholds_of(work, school=world.school).news_days == 21
    kept = work.scalars(sa.select(Threshold.value).order_by(Threshold.set_at)).all()
    assert kept == [7, 21]


def test_only_what_differs_is_written_with_who_did_it(work: Session, world: World) -> None:
    put(work, world, {"gap": DEFAULTS.gap, "news_days": 7})
    put(work, world, {"news_days": 7}, later=1)
    (row,) = work.scalars(sa.select(Threshold))
    assert (row.name, row.value, row.set_by_id) == ("news_days", 7, world.administrator.id)
    said = work.scalars(sa.select(AuditEvent).where(AuditEvent.subject_kind == "threshold"))
    assert [(event.verb, event.by_id, event.subject_id) for event in said] == [
        ("set threshold", world.administrator.id, row.id)
    ]


def test_another_school_keeps_its_own_limits(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        put(session, world, {"gap": 3})
    school_id = world.elsewhere.school_id
    with unit_of_work(engine, school_id=school_id, writes=False) as session:
        assert thresholds_of(session, school=session.get_one(School, school_id)) == DEFAULTS


def test_a_shorter_limit_makes_a_signal_speak_sooner(work: Session, world: World) -> None:
    assert Rule.NOTHING_SHARED not in fired(work, world, 14)
    put(work, world, {"nothing_shared_days": 14})
    assert Rule.NOTHING_SHARED in fired(work, world, 14)
    assert Rule.NOTHING_SHARED not in fired(work, world, 13)


def test_a_wider_gap_is_no_disagreement_any_more(work: Session, world: World) -> None:
    assert Rule.RATERS_APART in fired(work, world, 0)
    put(work, world, {"gap": 3})
    assert Rule.RATERS_APART not in fired(work, world, 0)


def test_a_page_tells_the_schools_own_limit_with_a_signal(work: Session, world: World) -> None:
    put(work, world, {"nothing_shared_days": 14})
    (row,) = rows_for(
        work, reader=world.coach, school=world.school, on=world.on + timedelta(days=20)
    )
    silence = next(signal for signal in row.signals if signal.rule is Rule.NOTHING_SHARED)
    assert silence.facts[-1].days == row.thresholds.nothing_shared_days == 14
