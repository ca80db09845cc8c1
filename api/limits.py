"""The school's own limits: after how many days a signal speaks, and when no clock runs."""

from typing import Any
from uuid import UUID

from flask import g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Day, Id, Moment, Text, Whole
from api.paging import Answer, PageQuery, page, page_of
from identity.access import allows
from tracker.facts import DEFAULTS, Thresholds
from tracker.holidays import add_holiday, remove_holiday
from tracker.lengths import MAX_TITLE
from tracker.models import Holiday
from tracker.permissions import Action, find
from tracker.thresholds import LIMITS, set_thresholds, thresholds_of

blp = Blueprint("limits", about="The school's own limits: when signals speak, and its holidays")
MEANINGS = {
    "unanswered_days": "A request waits longer than this",
    "nothing_shared_days": "Nothing shared and no talk for so long in a placement",
    "goal_untouched_days": "Nobody touched a goal for so long",
    "placement_ends_days": "A placement ends within so many days, without its supervisor's view",
    "news_days": "Good news is told for so long",
    "quiet_days": "A trail is quiet after so long without a judgement",
    "counting_days": "A rater's latest judgement counts for so long",
    "drawn_days": "Older judgements are not drawn; the table has them",
    "gap": "Raters are so many anchors apart",
    "contexts": "Seen independently in so many placements is transfer",
}


def _limit(name: str) -> fields.Field[int]:
    least, most = LIMITS[name]
    unit = "" if name in {"gap", "contexts"} else ", in days"
    example = getattr(DEFAULTS, name)
    return Whole(least=least, most=most, about=MEANINGS[name] + unit, example=example)


ThresholdsSchema = Contract.from_dict(
    {name: _limit(name) for name in LIMITS}, name="ThresholdsSchema"
)


class DaysSchema(Contract):
    """Days until another day, which is the first after them."""

    from_on = Day(required=True, about="The first day", example="2026-12-21")
    until_on = Day(required=True, about="The first day after it", example="2027-01-04")


class NewHolidaySchema(DaysSchema):
    """A holiday of the school."""

    name = Text(longest=MAX_TITLE, required=True, about="Its name", example="Kerstvakantie")


class HolidaySchema(NewHolidaySchema):
    """A holiday: clocks stand still."""

    id = Id(about="The holiday", example="019aab4e-b000-7aaa-8bbb-000000000001")
    created_at = Moment(about="When it was added", example="2026-09-01T08:00:00Z")
    removed_at = Moment(allow_none=True, about="When the school took it back")


class HolidayPageSchema(Contract):
    """A page of holidays."""

    items = fields.List(fields.Nested(HolidaySchema))


@blp.get("/school/thresholds")
@allows(Action.SEE_FRAMEWORK)
@blp.response(200, ThresholdsSchema)
def get_thresholds() -> Thresholds:
    """Show the limits of your school.

    They say when a signal speaks, for every plan.
    """
    return thresholds_of(g.session, school=g.school)


@blp.put("/school/thresholds")
@allows(Action.KEEP_RULES)
@blp.arguments(ThresholdsSchema)
@blp.response(200, ThresholdsSchema)
def change_thresholds(body: dict[str, int]) -> Thresholds:
    """Change limits of your school.

    Unlike elsewhere, what you leave out stays as it is, and no `If-Match` is asked: only what you
    name is written. Administrators only.
    """
    return set_thresholds(
        g.session, by=g.person, school=g.school, values=body, on=g.today, at=g.now
    )


@blp.get("/school/holidays")
@allows(Action.SEE_FRAMEWORK)
@blp.arguments(PageQuery, location="query")
@blp.response(200, HolidayPageSchema)
def list_holidays(query: dict[str, Any]) -> Answer:
    """List the holidays of your school.

    Without those that were taken back.
    """
    holidays, end = page_of(Holiday, Holiday.removed_at.is_(None), **query)
    return page(holidays, end)


@blp.post("/school/holidays")
@allows(Action.KEEP_RULES)
@blp.arguments(NewHolidaySchema)
@blp.response(201, HolidaySchema)
@blp.alt_response(409, description="A holiday of these days is there already")
def create_holiday(body: dict[str, Any]) -> tuple[Holiday, dict[str, str]]:
    """Add a holiday: no clock runs in it.

    Administrators only; also for days gone by. At most 70 days.
    """
    made = add_holiday(g.session, by=g.person, school=g.school, on=g.today, at=g.now, **body)
    return made, {"Location": url_for("api-limits.get_holiday", holiday_id=made.id)}


@blp.get("/school/holidays/<uuid:holiday_id>")
@allows(Action.SEE_FRAMEWORK)
@blp.response(200, HolidaySchema)
def get_holiday(holiday_id: UUID) -> Holiday:
    """Show one holiday.

    Also one that was taken back.
    """
    return find(g.session, Holiday, holiday_id, person=g.person, on=g.today)


@blp.delete("/school/holidays/<uuid:holiday_id>")
@allows(Action.KEEP_RULES)
@blp.response(204)
@blp.alt_response(409, description="It was taken back already")
def take_back_holiday(holiday_id: UUID) -> None:
    """Take a holiday back: clocks run in it.

    Administrators only. 409 when it was taken back already.
    """
    holiday = find(g.session, Holiday, holiday_id, person=g.person, on=g.today)
    remove_holiday(g.session, by=g.person, holiday=holiday, on=g.today, at=g.now)
