"""Records that addresses and forms may name, beside those of the world."""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from migrations.metadata import metadata
from tests import connected
from tests.world import World
from tracker.absences import declare_absence
from tracker.comments import add_comment
from tracker.db import new_id, unit_of_work
from tracker.drafts import save_draft
from tracker.holidays import add_holiday
from tracker.lessons import add_lesson, choose_lesson
from tracker.models import Evidence, EvidenceShare, Goal, Judgement, LearningPlan, LessonKind
from tracker.questions import ask_question
from tracker.requests import ask
from tracker.signals import Rule
from tracker.signing import sign
from tracker.snoozes import snooze


def add_records(engine: sa.Engine, world: World) -> dict[str, UUID]:
    """Add a draft, a question, requests, a comment, a signature and lessons; ids by name.

    The coach was asked about the goal and keeps a draft of it; a fellow student was asked about
    the piece. The coach gives a lesson that nobody chose; another one was chosen. A week from now
    the student is away and the school is closed; until then the coach put a signal off. The
    group is a course of an LMS, with a link and an item; a system is read on time.
    """
    by_at: dict[str, Any] = {"on": world.on, "at": world.at}
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        piece = session.get_one(Evidence, (world.school.id, world.shared.id))
        judgement = session.get_one(Judgement, (world.school.id, world.judgement.id))
        draft = save_draft(
            session,
            by=world.coach,
            plan=world.plan,
            goal=goal,
            level=None,
            words="Nog niet af.",
            observed_on=world.on,
            **by_at,
        )
        question = ask_question(
            session, by=world.student, plan=world.plan, words="Waarom zo vroeg?", **by_at
        )
        asked = ask(session, by=world.student, to=world.coach, subject=goal, words=None, **by_at)
        ask(session, by=world.student, to=world.other_student, subject=piece, words=None, **by_at)
        comment = add_comment(
            session, by=world.student, subject=goal, words="Kijk je mee?", **by_at
        )
        sign(session, by=world.supervisor, judgement=judgement, **by_at)
        lesson, chosen = (
            add_lesson(
                session,
                by=world.coach,
                title=title,
                about=None,
                url=None,
                teacher=world.coach,
                **by_at,
            )
            for title in ("Rapporteren", "Bellen")
        )
        choice = choose_lesson(
            session,
            by=world.student,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            lesson=chosen,
            goal=goal,
            kind=LessonKind.REPEAT,
            reason=None,
            **by_at,
        )
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        week = {"from_on": world.on + timedelta(days=7), "until_on": world.on + timedelta(days=14)}
        absence = declare_absence(session, by=world.student, plan=plan, **week, **by_at)
        holiday = add_holiday(
            session,
            by=world.administrator,
            school=world.school,
            name="Herfstvakantie",
            **week,
            **by_at,
        )
        put_off = snooze(
            session,
            by=world.coach,
            plan=plan,
            rule=Rule.NOTHING_SHARED,
            about=None,
            until_on=week["from_on"],
            reason="We spreken elkaar vrijdag.",
            **by_at,
        )
        shares = sa.select(EvidenceShare.id).filter_by(evidence_id=piece.id)
        share_id = session.scalars(shares).first()
        guided = connected.guided(session, world)
        said = connected.said(session, world)
        lms = connected.lms(session, world)
        system = connected.system(session, world)
    assert share_id is not None
    return {
        "plan_id": world.plan.id,
        "goal_id": world.goal.id,
        "evidence_id": world.shared.id,
        "judgement_id": world.judgement.id,
        "draft_id": draft.id,
        "request_id": asked.id,
        "question_id": question.id,
        "comment_id": comment.id,
        "share_id": share_id,
        "lesson_id": lesson.id,
        "choice_id": choice.id,
        "teacher_id": world.coach.id,
        "scale_id": world.levels[0].scale_id,
        "level_id": world.levels[1].id,
        "to_id": world.supervisor.id,
        "absence_id": absence.id,
        "holiday_id": holiday.id,
        "snooze_id": put_off.id,
        "placement_id": world.placement.id,
        "item_id": world.items[1].id,
        "run_id": new_id(),
        "parked_id": new_id(),
        "person_id": world.teacher.id,
        "group_id": guided["group"],
        "coach_group_id": guided["guide"],
        "framework_item_id": world.items[1].id,
        "meaning_id": said["meaning"],
        "registration_id": lms["registration"],
        "deployment_id": lms["deployment"],
        "context_id": lms["context"],
        "link_id": lms["link"],
        "access_request_id": lms["asked"],
        "source_id": system["source"],
    }


def count_rows(connection: sa.Connection, *but: str) -> dict[str, int]:
    """Count the rows of every table but these, in one statement."""
    found = connection.exec_driver_sql(_counting(but)).mappings().one()
    return dict(found)


@cache
def _counting(but: tuple[str, ...]) -> str:
    counts = [
        sa.select(sa.func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in metadata.sorted_tables
        if table.name not in but
    ]
    return str(sa.select(*counts))


def all_rows(superuser_engine: sa.Engine) -> dict[str, list[str]]:
    """Return every row of every table; looks, sessions and tokens are no writing."""
    with superuser_engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
            if table.name not in {"audit_event", "api_token", "session"}
        }
