"""Drafts of judgements: their author's only, edited at will, and gone when they are sent."""

from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import IF_MATCH, check_match, known_to_reader, with_tag
from api.fields import Contract, Id, Moment
from api.judgements import AboutSchema, JudgementSchema, SaidSchema, location_of, shown, subject_of
from api.paging import Answer, PageQuery, find_if, page, page_of
from identity.access import allows
from tracker.drafts import delete_draft, edit_draft, hold_draft, publish_draft, save_draft
from tracker.models import JudgementDraft, LearningPlan, ScaleLevel
from tracker.permissions import Action, find
from tracker.plans import plan_of

blp = Blueprint("drafts", about="Drafts of judgements: yours only, until you send them")


class DraftSaidSchema(SaidSchema):
    """What a draft says so far."""

    level_id = Id(
        load_default=None,
        allow_none=True,
        about="A level of a scale in force for the plan; needed for sending",
        example="019aab4e-6100-7aaa-8bbb-000000000002",
    )


class NewDraftSchema(AboutSchema, DraftSaidSchema):
    """A judgement that is not ready yet."""


class DraftSchema(AboutSchema, DraftSaidSchema):
    """A draft of yours."""

    id = Id(about="The draft", example="019aab4e-8200-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    changed_at = Moment(about="When it was last edited", example="2026-11-12T15:20:00Z")


class DraftPageSchema(Contract):
    """A page of drafts."""

    items = fields.List(fields.Nested(DraftSchema))


@blp.get("/plans/<uuid:plan_id>/drafts")
@allows(Action.JUDGE)
@blp.arguments(PageQuery, location="query")
@blp.response(200, DraftPageSchema)
def list_drafts(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List your own drafts in a plan.

    Nobody else sees them.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    drafts, end = page_of(JudgementDraft, JudgementDraft.plan_id == plan.id, **query)
    return page(drafts, end)


@blp.post("/plans/<uuid:plan_id>/drafts")
@allows(Action.JUDGE)
@blp.arguments(NewDraftSchema)
@blp.response(201, DraftSchema)
def create_draft(body: dict[str, Any], plan_id: UUID) -> tuple[JudgementDraft, dict[str, str]]:
    """Keep a judgement that is not ready yet.

    It answers no request, and nobody else sees it.
    """
    about, plan = subject_of(body, plan_id)
    draft = save_draft(
        g.session,
        by=g.person,
        plan=plan,
        level=find_if(ScaleLevel, body.pop("level_id")),
        on=g.today,
        at=g.now,
        **about,
        **body,
    )
    _, tag = _tagged(draft)
    return draft, {**tag, "Location": url_for("api-drafts.get_draft", draft_id=draft.id)}


@blp.get("/drafts/<uuid:draft_id>")
@allows(Action.JUDGE)
@blp.response(200, DraftSchema)
@blp.alt_response(304, description="You have it already")
def get_draft(draft_id: UUID) -> Any:
    """Show a draft of yours.

    Send its `ETag` back when you edit, send or delete it.
    """
    draft = find(g.session, JudgementDraft, draft_id, person=g.person, on=g.today)
    return known_to_reader(DraftSchema(), draft) or _tagged(draft)


@blp.put("/drafts/<uuid:draft_id>")
@allows(Action.JUDGE)
@blp.arguments(DraftSaidSchema)
@blp.response(200, DraftSchema)
@blp.doc(parameters=[IF_MATCH])
def change_draft(body: dict[str, Any], draft_id: UUID) -> tuple[JudgementDraft, dict[str, str]]:
    """Edit a draft of yours.

    What it is about stays.
    """
    draft = _held(draft_id, sent=DraftSaidSchema().dump(body))
    edit_draft(
        g.session,
        by=g.person,
        draft=draft,
        level=find_if(ScaleLevel, body.pop("level_id")),
        on=g.today,
        at=g.now,
        **body,
    )
    return _tagged(draft)


@blp.delete("/drafts/<uuid:draft_id>")
@allows(Action.JUDGE)
@blp.response(204)
@blp.doc(parameters=[IF_MATCH])
def remove_draft(draft_id: UUID) -> None:
    """Throw a draft of yours away.

    It leaves nothing that others see.
    """
    delete_draft(g.session, by=g.person, draft=_held(draft_id, sent={}), at=g.now)


@blp.post("/drafts/<uuid:draft_id>/publication")
@allows(Action.JUDGE)
@blp.response(201, JudgementSchema)
@blp.alt_response(409, description="The plan is closed")
@blp.doc(parameters=[IF_MATCH])
def send_draft(draft_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Make a draft of yours a judgement.

    From then on it is never changed, and the draft is gone.
    """
    draft = _held(draft_id, sent={})
    plan = plan_of(g.session, draft)
    judgement = publish_draft(g.session, by=g.person, draft=draft, on=g.today, at=g.now)
    return shown([judgement], plan)[0], location_of(judgement)


def _held(draft_id: UUID, *, sent: dict[str, Any]) -> JudgementDraft:
    draft = hold_draft(g.session, draft_id, by=g.person, on=g.today)
    check_match(DraftSchema(), draft, sent)
    return draft


def _tagged(draft: JudgementDraft) -> tuple[JudgementDraft, dict[str, str]]:
    return with_tag(DraftSchema(), draft)
