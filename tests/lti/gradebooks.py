"""A course of the LMS that signs, with a placed link, two students, and the worker's job."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from lti import jobs
from lti.gradebook.gradebook import choose_mode
from lti.models import (
    Context,
    Deployment,
    GradeMode,
    LineItem,
    LineItemState,
    LtiIdentity,
    ResourceLink,
    ScorePush,
)
from tests import lms_services
from tests.lms import Lms
from tests.lms_services import Services, lineitems_url, member, services
from tests.lti.signing import have_keys
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.judgements import judge
from tracker.models import (
    Evidence,
    Goal,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PlanRole,
)
from tracker.plans import add_member

SUB, OTHER_SUB, COACH_SUB = "3", "4", "1003"
OURS = tuple(lms_services.ALL_SCOPES[1:])


@dataclass
class Course:
    """One course; times are of the database, so that tests can let them pass."""

    app: Flask
    engine: sa.Engine
    world: World
    lms: Lms
    context_id: UUID
    link_id: UUID

    @property
    def services(self) -> Services:
        return services(self.lms)

    @property
    def school_id(self) -> UUID:
        return self.world.school.id

    def choose(
        self, mode: GradeMode, *, pieces: int | None = None, by: Person | None = None
    ) -> None:
        """Choose as a teacher does, committed."""
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            choose_mode(
                session,
                by=by or self.world.coach,
                link=session.get_one(ResourceLink, (self.school_id, self.link_id)),
                mode=mode,
                pieces=pieces,
                on=self.world.on,
                at=utc_now(),
            )

    def work(self) -> None:
        """Do what the worker's job does."""
        with self.app.app_context():
            jobs.tell_gradebooks(str(self.school_id))

    def pass_time(self) -> None:
        """Let everything that waits for its time become due."""
        now = utc_now()
        for model in (LineItem, ScorePush):
            with unit_of_work(self.engine, school_id=self.school_id) as session:
                session.execute(
                    sa.update(model)
                    .where(model.school_id == self.school_id, model.due_at.is_not(None))
                    .values(due_at=now)
                )

    def look(self) -> None:
        """Let the values be looked at again, and nothing else become due."""
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            session.execute(
                sa.update(LineItem)
                .where(LineItem.school_id == self.school_id, LineItem.state == LineItemState.ACTIVE)
                .values(due_at=utc_now())
            )

    def item(self) -> LineItem:
        """Return the newest column."""
        with unit_of_work(self.engine, school_id=self.school_id, writes=False) as session:
            return session.scalars(
                sa.select(LineItem)
                .where(LineItem.school_id == self.school_id)
                .order_by(LineItem.created_at.desc(), LineItem.id.desc())
            ).first() or _missing("a column")

    def scores(self) -> dict[str, ScorePush]:
        """Return the scores by the name under which the LMS knows the person."""
        with unit_of_work(self.engine, school_id=self.school_id, writes=False) as session:
            rows = session.scalars(
                sa.select(ScorePush).where(ScorePush.school_id == self.school_id)
            )
            return {row.subject: row for row in rows}

    def score(self) -> ScorePush:
        """Return the score of the world's student."""
        return self.scores()[SUB]

    def change(self, model: Any, key: UUID, **values: Any) -> None:
        """Change a row as some other part would."""
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            row = session.get_one(model, (self.school_id, key))
            for name, value in values.items():
                setattr(row, name, value)

    def say(self, anchor: int, *, by: Person | None = None, **about: Any) -> None:
        """Let the coach (or somebody else) judge the student's goal, or a piece."""
        with unit_of_work(self.engine, school_id=self.school_id) as session:
            goal = None if about else session.get_one(Goal, (self.school_id, self.world.goal.id))
            judge(
                session,
                by=by or self.world.coach,
                plan=self.world.plan,
                level=next(level for level in self.world.levels if level.anchor == anchor),
                goal=goal,
                observed_on=self.world.on,
                on=self.world.on,
                at=utc_now(),
                **about,
            )

    def piece(self) -> Evidence:
        """Return the piece that the student shared."""
        return self.world.shared

    def posts(self) -> list[dict[str, Any]]:
        """Return every score that came in at the LMS."""
        return [score for _, score in self.services.sent]

    def shown(self, sub: str = SUB) -> Any:
        """Return the number that the LMS shows in our newest column."""
        return self.services.grade(max(self.services.columns), sub)


def _missing(what: str) -> Any:
    raise LookupError(what)


def make_course(app: Flask, engine: sa.Engine, world: World, lms: Lms) -> Course:
    """Add a course whose roster is the world's group, taught by the world's coach."""
    have_keys(engine, app.extensions["settings"])
    at = utc_now()
    school_id = world.school.id
    with unit_of_work(engine, school_id=school_id) as session:
        deployment = session.scalars(sa.select(Deployment)).one()
        context = Context(
            school_id=school_id,
            deployment_id=deployment.id,
            lti_id=lms_services.COURSE,
            title="Praktijkroute",
            group_id=world.group.id,
            memberships_url=lms_services.memberships_url(lms),
            lineitems_url=lineitems_url(lms),
            scopes=" ".join(OURS),
            created_at=at,
        )
        session.add(context)
        session.flush()
        link = ResourceLink(
            school_id=school_id,
            deployment_id=deployment.id,
            context_id=context.id,
            lti_id="link-1",
            title="Mijn leerplan",
            mode=GradeMode.OFF,
            created_at=at,
        )
        session.add(link)
        session.add(
            Membership(
                school_id=school_id,
                group_id=world.group.id,
                person_id=world.coach.id,
                role=GroupRole.TEACHER,
                from_on=world.on - timedelta(days=30),
            )
        )
        for person, sub in (
            (world.student, SUB),
            (world.other_student, OTHER_SUB),
            (world.coach, COACH_SUB),
        ):
            session.add(known(world, deployment, person, sub, at))
    services(lms).members[lms_services.COURSE] = [
        member(SUB, "Learner"),
        member(OTHER_SUB, "Learner"),
        member(COACH_SUB, "Instructor"),
    ]
    with app.app_context():
        jobs.rotate_keys()
    return Course(app, engine, world, lms, context.id, link.id)


def share_column(course: Course) -> None:
    """Let the coach guide the second student too, and have both looked at."""
    world = course.world
    with unit_of_work(course.engine, school_id=course.school_id) as session:
        add_member(
            session,
            by=None,
            plan=session.get_one(LearningPlan, (course.school_id, world.other_plan.id)),
            person=world.coach,
            role=PlanRole.COACH,
            from_on=world.on,
            at=world.at,
        )
        judge(
            session,
            by=world.coach,
            plan=world.other_plan,
            level=world.levels[3],
            goal=session.get_one(Goal, (course.school_id, world.other_goal.id)),
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )


def known(
    world: World, deployment: Deployment, person: Person, sub: str, at: datetime
) -> LtiIdentity:
    """Make the LMS know a person under a name of its own."""
    return LtiIdentity(
        school_id=world.school.id,
        registration_id=deployment.registration_id,
        subject=sub,
        person_id=person.id,
        created_at=at,
    )
