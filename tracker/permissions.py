"""Who may see what, and do what: the whole answer, on one page.

Grounds for seeing are one predicate per kind of record (`VISIBLE`), used for lists and single
reads alike. What a person may do with a record that they see is `ALLOWED`.
`until_on` is exclusive everywhere: the first day on which something no longer holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tracker import audit
from tracker.db import Record
from tracker.errors import NotAllowed, NotFound
from tracker.models import (
    Absence,
    Activity,
    ActivityItem,
    Attachment,
    Audience,
    CoachGroup,
    Comment,
    Company,
    Conversation,
    Evidence,
    EvidenceGoal,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Framework,
    FrameworkItem,
    Goal,
    GoalState,
    Group,
    Holiday,
    ItemMeaning,
    Judgement,
    JudgementDraft,
    LearningPlan,
    LearningQuestion,
    LearningUnit,
    LessonChoice,
    Membership,
    Opportunity,
    Person,
    PersonRole,
    Placement,
    PlanMember,
    PlanRole,
    Recording,
    Scale,
    ScaleLevel,
    ScanState,
    School,
    SchoolRole,
    Snooze,
    SupportLesson,
)

Condition = sa.ColumnElement[bool]
RecordT = TypeVar("RecordT", bound=Record)
Built = TypeVar("Built")
Parameters = ParamSpec("Parameters")


class Action(StrEnum):
    """Everything that a route can be for."""

    SEE_SELF = "see self"
    SEE_PLAN = "see plan"
    SEE_GOAL = "see goal"
    SEE_EVIDENCE = "see evidence"
    SEE_JUDGEMENT = "see judgement"
    SEE_THREAD = "see thread"
    SEE_OVERVIEW = "see overview"
    SEE_LESSON = "see lesson"
    SEE_COURSE = "see course"
    SEE_FRAMEWORK = "see framework"
    SEE_IMPORTS = "see imports"
    SEE_SCHOOL = "see school"
    SEE_LMS = "see lms"
    START_PLAN = "start plan"
    EDIT_PLAN = "edit plan"
    ADD_GOAL = "add goal"
    EDIT_GOAL = "edit goal"
    AGREE_GOAL = "agree goal"
    LOG_EVIDENCE = "log evidence"
    EDIT_EVIDENCE = "edit evidence"
    JUDGE = "judge"
    PROMOTE_JUDGEMENT = "promote judgement"
    ASK_QUESTION = "ask question"
    ASK_FEEDBACK = "ask feedback"
    ANSWER = "answer"
    COMMENT = "comment"
    RECORD_TALK = "record talk"
    SNOOZE = "snooze"
    DECLARE_ABSENCE = "declare absence"
    SAY_OPPORTUNITY = "say opportunity"
    CHOOSE_LESSON = "choose lesson"
    CONFIRM_LESSON = "confirm lesson"
    KEEP_LESSONS = "keep lessons"
    ASK_ACCESS = "ask access"
    SET_GRADEBOOK = "set gradebook"
    PLACE_LINK = "place link"
    CONNECT_LMS = "connect lms"
    CHANGE_SCALES = "change scales"
    KEEP_RULES = "keep rules"
    RUN_IMPORT = "run import"
    SEND_STATEMENTS = "send statements"
    CONFIRM_GROUP = "confirm group"
    KEEP_MEANINGS = "keep meanings"
    SIGN_OUT = "sign out"


Role = PlanRole | SchoolRole
IN_PLAN = frozenset(PlanRole)
IN_SCHOOL = frozenset(SchoolRole)
STAFF = frozenset({SchoolRole.COACH, SchoolRole.TEACHER})
RATING_IN_SCHOOL = (PlanRole.COACH, PlanRole.TEAM)
ADMINISTRATOR = SchoolRole.ADMINISTRATOR

ALLOWED: dict[Action, frozenset[Role]] = {
    Action.SEE_SELF: IN_PLAN | IN_SCHOOL,
    Action.SEE_PLAN: IN_PLAN | {ADMINISTRATOR},
    Action.SEE_GOAL: IN_PLAN | {ADMINISTRATOR},
    Action.SEE_EVIDENCE: IN_PLAN | {ADMINISTRATOR},
    Action.SEE_JUDGEMENT: IN_PLAN | {ADMINISTRATOR},
    Action.SEE_THREAD: IN_PLAN | {ADMINISTRATOR},
    Action.SEE_OVERVIEW: IN_PLAN | IN_SCHOOL,
    Action.SEE_LESSON: IN_PLAN | IN_SCHOOL,
    Action.SEE_COURSE: STAFF,
    Action.SEE_FRAMEWORK: IN_PLAN | IN_SCHOOL,
    Action.SEE_IMPORTS: frozenset({ADMINISTRATOR}),
    Action.SEE_SCHOOL: frozenset({ADMINISTRATOR}),
    Action.SEE_LMS: frozenset({ADMINISTRATOR}),
    Action.START_PLAN: frozenset({SchoolRole.STUDENT}),
    Action.EDIT_PLAN: frozenset({PlanRole.STUDENT}),
    Action.ADD_GOAL: frozenset({PlanRole.STUDENT}),
    Action.EDIT_GOAL: frozenset({PlanRole.STUDENT}),
    Action.AGREE_GOAL: frozenset({PlanRole.STUDENT, PlanRole.COACH}),
    Action.LOG_EVIDENCE: frozenset({PlanRole.STUDENT}),
    Action.EDIT_EVIDENCE: frozenset({PlanRole.STUDENT}),
    Action.JUDGE: IN_PLAN,
    Action.PROMOTE_JUDGEMENT: frozenset({PlanRole.COACH}),
    Action.ASK_QUESTION: frozenset({PlanRole.STUDENT}),
    Action.ASK_FEEDBACK: IN_PLAN - {PlanRole.PEER},
    Action.ANSWER: IN_PLAN,
    Action.COMMENT: IN_PLAN,
    Action.RECORD_TALK: frozenset({PlanRole.STUDENT, PlanRole.COACH}),
    Action.SNOOZE: frozenset({PlanRole.COACH, PlanRole.TEAM, PlanRole.SUPERVISOR}),
    Action.DECLARE_ABSENCE: frozenset({PlanRole.STUDENT, PlanRole.COACH}),
    Action.SAY_OPPORTUNITY: frozenset({PlanRole.STUDENT, PlanRole.COACH, PlanRole.SUPERVISOR}),
    Action.CHOOSE_LESSON: frozenset({PlanRole.STUDENT}),
    # Besides its own teacher (tracker/lessons.py).
    Action.CONFIRM_LESSON: frozenset(RATING_IN_SCHOOL),
    Action.KEEP_LESSONS: STAFF | {ADMINISTRATOR},
    Action.ASK_ACCESS: STAFF,
    Action.SET_GRADEBOOK: STAFF,
    Action.PLACE_LINK: STAFF,
    Action.CONNECT_LMS: frozenset({ADMINISTRATOR}),
    Action.CHANGE_SCALES: frozenset({ADMINISTRATOR}),
    Action.KEEP_RULES: frozenset({ADMINISTRATOR}),
    Action.RUN_IMPORT: frozenset({ADMINISTRATOR}),
    # Nobody by a role: only the program of a source (importers/pulls/pushed.py).
    Action.SEND_STATEMENTS: frozenset(),
    Action.CONFIRM_GROUP: frozenset({ADMINISTRATOR}),
    Action.KEEP_MEANINGS: frozenset({ADMINISTRATOR}),
    Action.SIGN_OUT: IN_PLAN | IN_SCHOOL,
}


@dataclass(frozen=True)
class _Reader:
    """All that conditions say about who reads."""

    school_id: UUID
    id: UUID
    only_students: frozenset[UUID] | None
    is_from_lms: bool


# Who reads and on which day, in statements that are made once and kept for everybody.
SCHOOL: Any = sa.bindparam("reader_school", type_=sa.Uuid())
READER: Any = sa.bindparam("reader", type_=sa.Uuid())
TODAY: Any = sa.bindparam("today", type_=sa.Date())


def stand_in(person: Person) -> Any:
    """Return who stands for this person in statements that are kept: parameters, as `given` gives.

    A session that is narrowed to some students is told apart by more, and stands for itself.
    """
    if person.only_students is not None:
        return _Reader(person.school_id, person.id, person.only_students, person.is_from_lms)
    return _Reader(SCHOOL, READER, None, person.is_from_lms)


def given(person: Person, on: date) -> dict[str, Any]:
    """Return the values of the parameters that stand for a reader and a day."""
    return {"reader_school": person.school_id, "reader": person.id, "today": on}


def once_for_reader(
    build: Callable[Concatenate[Person, Parameters], Built],
) -> Callable[Concatenate[Person, Parameters], Built]:
    """Keep what was built for a reader and a day: one page needs the same condition many times.

    Building them was half the time of a page. What is kept says who and when, and nothing else.
    """
    kept: Any = lru_cache(maxsize=64)(build)

    @wraps(build)
    def give(person: Person, /, *rest: Parameters.args, **named: Parameters.kwargs) -> Built:
        reader = _Reader(person.school_id, person.id, person.only_students, person.is_from_lms)
        built: Built = kept(reader, *rest, **named)
        return built

    return give


def holds(
    row: type[PlanMember | PersonRole | Placement | Membership | CoachGroup], on: date
) -> Condition:
    """Whether a dated row holds on this day."""
    return sa.and_(row.from_on <= on, sa.or_(row.until_on.is_(None), row.until_on > on))


def one_of(column: Any, values: Iterable[Any]) -> Condition:
    """Whether a column holds one of a few constants, in a text that need not be made each time.

    An IN of constants is written anew by SQLAlchemy whenever the statement runs.
    """
    return sa.or_(*(column == value for value in sorted(values)))


@once_for_reader
def _is_administrator(person: Person, on: date) -> Condition:
    if person.is_from_lms:
        return sa.false()
    return sa.exists().where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        PersonRole.role == SchoolRole.ADMINISTRATOR,
        holds(PersonRole, on),
    )


@once_for_reader
def plans_as(person: Person, on: date, *roles: PlanRole) -> sa.Select[UUID]:
    """Select the plans in which the person has one of these roles on this day."""
    return sa.select(PlanMember.plan_id).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        one_of(PlanMember.role, roles),
        holds(PlanMember, on),
        _within_session(person, PlanMember.plan_id),
    )


def _within_session(person: Person, plan_id: InstrumentedAttribute[UUID]) -> Condition:
    """Whether a plan is of the students to whom this session is narrowed, if it is."""
    if person.only_students is None:
        return sa.true()
    if not person.only_students:  # an empty IN nests deeper than SQLite reads
        return sa.false()
    plans = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id,
        LearningPlan.student_id.in_(person.only_students),
    )
    return plan_id.in_(plans)


@once_for_reader
def _placements_as_supervisor(person: Person, on: date) -> sa.Select[UUID]:
    """Select the placements this person supervises; the row and the placement must both hold."""
    return (
        sa.select(Placement.id)
        .join(
            PlanMember,
            sa.and_(
                PlanMember.school_id == Placement.school_id,
                PlanMember.placement_id == Placement.id,
            ),
        )
        .where(
            Placement.school_id == person.school_id,
            PlanMember.person_id == person.id,
            PlanMember.role == PlanRole.SUPERVISOR,
            holds(PlanMember, on),
            holds(Placement, on),
            _within_session(person, PlanMember.plan_id),
        )
    )


@once_for_reader
def _plans_in_school(person: Person, on: date) -> sa.CompoundSelect[UUID]:
    """Select the plans seen as student, coach, core team or administrator; not as supervisor.

    One IN over a union, not an OR of INs: PostgreSQL then starts from the person's few rows.
    """
    everything = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id,
        _is_administrator(person, on),
        _within_session(person, LearningPlan.id),
    )
    roles = (PlanRole.STUDENT, PlanRole.COACH, PlanRole.TEAM)
    return sa.union_all(plans_as(person, on, *roles), everything)


def _in_school(person: Person, on: date, plan_id: InstrumentedAttribute[UUID]) -> Condition:
    return plan_id.in_(_plans_in_school(person, on))


def _is_any(model: type[Record], *where: Condition) -> Condition:
    """Whether there is such a row: looked up by its index for each row that asks.

    EXISTS says the same, but to answer it PostgreSQL may read a whole school once for a few rows.
    """
    found = sa.select(sa.true()).select_from(model).where(*where).limit(1).correlate_except(model)
    return sa.func.coalesce(found.scalar_subquery(), sa.false())


@once_for_reader
def _shown(person: Person, on: date) -> sa.CompoundSelect[UUID]:
    """Select the evidence shown to this person from outside the school's own circle.

    A union, not an OR, so that each half starts from the person's few rows.
    """
    return sa.union_all(
        *(
            sa.select(EvidenceShare.evidence_id).where(
                EvidenceShare.school_id == person.school_id, EvidenceShare.ended_at.is_(None), way
            )
            for way in _ways_of_showing(person, on)
        )
    )


@once_for_reader
def _is_shown(person: Person, on: date) -> Condition:
    """Whether a share is for this person from outside the school's own circle."""
    return sa.and_(EvidenceShare.ended_at.is_(None), sa.or_(*_ways_of_showing(person, on)))


@once_for_reader
def _ways_of_showing(person: Person, on: date) -> tuple[Condition, Condition]:
    """For a supervisor through the placement, for a peer by name; as long as they take part."""
    through_placement = sa.and_(
        EvidenceShare.audience == Audience.PLACEMENT,
        EvidenceShare.placement_id.in_(_placements_as_supervisor(person, on)),
    )
    by_name = sa.and_(
        EvidenceShare.audience == Audience.PERSON,
        EvidenceShare.person_id == person.id,
        EvidenceShare.evidence_id.in_(
            sa.select(Evidence.id).where(
                Evidence.school_id == person.school_id,
                Evidence.plan_id.in_(plans_as(person, on, PlanRole.PEER)),
            )
        ),
    )
    return through_placement, by_name


@once_for_reader
def _see_plan(person: Person, on: date) -> Condition:
    supervised = sa.select(Placement.plan_id).where(
        Placement.school_id == person.school_id,
        Placement.id.in_(_placements_as_supervisor(person, on)),
    )
    return LearningPlan.id.in_(sa.union_all(*_plans_in_school(person, on).selects, supervised))


@once_for_reader
def _see_goal(person: Person, on: date) -> Condition:
    shown = sa.select(EvidenceGoal.goal_id).where(
        EvidenceGoal.school_id == person.school_id,
        EvidenceGoal.evidence_id.in_(_shown(person, on)),
    )
    # What is not agreed yet stays in the school.
    outside = sa.and_(Goal.state != GoalState.DRAFT, Goal.id.in_(shown))
    return sa.or_(_in_school(person, on, Goal.plan_id), outside)


@once_for_reader
def _see_share(person: Person, on: date) -> Condition:
    """See every share of the own pieces; of others those through which one sees the piece."""
    own = Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT))
    in_school = _in_school(person, on, Evidence.plan_id)
    return sa.or_(
        _is_piece(person, EvidenceShare.evidence_id, own),
        sa.and_(
            _share_in_circle(person, on), _is_piece(person, EvidenceShare.evidence_id, in_school)
        ),
        _is_shown(person, on),
    )


@once_for_reader
def _see_evidence(person: Person, on: date) -> Condition:
    return sa.or_(
        Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT)),
        sa.and_(_in_school(person, on, Evidence.plan_id), _piece_in_circle(person, on)),
        Evidence.id.in_(_shown(person, on)),
    )


def _is_piece(
    person: Person, evidence_id: InstrumentedAttribute[Any], condition: Condition
) -> Condition:
    """Whether this is true of the piece with this id."""
    return _is_any(
        Evidence, Evidence.school_id == person.school_id, Evidence.id == evidence_id, condition
    )


def _is_piece_seen(person: Person, on: date, evidence_id: InstrumentedAttribute[Any]) -> Condition:
    return _is_piece(person, evidence_id, _see_evidence(person, on))


@once_for_reader
def _see_attachment(person: Person, on: date) -> Condition:
    """See files as their evidence; what no virus scanner passed is for its owner at most."""
    own = sa.select(Evidence.id).where(
        Evidence.school_id == person.school_id,
        Evidence.plan_id.in_(plans_as(person, on, PlanRole.STUDENT)),
    )
    return sa.and_(
        _is_piece_seen(person, on, Attachment.evidence_id),
        sa.or_(_is_passed(Attachment), Attachment.evidence_id.in_(own)),
    )


def _is_passed(file: type[Attachment | Recording]) -> Condition:
    return one_of(file.scan, (ScanState.NONE, ScanState.CLEAN))


@once_for_reader
def _see_recording(person: Person, on: date) -> Condition:
    seen = sa.select(Judgement.id).where(
        Judgement.school_id == person.school_id, _see_judgement(person, on)
    )
    own = sa.select(Judgement.id).where(
        Judgement.school_id == person.school_id, Judgement.by_id == person.id
    )
    return sa.and_(
        Recording.judgement_id.in_(seen),
        sa.or_(_is_passed(Recording), Recording.judgement_id.in_(own)),
    )


@once_for_reader
def _see_judgement(person: Person, on: date) -> Condition:
    in_school = sa.and_(
        _in_school(person, on, Judgement.plan_id),
        _judgement_within(person, on, _is_piece_seen(person, on, Judgement.evidence_id)),
    )
    # Who is asked from outside never sees what others saw before looking for themselves, and
    # nothing about a goal that is not agreed yet.
    is_draft = _is_any(
        Goal,
        Goal.school_id == person.school_id,
        Goal.id == Judgement.goal_id,
        Goal.state == GoalState.DRAFT,
    )
    shown = sa.and_(
        Judgement.evidence_id.in_(_shown(person, on)),
        ~is_draft,
        _has_judged(person),
        # A fellow student sees the piece and the own view, and nothing else.
        sa.or_(
            Judgement.by_id == person.id,
            Judgement.plan_id.not_in(plans_as(person, on, PlanRole.PEER)),
        ),
    )
    return sa.or_(in_school, shown)


@once_for_reader
def _has_judged(person: Person) -> Condition:
    """Whether this person judged the same piece; about no piece: the same goal or item."""
    own = aliased(Judgement)
    same = sa.or_(
        own.evidence_id == Judgement.evidence_id,
        sa.and_(Judgement.evidence_id.is_(None), own.goal_id == Judgement.goal_id),
        sa.and_(
            Judgement.evidence_id.is_(None),
            Judgement.goal_id.is_(None),
            own.plan_id == Judgement.plan_id,
            own.item_id == Judgement.item_id,
        ),
    )
    return sa.exists().where(own.school_id == person.school_id, own.by_id == person.id, same)


@once_for_reader
def _rates_blindly(person: Person, on: date) -> Condition:
    """Whether the school lets raters look for themselves first, and this person is one here."""
    blind = sa.exists().where(School.id == person.school_id, School.blind_rating)
    return sa.and_(blind, Judgement.plan_id.in_(plans_as(person, on, *RATING_IN_SCHOOL)))


@once_for_reader
def _see_draft(person: Person, on: date) -> Condition:
    seen = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id, _see_plan(person, on)
    )
    peer = plans_as(person, on, PlanRole.PEER)
    return sa.and_(
        JudgementDraft.by_id == person.id,
        sa.or_(JudgementDraft.plan_id.in_(seen), JudgementDraft.plan_id.in_(peer)),
    )


@once_for_reader
def _see_question(person: Person, on: date) -> Condition:
    return sa.or_(
        _in_school(person, on, LearningQuestion.plan_id),
        LearningQuestion.placement_id.in_(_placements_as_supervisor(person, on)),
    )


def _is_question_seen(
    person: Person, on: date, question_id: InstrumentedAttribute[Any]
) -> Condition:
    return _is_any(
        LearningQuestion,
        LearningQuestion.school_id == person.school_id,
        LearningQuestion.id == question_id,
        _see_question(person, on),
    )


@once_for_reader
def _see_request(person: Person, on: date) -> Condition:
    """In the school as what it is about; else who asks and who is asked, while they take part."""
    seen = sa.or_(
        _is_any(
            Goal,
            Goal.school_id == person.school_id,
            Goal.id == FeedbackRequest.goal_id,
            _see_goal(person, on),
        ),
        _is_piece_seen(person, on, FeedbackRequest.evidence_id),
        _is_question_seen(person, on, FeedbackRequest.question_id),
    )
    own = FeedbackRequest.plan_id.in_(plans_as(person, on, PlanRole.STUDENT))
    in_school = sa.and_(
        _in_school(person, on, FeedbackRequest.plan_id), sa.or_(own, ~_is_to_peer(person))
    )
    return sa.and_(sa.or_(in_school, _is_between(person, on)), seen)


@once_for_reader
def _is_to_peer(person: Person) -> Condition:
    """Whether a fellow student is asked: what a student asks one is between the two of them."""
    return _is_any(
        PlanMember,
        PlanMember.school_id == person.school_id,
        PlanMember.plan_id == FeedbackRequest.plan_id,
        PlanMember.person_id == FeedbackRequest.to_id,
        PlanMember.role == PlanRole.PEER,
    )


@once_for_reader
def _is_between(person: Person, on: date) -> Condition:
    """Whether this person asks or is asked, and takes part."""
    return sa.and_(
        sa.or_(FeedbackRequest.by_id == person.id, FeedbackRequest.to_id == person.id),
        FeedbackRequest.plan_id.in_(plans_as(person, on, *PlanRole)),
    )


@once_for_reader
def _see_comment(person: Person, on: date) -> Condition:
    """As what it is about; about a goal in the school only. A peer sees own words only."""
    own = Comment.by_id == person.id
    is_peer = Comment.plan_id.in_(plans_as(person, on, PlanRole.PEER))
    return sa.or_(
        sa.and_(Comment.goal_id.is_not(None), _in_school(person, on, Comment.plan_id)),
        sa.and_(_is_piece_seen(person, on, Comment.evidence_id), sa.or_(own, ~is_peer)),
        _is_question_seen(person, on, Comment.question_id),
    )


def _see_in_school(
    model: type[LearningUnit | Conversation | Absence],
) -> Callable[[Person, date], Condition]:
    return lambda person, on: _in_school(person, on, model.plan_id)


@once_for_reader
def _see_placement(person: Person, on: date) -> Condition:
    return sa.or_(
        _in_school(person, on, Placement.plan_id),
        Placement.id.in_(_placements_as_supervisor(person, on)),
    )


@once_for_reader
def _see_opportunity(person: Person, on: date) -> Condition:
    return _is_any(
        Placement,
        Placement.school_id == person.school_id,
        Placement.id == Opportunity.placement_id,
        _see_placement(person, on),
    )


@once_for_reader
def _see_snooze(person: Person, on: date) -> Condition:
    """See what one put off oneself, as long as one sees the plan."""
    seen = sa.select(LearningPlan.id).where(
        LearningPlan.school_id == person.school_id, _see_plan(person, on)
    )
    return sa.and_(Snooze.by_id == person.id, Snooze.plan_id.in_(seen))


@once_for_reader
def _see_activity(person: Person, on: date) -> Condition:
    students = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id, _in_school(person, on, LearningPlan.id)
    )
    return sa.or_(Activity.person_id == person.id, Activity.person_id.in_(students))


@once_for_reader
def _see_person(person: Person, on: date) -> Condition:
    seen = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id, _see_plan(person, on)
    )
    asked_by = sa.select(LearningPlan.student_id).where(
        LearningPlan.school_id == person.school_id,
        LearningPlan.id.in_(plans_as(person, on, PlanRole.PEER)),
    )
    around = sa.select(PlanMember.person_id).where(
        PlanMember.school_id == person.school_id,
        _in_school(person, on, PlanMember.plan_id),
    )
    return sa.or_(
        Person.id == person.id,
        Person.id.in_(seen),
        Person.id.in_(asked_by),
        Person.id.in_(around),
        _is_administrator(person, on),
    )


@once_for_reader
def _see_lesson_choice(person: Person, on: date) -> Condition:
    """In the school as the plan; the lesson's own teacher sees that choice and nothing else.

    As long as they teach: who is not of the staff any more gives no lesson.
    """
    given = sa.select(SupportLesson.id).where(
        SupportLesson.school_id == person.school_id, SupportLesson.teacher_id == person.id
    )
    teaches = sa.exists().where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        one_of(PersonRole.role, STAFF),
        holds(PersonRole, on),
    )
    of_teacher = sa.and_(
        LessonChoice.dropped_at.is_(None),
        teaches,
        LessonChoice.lesson_id.in_(given),
        _within_session(person, LessonChoice.plan_id),
    )
    return sa.or_(_in_school(person, on, LessonChoice.plan_id), of_teacher)


def _see_as_anyone(_person: Person, _on: date) -> Condition:
    return sa.true()


VISIBLE: dict[type[Record], Callable[[Person, date], Condition]] = {
    Person: _see_person,
    LearningPlan: _see_plan,
    Goal: _see_goal,
    Placement: _see_placement,
    Evidence: _see_evidence,
    EvidenceShare: _see_share,
    Attachment: _see_attachment,
    Judgement: _see_judgement,
    JudgementDraft: _see_draft,
    Recording: _see_recording,
    LearningUnit: _see_in_school(LearningUnit),
    Conversation: _see_in_school(Conversation),
    Absence: _see_in_school(Absence),
    Opportunity: _see_opportunity,
    Snooze: _see_snooze,
    LearningQuestion: _see_question,
    FeedbackRequest: _see_request,
    Comment: _see_comment,
    Activity: _see_activity,
    LessonChoice: _see_lesson_choice,
    Group: _is_administrator,
    CoachGroup: _is_administrator,
    ActivityItem: _is_administrator,
    ItemMeaning: _is_administrator,
    # The school's catalogue says nothing about a person.
    Framework: _see_as_anyone,
    FrameworkItem: _see_as_anyone,
    Scale: _see_as_anyone,
    ScaleLevel: _see_as_anyone,
    SupportLesson: _see_as_anyone,
    Company: _see_as_anyone,
    Holiday: _see_as_anyone,
}


# --- the school's circle: coach, core team and administrators of a plan --------------------------
#
# What they see of a plan that they are known to see. `VISIBLE` says the same of them, and asks for
# each row whether its plan is one of theirs; both stand on the conditions below.


def _share_in_circle(_person: Person, _on: date) -> Condition:
    return sa.and_(EvidenceShare.audience == Audience.COACHES, EvidenceShare.ended_at.is_(None))


def _piece_in_circle(person: Person, on: date) -> Condition:
    return _is_shared(person, on, Evidence.id)


def _is_shared(person: Person, on: date, evidence_id: InstrumentedAttribute[Any]) -> Condition:
    """Whether a piece is shared with the school's circle."""
    return _is_any(
        EvidenceShare,
        EvidenceShare.school_id == person.school_id,
        EvidenceShare.evidence_id == evidence_id,
        _share_in_circle(person, on),
    )


def _judgement_in_circle(person: Person, on: date) -> Condition:
    return _judgement_within(person, on, _is_shared(person, on, Judgement.evidence_id))


def _judgement_within(person: Person, on: date, is_piece_seen: Condition) -> Condition:
    """See it as the piece it is about; raters who look for themselves first did so."""
    # A piece that was withdrawn after it was judged keeps its judgements in the school: those that
    # the school could see until then.
    piece, share = aliased(Evidence), aliased(EvidenceShare)
    seen_before = sa.exists().where(
        piece.school_id == person.school_id,
        piece.id == Judgement.evidence_id,
        piece.state == EvidenceState.WITHDRAWN,
        share.school_id == piece.school_id,
        share.evidence_id == piece.id,
        share.audience == Audience.COACHES,
        share.ended_at >= piece.withdrawn_at,
        share.ended_at >= Judgement.recorded_at,
    )
    return sa.and_(
        sa.or_(Judgement.evidence_id.is_(None), is_piece_seen, seen_before),
        sa.or_(~_rates_blindly(person, on), _has_judged(person)),
    )


def _request_in_circle(person: Person, on: date) -> Condition:
    about = sa.or_(
        FeedbackRequest.goal_id.is_not(None),
        FeedbackRequest.question_id.is_not(None),
        _is_shared(person, on, FeedbackRequest.evidence_id),
    )
    return sa.and_(about, sa.or_(~_is_to_peer(person), _is_between(person, on)))


CIRCLE: dict[type[Record], Callable[[Person, date], Condition]] = {
    Goal: _see_as_anyone,
    Placement: _see_as_anyone,
    Opportunity: _see_as_anyone,
    EvidenceShare: _share_in_circle,
    Evidence: _piece_in_circle,
    Judgement: _judgement_in_circle,
    LearningQuestion: _see_as_anyone,
    FeedbackRequest: _request_in_circle,
    Conversation: _see_as_anyone,
    Absence: _see_as_anyone,
    Activity: _see_as_anyone,  # of the plan's student
}


@dataclass(frozen=True)
class Places:
    """What a person is on a day: to each plan they take part in, and whether administrator."""

    in_plans: Mapping[UUID, frozenset[PlanRole]]
    is_administrator: bool

    def guides(self, plan_id: UUID) -> bool:
        """Whether the person sees a plan as the school's circle does."""
        roles = self.in_plans.get(plan_id, frozenset())
        return self.is_administrator or not roles.isdisjoint(RATING_IN_SCHOOL)

    def only_guides(self, plan_ids: Iterable[UUID]) -> bool:
        """Whether `CIRCLE` is all that the person sees of these plans: there is no other ground."""
        return all(
            self.guides(key) and self.in_plans.get(key, frozenset()) <= set(RATING_IN_SCHOOL)
            for key in plan_ids
        )


def places_of(session: Session, person: Person, *, on: date) -> Places:
    """Return what a person is to plans, and whether administrator, on this day."""
    here = stand_in(person)
    rows = session.connection().execute(_places(here, TODAY), given(person, on))
    in_plans: dict[UUID, frozenset[PlanRole]] = {}
    is_administrator = False
    for plan_id, role in rows:
        if plan_id is None:
            is_administrator = True
        else:
            in_plans[plan_id] = in_plans.get(plan_id, frozenset()) | {role}
    return Places(in_plans, is_administrator)


@once_for_reader
def _places(person: Person, on: date) -> sa.CompoundSelect[Any]:
    member = sa.select(PlanMember.plan_id, PlanMember.role).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        holds(PlanMember, on),
        _within_session(person, PlanMember.plan_id),
    )
    none = sa.null()
    administrator = sa.select(
        sa.type_coerce(none, PlanMember.plan_id.type), sa.type_coerce(none, PlanMember.role.type)
    ).where(_is_administrator(person, on))
    return sa.union_all(member, administrator)


def visible(model: type[RecordT], *, person: Person, on: date) -> sa.Select[RecordT]:
    """Select the records of one kind that this person may see on this day."""
    return sa.select(model).where(model.school_id == person.school_id, VISIBLE[model](person, on))


def find(session: Session, model: type[RecordT], key: UUID, *, person: Person, on: date) -> RecordT:
    """Return one record that this person may see, and log the look; raises NotFound.

    To hold a record is to be allowed to read it: only here an id from outside becomes a record.
    """
    asked = {**given(person, on), "key": key}
    record: RecordT | None = session.scalar(_named(stand_in(person), TODAY, model), asked)
    if record is None:
        raise NotFound(f"{model.__name__} not found")
    audit.look_at_record(session, by=person, record=record)
    return record


@once_for_reader
def _named(person: Person, on: date, model: type[Record]) -> sa.Select[Any]:
    """Select the one that a reader may see, its id given as `key`."""
    return visible(model, person=person, on=on).where(
        model.id == sa.bindparam("key", type_=sa.Uuid())
    )


def lock(session: Session, record: Record) -> None:
    """Read a record again and hold it until this unit of work ends, so that one edits at a time.

    Raises NotFound when it went while we waited for it.
    """
    try:
        session.refresh(record, with_for_update=True)
    except InvalidRequestError:
        raise NotFound(f"{type(record).__name__} not found") from None


def roles_of(
    session: Session, person: Person, *, on: date, plan_id: UUID | None = None
) -> frozenset[Role]:
    """Return the person's roles in the school and, when given, in one plan, on this day.

    Who came by an LMS's word is no administrator, whoever they are (docs/decisions/0042).
    """
    asked = given(person, on)
    # A page asks often; what only reads is short, and its roles are those of its beginning.
    known = session.info.setdefault("roles", {}) if session.info.get("writes") is False else {}
    if (person.id, on) not in known:
        known[person.id, on] = tuple(
            session.scalars(_roles_in_school(stand_in(person), TODAY), asked)
        )
    roles: set[Role] = set(known[person.id, on])
    if person.is_from_lms:
        roles.discard(ADMINISTRATOR)
    if plan_id is not None:
        asked["plan"] = plan_id
        in_plan = session.scalars(_roles_in_plan(stand_in(person), TODAY), asked)
        roles = {*(roles & {ADMINISTRATOR}), *in_plan}
    return frozenset(roles)


@once_for_reader
def _roles_in_school(person: Person, on: date) -> sa.Select[SchoolRole]:
    return sa.select(PersonRole.role).where(
        PersonRole.school_id == person.school_id,
        PersonRole.person_id == person.id,
        holds(PersonRole, on),
    )


@once_for_reader
def _roles_in_plan(person: Person, on: date) -> sa.Select[PlanRole]:
    """Select the roles in one plan, its id given as `plan`."""
    return sa.select(PlanMember.role).where(
        PlanMember.school_id == person.school_id,
        PlanMember.person_id == person.id,
        PlanMember.plan_id == sa.bindparam("plan", type_=sa.Uuid()),
        holds(PlanMember, on),
        _within_session(person, PlanMember.plan_id),
    )


def require(
    session: Session, by: Person, action: Action, *, on: date, plan_id: UUID | None = None
) -> frozenset[Role]:
    """Return the roles that allow the action, in this plan or in the school; raises NotAllowed."""
    granted = roles_of(session, by, on=on, plan_id=plan_id) & ALLOWED[action]
    if not granted:
        raise NotAllowed(f"may not {action}")
    return granted
