"""What an OEAPI system tells: courses and programmes as groups, tests, results and attendance."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.oeapi.site import (
    ROLES,
    Listing,
    Offering,
    Person,
    Site,
    in_dutch,
    listing_of,
    offerings_of,
    people_in,
    person_of,
)
from importers.readers.answers import Unit, batched, day, moment, note, number, plain
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream
from tracker.models import Precision

FILE = "associations"
BY_PERSON = {"person": Column(None, "person"), "target": Column(None, "offering")}
PEOPLE = Stream(
    name="people",
    kind=RecordKind.PERSON,
    file="persons",
    is_snapshot=False,  # who takes part in nothing has not left the school
    columns={"ext_id": Column(None, "personId"), "match_key": Column(None, "primaryCode")},
)
GROUPS = Stream(name="groups", kind=RecordKind.GROUP, file="offerings", is_snapshot=True)
MEMBERS = Stream(
    name="members", kind=RecordKind.MEMBERSHIP, file=FILE, is_snapshot=True, columns=BY_PERSON
)
ITEMS = Stream(name="items", kind=RecordKind.LESSON_TASK, file="offerings", is_snapshot=False)
# What is taken back says so itself.
RESULTS = Stream(
    name="results", kind=RecordKind.RESULT, file=FILE, is_snapshot=False, columns=BY_PERSON
)
ATTENDANCE = Stream(
    name="attendance", kind=RecordKind.ATTENDANCE, file=FILE, is_snapshot=False, columns=BY_PERSON
)
# Of the mbo profile for tests; of who began and did not finish, or is unknown, nothing is said.
PRESENT = {"present": True, "notPresent": False}
WORDS = {"passed", "failed"}
RANGE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
NOON = time(12)
AT_ONCE = 500
Told = Callable[[Site, Offering, Mapping[str, Any], int], list[Record]]


def people(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield who takes part in anything: found among ours by their number, and never made."""
    found = people_in(site, offerings_of(site)).values()
    units = (
        Unit([one.id], [_person(site, one, row)])
        for row, one in enumerate(found, start=1)
        if [one.id] > (after or [])
    )
    return batched(units, after=after, size=size, most=AT_ONCE)


def groups(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the courses and programmes that were given in the last year."""
    return batched(_groups(site, after), after=after, size=size, most=AT_ONCE)


def members(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield who takes part in each course and programme now."""
    units = _by_offering(site, MEMBERS, after, _membership)
    return batched(units, after=after, size=size, most=AT_ONCE)


def items(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield what results and attendance are about: tests, and courses that give a result."""
    known = {one.id for one in offerings_of(site) if one.is_group}
    units = (
        Unit([one.id], [_item(site, one, row, known)])
        for row, one in enumerate(offerings_of(site), start=1)
        if [one.id] > (after or []) and _gives_result(site, one)
    )
    return batched(units, after=after, size=size, most=AT_ONCE)


def results(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield the results of students that are completed."""
    units = _by_offering(site, RESULTS, after, _result)
    return batched(units, after=after, size=size, most=AT_ONCE)


def attendance(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield who was there at a test and who was not."""
    units = _by_offering(site, ATTENDANCE, after, _attendance)
    return batched(units, after=after, size=size, most=AT_ONCE)


def _groups(site: Site, after: Any) -> Iterator[Unit]:
    offerings = offerings_of(site)
    if not after:
        yield Unit([""], [] if site.is_steady else [note(GROUPS, "oeapi.moved")], site.is_steady)
    for row, one in enumerate(offerings, start=1):
        if one.is_group and [one.id] > (after or []):
            data = {"title": one.title, "code": one.code}
            origin = Origin(GROUPS.file, row)
            yield Unit(
                [one.id],
                [Record(kind=RecordKind.GROUP, ext_id=one.id, origin=origin, data=data)],
            )


def _by_offering(site: Site, stream: Stream, after: Any, told: Told) -> Iterator[Unit]:
    if not after:
        offerings_of(site)
        yield Unit([""], [], site.is_steady)
    for offering in offerings_of(site):
        if [offering.id] > (after or []):
            listing = listing_of(site, offering)
            found = [
                record
                for row, association in enumerate(listing.rows, start=1)
                if association.get("role") in ROLES and person_of(association)
                for record in told(site, offering, association, row)
            ]
            # Said once: not again of the other streams.
            lost = _doubts(stream, offering, listing) if stream is MEMBERS else []
            if stream is MEMBERS and not listing.is_whole:
                # Only in this course nobody is closed by not being there.
                yield Unit([offering.id], [*lost, *found], hidden=[offering.id])
            else:
                yield Unit([offering.id], [*lost, *found], listing.is_whole)


def _doubts(stream: Stream, offering: Offering, listing: Listing) -> list[Record]:
    if listing.refusal is not None:
        return [note(stream, "oeapi.refused", value=offering.title, detail=listing.refusal)]
    return [] if listing.is_steady else [note(stream, "oeapi.moved", value=offering.title)]


def _person(site: Site, person: Person, row: int) -> Record:
    dropped = Finding(
        code="bsn.dropped",
        severity=Severity.WARNING,
        file=PEOPLE.file,
        row=row,
        column=Column(None, ", ".join(site.code_types)),
    )
    return Record(
        kind=RecordKind.PERSON,
        op=Op.LINK,
        ext_id=person.id,
        origin=Origin(PEOPLE.file, row),
        match_key=person.number,
        data={"name": person.name, "number": person.number, "email": person.email},
        findings=(dropped,) if person.has_bsn else (),
    )


def _facts(offering: Offering, association: Mapping[str, Any], row: int) -> dict[str, Any]:
    return {
        "ext_id": str(association["associationId"]),
        "origin": Origin(FILE, row),
        "person": person_of(association),
        "target": offering.id,
    }


def _membership(
    _site: Site, offering: Offering, association: Mapping[str, Any], row: int
) -> list[Record]:
    if not offering.is_group or association.get("state") != "associated":
        return []
    data = {"role": ROLES[association["role"]], "from_on": None, "until_on": None}
    return [Record(kind=RecordKind.MEMBERSHIP, data=data, **_facts(offering, association, row))]


def _gives_result(site: Site, offering: Offering) -> bool:
    if not offering.is_group or offering.raw.get("resultExpected"):
        return True
    return any(row.get("result") for row in listing_of(site, offering).rows)


def _item(site: Site, offering: Offering, row: int, known: set[str]) -> Record:
    of_course = offering.raw.get("courseOffering")
    if isinstance(of_course, dict):
        of_course = of_course.get("offeringId")
    group = offering.id if offering.is_group else str(of_course or "")
    scale = RANGE.fullmatch(str(offering.raw.get("resultValueType") or ""))
    ends = offering.raw.get("endDateTime") if not offering.is_group else None
    return Record(
        kind=RecordKind.LESSON_TASK,
        ext_id=offering.id,
        origin=Origin(ITEMS.file, row),
        target=group if group in known else None,
        data={
            "title": in_dutch(offering.raw.get("name")) or "–",
            "value_min": number(scale[1]) if scale else None,
            "value_max": number(scale[2]) if scale else None,
            "due_on": day(ends, site.zone),
        },
    )


def _result(
    site: Site, offering: Offering, association: Mapping[str, Any], row: int
) -> list[Record]:
    result, facts = association.get("result"), _facts(offering, association, row)
    if not isinstance(result, dict) or association["role"] != "student":
        return []
    score = plain(result.get("score"))
    value = number(score.replace(",", "."))
    word = score or (result.get("pass") if result.get("pass") in WORDS else None)
    if result.get("state") != "completed" or word is None:
        return [Record(kind=RecordKind.RESULT, op=Op.CLOSE, data={}, **facts)]
    at, precision = _when(site, result)
    if at is None:
        return [note(RESULTS, "oeapi.undated", row=row, value=offering.title)]
    data = {"value": value, "text": None if value is not None else word}
    return [Record(kind=RecordKind.RESULT, data=data, occurred_at=at, precision=precision, **facts)]


def _when(site: Site, result: Mapping[str, Any]) -> tuple[datetime | None, Precision]:
    """Return when a result was made known; a day is kept as its noon at the school."""
    told = result.get("resultDateTime") or result.get("resultDate")
    try:
        at_noon = datetime.combine(date.fromisoformat(str(told)), NOON, site.zone)
    except ValueError:
        return moment(told, site.zone), Precision.INSTANT
    return at_noon, Precision.DAY


def _attendance(
    site: Site, offering: Offering, association: Mapping[str, Any], row: int
) -> list[Record]:
    result = association.get("result")
    consumers = list(association.get("consumers") or [])
    if isinstance(result, dict):
        consumers += result.get("consumers") or []
    told = [one["attendance"] for one in consumers if isinstance(one, dict) and "attendance" in one]
    if not told or association["role"] != "student":
        return []
    facts = _facts(offering, association, row)
    if told[-1] not in PRESENT:
        return [Record(kind=RecordKind.ATTENDANCE, op=Op.CLOSE, data={}, **facts)]
    at = moment(offering.raw.get("startDateTime"), site.zone)
    if at is None:
        return [note(ATTENDANCE, "oeapi.undated", row=row, value=offering.title)]
    return [
        Record(
            kind=RecordKind.ATTENDANCE,
            data={"is_present": PRESENT[told[-1]], "text": None},
            occurred_at=at,
            precision=Precision.INSTANT,
            **facts,
        )
    ]
