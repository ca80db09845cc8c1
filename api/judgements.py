"""Judgements: dated, by one person in one role; added, never changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import current_app, g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Flag, Id, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, find_if, page, page_of
from api.parsing import MULTIPART
from api.scales import LevelSchema
from api.uploads import keep_uploads
from api.voices import read_voice
from identity.access import allows, takes_files
from tracker.attachments import MAX_BYTES
from tracker.judged import judgements_seen
from tracker.judgements import judge
from tracker.lengths import MAX_WORDS
from tracker.models import (
    Aspect,
    Evidence,
    FrameworkItem,
    Goal,
    Judgement,
    LearningPlan,
    PlanRole,
    Purpose,
    ScaleLevel,
)
from tracker.permissions import Action, find
from tracker.plans import plan_of

blp = Blueprint("judgements", about="Judgements: what one person saw, on a day")


class AboutSchema(Contract):
    """What a judgement is about: a goal, an item of the framework, evidence, or several at once."""

    goal_id = Id(
        load_default=None,
        allow_none=True,
        about="About this goal",
        example="019aab4e-5000-7aaa-8bbb-000000000001",
    )
    item_id = Id(
        load_default=None,
        allow_none=True,
        about="About this item of the plan's framework, such as a werkproces",
        example="019aab4e-2100-7aaa-8bbb-000000000002",
    )
    evidence_id = Id(
        load_default=None,
        allow_none=True,
        about="As seen in this evidence; a supervisor and a peer always name it",
        example="019aab4e-7000-7aaa-8bbb-000000000001",
    )


class SaidSchema(Contract):
    """What a judgement says beside its level."""

    aspect = Choice(
        Aspect, load_default=None, allow_none=True, about="What it looks at", example="skill"
    )
    words = Text(
        longest=MAX_WORDS,
        load_default=None,
        allow_none=True,
        about="What was seen",
        example="Je legde rustig uit wat je ging doen.",
    )
    observed_on = Day(required=True, about="The day it was seen", example="2026-11-12")


class NewJudgementSchema(AboutSchema, SaidSchema):
    """A judgement about a goal, an item, evidence, or a goal as seen in evidence."""

    level_id = Id(
        required=True,
        about="A level of a scale in force for the plan; what nobody saw yet is no judgement",
        example="019aab4e-6100-7aaa-8bbb-000000000002",
    )


class JudgementFormSchema(NewJudgementSchema):
    """The same as a form with a voice message."""

    files = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        metadata={"description": "At most one voice message: m4a, mp3 or webm.", "maxItems": 1},
    )


class JudgementSchema(AboutSchema, SaidSchema):
    """A judgement, with the school's own word and its anchor."""

    id = Id(about="The judgement", example="019aab4e-8000-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    placement_id = Id(
        allow_none=True,
        about="The placement where it was seen",
        example="019aab4e-3000-7aaa-8bbb-000000000001",
    )
    evidence_version = Whole(
        least=1,
        most=9999,
        allow_none=True,
        about="Which words of the evidence were judged",
        example=1,
    )
    evidence_edited = Flag(about="Whether the evidence says something else now", example=False)
    evidence_withdrawn = Flag(about="Whether the student took the evidence back", example=False)
    by = fields.Nested(NamedPersonSchema)
    role = Choice(PlanRole, about="As what this person judged", example="supervisor")
    level = fields.Nested(LevelSchema)
    purpose = Choice(Purpose, about="Formative, unless promoted explicitly", example="formative")
    recorded_at = Moment(about="When it was written down", example="2026-11-12T15:20:00Z")
    signed_at = Moment(
        allow_none=True, about="When its author signed it", example="2026-11-12T15:21:00Z"
    )
    promoted_at = Moment(
        allow_none=True, about="Since when it counts for the exam", example="2026-11-20T10:00:00Z"
    )
    promotion_reason = Text(
        longest=MAX_WORDS,
        allow_none=True,
        about="Why it counts",
        example="Gezien in een echte dienst.",
    )
    recording_id = Id(
        allow_none=True,
        about="Its voice message, if you may hear it",
        example="019aab4e-8100-7aaa-8bbb-000000000001",
    )


class JudgementPageSchema(Contract):
    """A page of judgements."""

    items = fields.List(fields.Nested(JudgementSchema))


class JudgementQuery(PageQuery):
    """Which judgements of a plan."""

    goal_id = Id(about="About this goal", example="019aab4e-5000-7aaa-8bbb-000000000001")
    item_id = Id(about="About this item", example="019aab4e-2100-7aaa-8bbb-000000000002")
    evidence_id = Id(about="About this evidence", example="019aab4e-7000-7aaa-8bbb-000000000001")
    by = Id(about="By this person", example="019aab4e-1000-7aaa-8bbb-000000000002")
    from_on = Day(about="Seen on or after this day", example="2026-09-01")
    until_on = Day(about="Seen before this day", example="2026-12-01")


@blp.get("/plans/<uuid:plan_id>/judgements")
@allows(Action.SEE_JUDGEMENT)
@blp.arguments(JudgementQuery, location="query")
@blp.response(200, JudgementPageSchema)
def list_judgements(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the judgements in a plan, perhaps of one goal, item, piece, person or period.

    Each stands by itself, with its day and its person; nothing is averaged. Who must still judge
    something does not see what others saw in it.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    subjects = ("goal_id", "item_id", "evidence_id")
    wanted = [getattr(Judgement, name) == query[name] for name in subjects if name in query]
    wanted.append(Judgement.plan_id == plan.id)
    if "by" in query:
        wanted.append(Judgement.by_id == query["by"])
    if "from_on" in query:
        wanted.append(Judgement.observed_on >= query["from_on"])
    if "until_on" in query:
        wanted.append(Judgement.observed_on < query["until_on"])
    found, end = page_of(Judgement, *wanted, limit=query["limit"], after=query["after"])
    return page(shown(found, plan), end)


@blp.post("/plans/<uuid:plan_id>/judgements")
@allows(Action.JUDGE)
@takes_files(MAX_BYTES)
@blp.arguments(NewJudgementSchema, location="json_or_multipart")
@blp.response(201, JudgementSchema)
@blp.doc(requestBody={"content": {MULTIPART: {"schema": JudgementFormSchema}}})
def create_judgement(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Judge a goal, an item of the framework or evidence in a plan.

    In the role you have in the plan, as JSON or as a form with a voice message. A judgement is
    never changed: judge again to say something else.
    """
    about, plan = subject_of(body, plan_id)
    voice = read_voice()
    judgement = judge(
        g.session,
        by=g.person,
        plan=plan,
        level=find(g.session, ScaleLevel, body.pop("level_id"), person=g.person, on=g.today),
        voice=voice.file if voice else None,
        on=g.today,
        at=g.now,
        **about,
        **body,
    )
    if voice is not None:
        # Only now that the rows stand: what is refused leaves no bytes behind.
        keep_uploads(current_app.extensions["store"], g.school.id, [voice])
    return shown([judgement], plan)[0], location_of(judgement)


def subject_of(body: dict[str, Any], plan_id: UUID) -> tuple[dict[str, Any], LearningPlan]:
    """Take from a body what it is about, and the plan; who was shown one piece sees no plan."""
    goal = find_if(Goal, body.pop("goal_id"))
    item = find_if(FrameworkItem, body.pop("item_id"))
    evidence = find_if(Evidence, body.pop("evidence_id"))
    about = {"goal": goal, "item": item, "evidence": evidence}
    if evidence is not None and evidence.plan_id == plan_id:
        return about, plan_of(g.session, evidence)
    return about, find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)


def location_of(judgement: Judgement) -> dict[str, str]:
    """Return the header that says where a new judgement is."""
    return {"Location": url_for("api-judgements.get_judgement", judgement_id=judgement.id)}


@blp.get("/judgements/<uuid:judgement_id>")
@allows(Action.SEE_JUDGEMENT)
@blp.response(200, JudgementSchema)
def get_judgement(judgement_id: UUID) -> dict[str, Any]:
    """Show one judgement.

    With whether it was signed, whether it counts, and whether the evidence was edited since.
    """
    judgement = find(g.session, Judgement, judgement_id, person=g.person, on=g.today)
    return told(judgement)


def told(judgement: Judgement) -> dict[str, Any]:
    """Return one judgement with who judged and the word."""
    return shown([judgement], plan_of(g.session, judgement))[0]


def shown(judgements: Sequence[Judgement], plan: LearningPlan) -> list[dict[str, Any]]:
    """Return judgements of a plan with who judged and the word, in three queries in all."""
    seen = {
        found.id: found
        for found in judgements_seen(
            g.session,
            plan_id=plan.id,
            person=g.person,
            on=g.today,
            ids=[judgement.id for judgement in judgements],
        )
    }
    levels = by_id(ScaleLevel, [judgement.level_id for judgement in judgements])
    rows = []
    for judgement in judgements:
        found = seen[judgement.id]
        rows.append(
            {
                **{name: getattr(found, name) for name in SAME_NAMES},
                "plan_id": plan.id,
                "by": {"id": found.by_id, "name": found.name},
                "level": levels[found.level_id],
                "evidence_edited": found.is_edited,
                "evidence_withdrawn": found.is_withdrawn,
            }
        )
    return rows


SAME_NAMES = (
    "id",
    "goal_id",
    "item_id",
    "evidence_id",
    "evidence_version",
    "placement_id",
    "role",
    "aspect",
    "words",
    "observed_on",
    "recorded_at",
    "purpose",
    "signed_at",
    "promoted_at",
    "promotion_reason",
    "recording_id",
)
