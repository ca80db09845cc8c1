"""What one valid statement tells us of its people: a converter for each family of verbs.

A statement tells each of its people one thing: a result, a completion, a visit, attendance or
participation. Of visits only the day is told: they are counted by day, person and activity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from importers.records import RecordKind
from importers.xapi.actors import Agent, agent_of, agents_of, short
from importers.xapi.values import text_of
from importers.xapi.verbs import Family, family_of
from tracker.models import Precision

NOON = time(12)
LONGEST_TITLE = 200
WORDS = 200
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a statement is about: an activity under its own address, and how it is scored."""

    key: str
    address: str
    title: str | None
    value_min: str | None
    value_max: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a statement tells of one of its people; `part` is that person's place in a group.

    `key` names the signal within the source: for a visit all of one day have the same.
    """

    kind: RecordKind
    key: str
    person: Agent
    item: Item
    part: int
    occurred_at: datetime
    precision: Precision
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a statement tells; `voids` is the id of one that it withdraws.

    `unused` is the code of why it tells nothing, with what that is about.
    """

    said: tuple[Said, ...] = ()
    voids: str | None = None
    unused: tuple[str, str] | None = None


def meaning_of(statement: Json, *, at: datetime, zone: ZoneInfo) -> Meaning:
    """Return what a valid statement with an id tells; `at` is when it happened."""
    verb, target = statement["verb"]["id"], statement["object"]
    family = family_of(verb)
    if family is None:
        return Meaning(unused=("xapi.verb_unused", verb))
    if family is Family.VOID:
        return Meaning(voids=target["id"].lower())
    kind = target.get("objectType", "Activity")
    if kind != "Activity":
        return Meaning(unused=("xapi.object_unused", kind))
    agents = agents_of(statement["actor"])
    if not agents:
        return Meaning(unused=("xapi.group_unnamed", verb))
    item = _item(statement)
    record, data = _CONVERTERS[family](statement)
    return Meaning(
        said=tuple(
            visit_of(agent, item, part, at, zone, data)
            if data.get("what") == "visit"
            else Said(
                kind=record,
                key=statement["id"].lower()
                if len(agents) == 1
                else f"{statement['id'].lower()}:{part}",
                person=agent,
                item=item,
                part=part,
                occurred_at=at,
                precision=Precision.INSTANT,
                data=data,
            )
            for part, agent in enumerate(agents)
        )
    )


def digest_of(statement: Json) -> str:
    """Return 32 hexadecimal digits of what a statement says, whoever passed it on.

    What a store adds, how things are called in words, the order of a group's members and
    attachments are no part of that (xAPI 1.0.3, part two, 2.3.1).
    """
    content = {name: value for name, value in statement.items() if name in _CONTENT}
    # Of a statement that does not say when, a store says: when it was stored.
    if statement.get("timestamp") == statement.get("stored"):
        content.pop("timestamp", None)
    content["actor"] = sorted(agent.key for agent in agents_of(statement["actor"]))
    content["verb"] = statement["verb"]["id"]
    content["object"] = _identity(statement["object"])
    plain = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return blake2b(plain, digest_size=16).hexdigest()


_CONTENT = {"result", "context", "timestamp"}


def _identity(target: Json) -> Any:
    kind = target.get("objectType", "Activity")
    if kind in {"Agent", "Group"}:
        return [kind, agent_of(target).key if kind == "Agent" else target]
    if kind == "SubStatement":
        return [kind, target]
    return [kind, target["id"]]


def _item(statement: Json) -> Item:
    target = statement["object"]
    score = statement.get("result", {}).get("score", {})
    lowest, highest = score.get("min"), score.get("max")
    if "raw" not in score and "scaled" in score:
        lowest, highest = (-1 if score["scaled"] < 0 else 0), 1
    title = text_of(target.get("definition", {}).get("name"))
    return Item(
        key=short(target["id"]),
        address=target["id"][:LONGEST_TITLE],
        title=title[:LONGEST_TITLE] if title else None,
        value_min=number_text(lowest),
        value_max=number_text(highest),
    )


def visit_of(agent: Agent, item: Item, part: int, at: datetime, zone: ZoneInfo, data: Json) -> Said:
    """Return that somebody was there: all visits of one day, person and activity have one key."""
    day = at.astimezone(zone).date()
    content = "\0".join((agent.key, item.key, day.isoformat()))
    key = blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return Said(
        kind=RecordKind.ACTIVITY,
        key=f"visit:{key}",
        person=agent,
        item=item,
        part=part,
        occurred_at=datetime.combine(day, NOON, zone),
        precision=Precision.DAY,
        data=data,
    )


def _outcome(statement: Json) -> tuple[RecordKind, dict[str, Any]]:
    """Read how it went: a score, or the source's word for it; else only that somebody was there."""
    result = statement.get("result", {})
    score = result.get("score", {})
    value = number_text(score.get("raw", score.get("scaled")))
    verb = _word(statement)
    says = "success" in result or verb in {"passed", "failed"}
    if value is None and not says:
        return _seen(statement)
    return RecordKind.RESULT, {"value": value, "text": _text(statement) if says else None}


def _end(statement: Json) -> tuple[RecordKind, dict[str, Any]]:
    """Read that something is done; with a score or a verdict it is a result."""
    result = statement.get("result", {})
    if result.get("score") or "success" in result:
        return _outcome(statement)
    if result.get("completion") is False:
        return _seen(statement)
    return RecordKind.ACTIVITY, {"what": "completion", "value": None, "text": None}


def _seen(_statement: Json) -> tuple[RecordKind, dict[str, Any]]:
    return RecordKind.ACTIVITY, {"what": "visit", "text": None}


def _attended(_statement: Json) -> tuple[RecordKind, dict[str, Any]]:
    return RecordKind.ATTENDANCE, {"is_present": True, "text": None}


def _registered(_statement: Json) -> tuple[RecordKind, dict[str, Any]]:
    return RecordKind.PARTICIPATION, {"text": None}


_CONVERTERS: dict[Family, Callable[[Json], tuple[RecordKind, dict[str, Any]]]] = {
    Family.OUTCOME: _outcome,
    Family.END: _end,
    Family.VISIT: _seen,
    Family.ATTENDANCE: _attended,
    Family.PARTICIPATION: _registered,
}


def _word(statement: Json) -> str:
    verb: str = statement["verb"]["id"]
    return verb.rstrip("/").rsplit("/", 1)[-1].lower()


def _text(statement: Json) -> str:
    """Return the source's own word: passed or failed by its verdict, else how the verb is shown."""
    word = _word(statement)
    success = statement.get("result", {}).get("success")
    if word not in {"passed", "failed"} and isinstance(success, bool):
        return "passed" if success else "failed"
    return (text_of(statement["verb"].get("display")) or word)[:WORDS]


def number_text(value: Any) -> str | None:
    """Return a number as text, as short as it can be."""
    if value is None:
        return None
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - whole as far as a float goes
