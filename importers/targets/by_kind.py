"""What each kind of record becomes: its table, its columns, and how it ends.

Imports never touch what people wrote: goals, evidence, reflections, judgements. Nothing is
deleted: people leave, places get an end date, signals are taken back.
"""

from importers.models import RowStatus
from importers.records import RecordKind
from importers.targets.signals import SIGNALS
from importers.targets.told import (
    Columns,
    Occasion,
    Target,
    Told,
    created,
    day,
    days,
    number,
    until,
)
from importers.targets.workplaces import COMPANY, PLACEMENT
from tracker.models import (
    ActivityItem,
    Framework,
    FrameworkItem,
    Group,
    Membership,
    Person,
    PersonRole,
    PersonState,
    SupportLesson,
)


def _person(told: Told, _occasion: Occasion) -> Columns:
    data = told.data
    return {
        "name": data["name"],
        "given_name": data["given_name"],
        "email": data["email"],
        "number": data["number"],
        "state": PersonState.ACTIVE if data["is_enabled"] else PersonState.SUSPENDED,
    }


def _role(told: Told, _occasion: Occasion) -> Columns:
    return {"person_id": told.person_id, "role": told.data["role"], **days(told)}


def _group(told: Told, _occasion: Occasion) -> Columns:
    return {"title": told.data["title"], "code": told.data["code"]}


def _membership(told: Told, _occasion: Occasion) -> Columns:
    return {
        "person_id": told.person_id,
        "group_id": told.target_id,
        "role": told.data["role"],
        **days(told),
    }


def _lesson(told: Told, _occasion: Occasion) -> Columns:
    return {**{name: told.data[name] for name in ("title", "about", "url")}, **days(told)}


def _lesson_task(told: Told, _occasion: Occasion) -> Columns:
    columns = {
        "value_min": number(told.data["value_min"]),
        "value_max": number(told.data["value_max"]),
        "due_on": day(told.data["due_on"]),
    }
    # What a source does not say this time is not taken away: a list with two grades shows no scale.
    known = {name: value for name, value in columns.items() if value is not None}
    # An activity's name is not told each time, and at first perhaps only its address.
    title = told.data["title"]
    if title is None and told.status is RowStatus.NEW:
        title = told.data["address"]
    named = {} if title is None else {"title": title}
    return {"group_id": told.target_id, **named, **known}


def _task_first(occasion: Occasion) -> Columns:
    return {"value_min": None, "value_max": None, "due_on": None, **created(occasion)}


def _framework(told: Told, _occasion: Occasion) -> Columns:
    columns = {name: told.data[name] for name in ("code", "crebo", "edition", "title", "level")}
    # What the uploader leaves empty this time is not taken away.
    known = {name: value for name, value in columns.items() if value is not None}
    return {"source": told.data.get("source", "kwalificaties"), **known}


def _framework_item(told: Told, _occasion: Occasion) -> Columns:
    return {
        "framework_id": told.target_id,
        "parent_id": told.parent_id,
        **{name: told.data[name] for name in ("kind", "code", "title", "position")},
    }


def _since_today(occasion: Occasion) -> Columns:
    return {"from_on": occasion.on}


def _nothing(_occasion: Occasion) -> Columns:
    return {}


TARGETS: dict[RecordKind, Target] = {
    RecordKind.PERSON: Target(
        model=Person,
        columns=_person,
        first=lambda occasion: {"locale": None, **created(occasion)},
        end=lambda _: {"state": PersonState.LEFT},
    ),
    RecordKind.ROLE: Target(
        model=PersonRole,
        columns=_role,
        first=_since_today,
        natural=("person_id", "role", "from_on"),
        identity=("person_id", "role"),
        end=until(PersonRole),
    ),
    RecordKind.GROUP: Target(model=Group, columns=_group, first=created),
    RecordKind.MEMBERSHIP: Target(
        model=Membership,
        columns=_membership,
        first=_since_today,
        identity=("person_id", "group_id", "role"),
        end=until(Membership),
    ),
    RecordKind.COMPANY: COMPANY,
    RecordKind.PLACEMENT: PLACEMENT,
    RecordKind.LESSON: Target(
        model=SupportLesson,
        columns=_lesson,
        first=lambda occasion: {"teacher_id": None, **_since_today(occasion), **created(occasion)},
        end=until(SupportLesson),
    ),
    RecordKind.LESSON_TASK: Target(model=ActivityItem, columns=_lesson_task, first=_task_first),
    **SIGNALS,
    RecordKind.FRAMEWORK: Target(
        model=Framework,
        columns=_framework,
        first=lambda occasion: {"title": None, "level": None, **created(occasion)},
    ),
    RecordKind.FRAMEWORK_ITEM: Target(model=FrameworkItem, columns=_framework_item, first=_nothing),
}
