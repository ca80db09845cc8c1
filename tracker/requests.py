"""Asking somebody to look, and answering: every request is a throw that needs a catcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker import audit
from tracker.audience import who_see
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.models import (
    Evidence,
    FeedbackRequest,
    Goal,
    LearningPlan,
    LearningQuestion,
    Person,
    PersonState,
    PlanRole,
    RequestState,
    School,
)
from tracker.peers import fellows, show_to_peer
from tracker.people import today_at
from tracker.permissions import Action, lock, require
from tracker.plans import SeenMember, check_open, members_of, plan_of
from tracker.sharing import hold, stop_showing

Subject = Goal | Evidence | LearningQuestion
COLUMNS: dict[type[Subject], str] = {
    Goal: "goal_id",
    Evidence: "evidence_id",
    LearningQuestion: "question_id",
}

# A goal is talked about in the school; who is outside is asked about a piece of evidence.
IN_SCHOOL = frozenset({PlanRole.STUDENT, PlanRole.COACH, PlanRole.TEAM})


def about(subject: Subject) -> dict[str, UUID]:
    """Return the one column by which a request or a comment names its subject."""
    return {COLUMNS[type(subject)]: subject.id}


def ask(
    session: Session,
    *,
    by: Person,
    to: Person,
    subject: Subject,
    words: str | None,
    on: date,
    at: datetime,
) -> FeedbackRequest:
    """Ask somebody around the plan, who can see it, to look at a thing of that plan.

    The student may ask a fellow student of a current group about own evidence: that shows the
    piece to them by name, for 28 days.
    """
    plan = plan_of(session, subject)
    granted = require(session, by, Action.ASK_FEEDBACK, on=on, plan_id=plan.id)
    check_open(plan)
    if to.id == by.id:
        raise Invalid(to_id="request.to_oneself")
    # One asks at a time, so that the second finds what the first asked.
    if isinstance(subject, Evidence):
        hold(session, subject, on=on, at=at)
    else:
        lock(session, subject)
    if _is_asked_already(session, subject, to):
        raise Conflict("request.open_already")
    members = members_of(session, plan=plan, on=on)
    if _roles(members, to.id) <= {PlanRole.PEER}:
        _show_own(session, by=by, to=to, plan=plan, subject=subject, granted=granted, on=on, at=at)
    elif isinstance(subject, Goal) and not _roles(members, to.id) & IN_SCHOOL:
        raise Invalid(to_id="request.not_about_goal")
    elif not who_see(session, people=[to], record=subject, on=on):
        raise Invalid(to_id="request.not_shared")
    request = FeedbackRequest(
        school_id=plan.school_id,
        plan_id=plan.id,
        by_id=by.id,
        to_id=to.id,
        words=words,
        state=RequestState.OPEN,
        asked_at=at,
        **about(subject),
    )
    session.add(request)
    session.flush()
    audit.record(session, by=by, verb="asked", subject=request, plan_id=plan.id, at=at)
    session.flush()
    return request


def _is_asked_already(session: Session, subject: Subject, to: Person) -> bool:
    open_one = sa.select(FeedbackRequest.id).filter_by(
        school_id=to.school_id, to_id=to.id, state=RequestState.OPEN, **about(subject)
    )
    return session.scalar(open_one.limit(1)) is not None


def _roles(members: Sequence[SeenMember], person_id: UUID) -> set[PlanRole]:
    return {member.role for member in members if member.person_id == person_id}


def _show_own(
    session: Session,
    *,
    by: Person,
    to: Person,
    plan: LearningPlan,
    subject: Subject,
    granted: frozenset[object],
    on: date,
    at: datetime,
) -> None:
    """Show the student's own piece to a fellow student; everybody else is not there to be asked."""
    is_own = PlanRole.STUDENT in granted and plan.student_id == by.id
    if not is_own or to.id not in {fellow.id for fellow in fellows(session, student=by, on=on)}:
        raise NotFound("nobody around the plan")
    if not isinstance(subject, Evidence):
        raise Invalid(to_id="request.peer_evidence_only")
    if subject.has_people:
        raise Invalid(to_id="share.has_people")
    show_to_peer(session, by=by, plan=plan, evidence=subject, peer=to, on=on, at=at)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked about a thing; a peer would be shown it by being asked."""

    person: Person
    role: PlanRole


def candidates(session: Session, *, by: Person, subject: Subject, on: date) -> list[Candidate]:
    """Return who may be asked about a thing and has no open request about it, in few queries.

    First those around the plan who can see it, by role and name; for the student's own evidence
    then the fellow students.
    """
    plan = plan_of(session, subject)
    require(session, by, Action.ASK_FEEDBACK, on=on, plan_id=plan.id)
    members = [
        member
        for member in members_of(session, plan=plan, on=on)
        if member.role is not PlanRole.PEER and member.person_id != by.id
        if member.role in IN_SCHOOL or not isinstance(subject, Goal)
    ]
    roles = {member.person_id: member.role for member in reversed(members)}
    asked = set(
        session.scalars(
            sa.select(FeedbackRequest.to_id).filter_by(
                school_id=plan.school_id, state=RequestState.OPEN, **about(subject)
            )
        )
    )
    people = session.scalars(
        sa.select(Person).where(
            Person.school_id == plan.school_id,
            Person.id.in_(roles),
            Person.state == PersonState.ACTIVE,
        )
    ).all()
    order = list(PlanRole)
    found = [
        Candidate(person, roles[person.id])
        for person in who_see(session, people=people, record=subject, on=on)
        if person.id not in asked
    ]
    found.sort(key=lambda c: (order.index(c.role), c.person.name, c.person.id))
    is_own = plan.student_id == by.id
    if is_own and isinstance(subject, Evidence) and not subject.has_people:
        found += [
            Candidate(fellow, PlanRole.PEER)
            for fellow in fellows(session, student=by, on=on)
            if fellow.id not in asked and fellow.id not in roles
        ]
    return found


def person_to_ask(
    session: Session, key: UUID, *, by: Person, plan: LearningPlan, on: date
) -> Person:
    """Return somebody around the plan, or a fellow student of who asks; raises NotFound."""
    if any(member.person_id == key for member in members_of(session, plan=plan, on=on)):
        return session.get_one(Person, (plan.school_id, key))
    for fellow in fellows(session, student=by, on=on):
        if fellow.id == key:
            return fellow
    raise NotFound("nobody around the plan")


def decline(
    session: Session, *, by: Person, request: FeedbackRequest, words: str, on: date, at: datetime
) -> None:
    """Say that one cannot look, and why; a peer is shown the piece no more."""
    _take(session, request, of=request.to_id, by=by, action=Action.ANSWER, on=on)
    request.reply = words
    _close(session, request, RequestState.DECLINED, by=by, verb="declined", on=on, at=at)


def withdraw(
    session: Session, *, by: Person, request: FeedbackRequest, on: date, at: datetime
) -> None:
    """Ask no more; a peer is shown the piece no more."""
    _take(session, request, of=request.by_id, by=by, action=Action.ASK_FEEDBACK, on=on)
    _close(session, request, RequestState.WITHDRAWN, by=by, verb="asked no more", on=on, at=at)


def remind(
    session: Session, *, by: Person, request: FeedbackRequest, on: date, at: datetime
) -> None:
    """Remind the asked person, at most once a day of the school."""
    _take(session, request, of=request.by_id, by=by, action=Action.ASK_FEEDBACK, on=on)
    school = session.get_one(School, request.school_id)
    if request.reminded_at is not None and today_at(school, request.reminded_at) >= on:
        raise Conflict("request.reminded_today")
    request.reminded_at = at
    audit.record(session, by=by, verb="reminded", subject=request, plan_id=request.plan_id, at=at)
    session.flush()


def _take(
    session: Session, request: FeedbackRequest, *, of: UUID, by: Person, action: Action, on: date
) -> None:
    """Hold an open request of this person; raises NotAllowed for others, Conflict when closed."""
    require(session, by, action, on=on, plan_id=request.plan_id)
    if by.id != of:
        raise NotAllowed("somebody else's request")
    if request.evidence_id is not None:
        # First the piece, then what is asked about it: the order in which everybody holds them.
        lock(session, session.get_one(Evidence, (request.school_id, request.evidence_id)))
    lock(session, request)
    if request.state is not RequestState.OPEN:
        raise Conflict("request.closed")


def _close(
    session: Session,
    request: FeedbackRequest,
    state: RequestState,
    *,
    by: Person,
    verb: str,
    on: date,
    at: datetime,
) -> None:
    request.state = state
    request.closed_at = at
    session.flush()
    if request.evidence_id is not None:
        evidence = session.get_one(Evidence, (request.school_id, request.evidence_id))
        stop_showing(session, by=by, evidence=evidence, person_id=request.to_id, on=on, at=at)
    audit.record(session, by=by, verb=verb, subject=request, plan_id=request.plan_id, at=at)
    session.flush()


def settle(
    session: Session,
    *,
    by: Person,
    at: datetime,
    goal_id: UUID | None = None,
    evidence_id: UUID | None = None,
    question_id: UUID | None = None,
) -> None:
    """Let what somebody says about a thing answer the open requests to them about that thing."""
    columns = {
        FeedbackRequest.goal_id: goal_id,
        FeedbackRequest.evidence_id: evidence_id,
        FeedbackRequest.question_id: question_id,
    }
    session.execute(
        sa.update(FeedbackRequest)
        .where(
            FeedbackRequest.school_id == by.school_id,
            FeedbackRequest.to_id == by.id,
            FeedbackRequest.state == RequestState.OPEN,
            sa.or_(*(column == key for column, key in columns.items() if key is not None)),
        )
        .values(state=RequestState.ANSWERED, closed_at=at)
    )
