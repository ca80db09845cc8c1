"""Who asks for what in a seeded school: coaches, a supervisor, an administrator, students."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from bench.seeded import SLUG, Served
from identity.models import Scope
from identity.requests import SECRET
from identity.sessions import start_session
from identity.tokens import add_token
from settings import Settings
from tracker.db import enter_school, unit_of_work, utc_now
from tracker.models import (
    Goal,
    GoalState,
    LearningPlan,
    Person,
    PersonRole,
    PlanMember,
    PlanRole,
    PlanState,
    School,
    SchoolRole,
)
from tracker.people import school_by_slug, today_at
from tracker.permissions import holds
from tracker.scales import default_levels

READERS = 5  # different people take turns
USUAL, LARGE = 30, 200
Body = Callable[[int], bytes | None]


def _nothing(_turn: int) -> None:
    return None


@dataclass(frozen=True)
class Case:
    """One thing that is asked, by several people in turn; `body` makes what is sent.

    `students` are those that an answer is about, the most of all readers.
    """

    name: str
    paths: Sequence[str]
    headers: Sequence[dict[str, str]]
    students: int
    body: Body = _nothing
    status: int = 200
    queries: int = 0

    @property
    def readers(self) -> int:
        """Return how many different answers are asked for."""
        return max(len(self.paths), len(self.headers))


@dataclass
class Hall:
    """The application on the same database, in this process: it signs in and counts."""

    app: Flask
    school: School
    on: date

    def person(self, session: Session, person_id: UUID) -> Person:
        """Return somebody of the school."""
        return session.get_one(Person, (self.school.id, person_id))

    def cookie(self, session: Session, person_id: UUID) -> dict[str, str]:
        """Return the headers of a browser that this person signed in with."""
        person = self.person(session, person_id)
        secret = start_session(session, person=person, at=utc_now())
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]  # Flask's own interface
        name = self.app.config["SESSION_COOKIE_NAME"]
        return {"Cookie": f"{name}={signer.dumps({SECRET: secret, 'language': 'nl'})}"}

    def token(self, session: Session, person_id: UUID) -> dict[str, str]:
        """Return the headers of a program that acts as this person."""
        person = self.person(session, person_id)
        secret = add_token(session, person=person, name="bench", scope=Scope.WRITE, at=utc_now())
        return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def cases(served: Served) -> Iterator[Case]:
    """Yield everything that is measured; signs its people in."""
    app = create_app(Settings.from_env(served.environ))
    engine = app.extensions["engine"]
    with unit_of_work(engine) as session:
        school = school_by_slug(session, SLUG)
        if school is None:
            raise SystemExit(f"There is no school {SLUG}.")
        enter_school(session, school.id)
        hall = Hall(app, school, today_at(school, utc_now()))
        made = list(_cases(hall, session))
    for case in made:
        yield replace(case, queries=queries_of(app, case))
    engine.dispose()


def _cases(hall: Hall, session: Session) -> Iterator[Case]:
    for students in (USUAL, LARGE):
        coaches = _coaches(hall, session, students)
        if coaches:
            seen = [hall.cookie(session, one) for one in coaches]
            asked = [hall.token(session, one) for one in coaches]
            yield Case(f"coach page of {students}", ["/coach"], seen, students)
            path = f"/api/overview?limit={students}"
            yield Case(f"coach API of {students}", [path], asked, students)
    coach = _coaches(hall, session, USUAL)[0]
    plans = _plans_of(hall, session, coach)[:READERS]
    talks = [f"/coach/plans/{plan.id}" for plan in plans]
    yield Case("one student for a talk", talks, [hall.cookie(session, coach)], 1)
    supervisors = _supervisors(hall, session)
    seen = [hall.cookie(session, supervisor) for supervisor, _ in supervisors]
    yield Case("supervisor page", ["/supervisor"], seen, supervisors[0][1])
    boss = session.scalars(
        sa.select(PersonRole.person_id).where(
            PersonRole.school_id == hall.school.id, PersonRole.role == SchoolRole.ADMINISTRATOR
        )
    ).first()
    figures = "/school/figures"
    if boss is not None and _has(hall.app, figures):
        yield Case(
            "school page", [figures], [hall.cookie(session, boss)], _open_plans(hall, session)
        )
    yield _logging(hall, session, plans)
    yield _judging(hall, session, coach, plans[0])


def _logging(hall: Hall, session: Session, plans: Sequence[LearningPlan]) -> Case:
    """Return the logging of evidence without files, shared with the coaches."""
    goals = {plan.id: _active_goal(session, plan) for plan in plans}

    def body(turn: int) -> bytes:
        plan = plans[turn % len(plans)]
        piece = {
            "id": str(uuid4()),
            "text": "Vandaag deed ik het zelf.",
            "goal_ids": [str(goals[plan.id])],
            "happened_on": hall.on.isoformat(),
            "has_people": False,
            "share_with": ["coaches"],
        }
        return json.dumps(piece).encode()

    paths = [f"/api/plans/{plan.id}/evidence" for plan in plans]
    headers = [hall.token(session, plan.student_id) for plan in plans]
    return Case("log evidence", paths, headers, 1, body, 201)


def _judging(hall: Hall, session: Session, coach: UUID, plan: LearningPlan) -> Case:
    level = default_levels(session, school_id=hall.school.id, plan=plan)[2]
    goal_id = _active_goal(session, plan)

    def body(_turn: int) -> bytes:
        seen = {
            "goal_id": str(goal_id),
            "level_id": str(level.id),
            "observed_on": (hall.on - timedelta(days=1)).isoformat(),
            "words": "Je deed dit helemaal zelf.",
        }
        return json.dumps(seen).encode()

    path = f"/api/plans/{plan.id}/judgements"
    return Case("judge", [path], [hall.token(session, coach)], 1, body, 201)


def queries_of(app: Flask, case: Case) -> int:
    """Return how many statements an answer takes, the second time that it is asked."""
    found: list[str] = []

    def note(*execution: Any) -> None:
        found.append(execution[2])

    engine = app.extensions["engine"]
    client = app.test_client(use_cookies=False)
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        for turn in (0, len(case.paths) * len(case.headers)):
            found.clear()
            body = case.body(turn)
            path, headers = case.paths[0], case.headers[0]
            ask = client.get if body is None else client.post
            answer = ask(path, headers=headers, data=body, base_url="https://localhost")
            if answer.status_code != case.status:
                raise SystemExit(f"{case.name}: {answer.status_code} {answer.get_data()[:500]!r}")
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(found)


def _has(app: Flask, path: str) -> bool:
    return any(rule.rule == path for rule in app.url_map.iter_rules())


def _coaches(hall: Hall, session: Session, students: int) -> Sequence[UUID]:
    """Return some coaches of exactly so many open plans."""
    open_plans = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == hall.school.id, LearningPlan.state != PlanState.CLOSED
    )
    return session.scalars(
        sa.select(PlanMember.person_id)
        .where(
            PlanMember.school_id == hall.school.id,
            PlanMember.role == PlanRole.COACH,
            PlanMember.plan_id.in_(open_plans),
            holds(PlanMember, hall.on),
        )
        .group_by(PlanMember.person_id)
        .having(sa.func.count() == students)
        .order_by(PlanMember.person_id)
        .limit(READERS)
    ).all()


def _supervisors(hall: Hall, session: Session) -> Sequence[sa.Row[UUID, int]]:
    """Return those with the most running placements, and how many."""
    placements = sa.func.count()
    return session.execute(
        sa.select(PlanMember.person_id, placements)
        .where(
            PlanMember.school_id == hall.school.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, hall.on),
        )
        .group_by(PlanMember.person_id)
        .order_by(placements.desc(), PlanMember.person_id)
        .limit(READERS)
    ).all()


def _open_plans(hall: Hall, session: Session) -> int:
    of_school = LearningPlan.school_id == hall.school.id
    query = sa.select(sa.func.count()).where(of_school, LearningPlan.state != PlanState.CLOSED)
    return session.scalar(query) or 0


def _plans_of(hall: Hall, session: Session, coach: UUID) -> Sequence[LearningPlan]:
    guided = sa.select(PlanMember.plan_id).where(
        PlanMember.school_id == hall.school.id, PlanMember.person_id == coach
    )
    return session.scalars(
        sa.select(LearningPlan)
        .where(
            LearningPlan.school_id == hall.school.id,
            LearningPlan.id.in_(guided),
            LearningPlan.state == PlanState.ACTIVE,
        )
        .order_by(LearningPlan.starts_on, LearningPlan.id)
    ).all()


def _active_goal(session: Session, plan: LearningPlan) -> UUID | None:
    return session.scalars(
        sa.select(Goal.id).where(
            Goal.school_id == plan.school_id,
            Goal.plan_id == plan.id,
            Goal.state == GoalState.ACTIVE,
        )
    ).first()
