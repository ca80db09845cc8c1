"""Schools and people: what may be added, and what is refused with its code."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import Person, PersonRole, School, SchoolRole
from tracker.people import add_person, add_school, school_by_slug, today_at
from tracker.scales import SHIPPED, default_levels

GOOD: dict[str, Any] = {"slug": "roc-noord", "name": "ROC Noord", "timezone": "Europe/Amsterdam"}


def test_a_new_school_has_the_shipped_scales_and_one_default(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        school = add_school(session, **GOOD, at=utc_now())
        assert [level.anchor for level in default_levels(session, school_id=school.id)] == [
            0,
            1,
            2,
            3,
        ]
    assert sum(code == "anchors" for code in SHIPPED) == 1


def test_a_slug_is_given_once(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        add_school(session, **GOOD, at=utc_now())
    with unit_of_work(engine) as session, pytest.raises(Conflict, match=r"school\.slug_taken"):
        add_school(session, **GOOD, at=utc_now())


@pytest.mark.parametrize(
    "slug", ["", "ROC", "roc noord", "-roc", "roc/noord", "x" * 64, "é", "a\n"]
)
def test_a_slug_that_does_not_fit_an_address_is_refused(session: Session, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_school(session, **{**GOOD, "slug": slug}, at=utc_now())
    assert refusal.value.fields == {"slug": "school.slug_wrong"}
    assert school_by_slug(session, slug) is None


@pytest.mark.parametrize("timezone", ["", "Amsterdam", "Europe", "Europe/Nergens", "../etc"])
def test_a_school_keeps_to_a_time_zone_that_exists(session: Session, timezone: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_school(session, **{**GOOD, "timezone": timezone}, at=utc_now())
    assert refusal.value.fields == {"timezone": "timezone.unknown"}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 7, 1, 21, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_today_is_the_schools_own_day(school: School, moment: datetime, day: date) -> None:
    assert today_at(school, moment) == day


def test_a_person_has_each_role_once_from_today(session: Session, school: School) -> None:
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    roles = [SchoolRole.COACH, SchoolRole.TEACHER, SchoolRole.COACH]
    person = add_person(session, by=None, school=school, name="Cor de Coach", roles=roles, at=at)
    assert person.given_name == "Cor"
    held = session.execute(
        sa.select(PersonRole.role, PersonRole.from_on).where(PersonRole.person_id == person.id)
    ).all()
    assert sorted(held) == [
        (SchoolRole.COACH, date(2026, 7, 2)),
        (SchoolRole.TEACHER, date(2026, 7, 2)),
    ]


def test_a_number_is_one_persons_in_the_school(engine: sa.Engine, school: School) -> None:
    given: dict[str, Any] = {"by": None, "school": school, "number": "S1", "roles": []}
    with unit_of_work(engine, school_id=school.id) as session:
        add_person(session, **given, name="Een", at=utc_now())
    with pytest.raises(Conflict, match=r"person\.number_taken"):
        add_twin(engine, school, given)
    with unit_of_work(engine, school_id=school.id, writes=False) as session:
        assert session.scalars(sa.select(Person.name)).all() == ["Een"]


def add_twin(engine: sa.Engine, school: School, given: dict[str, Any]) -> None:
    with unit_of_work(engine, school_id=school.id) as session:
        add_person(session, **given, name="Twee", at=utc_now())
