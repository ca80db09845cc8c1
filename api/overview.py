"""The overview: every plan of a reader, with why it asks for attention."""

from dataclasses import fields as parts_of
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from flask import Response, g, request
from marshmallow import fields

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Choice, Contract, Day, Flag, Id, Moment, Text, Whole
from api.me import NamedPersonSchema
from api.paging import PageQuery, link_to_next
from api.parsing import JSON
from identity.access import allows
from tracker.activity import source_ages
from tracker.facts import Rater
from tracker.models import LearningPlan, Person, PlanRole
from tracker.overview import Row, rows_for
from tracker.permissions import Action, plans_as, visible
from tracker.progress import Momentum
from tracker.signals import Fact, FactKind, Group, Rule, Signal, group_of, place
from tracker.snoozes import LONGEST_REASON

blp = Blueprint("overview", about="Who needs you this week, and why")
UTC_AS_Z = orjson.OPT_UTC_Z
IN_FACT = [part.name for part in parts_of(Fact)]
IN_SIGNAL = [part.name for part in parts_of(Signal)]


class GroupName(StrEnum):
    """The kinds of attention, in the order of the overview."""

    WAITS_FOR_YOU = "waits_for_you"
    TO_TALK_ABOUT = "to_talk_about"
    WAITS_FOR_OTHERS = "waits_for_others"
    SILENCE = "silence"
    ENDING = "ending"
    GOOD_NEWS = "good_news"


NAMES = {group: GroupName[group.name] for group in Group}


class FactSchema(Contract):
    """A fact that a signal fired on; only what belongs to its kind is there."""

    kind = Choice(FactKind, about="What it says", example="last_shared")
    on = Day(about="On which day", example="2026-10-29")
    days = Whole(
        least=0,
        most=99999,
        about="How many days ago; until the end of a placement; the clock stood still; the limit",
        example=23,
    )
    anchors = Whole(least=0, most=3, about="The limit, in anchors")
    contexts = Whole(least=0, most=99, about="The limit, in placements")
    by = Choice(Rater, about="Who judged or owes the answer, as seen from the student")
    by_id = Id(about="Who judged, asked, or owes the answer")
    anchor = Whole(least=0, most=3, about="Which anchor")
    label = Text(longest=200, about="The word that was used")
    placement_id = Id(about="In which placement")
    item_id = Id(about="Which werkproces")
    source = Text(longest=200, about="Which source told it")


class SignalSchema(Contract):
    """A rule that fired; never a judgement."""

    rule = Choice(Rule, about="Which rule", example="nothing_shared")
    since = Day(about="Waiting since", example="2026-10-29")
    facts = fields.List(fields.Nested(FactSchema))
    good_news = Flag(about="Whether it is good news", example=False)
    group = Choice(GroupName, about="What kind of attention it asks of you", example="silence")
    about = Id(allow_none=True, about="What it is about; null: the plan. Name it to put it off")
    goal_id = Id(allow_none=True, about="The goal it is about")
    placement_id = Id(allow_none=True, about="The placement it is about")
    item_id = Id(allow_none=True, about="The werkproces it is about")
    request_id = Id(allow_none=True, about="The request or learning question that waits")
    owed_by = Choice(Rater, allow_none=True, about="What who owes the answer is to the student")
    owed_by_id = Id(allow_none=True, about="Who owes the answer; null: any coach of the plan")


class PutOffSchema(Contract):
    """A signal that you put off; others still see it."""

    id = Id(about="The putting off", example="019aab4e-b200-7aaa-8bbb-000000000001")
    until_on = Day(about="From this day on it speaks again", example="2026-12-01")
    reason = Text(longest=LONGEST_REASON, about="Why you did", example="We spreken elkaar vrijdag.")
    signal = fields.Nested(SignalSchema)


class CoverageSchema(Contract):
    """How many active goals there are, and were seen by whom."""

    goals = Whole(least=0, most=99999, about="Active goals", example=4)
    seen = Whole(least=0, most=99999, about="Seen by anybody", example=3)
    by_self = Whole(least=0, most=99999, about="Seen by the student", example=3)
    by_coach = Whole(least=0, most=99999, about="Seen by a coach", example=1)
    by_supervisor = Whole(least=0, most=99999, about="Seen by a supervisor", example=2)
    by_other = Whole(least=0, most=99999, about="Seen by others", example=0)
    contexts = Whole(least=0, most=99999, about="Placements where goals were seen", example=1)


class MeasuresSchema(Contract):
    """What the facts of a plan amount to today."""

    coverage = fields.Nested(CoverageSchema)
    momentum = Choice(Momentum, about="How the anchors move", example="practises")
    freshness_days = Whole(
        least=0, most=99999, allow_none=True, about="Age of the newest judgement", example=9
    )
    agreement = Whole(
        least=0, most=3, allow_none=True, about="Largest gap between raters, in anchors", example=1
    )


class OverviewPlanSchema(Contract):
    """The plan of a row."""

    id = Id(about="The plan", example="019aab4e-4000-7aaa-8bbb-000000000001")


class OverviewRowSchema(Contract):
    """One student's plan as the reader may see it."""

    student = fields.Nested(NamedPersonSchema)
    plan = fields.Nested(OverviewPlanSchema)
    signals = fields.List(fields.Nested(SignalSchema))
    put_off = fields.List(fields.Nested(PutOffSchema))
    measures = fields.Nested(MeasuresSchema)
    last_import_at = fields.Dict(
        keys=fields.String(),
        values=Moment(allow_none=True, about="When it was last heard of"),
        metadata={
            "description": "When each source was last heard of, so that silence is not laziness",
            "example": {"Leeromgeving": "2026-11-20T03:00:00Z"},
        },
    )


class OverviewSchema(Contract):
    """A page of the overview."""

    items = fields.List(fields.Nested(OverviewRowSchema))


@blp.get("/overview")
@allows(Action.SEE_OVERVIEW)
@blp.arguments(PageQuery, location="query")
@blp.response(200, OverviewSchema)
@blp.alt_response(304, description="Nothing you may see has changed", success=True)
def get_overview(query: dict[str, Any]) -> Response:
    """Show the plans you may see, with the signals that fired.

    By the student's name: nothing is ordered by how well a student does. Signals of a plan come by
    `group`, then by how long they wait; those that you put off stand apart. Send the `ETag` back in
    `If-None-Match` to hear whether anything you may see has changed.
    """
    limit = query["limit"]
    rows = rows_for(
        g.session,
        reader=g.person,
        school=g.school,
        on=g.today,
        after=_ended_at(query["after"]),
        limit=limit + 1,
    )
    ages = dict(source_ages(g.session, school_id=g.school.id))
    coached = set(g.session.scalars(plans_as(g.person, g.today, PlanRole.COACH)))
    items = [_row(row, ages, is_coach=row.plan_id in coached) for row in rows[:limit]]
    response = Response(orjson.dumps({"items": items}, option=UTC_AS_Z), mimetype=JSON)
    response.headers.update(link_to_next(rows[limit - 1].plan_id if len(rows) > limit else None))
    response.set_etag(sha256(response.data).hexdigest()[:32])
    # A program may keep its answer, but asks each time whether it still holds.
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Authorization", "Cookie"])
    response.make_conditional(request)
    return response


def _ended_at(after: UUID | None) -> tuple[str, UUID] | None:
    """Return name and plan at which an earlier page ended; names stay out of addresses."""
    if after is None:
        return None
    name = g.session.scalar(
        visible(LearningPlan, person=g.person, on=g.today)
        .where(LearningPlan.id == after)
        .join(
            Person,
            sa.and_(
                Person.school_id == LearningPlan.school_id, Person.id == LearningPlan.student_id
            ),
        )
        .with_only_columns(Person.name)
    )
    if name is None:
        raise Refusal(422, "invalid", {"after": ["not_a_cursor"]})
    return name, after


def _row(row: Row, ages: dict[str, datetime | None], *, is_coach: bool) -> dict[str, Any]:
    reader = Rater.COACH if is_coach else None

    def order(signal: Signal) -> tuple[tuple[int, date, str], str, str]:
        return (
            place(signal, reader_id=g.person.id, reader=reader),
            signal.rule,
            str(signal.about),
        )

    return {
        "student": {"id": row.student_id, "name": row.name},
        "plan": {"id": row.plan_id},
        "signals": [_signal(signal, reader) for signal in sorted(row.signals, key=order)],
        "put_off": [
            {
                "id": put_off.id,
                "until_on": put_off.until_on,
                "reason": put_off.reason,
                "signal": _signal(put_off.signal, reader),
            }
            for put_off in row.put_off
        ],
        "measures": row.measures,
        "last_import_at": ages,
    }


def _signal(signal: Signal, reader: Rater | None) -> dict[str, Any]:
    return {
        **{name: getattr(signal, name) for name in IN_SIGNAL},
        "facts": [
            {name: value for name in IN_FACT if (value := getattr(fact, name)) is not None}
            for fact in signal.facts
        ],
        "about": signal.about,
        "group": NAMES[group_of(signal, reader_id=g.person.id, reader=reader)],
    }
