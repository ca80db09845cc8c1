"""The access log: what leaves a row, when, and what never does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from sqlalchemy.orm import Session

from identity.models import Scope
from identity.tokens import add_token
from tests.world import World
from tracker import audit
from tracker.db import new_id, unit_of_work, utc_now
from tracker.errors import NotFound
from tracker.goals import add_goal
from tracker.models import (
    Attachment,
    AuditEvent,
    Evidence,
    Framework,
    Goal,
    Judgement,
    LearningPlan,
    Person,
    Placement,
)
from tracker.overview import rows_for
from tracker.permissions import find


def looks(engine: sa.Engine, world: World) -> list[AuditEvent]:
    query = sa.select(AuditEvent).where(
        AuditEvent.school_id == world.school.id, AuditEvent.verb.startswith("looked")
    )
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(query.order_by(AuditEvent.id)))


# Changes


def test_a_change_is_logged_with_the_change_itself(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = added_goal(session, world)
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.subject_id == goal.id)).one()
    assert (event.verb, event.by_id, event.plan_id, event.subject_kind) == (
        "added goal",
        world.student.id,
        world.plan.id,
        "goal",
    )
    assert (event.at, event.slot) == (world.at, None)


def test_a_change_that_is_undone_leaves_no_row(engine: sa.Engine, world: World) -> None:
    before = all_rows(engine, world)
    with pytest.raises(RuntimeError):
        add_and_fail(engine, world)
    assert all_rows(engine, world) == before


def all_rows(engine: sa.Engine, world: World) -> list[Any]:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        return list(session.scalars(sa.select(AuditEvent.id).order_by(AuditEvent.id)))


def add_and_fail(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        added_goal(session, world)
        raise RuntimeError


def added_goal(session: Session, world: World) -> Goal:
    return add_goal(
        session,
        by=world.student,
        plan=world.plan,
        question="Hoe?",
        title="Ik vraag door",
        success="Ik weet wat iemand wil.",
        target_anchor=1,
        target_on=None,
        items=[],
        on=world.on,
        at=world.at,
    )


def test_the_log_holds_no_words_of_people(engine: sa.Engine, world: World) -> None:
    said = [
        world.student.name,
        world.goal.title,
        "Ik hielp mevrouw met opstaan.",
        "Vraag nog om hulp bij de tillift.",
    ]
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        rows = session.execute(
            sa.select(AuditEvent.verb, AuditEvent.subject_kind, AuditEvent.details)
        ).all()
    assert len(rows) > 10
    assert [words for words in said if words in str(rows)] == []


# Whom a record is about


@pytest.fixture
def records(work: Session, world: World) -> dict[type[Any], Any]:
    """Name one record of each kind that is about the world's student."""
    attachment = Attachment(
        school_id=world.school.id,
        evidence_id=world.shared.id,
        name="foto.jpg",
        media_type="image/jpeg",
        size=1,
        digest="a" * 64,
        thumbnail_digest=None,
        received_at=world.at,
    )
    work.add(attachment)
    work.flush()
    return {
        Person: world.student,
        LearningPlan: world.plan,
        Goal: world.goal,
        Evidence: world.shared,
        Attachment: attachment,
        Judgement: world.judgement,
        Placement: world.placement,
    }


def test_every_record_leads_to_its_person_and_plan(
    work: Session, world: World, records: dict[type[Any], Any]
) -> None:
    for model, record in records.items():
        plan_id = None if model is Person else world.plan.id
        assert audit.person_behind(work, record) == (world.student.id, plan_id), model
    assert audit.person_behind(work, world.framework) == (None, None)


def test_looking_at_somebody_elses_record_of_any_kind_is_remembered(
    work: Session, world: World, records: dict[type[Any], Any]
) -> None:
    for model, record in records.items():
        find(work, model, record.id, person=world.coach, on=world.on)
    seen = work.info.pop("looks")
    assert {look["subject_id"] for look in seen} == {record.id for record in records.values()}
    assert {look["by_id"] for look in seen} == {world.coach.id}


def test_looking_at_the_own_things_leaves_no_trace(
    work: Session, world: World, records: dict[type[Any], Any]
) -> None:
    for model, record in records.items():
        find(work, model, record.id, person=world.student, on=world.on)
    find(work, Person, world.coach.id, person=world.coach, on=world.on)
    assert "looks" not in work.info


def test_looking_at_the_schools_catalogue_leaves_no_trace(work: Session, world: World) -> None:
    find(work, Framework, world.framework.id, person=world.coach, on=world.on)
    assert "looks" not in work.info


def test_what_was_not_found_was_not_looked_at(work: Session, world: World) -> None:
    for key in (world.private.id, new_id()):
        with pytest.raises(NotFound):
            find(work, Evidence, key, person=world.coach, on=world.on)
    assert "looks" not in work.info


# Once in a quarter of an hour


def look_at_plan(engine: sa.Engine, world: World, by: Person, at: datetime) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        audit.look(session, by=by, verb="looked", subject=world.plan, plan_id=world.plan.id)
        audit.write_looks(session, session.info.pop("looks"), at=at)


def test_a_reader_leaves_one_row_per_record_and_quarter_of_an_hour(
    engine: sa.Engine, world: World
) -> None:
    noon = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    for minutes in (0, 1, 14.99):
        look_at_plan(engine, world, world.coach, noon + timedelta(minutes=minutes))
    assert [event.at for event in looks(engine, world)] == [noon]
    look_at_plan(engine, world, world.coach, noon + timedelta(minutes=15))
    look_at_plan(engine, world, world.administrator, noon)
    assert [event.by_id for event in looks(engine, world)] == [
        world.coach.id,
        world.coach.id,
        world.administrator.id,
    ]


def test_looks_of_one_page_are_written_together_and_once(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for _ in range(2):
            find(session, LearningPlan, world.plan.id, person=world.coach, on=world.on)
            find(session, Evidence, world.shared.id, person=world.coach, on=world.on)
        audit.write_looks(session, session.info.pop("looks"), at=world.at)
    assert {event.subject_id for event in looks(engine, world)} == {
        world.plan.id,
        world.shared.id,
    }
    assert len(looks(engine, world)) == 2


def test_each_list_names_the_plans_it_showed(engine: sa.Engine, world: World) -> None:
    def shown(by: Person, **page: Any) -> list[str]:
        with unit_of_work(engine, school_id=world.school.id) as session:
            rows_for(session, reader=by, school=world.school, on=world.on, **page)
            audit.write_looks(session, session.info.pop("looks", []), at=world.at)
        event = looks(engine, world)[-1]
        assert event.details is not None
        return list(event.details["plan_ids"])

    both = {str(world.plan.id), str(world.other_plan.id)}
    first = shown(world.administrator, limit=1)
    second = shown(world.administrator, limit=1, after=("Olaf Ander", world.other_plan.id))
    assert (first, second) == ([str(world.other_plan.id)], [str(world.plan.id)])
    assert set(shown(world.administrator)) == both
    assert len(looks(engine, world)) == 3


def test_the_overview_of_the_own_plan_leaves_no_trace(engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        rows = rows_for(session, reader=world.student, school=world.school, on=world.on)
        assert [row.plan_id for row in rows] == [world.plan.id]
        assert "looks" not in session.info


# At the edge


View = Callable[[], Any]


def asked(app: Flask, world: World, by: Person, view: View) -> int:
    """Let a program that acts for a person ask a view that this test made, by GET."""
    with unit_of_work(app.extensions["engine"], school_id=world.school.id) as session:
        token = add_token(session, person=by, name="t", scope=Scope.READ, at=utc_now())
    name = f"view-{new_id()}"
    app.add_url_rule(f"/api/{name}", name, view)
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get(f"/api/{name}", headers=headers).status_code


def look(world: World) -> None:
    find(g.session, LearningPlan, world.plan.id, person=g.person, on=g.today)


def test_a_look_is_written_after_the_page(own_app: Flask, engine: sa.Engine, world: World) -> None:
    before_the_end: list[int] = []

    def view() -> str:
        look(world)
        before_the_end.append(len(looks(engine, world)))
        return "ok"

    assert asked(own_app, world, world.coach, view) == 200
    assert before_the_end == [0]
    (event,) = looks(engine, world)
    assert (event.by_id, event.subject_id, event.plan_id) == (
        world.coach.id,
        world.plan.id,
        world.plan.id,
    )
    assert event.details is None


def test_a_refusal_that_shows_the_record_leaves_its_look(
    own_app: Flask, engine: sa.Engine, world: World
) -> None:
    def view() -> tuple[str, int]:
        look(world)
        return "with the plan on it", 422

    assert asked(own_app, world, world.coach, view) == 422
    assert len(looks(engine, world)) == 1


@pytest.mark.parametrize("error", [NotFound("gone"), RuntimeError("a fault of ours")])
def test_a_page_that_failed_leaves_no_look(
    own_app: Flask, engine: sa.Engine, world: World, error: Exception
) -> None:
    def view() -> str:
        look(world)
        raise error

    assert asked(own_app, world, world.coach, view) in {404, 500}
    assert looks(engine, world) == []


def test_a_student_reads_the_own_plan_without_a_row(
    own_app: Flask, engine: sa.Engine, world: World
) -> None:
    def view() -> str:
        look(world)
        return "ok"

    assert asked(own_app, world, world.student, view) == 200
    assert looks(engine, world) == []
