"""What may be done, and by which roles: `ALLOWED`, for a record that one sees (visible.py)."""

from enum import StrEnum

from tracker.models import PlanRole, SchoolRole


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
