"""What decides whether a signal speaks: absence, putting off, and what placements offer."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Choice, Contract, Day, Flag, Id, Moment, Text
from api.limits import DaysSchema
from api.me import NamedPersonSchema
from api.paging import Answer, PageQuery, by_id, page, page_of
from identity.access import allows
from tracker.absences import declare_absence, withdraw_absence
from tracker.models import (
    Absence,
    FrameworkItem,
    LearningPlan,
    Opportunity,
    Person,
    Placement,
    Snooze,
)
from tracker.opportunities import opportunities_of, say_opportunity
from tracker.permissions import Action, find
from tracker.signals import Rule
from tracker.snoozes import LONGEST_REASON, end_snooze, snooze

blp = Blueprint("attention", about="Whether a signal speaks: absence, putting off, opportunities")


class NewAbsenceSchema(DaysSchema):
    """Days on which the student is away; never why."""


class AbsenceSchema(DaysSchema):
    """Days on which the student is away: clocks that wait for the student stand still."""

    id = Id(about="The absence", example="019aab4e-b100-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    by = fields.Nested(NamedPersonSchema)
    created_at = Moment(about="When it was declared", example="2026-12-01T08:00:00Z")
    withdrawn_at = Moment(allow_none=True, about="When it was taken back")


class AbsencePageSchema(Contract):
    """A page of absences."""

    items = fields.List(fields.Nested(AbsenceSchema))


class SnoozeBaseSchema(Contract):
    """What a signal is about, until when you put it off, and why."""

    about = Id(
        load_default=None,
        allow_none=True,
        about="The signal's `about` in the overview; null when it is about the plan",
    )
    until_on = Day(required=True, about="From this day on it speaks again", example="2026-12-01")
    reason = Text(
        longest=LONGEST_REASON,
        required=True,
        about="Why, for yourself",
        example="We spreken elkaar vrijdag.",
    )


class NewSnoozeSchema(SnoozeBaseSchema):
    """Which signal you put off."""

    rule = Choice(Rule, required=True, about="The signal's rule", example="nothing_shared")


class SnoozeSchema(SnoozeBaseSchema):
    """A signal that you put off; others still see it."""

    id = Id(about="The putting off", example="019aab4e-b200-7aaa-8bbb-000000000001")
    plan_id = Id(about="Its plan", example="019aab4e-4000-7aaa-8bbb-000000000001")
    # As it was kept, also when the rule is no more.
    rule = Text(longest=64, about="The signal's rule", example="nothing_shared")
    created_at = Moment(about="When you put it off", example="2026-11-21T08:00:00Z")
    ended_at = Moment(allow_none=True, about="When you brought it back")


class NewOpportunitySchema(Contract):
    """Whether a placement offers a werkproces."""

    item_id = Id(
        required=True,
        about="The werkproces, of the plan's kwalificatie",
        example="019aab4e-2100-7aaa-8bbb-000000000001",
    )
    is_possible = Flag(required=True, about="Whether it can be practised there", example=False)


class OpportunitySchema(NewOpportunitySchema):
    """What was said last about a werkproces in a placement."""

    placement_id = Id(about="The placement", example="019aab4e-3000-7aaa-8bbb-000000000001")
    by = fields.Nested(NamedPersonSchema)
    said_at = Moment(about="Since when it holds", example="2026-11-12T09:41:07Z")


class OpportunityListSchema(Contract):
    """What was said about a placement."""

    items = fields.List(fields.Nested(OpportunitySchema))


@blp.get("/plans/<uuid:plan_id>/absences")
@allows(Action.SEE_PLAN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, AbsencePageSchema)
def list_absences(query: dict[str, Any], plan_id: UUID) -> Answer:
    """List the days on which the student is away.

    For the student and the school; a supervisor sees none. Without those that were taken back.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    of_plan = (Absence.plan_id == plan.id, Absence.withdrawn_at.is_(None))
    absences, end = page_of(Absence, *of_plan, **query)
    return page(_shown(absences), end)


@blp.post("/plans/<uuid:plan_id>/absences")
@allows(Action.DECLARE_ABSENCE)
@blp.arguments(NewAbsenceSchema)
@blp.response(201, AbsenceSchema)
@blp.alt_response(409, description="These days were declared already")
def create_absence(body: dict[str, Any], plan_id: UUID) -> Answer:
    """Say on which days the student is away.

    The student or a coach. Days only: nobody asks why.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    made = declare_absence(g.session, by=g.person, plan=plan, on=g.today, at=g.now, **body)
    where = url_for("api-attention.get_absence", absence_id=made.id)
    return _shown([made])[0], {"Location": where}


@blp.get("/absences/<uuid:absence_id>")
@allows(Action.SEE_PLAN)
@blp.response(200, AbsenceSchema)
def get_absence(absence_id: UUID) -> dict[str, Any]:
    """Show one absence.

    Also one that was taken back.
    """
    return _shown([find(g.session, Absence, absence_id, person=g.person, on=g.today)])[0]


@blp.delete("/absences/<uuid:absence_id>")
@allows(Action.DECLARE_ABSENCE)
@blp.response(204)
@blp.alt_response(409, description="It was taken back already")
def withdraw_declared_absence(absence_id: UUID) -> None:
    """Take an absence back.

    The student or a coach. 409 when it was taken back already.
    """
    absence = find(g.session, Absence, absence_id, person=g.person, on=g.today)
    withdraw_absence(g.session, by=g.person, absence=absence, on=g.today, at=g.now)


@blp.post("/plans/<uuid:plan_id>/snoozes")
@allows(Action.SNOOZE)
@blp.arguments(NewSnoozeSchema)
@blp.response(201, SnoozeSchema)
def create_snooze(body: dict[str, Any], plan_id: UUID) -> tuple[Snooze, dict[str, str]]:
    """Put a signal off, for yourself alone.

    For coach, core team and supervisor; at most 90 days. Again: the new day and reason hold.
    """
    plan = find(g.session, LearningPlan, plan_id, person=g.person, on=g.today)
    made = snooze(g.session, by=g.person, plan=plan, on=g.today, at=g.now, **body)
    return made, {"Location": url_for("api-attention.get_snooze", snooze_id=made.id)}


@blp.get("/snoozes/<uuid:snooze_id>")
@allows(Action.SNOOZE)
@blp.response(200, SnoozeSchema)
def get_snooze(snooze_id: UUID) -> Snooze:
    """Show what you put off.

    Nobody else sees that, or your reason.
    """
    return find(g.session, Snooze, snooze_id, person=g.person, on=g.today)


@blp.delete("/snoozes/<uuid:snooze_id>")
@allows(Action.SNOOZE)
@blp.response(204)
@blp.alt_response(409, description="It speaks again already")
def take_back_snooze(snooze_id: UUID) -> None:
    """Let a signal that you put off speak again.

    409 when it does already.
    """
    put_off = find(g.session, Snooze, snooze_id, person=g.person, on=g.today)
    end_snooze(g.session, by=g.person, snooze=put_off, on=g.today, at=g.now)


@blp.get("/placements/<uuid:placement_id>/opportunities")
@allows(Action.SEE_PLAN)
@blp.response(200, OpportunityListSchema)
def list_opportunities(placement_id: UUID) -> dict[str, Any]:
    """List which werkprocessen a placement offers, and which not.

    Only the newest word on each. What is not here, nobody said anything about: that is no gap.
    """
    placement = find(g.session, Placement, placement_id, person=g.person, on=g.today)
    said = opportunities_of(g.session, placement_ids=[placement.id], person=g.person, on=g.today)
    return {"items": _shown(said)}


@blp.post("/placements/<uuid:placement_id>/opportunities")
@allows(Action.SAY_OPPORTUNITY)
@blp.arguments(NewOpportunitySchema)
@blp.response(201, OpportunitySchema)
@blp.alt_response(409, description="The placement is over")
def create_opportunity(body: dict[str, Any], placement_id: UUID) -> dict[str, Any]:
    """Say whether a placement offers a werkproces; the newest word holds.

    The student, a coach, or the supervisor of the placement. Saying the same again changes nothing.
    """
    placement = find(g.session, Placement, placement_id, person=g.person, on=g.today)
    item = find(g.session, FrameworkItem, body["item_id"], person=g.person, on=g.today)
    said = say_opportunity(
        g.session,
        by=g.person,
        placement=placement,
        item=item,
        is_possible=body["is_possible"],
        on=g.today,
        at=g.now,
    )
    return _shown([said])[0]


def _shown(records: Sequence[Absence] | Sequence[Opportunity]) -> list[dict[str, Any]]:
    """Return records with the names of who said it, in one query."""
    people = by_id(Person, (record.by_id for record in records))
    return [
        {
            **{column.key: getattr(record, column.key) for column in record.__mapper__.columns},
            "by": people[record.by_id],
        }
        for record in records
    ]
