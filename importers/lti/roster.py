"""Reading a course's roster (Names and Roles): who is in it now, and who is not any more.

People come first, a batch per commit. Then all that follows from the roster is one commit:
memberships, who guides the course, places in plans, and when it is read next. Whoever is absent
or not active leaves with an end date; when so many would go, or be learners no longer, that it
looks like a mistake, all of them stay until the school's administrator says yes.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from importers.engine.closing import BRAKE_NUMBER, BRAKE_SHARE
from importers.lti.turns import Turn
from lti.calling.names_roles import Member, MemberStatus, members
from lti.calling.services import ServiceError
from lti.connecting.registrations import SOURCED_ID
from lti.courses.courses import GROUP_ROLES, follow_instructors
from lti.models import Context, ContextPull
from lti.people.people import NAMELESS, Told, known_people, person_told_of
from lti.people.roles import launch_role
from tracker.groups import hold_newcomers, join, join_new, leave, members_today
from tracker.guides import hold_group
from tracker.models import Group, GroupRole, Membership, Person, PersonState
from tracker.people import today_at

PEOPLE_AT_ONCE = 100
# A course with nobody in it is one that we may not look into: it closes nobody.
EMPTY = "empty_roster"
Roster = dict[UUID, GroupRole]


def read_roster(turn: Turn) -> None:
    """Read the whole roster, then follow it; raises ServiceError before anything is written."""
    url = turn.context.memberships_url
    if url is None:
        return
    told = members(turn.caller, url, at=turn.now())
    if not told:
        raise ServiceError(EMPTY)
    # In one order everywhere, so that two courses with the same newcomers wait for each other.
    present = sorted(_present(told), key=lambda entry: entry.subject)
    roster: Roster = {}
    for begin in range(0, len(present), PEOPLE_AT_ONCE):
        with turn.step() as (session, _):
            roster |= _people(session, turn, present[begin : begin + PEOPLE_AT_ONCE])
    with turn.step() as (session, pull):
        _follow(session, turn, pull, roster)
        turn.finish(pull)


def _present(told: Sequence[Member]) -> list[Told]:
    """Return who takes part now as instructor or learner."""
    found = []
    for member in told:
        role = launch_role(member.roles)
        if member.status is MemberStatus.ACTIVE and role in GROUP_ROLES:
            found.append(
                Told(
                    subject=member.user_id,
                    role=role,
                    name=member.name,
                    given_name=member.given_name,
                    number=member.person_sourcedid,
                )
            )
    return found


def _people(session: Session, turn: Turn, present: Sequence[Told]) -> Roster:
    """Return what each of these people is in the course; who is new becomes a pending person."""
    subjects = [told.subject for told in present]
    known = known_people(session, registration=turn.registration, subjects=subjects)
    # A school that trusts its number only in a launch: until then anybody could be anybody.
    may_add = turn.registration.number_claim == SOURCED_ID
    roster: Roster = {}
    for told in present:
        person = known.get(told.subject)
        if person is None and may_add:
            person, _ = person_told_of(
                session,
                school=turn.school,
                registration=turn.registration,
                told=told,
                is_here=False,
                at=turn.at,
            )
        if person is None or person.state is PersonState.LEFT:
            continue
        if person.name == NAMELESS and told.name is not None:
            person.name, person.given_name = told.name, told.given_name or told.name
        roster[person.id] = GROUP_ROLES[told.role]
    return roster


def _follow(session: Session, turn: Turn, pull: ContextPull, roster: Roster) -> None:
    school_id, group_id = turn.school.id, turn.context.group_id
    if group_id is None:
        return
    on = today_at(turn.school, turn.at)
    hold_newcomers(session, school_id=school_id, person_ids=roster)
    hold_group(session, school_id=school_id, group_id=group_id)
    group = session.get_one(Group, (school_id, group_id))
    held = members_today(session, group=group, on=on)
    gone = [membership for membership in held if membership.person_id not in roster]
    turned = [membership for membership in held if _turns_teacher(membership, roster)]
    if _is_held_back(pull, gone=[*gone, *turned], held=held):
        for membership in turned:
            roster.pop(membership.person_id, None)
    else:
        leave(session, memberships=gone, on=on)
    stays = {(member.person_id, member.role) for member in held if member.until_on is None}
    known = {member.person_id for member in held}
    newcomers = {key: role for key, role in roster.items() if key not in known}
    join_new(session, group=group, roster=newcomers, on=on)
    for person_id in sorted(roster.keys() & known):
        if (person_id, roster[person_id]) not in stays:
            person = session.get_one(Person, (school_id, person_id))
            join(session, group=group, person=person, role=roster[person_id], on=on)
    context = session.get_one(Context, (school_id, turn.context.id))
    follow_instructors(session, context=context, by=None, on=on, at=turn.at)


def _turns_teacher(membership: Membership, roster: Roster) -> bool:
    """Whether a learner is called an instructor now: who in a confirmed course sees the others."""
    is_learner = membership.role is GroupRole.STUDENT
    return is_learner and roster.get(membership.person_id) is GroupRole.TEACHER


def _is_held_back(
    pull: ContextPull, *, gone: Sequence[Membership], held: Sequence[Membership]
) -> bool:
    """Say on the row whether so many would go that the school is asked first.

    A yes is for as many as were shown, and for once.
    """
    closes = len({membership.person_id for membership in gone})
    of = len({membership.person_id for membership in held})
    is_much = closes > BRAKE_NUMBER and closes > BRAKE_SHARE * of
    is_released = pull.released_at is not None and closes <= (pull.held or {}).get("closes", 0)
    is_held = is_much and not is_released
    pull.held = {"closes": closes, "of": of} if is_held else None
    pull.released_at = None
    return is_held
