"""What is said and chosen around a plan in a seeded school: questions, talks, lessons, absence."""

from datetime import timedelta

from demo.seed import words
from demo.seed.student import DAY, Life
from tracker.models import (
    Absence,
    Comment,
    Conversation,
    LearningQuestion,
    LessonChoice,
    LessonKind,
    PlanRole,
    QuestionState,
)

DAYS_BETWEEN = (35, 80)  # between two talks
MOST_QUESTIONS = 3
FRESH_DAYS = 14


def converse(life: Life) -> None:
    """Add talks, questions, a chosen lesson and absence."""
    draw = life.draw
    day = life.starts_on + draw.randint(7, 30) * DAY
    while day <= life.on:
        aims = life.aims_on(day)
        by_id, role = draw.choice(
            ((life.student_id, PlanRole.STUDENT), (life.guided.coach_id, PlanRole.COACH))
        )
        life.add(
            Conversation,
            plan_id=life.plan_id,
            goal_id=draw.choice(aims).id if aims and draw.chance(0.4) else None,
            by_id=by_id,
            role=role.value,
            held_on=day,
            words=draw.choice(words.TALKED),
            recorded_at=life.moment(day),
        )
        day += draw.randint(*DAYS_BETWEEN) * DAY
    for _ in range(draw.randint(0, MOST_QUESTIONS)):
        _question(life)
    if draw.chance(0.4):
        _lesson(life)
    if draw.chance(0.15):
        _absence(life)


def _question(life: Life) -> None:
    """Add a learning question: answered, or open; some came out at a placement."""
    draw = life.draw
    day = draw.between(life.starts_on, life.on)
    stay = life.stay_on(day)
    asked_at = life.moment(day)
    state = draw.choice((QuestionState.OPEN, QuestionState.CLOSED, QuestionState.GOAL))
    aims = life.aims_on(life.on)
    if state is QuestionState.GOAL and not aims:
        state = QuestionState.CLOSED
    answered_at = life.moment(draw.between(day, life.scenery.on - DAY), after=asked_at)
    is_open = state is QuestionState.OPEN
    question_id = life.add(
        LearningQuestion,
        plan_id=life.plan_id,
        by_id=life.student_id,
        placement_id=stay.id if stay and draw.chance(0.6) else None,
        words=draw.choice(words.WONDERS),
        state=state.value,
        goal_id=draw.choice(aims).id if state is QuestionState.GOAL else None,
        asked_at=asked_at,
        closed_at=None if is_open else answered_at + timedelta(minutes=1),
    )
    # What nobody answered yet is not old, with some exceptions.
    is_fresh = day > life.scenery.on - FRESH_DAYS * DAY
    if not is_open or draw.chance(0.5 if is_fresh else 0.95):
        life.add(
            Comment,
            plan_id=life.plan_id,
            question_id=question_id,
            by_id=life.guided.coach_id,
            role=PlanRole.COACH.value,
            words=draw.choice(words.REPLIES),
            written_at=answered_at,
        )


def _lesson(life: Life) -> None:
    draw = life.draw
    chosen_on = draw.between(life.starts_on, life.on)
    is_done = draw.chance(0.6)
    chosen_at = life.moment(chosen_on)
    life.add(
        LessonChoice,
        plan_id=life.plan_id,
        lesson_id=draw.choice(life.scenery.lessons),
        kind=draw.choice(list(LessonKind)).value,
        reason=draw.choice(words.REASONS),
        chosen_at=chosen_at,
        confirmed_by_id=life.guided.coach_id if is_done else None,
        confirmed_at=life.moment(life.on, after=chosen_at) if is_done else None,
    )


def _absence(life: Life) -> None:
    draw = life.draw
    from_on = draw.between(max(life.starts_on, life.on - 200 * DAY), life.on)
    life.add(
        Absence,
        plan_id=life.plan_id,
        by_id=draw.choice((life.student_id, life.guided.coach_id)),
        from_on=from_on,
        until_on=from_on + draw.randint(3, 30) * DAY,
        created_at=life.moment(from_on),
    )
