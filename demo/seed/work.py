"""What a student of a seeded school shows over the years, and what people see in it."""

from datetime import date, datetime, timedelta
from typing import Any

from demo.seed import words
from demo.seed.student import DAY, Aim, Life, Stay
from tracker.models import (
    Audience,
    Comment,
    Evidence,
    EvidenceContext,
    EvidenceGoal,
    EvidenceItem,
    EvidenceKind,
    EvidenceShare,
    EvidenceState,
    EvidenceVersion,
    FeedbackRequest,
    Judgement,
    PlanRole,
    RequestState,
)

DAYS_BETWEEN = (4, 40)  # between two pieces of evidence
DAYS_TO_RATE = (20, 80)  # between two looks at a goal itself
FRESH_DAYS = 21  # what was shared after this may still wait for an answer
KINDS = (EvidenceKind.WORK,) * 5 + (EvidenceKind.REFLECTION,) * 2 + (EvidenceKind.FEEDBACK,)


def live(life: Life) -> None:
    """Add what the student showed from the first day to the last, and what was said of it."""
    day = life.starts_on + life.draw.randint(*DAYS_BETWEEN) * DAY
    while day <= life.on:
        _piece(life, day)
        day += life.draw.randint(*DAYS_BETWEEN) * DAY
    for aim in life.aims:
        if not aim.is_draft:
            _look_at_goal(life, aim)


def _piece(life: Life, day: date) -> None:
    """Add one piece: its words, its goals, who sees it, and what they say."""
    draw, last = life.draw, life.scenery.on - DAY
    stay = life.stay_on(day) if draw.chance(0.7) else None
    aims = life.aims_on(day)
    aims = draw.sample(aims, min(len(aims), draw.choice((0, 1, 1, 1, 2))))
    received_at = life.moment(min(day + draw.choice((0, 0, 0, 1, 2)) * DAY, last))
    is_shared = draw.chance(0.8)
    shared_at = life.moment(min(received_at.date() + draw.choice((0, 0, 1, 4)) * DAY, last))
    shared_at = max(shared_at, received_at)
    is_withdrawn = is_shared and draw.chance(0.03)
    withdrawn_at = life.moment(draw.between(shared_at.date(), last), after=shared_at)
    state = EvidenceState.SHARED if is_shared else EvidenceState.PRIVATE
    context = EvidenceContext.WORKPLACE if stay else draw.choice(list(EvidenceContext))
    evidence_id = life.draw.new_id()
    life.rows.add(
        Evidence,
        id=evidence_id,
        plan_id=life.plan_id,
        author_id=life.student_id,
        key=evidence_id,
        kind=draw.choice(KINDS).value,
        context=context.value,
        placement_id=stay.id if stay else None,
        state=EvidenceState.WITHDRAWN.value if is_withdrawn else state.value,
        happened_on=day,
        received_at=received_at,
        has_people=draw.chance(0.1),
        withdrawn_at=withdrawn_at if is_withdrawn else None,
    )
    _words(life, evidence_id, received_at)
    for aim in aims:
        life.rows.add(EvidenceGoal, evidence_id=evidence_id, goal_id=aim.id)
    if life.programme and draw.chance(0.2):
        item_id = draw.choice(life.programme.item_ids)
        life.rows.add(EvidenceItem, evidence_id=evidence_id, item_id=item_id)
    if not is_shared:
        return
    ended_at = withdrawn_at if is_withdrawn else None
    shown: dict[str, Any] = {"evidence_id": evidence_id, "shared_at": shared_at}
    life.add(EvidenceShare, audience=Audience.COACHES.value, ended_at=ended_at, **shown)
    is_placed = stay is not None and shared_at.date() < stay.until_on and draw.chance(0.8)
    if stay is not None and is_placed:
        life.add(
            EvidenceShare,
            audience=Audience.PLACEMENT.value,
            placement_id=stay.id,
            ended_at=ended_at,
            **shown,
        )
    if not is_withdrawn:
        _said_of(life, evidence_id, aims, stay, shared_at, day, is_placed=is_placed)


def _words(life: Life, evidence_id: str, received_at: datetime) -> None:
    text = f"{life.draw.choice(words.DID)} {life.draw.choice(words.LEARNED)}"
    later = life.moment(min(received_at.date() + DAY, life.scenery.on - DAY), after=received_at)
    moments = [received_at, later] if life.draw.chance(0.1) else [received_at]
    for number, at in enumerate(moments, 1):
        said = text if number == 1 else f"{text} {life.draw.choice(words.LEARNED)}"
        life.add(EvidenceVersion, evidence_id=evidence_id, number=number, text=said, written_at=at)


def _said_of(
    life: Life,
    evidence_id: str,
    aims: list[Aim],
    stay: Stay | None,
    shared_at: datetime,
    day: date,
    *,
    is_placed: bool,
) -> None:
    """Add what the student, the coach and the supervisor saw in a piece, and what waits."""
    draw, last = life.draw, life.scenery.on - DAY
    raters = [
        (life.student_id, PlanRole.STUDENT, 0.35),
        (life.guided.coach_id, PlanRole.COACH, 0.4),
    ]
    if stay is not None and is_placed:
        raters.append((stay.supervisor_id, PlanRole.SUPERVISOR, 0.45))
    asked = draw.choice(raters[1:])[0] if draw.chance(0.35) else None
    for person_id, role, share in raters:
        latest = last
        if stay is not None and role is PlanRole.SUPERVISOR:
            latest = min(last, stay.until_on - DAY)
        looked_at = life.moment(draw.between(shared_at.date(), latest), after=shared_at)
        if looked_at - shared_at > timedelta(days=14):
            looked_at = life.moment(min(shared_at.date() + 5 * DAY, latest), after=shared_at)
        if looked_at.date() > latest:
            continue
        is_asked = person_id == asked
        is_waiting = is_asked and (last - shared_at.date()).days < FRESH_DAYS and draw.chance(0.4)
        if is_waiting or (not is_asked and not draw.chance(share)):
            if is_waiting:
                _asked(life, evidence_id, person_id, shared_at, None)
            continue
        aim = draw.choice(aims) if aims and draw.chance(0.5) else None
        anchor = (aim or (aims[0] if aims else None)) or None
        _judge(
            life,
            by_id=person_id,
            role=role,
            anchor=anchor.anchor(draw, day) if anchor else draw.randint(0, 3),
            observed_on=looked_at.date(),
            at=looked_at,
            evidence_id=evidence_id,
            evidence_version=1,
            goal_id=aim.id if aim else None,
            placement_id=stay.id if stay else None,
        )
        if is_asked:
            _asked(life, evidence_id, person_id, shared_at, looked_at)
    if draw.chance(0.15):
        life.add(
            Comment,
            plan_id=life.plan_id,
            evidence_id=evidence_id,
            by_id=life.guided.coach_id,
            role=PlanRole.COACH.value,
            words=draw.choice(words.REPLIES),
            written_at=life.moment(draw.between(shared_at.date(), last), after=shared_at),
        )


def _asked(
    life: Life, evidence_id: str, to_id: str, shared_at: datetime, closed_at: datetime | None
) -> None:
    life.add(
        FeedbackRequest,
        plan_id=life.plan_id,
        evidence_id=evidence_id,
        by_id=life.student_id,
        to_id=to_id,
        words=life.draw.choice(words.ASKS),
        state=(RequestState.ANSWERED if closed_at else RequestState.OPEN).value,
        asked_at=shared_at + timedelta(minutes=2),
        closed_at=closed_at,
    )


def _look_at_goal(life: Life, aim: Aim) -> None:
    """Add what student and coach saw of a goal itself, now and then; perhaps one was asked to."""
    draw = life.draw
    day, at = aim.from_on, None
    while day <= aim.until_on:
        by_id, role = draw.choice(
            ((life.student_id, PlanRole.STUDENT), (life.guided.coach_id, PlanRole.COACH))
        )
        at = life.moment(day, after=at)
        _judge(
            life,
            by_id=by_id,
            role=role,
            anchor=aim.anchor(draw, day),
            observed_on=day,
            at=at + timedelta(hours=1),
            goal_id=aim.id,
        )
        day += draw.randint(*DAYS_TO_RATE) * DAY
    if draw.chance(0.06) and aim.until_on == life.on:
        asked_on = draw.between(max(aim.from_on, life.on - FRESH_DAYS * DAY), life.on)
        life.add(
            FeedbackRequest,
            plan_id=life.plan_id,
            goal_id=aim.id,
            by_id=life.student_id,
            to_id=life.guided.coach_id,
            words=draw.choice(words.ASKS),
            state=RequestState.OPEN.value,
            asked_at=life.moment(asked_on),
        )


def _judge(
    life: Life,
    *,
    by_id: str,
    role: PlanRole,
    anchor: int,
    observed_on: date,
    at: datetime,
    **about: Any,
) -> None:
    life.add(
        Judgement,
        plan_id=life.plan_id,
        by_id=by_id,
        role=role.value,
        words=life.draw.choice(words.SEEN) if life.draw.chance(0.4) else None,
        observed_on=observed_on,
        level_id=life.levels[anchor],
        recorded_at=at,
        **about,
    )
