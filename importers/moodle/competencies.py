"""Moodle's competency frameworks, and how students were rated on them in their learning plans."""

from collections.abc import Iterator, Mapping
from typing import Any

from importers.issues import Column
from importers.moodle.client import NotAnswered, odd
from importers.moodle.people import everybody
from importers.moodle.site import Site
from importers.moodle.words import moment
from importers.readers.answers import Unit, batched, note, plain
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream
from tracker.models import FrameworkItemKind, Precision

LIST = "core_competency_list_competency_frameworks"
COMPETENCIES = "core_competency_list_competencies"
PLANS = "core_competency_list_user_plans"
RATINGS_OF = "core_competency_list_plan_competencies"
SYSTEM = {"contextid": 1}
ALL = {"skip": 0, "limit": 0}
ACTIVE, COMPLETE = 1, 2  # a plan's status; drafts and plans under review say nothing yet
MOST_REFUSALS = 3
AT_ONCE = 25

FRAMEWORKS = Stream(
    name="frameworks",
    kind=RecordKind.FRAMEWORK,
    file=LIST,
    is_snapshot=False,
    columns={"ext_id": Column(None, "id")},
)
PARTS = Stream(
    name="competencies",
    kind=RecordKind.FRAMEWORK_ITEM,
    file=COMPETENCIES,
    is_snapshot=False,
    columns={"ext_id": Column(None, "id"), "parent": Column(None, "parentid")},
)
RATED = Stream(
    name="rated",
    kind=RecordKind.LESSON_TASK,
    file=COMPETENCIES,
    is_snapshot=False,
    columns={"ext_id": Column(None, "id")},
)
RATINGS = Stream(
    name="ratings",
    kind=RecordKind.RESULT,
    file=RATINGS_OF,
    is_snapshot=False,
    columns={"person": Column(None, "userid"), "target": Column(None, "competencyid")},
)


def frameworks(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the frameworks of the whole site."""
    found, refusal = _frameworks(site)
    if refusal is not None:
        lost = [note(FRAMEWORKS, "moodle.competencies_refused", detail=refusal)]
        return iter([Batch(lost, after, is_whole=False)])
    units = (Unit([row["id"]], [_framework(row)]) for row in found if [row["id"]] > (after or []))
    return batched(units, after=after, size=size, most=size)


def parts(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the competencies, what they stand under first."""
    units = (Unit(key, [_part(row)]) for key, row in _competencies(site) if key > (after or []))
    return batched(units, after=after, size=size, most=size)


def rated(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the competencies once more, as what a rating is about."""
    units = (Unit(key, [_rated(row)]) for key, row in _competencies(site) if key > (after or []))
    return batched(units, after=after, size=size, most=size)


def ratings(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield how each student was rated, plan by plan."""
    return batched(_ratings(site, after or []), after=after, size=size, most=AT_ONCE)


def _frameworks(site: Site) -> tuple[list[dict[str, Any]], str | None]:
    """Return the frameworks by number; or Moodle's errorcode."""
    try:
        rows = site.client.rows(
            LIST,
            sort="shortname",
            order="ASC",
            **ALL,
            context=SYSTEM,
            includes="self",
            onlyvisible=0,
            query="",
        )
    except NotAnswered as refusal:
        return [], refusal.code
    return sorted(rows, key=lambda row: int(row["id"])), None


def _competencies(site: Site) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """Yield (key, competency): by framework and depth, so that a parent comes before its parts."""
    for framework in _frameworks(site)[0]:
        asked = [{"column": "competencyframeworkid", "value": framework["id"]}]
        try:
            rows = site.client.rows(COMPETENCIES, filters=asked, sort="id", order="ASC", **ALL)
            keys = [[framework["id"], row["path"].count("/"), row["id"]] for row in rows]
        except NotAnswered:
            continue
        except (KeyError, TypeError, AttributeError):
            raise odd(COMPETENCIES) from None
        yield from sorted(zip(keys, rows, strict=True), key=lambda pair: pair[0])


def _framework(row: Mapping[str, Any]) -> Record:
    return Record(
        kind=RecordKind.FRAMEWORK,
        ext_id=str(row["id"]),
        origin=Origin(FRAMEWORKS.file, row["id"]),
        data={
            "source": "moodle",
            "code": plain(row.get("idnumber"), most=64) or f"moodle-{row['id']}",
            "crebo": None,
            "edition": "",
            "title": plain(row.get("shortname")) or None,
            "level": None,
        },
    )


def _part(row: Mapping[str, Any]) -> Record:
    is_top = not row["parentid"]
    return Record(
        kind=RecordKind.FRAMEWORK_ITEM,
        ext_id=str(row["id"]),
        origin=Origin(PARTS.file, row["id"]),
        target=str(row["competencyframeworkid"]),
        parent=None if is_top else str(row["parentid"]),
        data={
            "kind": FrameworkItemKind.KERNTAAK if is_top else FrameworkItemKind.WERKPROCES,
            "code": plain(row.get("idnumber"), most=64) or f"moodle-{row['id']}",
            "title": plain(row.get("shortname")) or "–",
            "position": row.get("sortorder") or 0,
        },
    )


def _rated(row: Mapping[str, Any]) -> Record:
    return Record(
        kind=RecordKind.LESSON_TASK,
        ext_id=f"competency:{row['id']}",
        origin=Origin(RATED.file, row["id"]),
        data={
            "title": plain(row.get("shortname")) or "–",
            "value_min": None,
            "value_max": None,
            "due_on": None,
        },
    )


def _ratings(site: Site, after: list[int]) -> Iterator[Unit]:
    refused = 0
    for student in everybody(site).values():
        if "student" not in student.roles or [student.id] <= after:
            continue
        if refused == MOST_REFUSALS:
            yield Unit([student.id], [], is_whole=False)
            return
        try:
            yield Unit([student.id], _of_student(site, student.id))
        except NotAnswered as refusal:
            refused += 1
            lost = [note(RATINGS, "moodle.competencies_refused", detail=refusal.code)]
            yield Unit([student.id], lost if refused == 1 else [], is_whole=False)


def _of_student(site: Site, student: int) -> list[Record]:
    plans = site.client.rows(PLANS, userid=student)
    try:
        return [
            _rating(plan["id"], student, row)
            for plan in plans
            if plan["status"] in {ACTIVE, COMPLETE}
            for row in site.client.rows(RATINGS_OF, id=plan["id"])
        ]
    except (KeyError, TypeError):
        raise odd(RATINGS_OF) from None


def _rating(plan: int, student: int, row: Mapping[str, Any]) -> Record:
    # Of a plan that was completed Moodle keeps what was said then, under another name.
    said = row.get("usercompetency") or row["usercompetencyplan"]
    facts: dict[str, Any] = {
        "ext_id": f"plan:{plan}:{said['competencyid']}",
        "origin": Origin(RATINGS.file, student),
        "person": str(student),
        "target": f"competency:{said['competencyid']}",
    }
    if said["grade"] is None:
        return Record(kind=RecordKind.RESULT, op=Op.CLOSE, data={}, **facts)
    at = moment(said.get("timemodified"))
    if at is None:
        return note(RATINGS, "moodle.undated", row=student, value=facts["target"])
    return Record(
        kind=RecordKind.RESULT,
        data={"value": None, "text": plain(said["gradename"])},
        occurred_at=at,
        precision=Precision.INSTANT,
        **facts,
    )
