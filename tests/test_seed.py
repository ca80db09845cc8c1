"""The seeded school: the same for the same seed, and every row where people look for it."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.seed.load import seed_school
from demo.seed.scenery import sizes
from tests.kept import KeptRows
from tracker.columns import SchoolOwned
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict
from tracker.models import (
    Activity,
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    Goal,
    Judgement,
    LearningPlan,
    Person,
    Placement,
    PlanMember,
    PlanRole,
    PlanState,
    School,
)
from tracker.overview import rows_for
from tracker.people import add_school, person_by_number, today_at
from tracker.permissions import holds, visible

STUDENTS = 12


@pytest.fixture
def on(school: School) -> date:
    return today_at(school, utc_now())


@pytest.fixture
def seeded(engine: sa.Engine, school: School, on: date) -> School:
    told: list[int] = []
    signals = seed_school(
        engine, school=school, students=STUDENTS, seed="7", on=on, tell=told.append
    )
    assert told == [STUDENTS]
    with unit_of_work(engine, school_id=school.id) as session:
        assert _count(session, Activity) == signals > STUDENTS * 100
    return school


def _count(session: Session, model: Any, *where: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def _person(session: Session, school: School, number: str) -> Person:
    found = person_by_number(session, school_id=school.id, number=number)
    assert found is not None
    return found


def test_a_coach_sees_a_row_with_trails_for_each_student(
    engine: sa.Engine, seeded: School, on: date
) -> None:
    with unit_of_work(engine, school_id=seeded.id) as session:
        coach = _person(session, seeded, "gezaaid-begeleider-00001")
        rows = rows_for(session, reader=coach, school=seeded, on=on, roles=(PlanRole.COACH,))
        assert len(rows) == STUDENTS
        assert all(row.trails and row.facts.judgements and row.activity for row in rows)
        assert any(row.signals for row in rows)
        assert len({row.facts.starts_on for row in rows}) > STUDENTS / 2
        shared = _count(session, Evidence, Evidence.state == EvidenceState.SHARED)
        assert len(session.scalars(visible(Evidence, person=coach, on=on)).all()) == shared > 0
        assert _count(session, Evidence, Evidence.state == EvidenceState.PRIVATE) > 0


def test_a_student_sees_everything_of_their_own(
    engine: sa.Engine, seeded: School, on: date
) -> None:
    with unit_of_work(engine, school_id=seeded.id) as session:
        student = _person(session, seeded, "gezaaid-000001")
        plan = session.scalars(
            sa.select(LearningPlan).filter_by(student_id=student.id, state=PlanState.ACTIVE)
        ).one()
        for model in (Evidence, Judgement, Goal, Placement):
            seen = session.scalars(visible(model, person=student, on=on)).all()
            assert len(seen) == _count(session, model, model.plan_id == plan.id), model


def test_a_supervisor_sees_what_was_shared_with_the_running_placements_and_no_more(
    engine: sa.Engine, seeded: School, on: date
) -> None:
    with unit_of_work(engine, school_id=seeded.id) as session:
        running = session.execute(
            sa.select(PlanMember.person_id, PlanMember.placement_id).where(
                PlanMember.role == PlanRole.SUPERVISOR, holds(PlanMember, on)
            )
        ).all()
        assert running
        for person_id, _ in running:
            supervisor = session.get_one(Person, (seeded.id, person_id))
            own = [stay for someone, stay in running if someone == person_id]
            shown = sa.select(EvidenceShare.evidence_id).where(
                EvidenceShare.audience == Audience.PLACEMENT,
                EvidenceShare.placement_id.in_(own),
                EvidenceShare.ended_at.is_(None),
            )
            seen = session.scalars(visible(Evidence, person=supervisor, on=on)).all()
            assert {piece.id for piece in seen} == set(session.scalars(shown))


def test_what_was_seen_was_shown_before_and_by_somebody_who_took_part(
    engine: sa.Engine, seeded: School, on: date
) -> None:
    with unit_of_work(engine, school_id=seeded.id) as session:
        members = session.scalars(sa.select(PlanMember)).all()
        shares = session.scalars(sa.select(EvidenceShare)).all()
        judgements = session.scalars(sa.select(Judgement)).all()
        assert {judgement.role for judgement in judgements} == {
            PlanRole.STUDENT,
            PlanRole.COACH,
            PlanRole.SUPERVISOR,
        }
        for judgement in judgements:
            assert judgement.observed_on <= judgement.recorded_at.date() < on
            assert any(_took_part(member, judgement) for member in members)
            if judgement.evidence_id is not None:
                assert any(
                    share.evidence_id == judgement.evidence_id
                    and share.shared_at <= judgement.recorded_at
                    for share in shares
                )


def _took_part(member: PlanMember, judgement: Judgement) -> bool:
    return (
        (member.plan_id, member.person_id, member.role)
        == (judgement.plan_id, judgement.by_id, judgement.role)
        and member.from_on <= judgement.observed_on
        and (member.until_on is None or judgement.observed_on < member.until_on)
        and (
            member.role is not PlanRole.SUPERVISOR or member.placement_id == judgement.placement_id
        )
    )


def test_the_same_seed_gives_the_same_rows(
    engine: sa.Engine, seeded: School, on: date, request: pytest.FixtureRequest
) -> None:
    first = _rows(engine, seeded)
    kept: KeptRows = request.getfixturevalue("_kept_rows")
    kept.empty()
    with unit_of_work(engine) as session:
        again = add_school(
            session, slug=seeded.slug, name="Nog eens", timezone=seeded.timezone, at=utc_now()
        )
    seed_school(engine, school=again, students=STUDENTS, seed="7", on=on, tell=lambda _: None)
    assert _rows(engine, again) == first


def _rows(engine: sa.Engine, school: School) -> dict[str, Counter[Any]]:
    """Return all rows but the shipped scales, without what refers to these and to the school."""
    found = {}
    with unit_of_work(engine, school_id=school.id) as session:
        for mapper in SchoolOwned.__subclasses__()[0].registry.mappers:
            table: Any = mapper.local_table
            if "school_id" not in table.c or table.name in {"scale", "scale_level"}:
                continue
            columns = _but(table.c, {"school_id", "level_id"})
            rows = session.execute(sa.select(*columns).where(table.c.school_id == school.id))
            found[table.name] = Counter(map(repr, rows))
    return {name: rows for name, rows in found.items() if rows}


def _but(columns: Iterable[Any], names: set[str]) -> list[Any]:
    return [column for column in columns if column.name not in names]


def test_a_school_is_seeded_once(engine: sa.Engine, seeded: School, on: date) -> None:
    with pytest.raises(Conflict, match=r"school\.seeded"):
        seed_school(engine, school=seeded, students=1, seed="8", on=on, tell=lambda _: None)


def test_one_coach_in_a_thousand_students_has_two_hundred() -> None:
    for students in (12, 300, 3000):
        found = sizes(students)
        assert sum(found) == students
        assert found.count(200) == students // 1000 + (students % 1000 >= 300)
        assert set(found) - {200} <= set(range(1, 31))


def test_days_of_a_seeded_school_go_back_three_years(
    engine: sa.Engine, seeded: School, on: date
) -> None:
    with unit_of_work(engine, school_id=seeded.id) as session:
        earliest = session.scalar(sa.select(sa.func.min(LearningPlan.starts_on)))
        latest = session.scalar(sa.select(sa.func.max(Activity.occurred_on)))
        assert earliest is not None
        assert latest is not None
        assert on - timedelta(days=3 * 365) <= earliest < on - timedelta(days=365)
        assert latest < on
