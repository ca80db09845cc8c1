"""Judgements: dated, by one person in one role; added, never changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Id, Moment, Text
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, page, page_of
from api.scales import LevelSchema
from identity.access import allows
from tracker.judgements import judge
from tracker.models import (
    Aspect,
    Evidence,
    Goal,
    Judgement,
    LearningPlan,
    Person,
    PlanRole,
    Purpose,
    ScaleLevel,
)
from tracker.permissions import Action, find

blp = Blueprint("judgements", about="Judgements: what one person saw, on a day")


class JudgementBaseSchema(Contract):
    """What every judgement says."""

    goal_id = Id(
        load_default=None,
        allow_none=True,
        about="About this goal",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )
    evidence_id = Id(
        load_default=None,
        allow_none=True,
        about="As seen in this evidence; a supervisor always names it",
        example="019aab4e-7000-7aaa-8bbb-000000000001",
    )
    aspect = Choice(
        Aspect, load_default=None, allow_none=True, about="What it looks at", example="skill"
    )
    words = Text(
        longest=2000,
        load_default=None,
        allow_none=True,
        about="What was seen",
        example="Je legde rustig uit wat je ging doen.",
    )
    observed_on = Day(required=True, about="The day it was seen", example="2026-11-12")


class NewJudgementSchema(JudgementBaseSchema):
    """A judgement about a goal, about evidence, or about a goal as seen in evidence."""

    level_id = Id(
        required=True,
        about="A level of one of the school's scales",
        example="019aab4e-6100-7aaa-8bbb-000000000002",
    )


class JudgementSchema(JudgementBaseSchema):
    """A judgement, with the school's own word and its anchor."""

    id = Id(about="The judgement", example="019aab4e-8000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    item_id = Id(allow_none=True, about="About this item of a framework")
    placement_id = Id(
        allow_none=True,
        about="The placement where it was seen",
        example="019aab4e-3000-7aaa-8bbb-000000000001",
    )
    by = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="As what this person judged", example="supervisor")
    level = fields.Nested(LevelSchema)
    purpose = Choice(Purpose, about="Formative, unless promoted explicitly", example="formative")
    recorded_at = Moment(about="When it was written down", example="2026-11-12T15:20:00Z")


class JudgementPageSchema(Contract):
    """A page of judgements."""

    items = fields.List(fields.Nested(JudgementSchema))


@blp.get("/plans/<uuid:plan_id>/judgements")
@allows(Action.SEE_JUDGEMENT)
@blp.arguments(PageQuery, location="query")
@blp.response(200, JudgementPageSchema)
def list_judgements(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the judgements in a plan.

    Each stands by itself, with its day and its person; nothing is averaged. Who must still judge
    evidence does not see what others saw in it.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    judgements, end = page_of(Judgement, Judgement.plan_id == plan.id, **query)
    return page(_shown(judgements), end)


@blp.post("/plans/<uuid:plan_id>/judgements")
@allows(Action.JUDGE)
@blp.arguments(NewJudgementSchema)
@blp.response(201, JudgementSchema)
def create_judgement(body: dict[str, Any], plan_id: UUID) -> dict[str, Any]:
    """Judge a goal or evidence in a plan.

    In the role you have in the plan. A judgement is never changed: judge again to say something
    else.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    goal_id, evidence_id = body.pop("goal_id"), body.pop("evidence_id")
    judgement = judge(
        g.session,
        by=g.person,
        plan=plan,
        goal=_find_if(Goal, goal_id),
        evidence=_find_if(Evidence, evidence_id),
        level=find(g.session, ScaleLevel, body.pop("level_id"), person=g.person, on=g.today),
        on=g.today,
        at=g.now,
        **body,
    )
    return _shown([judgement])[0]


def _find_if(model: type[Any], key: UUID | None) -> Any:
    return None if key is None else find(g.session, model, key, person=g.person, on=g.today)


def _shown(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """Return judgements with who judged and the word, in two queries however many there are."""
    people = by_id(Person, [judgement.by_id for judgement in judgements])
    levels = by_id(ScaleLevel, [judgement.level_id for judgement in judgements])
    return [
        {
            "id": judgement.id,
            "plan_id": judgement.plan_id,
            "goal_id": judgement.goal_id,
            "item_id": judgement.item_id,
            "evidence_id": judgement.evidence_id,
            "placement_id": judgement.placement_id,
            "by": people[judgement.by_id],
            "role": judgement.role,
            "level": levels[judgement.level_id],
            "aspect": judgement.aspect,
            "purpose": Purpose.FORMATIVE,
            "words": judgement.words,
            "observed_on": judgement.observed_on,
            "recorded_at": judgement.recorded_at,
        }
        for judgement in judgements
    ]
