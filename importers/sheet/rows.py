"""Each row of a sheet as records of people, groups, companies and lessons."""

from collections.abc import Mapping
from typing import Any

from importers.readers.cells import Line
from importers.records import Op, Record, RecordKind
from importers.sheet.columns import Means, plain
from importers.sheet.reading import FREE, LABEL, Reading, item_key, key_of
from importers.sheet.values import ROLES
from tracker.models import GroupRole, SchoolRole

CODE = 64


def people(line: Line, reading: Reading) -> list[Record]:
    """Read whom a row is about, once: made if the sheet is a list of people, else only found."""
    key = reading.needed_person(line)
    if key is None:
        return [line.record(RecordKind.PERSON, None, {})]
    if not reading.is_first(key) and not reading.plan.makes_people:
        return []
    name, given = reading.person_name(line)
    email = reading.email(line)
    number = None if reading.plan.is_keyed_by_email else key
    told = {"name": name, "number": number, "email": email}
    if not reading.plan.makes_people:
        data = {field: value for field, value in told.items() if value is not None}
        return [line.record(RecordKind.PERSON, key, data, op=Op.LINK, match_key=number)]
    if name is None:
        line.find("value.missing", reading.plan.at.get(Means.NAME))
    if reading.text(line, Means.EMAIL) is not None and email is None:
        line.warn("email.unusable", reading.plan.at[Means.EMAIL])
    made: dict[str, Any] = {**told, "given_name": given, "is_enabled": True}
    return [line.record(RecordKind.PERSON, key, made, match_key=number)]


def roles(line: Line, reading: Reading) -> list[Record]:
    """Read the role of somebody who is made: student, or teacher where a column says so."""
    key = reading.needed_person(line)
    role = _role(line, reading)
    if key is None or role is None:
        return [line.record(RecordKind.ROLE, key, {})]
    school_role = SchoolRole.TEACHER if role is GroupRole.TEACHER else SchoolRole.STUDENT
    data = {"role": school_role, "from_on": None, "until_on": None}
    return [line.record(RecordKind.ROLE, key_of(key, school_role), data, person=key)]


def groups(line: Line, reading: Reading) -> list[Record]:
    """Read the group of a row, once."""
    title = _group(line, reading)
    if title is None or not reading.is_first(item_key(title)):
        return []
    code = reading.text(line, Means.GROUP_CODE)
    data = {"title": title[:LABEL], "code": (code or title)[:CODE]}
    return [line.record(RecordKind.GROUP, item_key(title), data)]


def memberships(line: Line, reading: Reading) -> list[Record]:
    """Read who is in which group; a row without a group tells of nobody's."""
    title = _group(line, reading)
    if title is None:
        return []
    key = reading.needed_person(line)
    data: dict[str, Any] = {"role": _role(line, reading), "from_on": None, "until_on": None}
    if not reading.plan.has(Means.COMPANY, Means.COMPANY_NUMBER):
        data |= _period(line, reading)
    ext_id = key_of(key, item_key(title)) if key else None
    return [line.record(RecordKind.MEMBERSHIP, ext_id, data, person=key, target=item_key(title))]


def companies(line: Line, reading: Reading) -> list[Record]:
    """Read the company of a row, once; it is known by its number, else by name and place."""
    key = _company(line, reading)
    if key is None or not reading.is_first(key):
        return []
    told = {
        "name": reading.text(line, Means.COMPANY),
        "city": reading.text(line, Means.CITY),
        "number": reading.text(line, Means.COMPANY_NUMBER),
    }
    data = {field: value[:LABEL] if value else None for field, value in told.items()}
    return [line.record(RecordKind.COMPANY, key, data)]


def placements(line: Line, reading: Reading) -> list[Record]:
    """Read who learns at which company from when until when."""
    company = _company(line, reading)
    if company is None:
        return []
    key = reading.needed_person(line)
    from_on = reading.day(line, Means.FROM, is_needed=True)
    data = {
        "from_on": from_on,
        "until_on": reading.day(line, Means.UNTIL, is_needed=True),
        "ended_on": reading.day(line, Means.ENDED),
        "planned_hours": reading.whole_hours(line),
    }
    _check_order(line, reading, data)
    ext_id = key_of(key, company, from_on) if key and from_on else None
    return [line.record(RecordKind.PLACEMENT, ext_id, data, person=key, target=company)]


def lessons(line: Line, reading: Reading) -> list[Record]:
    """Read a lesson that the school offers."""
    title = reading.text(line, Means.LESSON)
    if title is None:
        line.find("key.missing", reading.plan.at[Means.LESSON])
        return [line.record(RecordKind.LESSON, None, {})]
    about, url = reading.text(line, Means.ABOUT), reading.text(line, Means.URL)
    if url is not None and not url.startswith(("https://", "http://")):
        line.warn("url.form", reading.plan.at[Means.URL])
        url = None
    data = {
        "title": title[:LABEL],
        "about": about[:FREE] if about else None,
        "url": url,
        **_period(line, reading),
    }
    return [line.record(RecordKind.LESSON, item_key(title), data)]


def _group(line: Line, reading: Reading) -> str | None:
    found = reading.text(line, Means.GROUP) or reading.text(line, Means.GROUP_CODE)
    return " ".join(found.split())[:LABEL] if found else None


def _company(line: Line, reading: Reading) -> str | None:
    number, name = reading.text(line, Means.COMPANY_NUMBER), reading.text(line, Means.COMPANY)
    if number is not None:
        return key_of(number)
    city = reading.text(line, Means.CITY)
    return key_of(*(item_key(part) for part in (name, city) if part)) if name else None


def _role(line: Line, reading: Reading) -> GroupRole | None:
    told = reading.text(line, Means.ROLE)
    if told is None:
        return GroupRole.STUDENT
    found = ROLES.get(plain(told))
    if found is None:
        line.find("value.unknown", reading.plan.at[Means.ROLE], detail="student, docent")
    return found


def _period(line: Line, reading: Reading) -> dict[str, str | None]:
    data = {
        "from_on": reading.day(line, Means.FROM),
        "until_on": reading.day(line, Means.UNTIL),
    }
    _check_order(line, reading, data)
    return data


def _check_order(line: Line, reading: Reading, data: Mapping[str, str | None]) -> None:
    from_on, until_on = data["from_on"], data["until_on"]
    if from_on and until_on and until_on < from_on:
        line.find("date.before_start", reading.plan.at[Means.UNTIL], detail=from_on)
