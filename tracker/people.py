"""Schools and the people in them."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker import audit
from tracker.db import enter_school, new_id
from tracker.errors import Conflict, Invalid
from tracker.models import Person, PersonRole, PersonState, School, SchoolRole
from tracker.permissions import holds
from tracker.scales import add_shipped_scales

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def add_school(session: Session, *, slug: str, name: str, timezone: str, at: datetime) -> School:
    """Add a school with the shipped scales; raises Conflict when the slug is taken.

    The slug is for addresses and commands: lower-case letters, digits and hyphens.
    """
    if not SLUG.fullmatch(slug):
        raise Invalid(slug="school.slug_wrong")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # a folder's name, or one far too long
        raise Invalid(timezone="timezone.unknown") from None
    if school_by_slug(session, slug) is not None:
        raise Conflict("school.slug_taken")
    school = School(id=new_id(), slug=slug, name=name, timezone=timezone, created_at=at)
    session.add(school)
    session.flush()
    enter_school(session, school.id)
    add_shipped_scales(session, school_id=school.id, at=at)
    return school


def school_by_slug(session: Session, slug: str) -> School | None:
    """Return the school with this slug, if there is one."""
    return session.scalar(sa.select(School).where(School.slug == slug))


def school_ids(session: Session) -> Sequence[UUID]:
    """Return every school's id, for visiting them one by one, each behind its own wall."""
    return session.scalars(sa.select(School.id).order_by(School.id)).all()


def today_at(school: School, at: datetime) -> date:
    """Return the school's own day at a moment."""
    return at.astimezone(ZoneInfo(school.timezone)).date()


def add_person(
    session: Session,
    *,
    by: Person | None,
    school: School,
    name: str,
    given_name: str | None = None,
    email: str | None = None,
    number: str | None = None,
    roles: Iterable[SchoolRole],
    state: PersonState = PersonState.ACTIVE,
    at: datetime,
) -> Person:
    """Add a person with roles from today on; raises Conflict when the number is taken."""
    person = Person(
        school_id=school.id,
        name=name,
        given_name=given_name or name.split(" ", 1)[0],
        email=email,
        number=number,
        locale=None,
        state=state,
        created_at=at,
    )
    session.add(person)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("person.number_taken") from None
    for role in dict.fromkeys(roles):
        give_role(session, person=person, role=role, on=today_at(school, at))
    audit.record(session, by=by, verb="added person", subject=person, at=at)
    session.flush()
    return person


def give_role(session: Session, *, person: Person, role: SchoolRole, on: date) -> None:
    """Give a person a role in the school from a day on; who has it keeps it."""
    held = session.scalar(
        sa.select(PersonRole.id).where(
            PersonRole.school_id == person.school_id,
            PersonRole.person_id == person.id,
            PersonRole.role == role,
            holds(PersonRole, on),
        )
    )
    if held is None:
        session.add(
            PersonRole(
                school_id=person.school_id,
                person_id=person.id,
                role=role,
                from_on=on,
                until_on=None,
            )
        )
        session.flush()


def person_by_number(session: Session, *, school_id: UUID, number: str) -> Person | None:
    """Return the person with the school's own number, if there is one."""
    return session.scalar(
        sa.select(Person).where(Person.school_id == school_id, Person.number == number)
    )
