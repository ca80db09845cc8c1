"""The systems that are read on time, the programs that send, and how each is."""

from typing import Any
from uuid import UUID

from flask import current_app, g, url_for
from marshmallow import fields

from api.blueprint import Blueprint
from api.etags import ETAG, IF_MATCH, check_match, etag_of
from api.fields import Choice, Contract, Flag, Id, Moment, Text, Whole
from api.paging import Answer, PageQuery, page, part_of
from identity.access import allows
from importers.issues import Finding
from importers.kinds import PULL_KINDS
from importers.models import Cadence, ImportSource, MatchOn
from importers.people.parked import count_ready
from importers.pulls import pulls, source_checks, source_list
from importers.pulls.pushers import programs_of
from importers.pulls.source_list import SourceState
from importers.sentences import say
from settings import Settings
from tracker.permissions import Action, require

blp = Blueprint("sources", about="Systems that are read on time, and programs that send")
SOURCE = "019aab4e-9000-7aaa-8bbb-000000000002"
HEALTHS = "good, busy, waiting, part, old, failed, paused, stopped"


class TroubleSchema(Contract):
    """Something that stands in the way of reading a system."""

    code = Text(longest=64, about="What it is, for programs", example="moodle.function_missing")
    message = Text(longest=2000, about="The same for people", example="Moodle misses a function.")
    hint = Text(longest=2000, about="What to do", example="Add it to the service in Moodle.")


class SourceSchema(Contract):
    """A source of data; its secret is never shown."""

    id = Id(about="The source", example=SOURCE)
    name = Text(longest=200, about="Under which readers know it", example="Moodle")
    kind = Text(longest=64, about="Which kind of system or file", example="moodle")
    url = Text(
        longest=2000,
        allow_none=True,
        about="Where it is; empty for files and programs that send",
        example="https://moodle.meetpunt.example",
    )
    is_sent = Flag(about="Whether a program sends it to us", example=False)
    has_secret = Flag(about="Whether we hold a key or token for it", example=True)
    cadence = Choice(Cadence, about="How often it is asked", example="nightly")
    match_on = Choice(MatchOn, about="By what its people are known", example="number")
    options = fields.Dict(
        metadata={"description": "What was chosen (docs/importing.md)", "example": {}}
    )
    health = Text(longest=20, about=f"One of: {HEALTHS}", example="good")
    troubles = fields.List(fields.Nested(TroubleSchema))
    last_ok_at = Moment(
        allow_none=True, about="When it succeeded last", example="2026-11-20T03:00:00Z"
    )
    due_at = Moment(allow_none=True, about="When it is asked next", example="2026-11-21T03:00:00Z")
    paused_at = Moment(allow_none=True, about="Since when it is not asked on time")
    run_id = Id(allow_none=True, about="Its newest import", example=None)
    rows_ready = Whole(
        least=0,
        most=2**31,
        about="Rows that waited for who it is, and can be taken up",
        example=0,
    )
    sent_waiting = Whole(
        least=0, most=2**31, allow_none=True, about="Sent, and not read yet", example=None
    )
    sent_aside = Whole(
        least=0, most=2**31, allow_none=True, about="Sent, and not to be read", example=None
    )


# What people choose: all the rest changes without them.
CHOSEN = SourceSchema(only=("url", "cadence", "match_on", "options"))


class SourcePageSchema(Contract):
    """A page of sources."""

    items = fields.List(fields.Nested(SourceSchema))


class SourceChangeSchema(Contract):
    """What may change later."""

    url = Text(
        longest=source_checks.LONGEST_URL,
        required=True,
        about="Where it is; https",
        example="https://moodle.meetpunt.example",
    )
    secret = Text(
        longest=source_checks.LONGEST_SECRET,
        load_default=None,
        allow_none=True,
        about="The key or token; without it the old one stays, on the same server",
        example="0123456789abcdef0123456789abcdef",
    )
    cadence = Choice(
        Cadence, load_default=Cadence.NIGHTLY, about="How often it is asked", example="nightly"
    )
    match_on = Choice(
        MatchOn,
        load_default=MatchOn.NUMBER,
        about="By what its people are known",
        example="number",
    )
    options = fields.Dict(
        keys=fields.String(),
        load_default={},
        error_messages={"null": "required", "invalid": "not_an_object"},
        metadata={
            "description": "Choices of this kind of system (docs/importing.md)",
            "example": {},
        },
    )


class NewSourceSchema(SourceChangeSchema):
    """A system to read."""

    kind = Text(
        longest=64,
        required=True,
        about="One of: " + ", ".join(sorted(PULL_KINDS)),
        example="moodle",
    )
    name = Text(
        longest=source_checks.LONGEST_NAME,
        required=True,
        about="Under which readers know it; it stays",
        example="Moodle",
    )
    secret = Text(
        longest=source_checks.LONGEST_SECRET,
        required=True,
        about="The key or token of the system",
        example="0123456789abcdef0123456789abcdef",
    )


@blp.get("/sources")
@allows(Action.SEE_IMPORTS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SourcePageSchema)
@blp.alt_response(403, description="You are no administrator")
def list_sources(query: dict[str, Any]) -> Answer:
    """List the school's sources, by name: systems, files and programs that send.

    With how each is. Administrators only.
    """
    states, end = part_of(_states(), key=lambda state: state.source.id, **query)
    return page(_shown(states), end)


@blp.post("/sources")
@allows(Action.RUN_IMPORT)
@blp.arguments(NewSourceSchema)
@blp.response(201, SourceSchema)
def create_source(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Add a system, and have it read at once.

    What is missing shows in its `troubles` and in its import. Administrators only.
    """
    source = source_list.add_source(
        g.session,
        by=g.person,
        school=g.school,
        encryption_keys=_settings().encryption_keys,
        at=g.now,
        **body,
    )
    pulls.start_pull(g.session, source=source, by=g.person, on=g.today, at=g.now)
    said, tag = _tagged(source)
    return said, {**tag, "Location": url_for("api-sources.get_source", source_id=source.id)}


@blp.get("/sources/<uuid:source_id>")
@allows(Action.SEE_IMPORTS)
@blp.response(200, SourceSchema, headers=ETAG)
def get_source(source_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Show a system that is read on time.

    Its imports: `GET /api/imports?source=`. Its `ETag` covers what people choose, not its health.
    """
    return _tagged(find_source(source_id))


@blp.put("/sources/<uuid:source_id>")
@allows(Action.RUN_IMPORT)
@blp.arguments(SourceChangeSchema)
@blp.response(200, SourceSchema)
@blp.doc(parameters=[IF_MATCH])
def replace_source(body: dict[str, Any], source_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Change where, with which key and how often a system is read.

    Without a secret the old one stays; on another server it is asked again. The name stays.
    """
    source = find_source(source_id)
    source_list.hold_source(g.session, g.person, source, g.now)
    check_match(CHOSEN, source, CHOSEN.dump(body))
    source_list.change_source(
        g.session,
        by=g.person,
        source=source,
        encryption_keys=_settings().encryption_keys,
        at=g.now,
        **body,
    )
    return _tagged(source)


def find_source(source_id: UUID) -> ImportSource:
    """Return a source of the school; raises NotFound, NotAllowed."""
    return source_list.find_source(g.session, source_id, person=g.person, on=g.today)


def _states() -> list[SourceState]:
    return source_list.states_of(g.session, g.school, by=g.person, at=g.now)


def _tagged(source: ImportSource) -> tuple[dict[str, Any], dict[str, str]]:
    return shown(source), {"ETag": etag_of(CHOSEN, source)}


def shown(source: ImportSource) -> dict[str, Any]:
    """Return a source as one answer tells it, with how it is now."""
    recent = source_list.recent_runs(g.session, source, limit=1)
    run = recent[0] if recent else None
    return _shown([source_list.state_of(g.session, source, run, at=g.now)])[0]


def _shown(states: Any) -> list[dict[str, Any]]:
    require(g.session, g.person, Action.SEE_IMPORTS, on=g.today)
    ready = count_ready(g.session, person=g.person, on=g.today)
    programs = {one.state.source.id: one for one in programs_of(g.session, g.school, states)}
    return [_told(state, ready, programs.get(state.source.id)) for state in states]


def _told(state: SourceState, ready: dict[UUID, int], program: Any) -> dict[str, Any]:
    source = state.source
    return {
        **{name: getattr(source, name) for name in ("id", "name", "kind", "url", "cadence")},
        **{name: getattr(source, name) for name in ("match_on", "due_at", "paused_at")},
        "is_sent": source.pusher_id is not None,
        "has_secret": source.sealed_secret is not None,
        "options": source.options,
        "health": state.health,
        "troubles": [_trouble(one) for one in state.troubles],
        "last_ok_at": source.last_applied_at,
        "run_id": state.run.id if state.run else None,
        "rows_ready": ready.get(source.id, 0),
        "sent_waiting": program.waiting if program else None,
        "sent_aside": program.set_aside if program else None,
    }


def _trouble(found: Finding) -> dict[str, Any]:
    message, hint = say(found.code, value=found.value, detail=found.detail)
    return {"code": found.code, "message": message, "hint": hint}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
