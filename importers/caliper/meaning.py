"""What one Caliper event tells: of whom, about what, when; a grade, a completion, or a visit.

The events that we use are those of the profiles Assessment, Assignable, Grading, Reading and
Tool Use. Others are for people who run a learning environment; they are counted and left out.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from importers.caliper.parts import NOBODY, entity, item_of, person_of, text_of, used, work_of
from importers.records import RecordKind
from importers.xapi.actors import Agent, short
from importers.xapi.meaning import Item, Meaning, Said, number_text, visit_of
from importers.xapi.values import has_zone, is_number, read_moment
from tracker.models import Precision

UUID_URN = "urn:uuid:"
UTC = ZoneInfo("UTC")
VISIT, COMPLETION, GRADE = "visit", "completion", "grade"
LONGEST_SHOWN = 100
# What each action of the events that we use comes to.
USES: dict[str, dict[str, str]] = {
    "AssessmentEvent": {
        **dict.fromkeys(("Started", "Paused", "Resumed", "Restarted", "Reset"), VISIT),
        **dict.fromkeys(("Submitted", "Completed"), COMPLETION),
    },
    # A question is no work of its own: that somebody was busy with the test is what is told.
    "AssessmentItemEvent": dict.fromkeys(("Started", "Skipped", "Completed"), VISIT),
    "AssignableEvent": {
        **dict.fromkeys(("Started", "Reviewed"), VISIT),
        **dict.fromkeys(("Submitted", "Completed"), COMPLETION),
    },
    "GradeEvent": {"Graded": GRADE},
    "NavigationEvent": {"NavigatedTo": VISIT},
    "ToolUseEvent": {"Used": VISIT},
    "ViewEvent": {"Viewed": VISIT},
}
BARE = {"id", "type", "action", "eventTime"}
Json = Mapping[str, Any]
Problem = tuple[str, str]  # place, code


def is_event(told: Json) -> bool:
    """Whether something is an event, and not the description of a thing or a person."""
    kind = told.get("type")
    return isinstance(kind, str) and (kind.endswith("Event") or "eventTime" in told)


def key_of(event: Json) -> str | None:
    """Return the id of an event as we keep it; None when it has none."""
    told = text_of(event.get("id"))
    if told is None:
        return None
    key = told.lower().removeprefix(UUID_URN)
    # Longer ones would not fit beside the mark of a second content (pushed.py).
    return key if len(key) <= len(UUID_URN) + 32 else f"id:{_digest(told)}"


def waiting_of(told: Any) -> tuple[str, str, dict[str, Any]]:
    """Return under which key something that was sent waits, its digest, and what is kept of it.

    Of what we do not use that is only what it is: so much that it can be counted.
    """
    event = used(told) if isinstance(told, Mapping) else {}
    if not isinstance(event.get("type"), str):
        plain = _digest(repr(told))
        return f"form:{plain}", plain, {}
    if not is_event(event):
        plain = _digest(f"{event['type']} {event.get('id')}")
        return f"entity:{plain}", plain, {"type": event["type"]}
    digest = digest_of(event)
    key = key_of(event) or f"none:{digest}"
    if unused(event) is not None:
        event = {name: event[name] for name in BARE & set(event)}
    return key, digest, event


def unused(event: Json) -> str | None:
    """Return the name of an event that we do not use; None for one that we do."""
    name, action = event["type"], _action(event)
    if action in USES.get(name, ()):
        return None
    known = name in USES
    return (f"{name} {action or '?'}" if known else str(name))[:LONGEST_SHOWN]


def problems(event: Json) -> list[Problem]:
    """Return what is wrong with an event that we use: by place, never an exception."""
    found: list[Problem] = []
    told = event.get("eventTime")
    if read_moment(told, UTC) is None or not has_zone(str(told)):
        found.append(("eventTime", "caliper.time"))
    if key_of(event) is None:
        found.append(("id", "caliper.no_id"))
    if item_of(event.get("object")) is None:
        found.append(("object", "caliper.object"))
    place, value = _who(event)
    if person_of(value) is None:
        found.append((place, "caliper.nobody"))
    return found


def meaning_of(event: Json, *, at: datetime, zone: ZoneInfo) -> Meaning:
    """Return what an event without problems tells; `at` is when it happened."""
    _, value = _who(event)
    person = person_of(value)
    score = entity(event.get("generated"))
    item = item_of(event.get("object"), highest=score.get("maxScore"))
    if person is None or item is None:
        raise ValueError("an event with problems means nothing")
    if entity(value).get("type") in NOBODY:
        return Meaning(unused=("caliper.no_person", ""))
    use = USES[event["type"]][_action(event) or ""]
    if use == VISIT:
        # Only a grade says what can be reached.
        seen = replace(item, value_max=None)
        return Meaning(said=(visit_of(person, seen, 0, at, zone, {"what": VISIT, "text": None}),))
    if use == COMPLETION:
        # The sender's own word, where that is less than completed.
        word = _action(event)
        text = None if word == "Completed" else word
        data = {"what": COMPLETION, "value": None, "text": text}
        return _one(event, RecordKind.ACTIVITY, person, item, at, data)
    if not is_number(score.get("scoreGiven")):
        return Meaning(unused=("caliper.no_score", ""))
    data = {"value": number_text(score["scoreGiven"]), "text": None}
    return _one(event, RecordKind.RESULT, person, item, at, data)


def digest_of(event: Json) -> str:
    """Return 32 hexadecimal digits of what an event says, however things are called in it."""
    score = entity(event.get("generated"))
    at = read_moment(event.get("eventTime"), UTC)
    _, person = _who(event)
    content = [
        event.get("type"),
        _action(event),
        at.isoformat() if at else None,
        text_of(entity(person).get("id")),
        text_of(work_of(event.get("object")).get("id")),
        score.get("scoreGiven"),
        score.get("maxScore"),
    ]
    return _digest(orjson.dumps(content, default=str).decode())


def _one(
    event: Json,
    kind: RecordKind,
    person: Agent,
    item: Item,
    at: datetime,
    data: Json,
) -> Meaning:
    said = Said(
        kind=kind,
        key=short(key_of(event) or ""),
        person=person,
        item=item,
        part=0,
        occurred_at=at,
        precision=Precision.INSTANT,
        data=data,
    )
    return Meaning(said=(said,))


def _who(event: Json) -> tuple[str, Any]:
    """Return whom an event is about, and where that stands: of a grade not who gave it."""
    if event.get("type") != "GradeEvent":
        return "actor", event.get("actor")
    attempt = entity(event.get("object"))
    other = entity(entity(event.get("generated")).get("attempt"))
    return "object.assignee", attempt.get("assignee") or other.get("assignee")


def _action(event: Json) -> str | None:
    """Return what was done, in one word; earlier drafts wrote it as a whole address."""
    told = text_of(event.get("action"))
    return told.rsplit("#", 1)[-1] if told else None


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
