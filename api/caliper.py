"""Caliper: programs of the school send envelopes of events; taken at once, read by the worker."""

from collections.abc import Callable
from typing import Any

from flask import g
from marshmallow import fields, pre_load

from api.blueprint import Blueprint
from api.errors import Refusal
from api.fields import Contract, Whole
from api.parsing import let_in
from identity.access import allows
from importers.caliper import KIND
from importers.caliper.meaning import waiting_of
from importers.pulls import pushed
from importers.xapi.values import has_zone, is_moment
from tracker.permissions import Action

MOST = 1000
VERSIONS = (
    "http://purl.imsglobal.org/ctx/caliper/v1p1",
    "http://purl.imsglobal.org/ctx/caliper/v1p2",
)
EXAMPLE = {
    "sensor": "https://lms.example/sensors/1",
    "sendTime": "2026-11-02T10:00:05.000Z",
    "dataVersion": VERSIONS[1],
    "data": [
        {
            "@context": VERSIONS[1],
            "id": "urn:uuid:019aab4e-9000-7aaa-8bbb-000000000001",
            "type": "AssessmentEvent",
            "actor": {
                "id": "https://lms.example/users/42",
                "type": "Person",
                "otherIdentifiers": [
                    {
                        "type": "SystemIdentifier",
                        "identifierType": "SisSourcedId",
                        "identifier": "S100042",
                    }
                ],
            },
            "action": "Submitted",
            "object": {"id": "https://lms.example/quiz/17", "type": "Assessment", "name": "Toets"},
            "eventTime": "2026-11-02T10:00:00.000Z",
        }
    ],
}
BODY = {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}}

blp = Blueprint("caliper", about="Caliper events, sent by programs of the school.")


class EnvelopeSchema(Contract):
    """An envelope as the standard has it; what else stands in it is let be."""

    envelope = fields.Raw(required=True, allow_none=True)

    @pre_load
    def wrap(self, body: Any, **_facts: Any) -> dict[str, Any]:
        """Take it as it is: a refusal is the standard's 400."""
        return {"envelope": body}


class TakenSchema(Contract):
    """What was taken."""

    received = Whole(least=0, most=MOST, about="How many events and descriptions came", example=1)


@blp.post("/caliper/events")
@allows(Action.SEND_STATEMENTS)
@blp.arguments(EnvelopeSchema)
@blp.response(201, TakenSchema)
@blp.alt_response(400, description="This is no envelope as Caliper has it; nothing is taken")
@blp.alt_response(403, description="Your token is not that of a program that may send")
@blp.alt_response(413, description="More than a thousand events, or too large")
@blp.doc(requestBody={"content": BODY, "required": True})
def send_events(body: dict[str, Any]) -> dict[str, int]:
    """Send an envelope of events.

    At most a thousand, of Caliper 1.1 or 1.2. What you sent before does nothing. An event that is
    not as it should be holds back no other: it is set aside, with why, where the school sees it.
    They are shown to people some seconds later.
    """
    pushed.source_of_pusher(g.session, by=g.person, kind=KIND)
    envelope = body["envelope"]
    wrong = _problems(envelope)
    if wrong:
        raise Refusal(400, "caliper.invalid", wrong)
    if len(envelope["data"]) > MOST:
        raise Refusal(413, "too_large")
    # No BSN comes in here either.
    sent = [pushed.Sent(*waiting_of(one)) for one in let_in(envelope["data"])]
    pushed.push(g.session, by=g.person, kind=KIND, statements=sent, at=g.now, is_all_or_none=False)
    return {"received": len(sent)}


def _problems(envelope: Any) -> dict[str, list[str]]:
    """Return what is wrong with an envelope, by part."""
    if not isinstance(envelope, dict):
        return {"body": ["not_an_object"]}
    found: dict[str, list[str]] = {}
    for name, (is_right, code) in _PARTS.items():
        if name not in envelope:
            found[name] = ["required"]
        elif not is_right(envelope[name]):
            found[name] = [code]
    return found


def _is_moment(value: Any) -> bool:
    return is_moment(value) and has_zone(value)


_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "sensor": (lambda value: isinstance(value, str | dict) and bool(value), "not_text"),
    "sendTime": (_is_moment, "not_a_moment"),
    "dataVersion": (lambda value: value in VERSIONS, "not_a_choice"),
    "data": (lambda value: isinstance(value, list), "not_a_list"),
}
