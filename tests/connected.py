"""What stands around a world: a guided group, items of an LMS, the LMS itself, a system to read."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from importers.models import Cadence, MatchOn
from importers.pulls.source_list import add_source
from lti.calling.grades import LINE_ITEM, SCORE
from lti.connecting.registrations import add_deployment, add_registration
from lti.courses.courses import ask_access
from lti.models import Context, GradeMode, ResourceLink
from tests.world import World
from tracker.groups import confirm_coach_group, join
from tracker.meanings import say_items
from tracker.models import (
    ActivityItem,
    FrameworkItem,
    Group,
    GroupRole,
    ItemMeaning,
    Person,
    PlanRole,
)

Ids = dict[str, UUID]
HOST = "https://lms.example"
KEY = "bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6"


def guided(session: Session, world: World, guide: Person | None = None) -> Ids:
    """Have somebody be core team of the world's group: its teacher, unless told otherwise."""
    confirmed = confirm_coach_group(
        session,
        by=world.administrator,
        group=session.get_one(Group, (world.school.id, world.group.id)),
        coach=guide or world.teacher,
        role=PlanRole.TEAM,
        on=world.on,
        at=world.at,
    )
    return {"group": world.group.id, "guide": confirmed.id}


def said(session: Session, world: World) -> Ids:
    """Have an item of the LMS of which the school said what it is about."""
    item = ActivityItem(
        school_id=world.school.id, group_id=world.group.id, title="Toets", created_at=world.at
    )
    session.add(item)
    session.flush()
    part = session.get_one(FrameworkItem, (world.school.id, world.items[1].id))
    say_items(session, by=world.administrator, items=[item], part=part, on=world.on, at=world.at)
    meaning = session.query(ItemMeaning).filter_by(item_id=item.id).one()
    return {"item": item.id, "meaning": meaning.id, "part": part.id, "group": world.group.id}


def lms(session: Session, world: World) -> Ids:
    """Have an LMS with a course that the world's teacher teaches, who asks to see its learners."""
    registration = add_registration(
        session,
        school=world.school,
        issuer=HOST,
        client_id="tool-1",
        auth_url=f"{HOST}/auth",
        token_url=f"{HOST}/token",
        jwks_url=f"{HOST}/jwks",
        audience=None,
        allow_loopback=False,
        at=world.at,
    )
    deployment = add_deployment(session, registration=registration, lti_id="1", at=world.at)
    group = session.get_one(Group, (world.school.id, world.group.id))
    join(session, group=group, person=world.teacher, role=GroupRole.TEACHER, on=world.on)
    context = Context(
        school_id=world.school.id,
        deployment_id=deployment.id,
        lti_id="2",
        title="Verpleegkunde 3A",
        group_id=group.id,
        memberships_url=f"{HOST}/memberships",
        lineitems_url=f"{HOST}/lineitems",
        scopes=f"{SCORE} {LINE_ITEM}",
        created_at=world.at,
    )
    session.add(context)
    session.flush()
    link = ResourceLink(
        school_id=world.school.id,
        deployment_id=deployment.id,
        context_id=context.id,
        lti_id="l1",
        title="Mijn leerspoor",
        mode=GradeMode.OFF,
        created_at=world.at,
    )
    session.add(link)
    session.flush()
    asked = ask_access(session, by=world.teacher, context=context, on=world.on, at=world.at)
    return {
        "registration": registration.id,
        "deployment": deployment.id,
        "context": context.id,
        "link": link.id,
        "asked": asked.id,
    }


def system(session: Session, world: World) -> Ids:
    """Have a system that is read on time, at an address where nobody answers."""
    chosen: dict[str, Any] = {"cadence": Cadence.NIGHTLY, "match_on": MatchOn.NUMBER}
    source = add_source(
        session,
        by=world.administrator,
        school=world.school,
        kind="moodle",
        name="Moodle",
        url="https://moodle.example",
        secret="0" * 32,
        options={},
        encryption_keys=[KEY],
        at=world.at,
        **chosen,
    )
    return {"source": source.id}
