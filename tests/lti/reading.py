"""Reading courses of the LMS that signs, as the worker does, and what it left in the school."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from importers.lti.jobs import pull
from lti.courses.courses import confirm_context
from lti.models import Context, ContextPull, ContextPullKind, LtiIdentity
from settings import Settings
from tests.lms import Lms, User
from tests.lms_services import JSON, Services, member, service_claims, services
from tests.lti.browser import Browser
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.models import GroupRole, LearningPlan, Membership, Person, PlanMember, PlanRole

ROSTER, RESULTS = ContextPullKind.ROSTER, ContextPullKind.RESULTS
UNWELL = (503, JSON, b"[]")


@dataclass
class Course:
    """One course of the LMS, with services, and the school's own idea of it."""

    engine: sa.Engine
    settings: Settings
    lms: Lms
    world: World
    browser: Browser

    @property
    def services(self) -> Services:
        return services(self.lms)

    def enrol(self, *members: Mapping[str, Any]) -> None:
        """Let the LMS say that these are the course's members."""
        self.services.members["2"] = [dict(one) for one in members]

    def launch(self, user: User, **changes: Any) -> Any:
        """Come in from the course, in a browser of one's own."""
        with Browser(self.browser.site) as own:
            return own.launch(self.lms, user, **{**service_claims(self.lms), **changes})

    def context(self) -> Context:
        return self.one(sa.select(Context).where(Context.lti_id == "2"))

    def row(self, kind: ContextPullKind = ROSTER) -> ContextPull:
        return self.one(
            sa.select(ContextPull).where(
                ContextPull.kind == kind, ContextPull.context_id == self.context().id
            )
        )

    def read(
        self, kind: ContextPullKind = ROSTER, *, at: datetime | None = None, is_due: bool = True
    ) -> ContextPull:
        """Read the course now, whether it was due or not; returns how that went."""
        row, at = self.row(kind), at or utc_now()
        if is_due:
            self.write(sa.update(ContextPull).where(ContextPull.id == row.id).values(due_at=at))
        school_id = self.world.school.id
        pull(self.engine, self.settings, school_id=school_id, pull_id=row.id, at=at)
        return self.row(kind)

    def one(self, query: Any) -> Any:
        with unit_of_work(self.engine, school_id=self.world.school.id, writes=False) as session:
            return session.scalars(query).one()

    def all(self, query: Any) -> list[Any]:
        with unit_of_work(self.engine, school_id=self.world.school.id, writes=False) as session:
            return list(session.execute(query))

    def write(self, statement: Any) -> None:
        with unit_of_work(self.engine, school_id=self.world.school.id) as session:
            session.execute(statement)

    def members(self, on: date | None = None) -> dict[str, GroupRole]:
        """Return who is in the course today, by sub."""
        on = on or self.world.on
        rows = self.all(
            sa.select(LtiIdentity.subject, Membership.role, Membership.until_on)
            .join(Membership, Membership.person_id == LtiIdentity.person_id)
            .where(Membership.group_id == self.context().group_id)
        )
        open_rows = [(sub, role) for sub, role, until in rows if until is None or until > on]
        assert len(open_rows) == len(dict(open_rows)), "somebody is in the course twice"
        return dict(open_rows)

    def person(self, sub: str) -> Person:
        found: Person = self.one(
            sa.select(Person)
            .join(LtiIdentity, LtiIdentity.person_id == Person.id)
            .where(LtiIdentity.subject == sub)
        )
        return found

    def places(self, sub: str) -> dict[str, PlanRole]:
        """Return in whose plans somebody stands because of a course today, by the student's sub."""
        rows = self.all(
            sa.select(LtiIdentity.subject, PlanMember.role)
            .join(LearningPlan, LearningPlan.student_id == LtiIdentity.person_id)
            .join(PlanMember, PlanMember.plan_id == LearningPlan.id)
            .where(
                PlanMember.person_id == self.person(sub).id,
                PlanMember.coach_group_id.is_not(None),
                PlanMember.until_on.is_(None),
            )
        )
        assert len(rows) == len({sub for sub, _ in rows}), "two places in one plan"
        return {student: role for student, role in rows}  # noqa: C416 - rows are not pairs


def confirm(course: Course, role: PlanRole = PlanRole.COACH) -> None:
    """Confirm as the school's administrator what the course's instructors are to its learners."""
    world = course.world
    with unit_of_work(course.engine, school_id=world.school.id) as session:
        confirm_context(
            session,
            by=world.administrator,
            context=session.get_one(Context, (world.school.id, course.context().id)),
            instructors_are=role,
            on=world.on,
            at=utc_now(),
        )


def learners(count: int, first: int = 100) -> list[dict[str, Any]]:
    """Enrol so many learners whom nobody knows."""
    return [member(str(n), "Learner", name=f"Nieuw Nummer{n}") for n in range(first, first + count)]


def page_of(course: Course) -> str:
    """Return the path of the course's page."""
    return f"/coach/courses/{course.context().id}"
