"""What the pages about feedback are given, for the same invented student; no database."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from tracker.clocks import SeenRequest
from tracker.comments import SeenComment
from tracker.models import PlanRole, QuestionState, RequestState
from web.forms import Filled

TODAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 19, 8, 44, tzinfo=UTC)
AMIRA, JOOST, MARJA, SAM = (UUID(int=n) for n in (1, 2, 3, 4))
PLAN, PIECE, GOAL, QUESTION = (UUID(int=n) for n in (10, 12, 20, 40))
NAMES = {
    AMIRA: ("Amira Bouzian", "Amira"),
    JOOST: ("Joost van Dalen", "Joost"),
    MARJA: ("Marja Postma", "Marja"),
    SAM: ("Sam de Wit", "Sam"),
}
WORDS = "Ik zette de weekdoos klaar en liet Marja meekijken."
LONG = "Hoe blijf ik rustig als een bewoner boos wordt? " * 6


def asked(by: UUID, to: UUID, days: int, **changed: Any) -> SeenRequest:
    """Return a request about the piece, with some of it changed."""
    at = NOW - timedelta(days=days)
    return SeenRequest(
        **{
            "id": UUID(int=50 + days),
            "plan_id": PLAN,
            "goal_id": None,
            "evidence_id": PIECE,
            "question_id": None,
            "title": WORDS,
            "student_id": AMIRA,
            "student": "Amira",
            "by_id": by,
            "by_name": NAMES[by][0],
            "by_given_name": NAMES[by][1],
            "to_id": to,
            "to_name": NAMES[to][0],
            "to_given_name": NAMES[to][1],
            "words": "Keek ik goed genoeg naar de lijst?",
            "state": RequestState.OPEN,
            "asked_at": at,
            "asked_on": at.date(),
            "days": days,
            "reminded_at": None,
            "closed_at": None,
            "reply": None,
            "is_there": True,
            **changed,
        }
    )


def said(by: UUID, role: PlanRole, words: str | None, minutes: int) -> SeenComment:
    """Return a comment on the piece."""
    return SeenComment(
        id=UUID(int=80 + minutes),
        plan_id=PLAN,
        goal_id=None,
        evidence_id=PIECE,
        question_id=None,
        by_id=by,
        name=NAMES[by][0],
        given_name=NAMES[by][1],
        role=role,
        words=words,
        written_at=NOW - timedelta(minutes=minutes),
        withdrawn_at=None if words else NOW,
    )


def row(request: SeenRequest, reader: UUID, **changed: Any) -> dict[str, Any]:
    """Return a request as web/feedback.py shows it to a reader."""
    is_mine = request.to_id == reader
    return {
        "id": request.id,
        "url": f"/feedback/evidence/{PIECE}",
        "is_mine": is_mine,
        "who": request.by_given_name if is_mine else request.to_given_name,
        "student": None if reader == AMIRA else "Amira",
        "kind": "evidence",
        "title": request.title,
        "words": request.words,
        "state": request.state,
        "reply": request.reply,
        "days": request.days,
        "asked_on": request.asked_on,
        "reminded_on": None,
        "may_remind": True,
        "is_there": request.is_there,
        **changed,
    }


def entries(reader: UUID) -> list[dict[str, Any]]:
    """Return a thread with everything that can stand in one, as a reader sees it."""
    requests = [
        asked(AMIRA, JOOST, 9, state=RequestState.ANSWERED, closed_at=NOW),
        asked(AMIRA, MARJA, 8, state=RequestState.DECLINED, closed_at=NOW, reply="Ik was er niet."),
        asked(AMIRA, SAM, 7, state=RequestState.WITHDRAWN, closed_at=NOW, words=None),
        asked(AMIRA, JOOST, 5),
    ]
    comments = [
        said(JOOST, PlanRole.COACH, "Wat deed je precies met de lijst?", 30),
        said(AMIRA, PlanRole.STUDENT, LONG, 20),
        said(MARJA, PlanRole.SUPERVISOR, None, 10),
    ]
    return [
        *(
            {
                "request": row(request, reader),
                "seen": request,
                "is_by_me": request.by_id == reader,
            }
            for request in requests
        ),
        *({"comment": comment, "is_mine": comment.by_id == reader} for comment in comments),
    ]


def thread(reader: UUID, kind: str, **changed: Any) -> dict[str, Any]:
    """Return what the page about one thing is given."""
    return {
        "kind": kind,
        "subject_id": {"goal": GOAL, "evidence": PIECE, "question": QUESTION}[kind],
        "title": WORDS if kind == "evidence" else LONG,
        "student": SimpleNamespace(id=AMIRA, name="Amira Bouzian", given_name="Amira"),
        "is_student": reader == AMIRA,
        "piece": {"text": WORDS, "happened_on": TODAY, "files": []} if kind == "evidence" else None,
        "entries": entries(reader),
        "judgements": [],
        "owed": None if reader == AMIRA else row(asked(AMIRA, reader, 5), reader),
        "is_open": True,
        "candidates": [
            SimpleNamespace(person=SimpleNamespace(id=key, name=NAMES[key][0]), role=role)
            for key, role in ((MARJA, PlanRole.SUPERVISOR), (SAM, PlanRole.PEER))
        ],
        "may_talk": True,
        "look_url": None if reader == AMIRA or kind == "question" else f"/judge/{kind}",
        "is_question_open": kind == "question",
        "comment": Filled({}),
        "declining": Filled({}),
        "ask": Filled({}),
        **changed,
    }


LOOK = {
    name: value
    for name, value in thread(SAM, "evidence").items()
    if name not in {"title", "candidates", "may_talk", "look_url", "is_question_open", "ask"}
} | {
    "entries": entries(SAM)[2:3],
    "look": Filled({}),
    "levels": [
        {"id": UUID(int=30 + n), "label": label, "description": None, "anchor": n}
        for n, label in enumerate(("nog niet", "met hulp", "zelfstandig", "in een nieuwe situatie"))
    ],
}
WAITING = {
    "mine": [
        row(asked(JOOST, AMIRA, 12), AMIRA, kind="question", title=LONG),
        row(asked(JOOST, AMIRA, 0), AMIRA, kind="goal", words=None),
    ],
    "theirs": [
        row(asked(AMIRA, MARJA, 5), AMIRA, reminded_on=TODAY, may_remind=False),
        row(asked(AMIRA, SAM, 1, is_there=False), AMIRA, may_remind=False),
        row(asked(AMIRA, JOOST, 3), AMIRA),
    ],
}
ASKED = row(asked(AMIRA, MARJA, 3), MARJA)
LATELY = [
    row(asked(AMIRA, JOOST, 9, state=RequestState.ANSWERED), AMIRA),
    row(asked(AMIRA, MARJA, 8, state=RequestState.DECLINED, reply="Ik was er niet."), AMIRA),
    row(asked(JOOST, AMIRA, 7, state=RequestState.ANSWERED), AMIRA),
    row(asked(SAM, AMIRA, 6, state=RequestState.DECLINED, reply="Ik ben ziek."), AMIRA),
]
QUESTIONS: dict[str, Any] = {
    "plan_id": None,
    "questions": [
        SimpleNamespace(
            question=SimpleNamespace(
                id=UUID(int=40 + n), words=words, asked_at=NOW - timedelta(days=n), state=state
            ),
            answers=n,
            goal_title=title,
        )
        for n, (words, state, title) in enumerate(
            (
                (LONG, QuestionState.OPEN, None),
                ("Wat als iemand niet wil eten?", QuestionState.GOAL, "Ik help rustig bij eten"),
                ("Waarom twee keer tellen?", QuestionState.CLOSED, None),
            )
        )
    ],
    "placements": [{"value": UUID(int=11), "label": "Woonzorg Het Anker"}],
    "values": {},
    "errors": {},
}
WRONG = Filled({"words": "", "ask_words": "Kijk eens.", "to_id": str(JOOST)})
PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "feedback": ("student", "feedback/start.html", {"waiting": WAITING, "lately": LATELY}),
    "feedback-empty": (
        "coach",
        "feedback/start.html",
        {"waiting": {"mine": [], "theirs": []}, "lately": []},
    ),
    "thread-evidence": ("student", "feedback/thread.html", thread(AMIRA, "evidence")),
    "thread-goal": ("coach", "feedback/thread.html", thread(JOOST, "goal")),
    "thread-question": ("student", "feedback/thread.html", thread(AMIRA, "question")),
    "thread-empty": (
        "supervisor",
        "feedback/thread.html",
        thread(MARJA, "evidence", entries=[], candidates=[], owed=None),
    ),
    "thread-nobody-to-ask": (
        "student",
        "feedback/thread.html",
        thread(AMIRA, "question", entries=[], candidates=[]),
    ),
    "thread-private": (
        "student",
        "feedback/thread.html",
        thread(AMIRA, "evidence", title="", entries=[], candidates=[]),
    ),
    "thread-errors": (
        "student",
        "feedback/thread.html",
        thread(
            AMIRA,
            "evidence",
            ask=Filled(WRONG.values, errors={"to_id": "request.choose_again"}),
        ),
    ),
    "thread-comment-errors": (
        "coach",
        "feedback/thread.html",
        thread(JOOST, "goal", comment=Filled({}, errors={"words": "required"})),
    ),
    "look": ("student", "feedback/look.html", LOOK),
    "look-again": (
        "student",
        "feedback/look.html",
        LOOK
        | {
            "owed": None,
            "judgements": [
                {
                    "by": "other",
                    "rater": "Sam",
                    "role": "peer",
                    "anchor": 2,
                    "label": "zelfstandig",
                    "observed_on": TODAY,
                    "words": "Knap.",
                    "recording_id": None,
                }
            ],
        },
    ),
    "look-errors": (
        "student",
        "feedback/look.html",
        LOOK | {"look": Filled({"words": "Knap."}, errors={"level": "required"})},
    ),
    "questions": ("student", "feedback/questions.html", QUESTIONS),
    "questions-empty": (
        "student",
        "feedback/questions.html",
        QUESTIONS | {"questions": [], "placements": []},
    ),
    "questions-errors": (
        "student",
        "feedback/questions.html",
        QUESTIONS | {"errors": {"words": "Vul dit in."}, "values": {"placement_id": ""}},
    ),
}
