"""How coming in from the LMS goes: launches that were refused, and people who are there twice."""

from typing import Any

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Id, Moment, Text, Whole
from api.lms import REGISTRATION
from identity.access import allows
from lti.connecting import connections
from lti.launching.refusals import REFUSALS
from lti.people.standins import kept_apart
from tracker.permissions import Action

blp = Blueprint("lms-launches", about="How coming in from the LMS goes")
MOST_REFUSALS = 100


class RefusalsQuery(Contract):
    """Of which LMS, and how many."""

    limit = Whole(least=1, most=MOST_REFUSALS, load_default=10, about="How many", example=10)
    registration_id = Id(load_default=None, about="Only those of this LMS", example=REGISTRATION)


class LaunchRefusalSchema(Contract):
    """A launch that was refused."""

    happened_at = Moment(about="When", example="2026-11-20T08:00:00Z")
    registration_id = Id(allow_none=True, about="Of which LMS, if known", example=REGISTRATION)
    code = Text(longest=64, about="Why, for programs", example="clock")
    message = Text(longest=2000, allow_none=True, about="The same for people", example="The clock.")
    hint = Text(longest=2000, allow_none=True, about="What to do", example="Set it by NTP.")
    detail = Text(longest=2000, allow_none=True, about="What was the matter in it", example=None)
    help_code = Text(
        longest=20, allow_none=True, about="The code that the person saw", example="LS-3F09AC"
    )


class LaunchRefusalsSchema(Contract):
    """The newest refused launches."""

    items = fields.List(fields.Nested(LaunchRefusalSchema))


class TwinSchema(Contract):
    """Somebody who came in from the LMS beside a person that the school knows."""

    stand_in_id = Id(about="Who came in", example="019aab4e-9000-7aaa-8bbb-000000000005")
    stand_in_name = Text(longest=200, about="Their name", example="Noor Nieuw")
    person_id = Id(about="Who they are by number", example="019aab4e-9000-7aaa-8bbb-000000000004")
    person_name = Text(longest=200, about="Their name", example="Noor van Dijk")


class TwinsSchema(Contract):
    """All of them."""

    items = fields.List(fields.Nested(TwinSchema))


@blp.get("/lms/refusals")
@allows(Action.SEE_LMS)
@blp.arguments(RefusalsQuery, location="query")
@blp.response(200, LaunchRefusalsSchema)
@blp.alt_response(403, description="You are no administrator")
def list_refusals(query: dict[str, Any]) -> dict[str, Any]:
    """List the launches that were refused last, newest first.

    With why, and what to do about it.
    """
    found = connections.last_refusals(g.session, by=g.person, on=g.today, **query)
    told = []
    for one in found:
        known = REFUSALS.get(one.code)
        words = {"message": str(known.reason), "hint": _text(known.fix)} if known else {}
        told.append(
            {
                **{name: getattr(one, name) for name in ("happened_at", "registration_id")},
                **{name: getattr(one, name) for name in ("code", "detail", "help_code")},
                "message": None,
                "hint": None,
                **words,
            }
        )
    return {"items": told}


@blp.get("/lms/twins")
@allows(Action.SEE_LMS)
@blp.response(200, TwinsSchema)
@blp.alt_response(403, description="You are no administrator")
def list_twins() -> dict[str, Any]:
    """List who came in from the LMS beside somebody that the school knows already.

    Both have something of their own, so they are not made one by themselves.
    """
    found = kept_apart(g.session, by=g.person, on=g.today)
    return {
        "items": [
            {
                "stand_in_id": one.id,
                "stand_in_name": one.name,
                "person_id": other.id,
                "person_name": other.name,
            }
            for one, other in found
        ]
    }


def _text(words: object) -> str | None:
    return None if words is None else str(words)
