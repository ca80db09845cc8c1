"""The people of the courses: known by the school's own number, and never made unasked."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from importers.issues import Column, Finding, Severity
from importers.moodle.site import ENROLLED, Member, Site, courses_of, listing_of, unsaid
from importers.readers.answers import Unit, batched, note
from importers.records import Op, Origin, Record, RecordKind
from importers.source import Batch, Stream

PEOPLE = Stream(
    name="people",
    kind=RecordKind.PERSON,
    file=ENROLLED,
    is_snapshot=False,  # who is in none of these courses has not left the school
    columns={"ext_id": Column(None, "id"), "match_key": Column(None, "idnumber")},
)
ROLES = Stream(
    name="roles",
    kind=RecordKind.ROLE,
    file=ENROLLED,
    is_snapshot=False,
    columns={"person": Column(None, "id")},
)
AT_ONCE = 1000


def people(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield each student and teacher once, by number in Moodle."""
    return batched(_people(site, after), after=after, size=size, most=AT_ONCE)


def roles(site: Site, *, after: Any, size: int) -> Iterator[Batch]:
    """Yield what the people that this source may make are in the school."""
    units = (
        Unit([member.id], [_role(member, role) for role in member.roles])
        for member in everybody(site).values()
        if [member.id] > (after or [])
    )
    return batched(units, after=after, size=size, most=AT_ONCE)


def everybody(site: Site) -> dict[int, Member]:
    """Return who has a part in any of the courses, by number, with their roles in all of them."""
    found: dict[int, Member] = {}
    told: dict[int, set[str]] = {}
    for course in courses_of(site).all:
        for member in listing_of(site, course).members:
            found.setdefault(member.id, member)
            told.setdefault(member.id, set()).update(member.roles)
    return {
        one: replace(found[one], roles=tuple(sorted(told[one])))
        for one in sorted(found)
        if told[one]
    }


def _people(site: Site, after: Any) -> Iterator[Unit]:
    found = everybody(site)
    if not after and found and not any(one.number or one.has_bsn for one in found.values()):
        field = site.options.number_field
        yield Unit([0], unsaid(site, [note(PEOPLE, "moodle.numbers_unseen", value=field)]))
    for member in found.values():
        if [member.id] > (after or []):
            yield Unit([member.id], [_person(site, member)])


def _person(site: Site, member: Member) -> Record:
    data: dict[str, Any] = {"name": member.name, "number": member.number, "email": member.email}
    if site.options.makes_people:
        data |= {"given_name": member.given_name, "is_enabled": True}
    findings = []
    if member.has_bsn:
        column = PEOPLE.columns["match_key"]
        findings.append(
            Finding(
                code="bsn.dropped",
                severity=Severity.WARNING,
                file=PEOPLE.file,
                row=member.id,
                column=column,
            )
        )
    return Record(
        kind=RecordKind.PERSON,
        op=Op.UPSERT if site.options.makes_people else Op.LINK,
        ext_id=str(member.id),
        origin=Origin(PEOPLE.file, member.id),
        match_key=member.number,
        data=data,
        findings=tuple(findings),
    )


def _role(member: Member, role: str) -> Record:
    return Record(
        kind=RecordKind.ROLE,
        ext_id=f"{member.id}:{role}",
        origin=Origin(ROLES.file, member.id),
        person=str(member.id),
        data={"role": role, "from_on": None, "until_on": None},
    )
