"""What the demo's administrator arranged: days off, words for the next cohort, and an LMS."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.scene import NOON, known
from demo.school_year import SchoolYear
from lti.connecting.registrations import activate, add_deployment, add_registration
from lti.courses.courses import ask_access
from lti.launching.launch_log import LAUNCHED
from lti.models import Context, Deployment, LaunchLog
from lti.people.roles import LaunchRole
from tracker.groups import join
from tracker.holidays import add_holiday
from tracker.models import Group, GroupRole, Person, Scale, School
from tracker.scales import Level, change_scale

AHEAD = timedelta(days=365)  # so far the school planned its days off
DEPLOYMENTS = ("1", "2")  # the first is on, the second waits for the administrator


def arrange(
    session: Session, story: dict[str, Any], *, school: School, by: Person, year: SchoolYear
) -> None:
    """Arrange all of it, some weeks ago."""
    on = year.today - timedelta(weeks=6)
    at = datetime.combine(on, NOON)
    for off in year.days_off:
        if not year.begun <= off.from_on < year.today + AHEAD:
            continue
        add_holiday(
            session,
            by=by,
            school=school,
            name=off.name,
            from_on=off.from_on,
            until_on=off.until_on,
            on=on,
            at=at,
        )
    _change_words(session, story["scale"], by=by, on=on, at=at)
    deployment = _connect(session, story["lms"], school=school, at=at)
    _wait_for_course(session, story["course"], deployment=deployment, year=year)


def _change_words(
    session: Session, told: dict[str, Any], *, by: Person, on: date, at: datetime
) -> None:
    scale = session.scalars(
        sa.select(Scale).where(Scale.school_id == by.school_id, Scale.code == told["of"])
    ).one()
    change_scale(
        session,
        by=by,
        scale=scale,
        name=told["name"],
        levels=[Level(*level) for level in told["levels"]],
        is_default=False,
        for_plans_from=on + timedelta(weeks=told["in_weeks"]),
        on=on,
        at=at,
    )


def _connect(session: Session, told: dict[str, Any], *, school: School, at: datetime) -> Deployment:
    issuer = told["issuer"]
    registration = add_registration(
        session,
        school=school,
        issuer=issuer,
        client_id=told["client"],
        auth_url=f"{issuer}/auth",
        token_url=f"{issuer}/token",
        jwks_url=f"{issuer}/jwks",
        audience=None,
        product=told["product"],
        home_url=told["home"],
        allow_loopback=False,
        at=at,
    )
    first, _ = (
        add_deployment(session, registration=registration, lti_id=lti_id, at=at)
        for lti_id in DEPLOYMENTS
    )
    activate(session, deployment_id=first.id, at=at)
    return first


def _wait_for_course(
    session: Session, told: dict[str, Any], *, deployment: Deployment, year: SchoolYear
) -> None:
    """Let a teacher ask to see the students of a course, which the administrator may confirm."""
    school_id = deployment.school_id
    opened, asked = (datetime.combine(on, NOON) for on in (year.begun, year.ago(told["asked"])))
    group = Group(school_id=school_id, code=None, title=told["title"], created_at=opened)
    session.add(group)
    session.flush()
    course = Context(
        school_id=school_id,
        deployment_id=deployment.id,
        lti_id=told["label"],
        title=told["title"],
        label=told["label"],
        group_id=group.id,
        memberships_url=f"{told['lms']}/members",
        launched_at=asked,
        created_at=opened,
    )
    session.add(course)
    session.flush()
    teacher = known(session, school_id, told["teacher"])
    students = [known(session, school_id, number) for number in told["students"]]
    for person, role in [(teacher, GroupRole.TEACHER), *((s, GroupRole.STUDENT) for s in students)]:
        join(session, group=group, person=person, role=role, on=year.begun)
    session.add(
        LaunchLog(
            school_id=school_id,
            registration_id=deployment.registration_id,
            code=LAUNCHED,
            role=LaunchRole.STAFF.value,
            happened_at=asked,
        )
    )
    ask_access(session, by=teacher, context=course, on=asked.date(), at=asked)
