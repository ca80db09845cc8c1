"""What the pages are given, for one invented student and the people around her; no database.

Drawings, signals and standings come from the real, pure `tracker.progress` and `tracker.spoor`.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.known import momenta
from tests.web.coach_samples import READER, Drawn, overview_pages, waiting_signals
from tests.web.course_samples import course_pages
from tests.web.feedback_samples import ASKED
from tests.web.feedback_samples import PAGES as FEEDBACK
from tests.web.figures_samples import PAGES as FIGURES
from tests.web.gradebook_samples import PAGES as GRADEBOOK
from tests.web.import_samples import PAGES as IMPORTS
from tests.web.launch_samples import PAGES as LAUNCHES
from tests.web.lesson_samples import CHOSEN, WAITING
from tests.web.lesson_samples import PAGES as LESSONS
from tests.web.lms_samples import PAGES as LMS
from tests.web.meaning_samples import PAGES as MEANINGS
from tests.web.parking_samples import PAGES as PARKING
from tests.web.placing_samples import PAGES as PLACING
from tests.web.source_samples import PAGES as SYSTEMS
from tracker import progress, rules, spoor
from tracker.audience import Viewer
from tracker.facts import (
    DEFAULTS,
    GoalFact,
    JudgementFact,
    OpportunityFact,
    PlacementFact,
    PlanFacts,
    Rater,
    SharedFact,
)
from tracker.figures import Covered
from tracker.models import PlanRole
from tracker.plan_facts import SourceActivity
from web.forms import Filled

TODAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 19, 8, 44, tzinfo=UTC)
LABELS = ("nog niet", "met hulp", "zelfstandig", "ook in een nieuwe situatie")
AMIRA, JOOST, MARJA = (UUID(int=n) for n in (1, 2, 3))
PLAN, ANCHOR_CARE, EVIDENCE = (UUID(int=n) for n in (10, 11, 12))
SHOWER, MEDICINE, REPORT, CALL = (UUID(int=n) for n in (20, 21, 22, 23))
TITLES = {
    SHOWER: "Ik help een bewoner zelfstandig met douchen",
    MEDICINE: "Ik deel medicijnen uit met dubbele controle",
    REPORT: "Ik rapporteer kort en duidelijk",
    CALL: "Ik bel met de familie van een bewoner",
}
NAMES = {AMIRA: "Amira", JOOST: "Joost", MARJA: "Marja"}
RATERS = {AMIRA: Rater.SELF, JOOST: Rater.COACH, MARJA: Rater.SUPERVISOR}
ROLES = {Rater.SELF: "student", Rater.COACH: "coach", Rater.SUPERVISOR: "supervisor"}
LEVELS = [
    {"id": UUID(int=30 + n), "label": label, "description": None, "anchor": n}
    for n, label in enumerate(LABELS)
]


def _seen(goal: UUID, by: UUID, day: str, anchor: int, label: str = "") -> JudgementFact:
    observed = date.fromisoformat(f"2026-{day}")
    return JudgementFact(
        id=uuid5(goal, f"{by} {day}"),
        by=RATERS[by],
        by_id=by,
        anchor=anchor,
        label=label or LABELS[anchor],
        observed_on=observed,
        recorded_at=datetime(observed.year, observed.month, observed.day, 12, tzinfo=UTC),
        goal_ids=frozenset({goal}),
        context=ANCHOR_CARE,
    )


JUDGEMENTS = [
    _seen(SHOWER, AMIRA, "03-16", 0),
    _seen(SHOWER, MARJA, "03-30", 0, "nooit"),
    _seen(SHOWER, AMIRA, "05-28", 2),
    _seen(SHOWER, AMIRA, "09-03", 1),
    _seen(SHOWER, MARJA, "09-15", 1, "oefenen"),
    _seen(SHOWER, AMIRA, "10-02", 2),
    _seen(SHOWER, JOOST, "10-22", 2),
    _seen(SHOWER, AMIRA, "11-10", 3),
    _seen(SHOWER, MARJA, "11-16", 2, "voldoende"),
    _seen(MEDICINE, AMIRA, "09-10", 0),
    _seen(MEDICINE, MARJA, "09-28", 0, "nooit"),
    _seen(MEDICINE, AMIRA, "10-29", 3),
    _seen(MEDICINE, MARJA, "11-12", 1, "oefenen"),
    _seen(REPORT, AMIRA, "09-10", 1),
    _seen(REPORT, JOOST, "09-17", 1),
]
PLACEMENT = PlacementFact(ANCHOR_CARE, "Woonzorg Het Anker", date(2026, 8, 31), date(2027, 1, 30))
FACTS = PlanFacts(
    plan_id=PLAN,
    starts_on=date(2026, 2, 2),
    goals=[
        GoalFact(SHOWER, TITLES[SHOWER], True, date(2026, 3, 9), None, 3, date(2026, 12, 18)),
        GoalFact(MEDICINE, TITLES[MEDICINE], True, date(2026, 9, 7), None, 3, date(2026, 12, 18)),
        GoalFact(REPORT, TITLES[REPORT], True, date(2026, 9, 7), None, 2, None),
        GoalFact(CALL, TITLES[CALL], True, date(2026, 11, 16), None, None, None),
    ],
    judgements=JUDGEMENTS,
    shared=[SharedFact(date(2026, 10, 20), SHOWER)],
    placements=[PLACEMENT],
)


def drawing(goal: GoalFact, size: spoor.Size) -> spoor.Drawing:
    """Draw one goal."""
    target = None
    if goal.target_anchor is not None:
        target = spoor.Target(goal.target_anchor, goal.since, goal.target_on)
    return spoor.draw(
        [j for j in JUDGEMENTS if goal.id in j.goal_ids],
        on=TODAY,
        limits=DEFAULTS,
        size=size,
        target=target,
        placements=[PLACEMENT],
        activity=[TODAY - timedelta(n) for n in (7, 20, 33)],
    )


def shown(judgement: JudgementFact, words: str | None = None) -> dict[str, Any]:
    """Return a judgement as the tables and timelines want it."""
    return {
        "by": judgement.by,
        "rater": NAMES[judgement.by_id],
        "role": ROLES[judgement.by],
        "anchor": judgement.anchor,
        "label": judgement.label,
        "observed_on": judgement.observed_on,
        "words": words,
        "id": judgement.id,
        "item": None,
        "aspect": "skill" if words else None,
        "is_signed": words is not None,
        "counts": False,
        "is_edited": words is not None,
        "is_withdrawn": False,
        "recording_id": judgement.id if words else None,
    }


def goal_card(goal: GoalFact) -> dict[str, Any]:
    """Return a goal as the student and the coach see it."""
    own = [j for j in JUDGEMENTS if goal.id in j.goal_ids]
    return {
        "id": goal.id,
        "title": goal.title,
        "question": "Hoe houd ik het rustig als het druk is?",
        "success": "De bewoner doet zelf wat kan.",
        "target_anchor": goal.target_anchor,
        "target_on": goal.target_on,
        "momentum": momenta(FACTS, on=TODAY)[goal.id],
        "drawing": drawing(goal, spoor.Size.LIST),
        "names": NAMES,
        "items": [{"code": "B1-K1-W2", "title": "Helpt bij persoonlijke verzorging"}],
        "standings": [
            {"by": s.by, "name": NAMES[s.by_id], "last": s.last, "best": s.best}
            for s in progress.standing(own, on=TODAY)
        ],
        "judgements": [
            shown(j, "Rustig en veilig gewerkt.") for j in spoor.newest_first(own, on=TODAY)
        ],
    }


GOALS = [goal_card(goal) for goal in FACTS.goals]
TRAILS = [{k: goal[k] for k in ("title", "drawing", "names")} for goal in GOALS]
SOURCES = [
    {"name": "Leeromgeving", "last_import_at": NOW - timedelta(hours=3), "is_old": False},
    {"name": "Bpv-plaatsen", "last_import_at": NOW - timedelta(days=9), "is_old": True},
    {"name": "Rooster", "last_import_at": None, "is_old": True},
]
ACTIVITY = [
    {
        "title": "Opdracht rapporteren",
        "source": "Leeromgeving",
        "occurred_on": date(2026, 11, 12),
        "told": "resultaat 7,5 op een schaal van 1 tot 10",
        "about": ["B1-K1-W2 Plant zijn werkzaamheden", "Rapporteren: oefenuur"],
    },
    {
        "title": "Leerspoor geopend",
        "source": "Leeromgeving",
        "occurred_on": date(2026, 11, 9),
        "told": "",
        "about": [],
    },
]
PHOTO = {
    "url": "/static/logo.svg",
    "preview_url": "/static/logo.svg",
    "note": None,
    "name": "weekdoos.jpg",
    "is_image": True,
}
VOICE = {
    "url": "/static/logo.svg",
    "preview_url": "",
    "name": "uitleg.m4a",
    "is_image": False,
    "note": None,
}
PIECE = {
    "kind": "work",
    "state": "shared",
    "has_people": True,
    "withdrawn_at": None,
    "work": ["W1 Ondersteunt bij persoonlijke verzorging"],
    "id": EVIDENCE,
    "text": "Ik zette de weekdoos klaar en liet Marja meekijken.",
    "happened_on": TODAY - timedelta(days=9),
    "received_at": NOW - timedelta(minutes=2),
    "files": [PHOTO, VOICE],
    "goals": [TITLES[MEDICINE]],
    "judgements": [shown(JUDGEMENTS[12], "Vraag nog om de tweede controle.")],
    "thumbnail_url": "/static/logo.svg",
    "seen_by": ["Joost", "Marja"],
}
QUIET_PIECE = PIECE | {
    "id": UUID(int=40),
    "text": "Overdracht met de avonddienst.",
    "thumbnail_url": None,
    "seen_by": [],
    "files": [],
    "judgements": [],
}


def entries(facts: PlanFacts) -> list[dict[str, Any]]:
    """Return every signal of a plan as _signals.html asks."""
    asked = [
        {
            "signal": signal,
            "today": TODAY,
            "goal_id": signal.goal_id,
            "goal_title": TITLES.get(signal.goal_id) if signal.goal_id else None,
            "names": NAMES,
            "places": {ANCHOR_CARE: "Woonzorg Het Anker"},
            "work": {},
            "is_mine": False,
            "is_question": False,
            "reader_id": READER,
            "about": TITLES.get(signal.goal_id) if signal.goal_id else None,
        }
        for signal in rules.signals(facts, on=TODAY)
    ]
    asked += waiting_signals(TODAY, names=NAMES, student=AMIRA, supervisor=MARJA)
    return [
        entry
        | {
            "plan_id": PLAN,
            "name": "Amira Bouzian",
            "programme": "Verzorgende IG",
            "mini": Drawn(drawing(facts.goals[1], spoor.Size.MINI), NAMES, facts.goals[1].title)
            if entry["goal_id"]
            else None,
            "act": {"url": "/feedback", "word": "Vraag hoe het gaat", "icon": "send"},
        }
        for entry in asked
    ]


SIGNALS = entries(FACTS)
STEPS = [
    entry
    | {
        "target_anchor": 3,
        "target_on": TODAY + timedelta(days=29),
        "goal_id": MEDICINE,
        "goal_title": TITLES[MEDICINE],
        "drawing": GOALS[1]["drawing"],
    }
    for entry in [*SIGNALS, SIGNALS[0] | {"signal": None}]
]
ROW = {
    "plan_id": PLAN,
    "url": "/coach/plans/1",
    "name": "Amira Bouzian",
    "programme": "Verzorgende IG",
    "goals": "3 doelen",
    "cells": [
        [
            Drawn(drawing(goal, spoor.Size.MINI), NAMES, goal.title, leads=goal is FACTS.goals[0])
            for goal in FACTS.goals[:2]
        ],
        [Drawn(drawing(goal, spoor.Size.MINI), NAMES, goal.title) for goal in FACTS.goals[2:]],
    ],
    "momentum": progress.Momentum.DIFFERS,
    "last_shared": "9 dagen geleden",
    "last_talk": "5 nov",
    "placements": [{"company": "Woonzorg Het Anker", "until": "tot 29 jan 2027"}],
    "activity": {"told": "3 signalen", "last": "laatste 12 nov", "source": "Leeromgeving"},
}
ROWS = [
    ROW
    | {
        "name": name,
        "momentum": momentum,
        "cells": ROW["cells"] if number != 2 else [[], []],
        "goals": ROW["goals"] if number != 2 else None,
        "placements": ROW["placements"] if number != 3 else [],
        "activity": ROW["activity"] if number != 4 else None,
        "last_shared": ROW["last_shared"] if number != 4 else None,
        "last_talk": ROW["last_talk"] if number != 3 else None,
    }
    for number, (name, momentum) in enumerate(
        zip(
            [
                "Aïsha Demir",
                "Amira Bouzian",
                "Bram Otten",
                "Daan Visser",
                "Wytske-Marijke van den Bovenkamp-Hoogendijk",
            ],
            ["moves", "differs", "practises", "new", "quiet"],
            strict=True,
        )
    )
]
KINDS = {
    "work": "Werk",
    "reflection": "Reflectie",
    "feedback": "Feedback",
    "certificate": "Certificaat",
}
EVIDENCE_FORM: dict[str, Any] = {
    "values": {"evidence_id": EVIDENCE, "happened_on": TODAY.isoformat()},
    "errors": {},
    "kept_files": [],
    "goals": [{"id": goal, "title": title} for goal, title in TITLES.items()],
    "items": [],
    "levels": LEVELS,
    "coaches": ["Joost"],
    "placements": [
        {
            "id": ANCHOR_CARE,
            "company": "Woonzorg Het Anker",
            "supervisors": ["Marja"],
            "until_on": date(2027, 1, 29),
        }
    ],
    "kinds": KINDS,
    "places": {
        "": "Dat zeg ik liever niet",
        str(ANCHOR_CARE): "Woonzorg Het Anker",
        "school": "Op school",
    },
    "more_open": False,
    "today": TODAY,
}
ROUTE: dict[str, Any] = {
    "id": PLAN,
    "title": "Verzorgende IG",
    "starts_on": date(2026, 2, 2),
    "is_open": True,
}
OWN_SHOP = ROUTE | {"id": UUID(int=70), "title": None, "starts_on": date(2026, 9, 1)}
AUDIENCES = [
    {"value": "coaches", "names": ["Joost"], "until_on": None},
    {"value": str(ANCHOR_CARE), "names": ["Marja"], "until_on": date(2027, 1, 29)},
]
GOALS_OF_PIECE = [{"id": SHOWER, "title": TITLES[SHOWER]}]
ONE_PIECE: dict[str, Any] = {
    "evidence": PIECE | {"goals": GOALS_OF_PIECE},
    "kinds": KINDS,
    "viewers": [
        Viewer(JOOST, "Joost van Dalen", "Joost", PlanRole.COACH, None),
        Viewer(MARJA, "Marja Postma", "Marja", PlanRole.SUPERVISOR, date(2027, 1, 30)),
    ],
    "in_school": True,
    "student": None,
    "versions": [
        {"number": 2, "text": PIECE["text"], "written_at": NOW},
        {"number": 1, "text": "Eerst schreef ik dit.", "written_at": NOW - timedelta(hours=2)},
    ],
    "judgements": [shown(j, "Vraag nog om controle.") for j in JUDGEMENTS[11:13]],
    "is_own": True,
    "may_edit": True,
    "is_judged": True,
    "shares": [
        {"id": UUID(int=80), "audience": "coaches", "names": ["Joost"]},
        {"id": UUID(int=81), "audience": "placement", "names": ["Marja"]},
    ],
    "audiences": [],
    "values": {},
    "errors": {},
}
EDITED_PIECE: dict[str, Any] = {
    "evidence_id": EVIDENCE,
    "values": {
        "text": PIECE["text"],
        "goal_ids": [str(SHOWER)],
        "item_ids": [],
        "version": 2,
    },
    "errors": {},
    "current": None,
    "has_files": True,
    "goals": [{"id": goal, "title": title} for goal, title in TITLES.items()],
    "items": [],
}
ALL_PIECES: dict[str, Any] = {
    "plan": ROUTE,
    "plans": [ROUTE],
    "pieces": [
        PIECE | {"seen_by": ["Joost", "Marja"]},
        QUIET_PIECE | {"seen_by": [], "state": "private"},
        QUIET_PIECE | {"text": "Heel lang verhaal. " * 30, "seen_by": [], "state": "withdrawn"},
    ],
    "chosen": {"kind": "", "state": "", "goal": "", "page": ""},
    "is_filtered": False,
    "kinds": KINDS,
    "states": {"private": "Alleen ik", "shared": "Gedeeld", "withdrawn": "Ingetrokken"},
    "goals": {str(goal): title for goal, title in TITLES.items()},
    "number": 1,
    "has_next": True,
}
REFUSED: dict[str, Any] = {"fields": {}, "help_code": "LS-2147K0", "takes_files": False}
STUDENT_START: dict[str, Any] = {
    "student": {"given_name": "Amira"},
    "plan": ROUTE,
    "plans": [ROUTE],
    "waiting": {"mine": [], "theirs": []},
    "today": TODAY,
    "workplaces": [{"id": UUID(int=81), "company": "Woonzorg Het Anker", "last_on": TODAY}],
    "goals": GOALS,
    "others": [],
    "next_step": STEPS[0],
    "news": [
        {
            "rater": {"name": "Marja Postma", "given_name": "Marja"},
            "role": "supervisor",
            "anchor": 2,
            "label": "voldoende",
            "words": "Rustig en veilig gewerkt. Je legde elke stap uit.",
            "observed_on": date(2026, 11, 16),
            "title": TITLES[SHOWER],
            "goal_id": SHOWER,
            "evidence_id": EVIDENCE,
        },
        {
            "rater": {"name": "Joost van Dalen", "given_name": "Joost"},
            "role": "coach",
            "anchor": 2,
            "label": "zelfstandig",
            "words": None,
            "observed_on": date(2026, 10, 22),
            "title": TITLES[SHOWER],
            "goal_id": SHOWER,
            "evidence_id": None,
        },
    ],
    "evidence": [PIECE, QUIET_PIECE],
    "activity": ACTIVITY,
    "sources": SOURCES,
}


def coached(goal: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return a goal as its coach sees it."""
    agreed = {"given_name": "Joost", "at": NOW - timedelta(days=40)}
    return {
        **goal,
        "approach": "Ik kijk eerst mee en vraag daarna om een bewoner.",
        "version": 1,
        "agreed": agreed if goal["id"] == SHOWER else None,
        "closing_words": None,
        **other,
    }


TALKS: list[dict[str, Any]] = [
    {
        "held_on": TODAY - timedelta(days=14),
        "given_name": "Joost",
        "role": "coach",
        "goal_title": TITLES[SHOWER],
        "words": "Marja laat dinsdag zien hoe de tweede controle gaat.",
    },
    {
        "held_on": TODAY - timedelta(days=28),
        "given_name": "Joost",
        "role": "team",
        "goal_title": None,
        "words": "Afgesproken:\n- Amira vraagt Marja om mee te kijken\n- Joost belt het bedrijf\n"
        + "We spraken over de nachtdienst en over hoe het thuis gaat. " * 12,
    },
]
COACH_STUDENT: dict[str, Any] = {
    "student": {"name": "Amira Bouzian", "given_name": "Amira"},
    "plan_id": PLAN,
    "programme": "Verzorgende IG",
    "placements": [{"company": "Woonzorg Het Anker", "until_on": date(2027, 1, 29)}],
    "today": TODAY,
    "kept": {"name": ["am"], "page": ["2"]},
    "news": {
        "since": TODAY - timedelta(days=14),
        "is_first": False,
        "has_shared": True,
        "shared": [TITLES[MEDICINE], TITLES[SHOWER]],
        "views": [{"by": "supervisor", "name": "Marja", "count": 2}],
        "lessons": 1,
        "asked": 1,
        "goals": 2,
    },
    "absences": [
        {"id": UUID(int=330), "from_on": TODAY, "last_on": TODAY + timedelta(days=4)},
        {"id": UUID(int=331), "from_on": date(2026, 10, 1), "last_on": date(2026, 10, 1)},
    ],
    "workplaces": [
        {
            "id": ANCHOR_CARE,
            "company": "Woonzorg Het Anker",
            "work": [
                {
                    "id": UUID(int=50 + n),
                    "code": f"B1-K1-W{n}",
                    "title": "Helpt bij persoonlijke verzorging",
                    "said": said,
                }
                for n, said in enumerate(
                    [
                        None,
                        OpportunityFact(ANCHOR_CARE, UUID(int=51), True, TODAY),
                        OpportunityFact(ANCHOR_CARE, UUID(int=52), False, TODAY),
                    ]
                )
            ],
        }
    ],
    "raters": [
        {"by": "self", "name": "Amira"},
        {"by": "supervisor", "name": "Marja, praktijkopleider"},
        {"by": "coach", "name": "Joost, coach"},
    ],
    "people": [
        {"id": AMIRA, "by": "self", "name": "Amira"},
        {"id": UUID(int=4), "by": "supervisor", "name": "Karel"},
    ],
    "reasons": SIGNALS,
    "drafts": [
        {
            "id": UUID(int=70),
            "title": TITLES[MEDICINE],
            "words": "Nog vragen naar de controle.",
            "changed_at": NOW - timedelta(hours=20),
        }
    ],
    "waiting": [coached(GOALS[3], version=2)],
    "goals": [coached(goal) for goal in GOALS],
    "closed": [coached(GOALS[0], closing_words="Het lukt nu ook zonder hulp.")],
    "has_work": True,
    "evidence": [PIECE, QUIET_PIECE],
    "has_more": True,
    "lessons": WAITING,
    "talk": TALKS[0],
    "longest_quote": 300,
    "activity": [SourceActivity("Leeromgeving", TODAY, 12, ())],
    "own_ids": {SHOWER},
    "is_blind": False,
    "may_judge": True,
    "may_agree": True,
    "values": {},
    "errors": {},
}
# A full year: as much as a talk can be about.
BUSY_STUDENT: dict[str, Any] = COACH_STUDENT | {
    "goals": [
        coached(GOALS[number % len(GOALS)] | {"id": UUID(int=600 + number)}) for number in range(6)
    ],
    "reasons": SIGNALS[:4],
    "talk": TALKS[1],
}
TALKED: dict[str, Any] = {
    "is_own": False,
    "back": {"url": "/coach/plans/1", "word": "Amira Bouzian"},
    "talks": TALKS,
    "page": 2,
    "pages": 3,
    "plan_id": COACH_STUDENT["plan_id"],
    "kept": {},
}
OF_STUDENT: dict[str, Any] = {
    name: COACH_STUDENT[name]
    for name in ("student", "plan_id", "programme", "kept", "may_judge", "is_blind", "own_ids")
}
COACH_WORK: dict[str, Any] = OF_STUDENT | {
    "work": [
        {
            "id": UUID(int=50 + n),
            "code": f"B1-K1-W{n}",
            "title": "Helpt bij persoonlijke verzorging",
            "is_part": True,
            "last": last,
            "covered": covered,
            "freshness": 9 if covered else None,
        }
        for n, (last, covered) in enumerate(
            [
                (GOALS[0]["judgements"][0], Covered(3, 2, ((Rater.SELF, 2),), 1)),
                (None, Covered(1, 1, ((Rater.SELF, 1), (Rater.SUPERVISOR, 1)), 0)),
                (None, Covered(1, 0, (), 0)),
                (None, None),
            ],
            start=1,
        )
    ],
}
COACH_EVIDENCE: dict[str, Any] = OF_STUDENT | {
    "evidence": [PIECE, QUIET_PIECE],
    "page": 2,
    "has_more": True,
}
COACH_ACTIVITY: dict[str, Any] = OF_STUDENT | {"activity": ACTIVITY, "sources": SOURCES}
JUDGE: dict[str, Any] = {
    "student": {"given_name": "Amira"},
    "back": "/coach",
    "goal": {name: GOALS[1][name] for name in ("title", "question", "success")},
    "item": None,
    "evidence": None,
    "levels": LEVELS,
    "eyes": "coach",
    "must_look_first": False,
    "judgements": GOALS[1]["judgements"],
    "draft": None,
    "meanwhile": None,
    "today": TODAY,
    "values": {"observed_on": "2026-11-19"},
    "errors": {},
}
JUDGEMENT: dict[str, Any] = {
    "student": {"given_name": "Amira"},
    "back": "/coach",
    "judgement": GOALS[0]["judgements"][0],
    "seen": {
        "id": UUID(int=71),
        "recorded_at": NOW - timedelta(days=3),
        "signed_at": NOW - timedelta(days=2),
        "promoted_at": None,
        "promotion_reason": None,
        "item_code": "B1-K1-W2",
        "item_title": "Helpt bij persoonlijke verzorging",
    },
    "goal": {"title": TITLES[SHOWER]},
    "may_sign": False,
    "may_promote": True,
    "values": {},
    "errors": {},
}
REQUESTS = {
    "mine": [
        {
            "id": UUID(int=95),
            "url": "/feedback",
            "is_mine": True,
            "who": "Amira",
            "student": "Amira",
            "kind": kind,
            "title": TITLES[SHOWER],
            "words": "Klopt dit zo?",
            "state": "open",
            "reply": None,
            "days": days,
            "asked_on": TODAY - timedelta(days=days),
            "reminded_on": None,
            "may_remind": False,
            "is_there": True,
        }
        for kind, days in (("goal", 5), ("question", 0))
    ],
    "theirs": [],
}
SCALE_ROWS = [
    {"label": "groeit", "description": "Met hulp van iemand.", "anchor": "1"},
    {"label": "staat", "description": "", "anchor": "2"},
    {"label": "", "description": "", "anchor": ""},
]
SCALES: dict[str, Any] = {
    "today": TODAY,
    "scales": [
        {
            "id": UUID(int=80 + n),
            "name": name,
            "version": 2 - n,
            "for_plans_from": from_on,
            "is_offered": n == 0,
            "is_coming": n == 1,
            "levels": [level | {"description": "Ook als het druk is."} for level in LEVELS],
            "earlier": [
                {
                    "id": UUID(int=90),
                    "name": "De vier stappen",
                    "version": 1,
                    "for_plans_from": None,
                    "is_offered": False,
                    "is_coming": False,
                    "levels": LEVELS,
                }
            ][: 1 - n],
        }
        for n, (name, from_on) in enumerate(
            [("De vier stappen", date(2026, 8, 1)), ("Drie woorden", None)]
        )
    ],
    "blind": True,
}
SCALE: dict[str, Any] = {
    "scale": {"id": UUID(int=80), "name": "De vier stappen"},
    "rows": SCALE_ROWS,
    "values": {"name": "Twee woorden", "is_default": "yes"},
    "errors": {},
}
ENDS: dict[str, Any] = {
    "signal": rules.signals(
        PlanFacts(
            PLAN,
            date(2026, 2, 2),
            placements=[
                PlacementFact(
                    ANCHOR_CARE, "Woonzorg Het Anker", date(2026, 11, 9), date(2026, 12, 1)
                )
            ],
        ),
        on=TODAY,
    )[0],
    "today": TODAY,
    "goal_title": None,
    "names": NAMES,
    "places": {ANCHOR_CARE: "Woonzorg Het Anker"},
    "work": {},
    "student": "Amira",
    "evidence_id": None,
}
LOOK: dict[str, Any] = {
    "student": {"given_name": "Amira"},
    "evidence": PIECE,
    "levels": LEVELS,
    "readers": ["Amira", "Joost"],
    "owed": ASKED,
    "declining": Filled({}),
    "earlier": None,
    "values": {},
    "errors": {},
}
REQUIRED = "Kies één van de vier."

# page name -> (role of the reader or None, template, context)


def goal_line(key: UUID) -> dict[str, Any]:
    """Return a goal as lists of goals show it."""
    card = next(goal for goal in GOALS if goal["id"] == key)
    return {
        **{name: card[name] for name in ("id", "title", "target_anchor", "target_on")},
        "kind": "goal",
        "state": "active",
        "outcome": None,
        "control": "student",
        "is_agreed": key == SHOWER,
        "trail": card,
        "parts": [],
    }


GOAL: dict[str, Any] = {
    **goal_line(SHOWER),
    "question": "Hoe houd ik het rustig als het druk is?",
    "success": "De bewoner doet zelf wat kan.",
    "approach": None,
    "tailoring": "variant",
    "version": 2,
    "closing_words": None,
    "closed_at": None,
}
GOAL_VALUES: dict[str, Any] = {
    **{name: GOAL[name] for name in ("title", "question", "success", "control", "tailoring")},
    "approach": "Ik kijk eerst mee met Marja.",
    "target_anchor": 2,
    "target_on": "2026-12-18",
    "item_ids": [UUID(int=50)],
    "parent_id": "",
    "unit_id": "",
    "version": 2,
}
GOAL_FORM: dict[str, Any] = {
    "goal": None,
    "current": None,
    "values": GOAL_VALUES | {"kind": "goal"},
    "errors": {},
    "items": [{"id": UUID(int=50), "code": "B1-K1-W2", "title": "Helpt bij verzorging"}],
    "performances": [{"id": MEDICINE, "title": TITLES[MEDICINE]}],
    "units": [{"id": UUID(int=71), "title": "Periode 2: op de afdeling"}],
    "today": TODAY,
}
GOAL_PAGE: dict[str, Any] = {
    "goal": GOAL,
    "plan_id": PLAN,
    "plan_is_open": True,
    "today": TODAY,
    "momentum": progress.Momentum.MOVES,
    "drawing": drawing(FACTS.goals[0], spoor.Size.LARGE),
    "seen": spoor.newest_first([j for j in JUDGEMENTS if SHOWER in j.goal_ids], on=TODAY),
    "placements": [
        {"company": PLACEMENT.company, "from_on": PLACEMENT.from_on, "last_on": date(2027, 1, 29)}
    ],
    "names": NAMES,
    "parent": {"id": MEDICINE, "title": TITLES[MEDICINE]},
    "parts": [],
    "unit": "Periode 2: op de afdeling",
    "items": [{"code": "B1-K1-W2", "title": "Helpt bij persoonlijke verzorging"}],
    "agreed": {"name": "Joost", "at": NOW},
    "closings": [
        {"outcome": "stopped", "words": "Het paste even niet.", "closed_at": NOW},
        {"outcome": "reached", "words": None, "closed_at": NOW - timedelta(days=40)},
    ],
    "versions": [
        {
            "number": 2,
            "written_at": NOW,
            "title": TITLES[SHOWER],
            "question": "Hoe houd ik het rustig als het druk is?",
            "success": "De bewoner doet zelf wat kan.",
            "target_anchor": 3,
            "target_on": date(2026, 12, 18),
            "moved_from": date(2026, 11, 30),
            "agreed": {"name": "Joost", "at": NOW},
        },
        {
            "number": 1,
            "written_at": NOW - timedelta(days=60),
            "title": "Ik help met douchen",
            "question": "Hoe houd ik het rustig?",
            "success": "De bewoner is tevreden.",
            "target_anchor": None,
            "target_on": date(2026, 11, 30),
            "moved_from": None,
            "agreed": None,
        },
    ],
    "judgements": GOALS[0]["judgements"],
    "evidence": STUDENT_START["evidence"],
    "lessons": CHOSEN,
    "talks": [
        {"given_name": "Joost", "held_on": date(2026, 10, 22), "words": "Je vertelt nu ook waarom."}
    ],
    "viewers": [
        Viewer(JOOST, "Joost van Dalen", "Joost", PlanRole.COACH, None),
        Viewer(MARJA, "Marja Postma", "Marja", PlanRole.SUPERVISOR, date(2027, 1, 30)),
    ],
    "values": {},
    "errors": {},
}
PLANS: dict[str, Any] = {
    "plans": [OWN_SHOP, ROUTE | {"is_open": False}],
    "frameworks": [{"id": UUID(int=72), "code": "25655", "title": "Verzorgende IG"}],
    "values": {"starts_on": TODAY.isoformat()},
    "errors": {},
    "today": TODAY,
}
PLAN_PAGE: dict[str, Any] = {
    "plan": ROUTE,
    "units": [
        {
            "title": "Periode 2: op de afdeling",
            "from_on": date(2026, 11, 16),
            "last_on": date(2027, 1, 24),
        }
    ],
    "workplaces": [
        {"id": ANCHOR_CARE, "company": "Woonzorg Het Anker", "last_on": date(2027, 1, 29)}
    ],
    "values": {"title": "Verzorgende IG"},
    "errors": {},
    "unit_values": {"from_on": TODAY.isoformat(), "weeks": 10},
    "unit_errors": {},
}
PAGES: dict[str, tuple[str | None, str, dict[str, Any]]] = {
    "sign-in": (
        None,
        "sign_in.html",
        {
            "demo_people": [
                {"slug": role, "role": role, "words": {"nl": dutch, "en": english}}
                for role, dutch, english in (
                    (
                        "student",
                        "Amira Bouzian leert bij Woonzorg Het Anker.",
                        "Amira Bouzian learns at Woonzorg Het Anker.",
                    ),
                    (
                        "coach",
                        "Joost van Dalen begeleidt 30 studenten.",
                        "Joost van Dalen guides 30 students.",
                    ),
                    (
                        "supervisor",
                        "Marja Postma werkt bij Woonzorg Het Anker.",
                        "Marja Postma works at Woonzorg Het Anker.",
                    ),
                    (
                        "administrator",
                        "Ilse Kramer beheert de koppelingen.",
                        "Ilse Kramer looks after the connections.",
                    ),
                )
            ]
        },
    ),
    "sign-in-plain": (
        None,
        "sign_in.html",
        {"demo_people": [], "school_account_url": "/sign-in/school"},
    ),
    "link": (None, "link.html", {"secret": "x" * 43, "is_gone": False}),
    "link-gone": (None, "link.html", {"secret": "x" * 43, "is_gone": True}),
    "student-start": ("student", "student/start.html", STUDENT_START),
    "student-start-empty": (
        "student",
        "student/start.html",
        STUDENT_START
        | {"goals": [], "next_step": None, "news": [], "evidence": [], "activity": []},
    ),
    **{
        f"student-start-{state}": (
            "student",
            "student/start.html",
            STUDENT_START
            | {
                "goals": [],
                "others": [
                    {
                        "id": SHOWER,
                        "title": TITLES[SHOWER],
                        "state": state,
                        "control": "student",
                    }
                ],
                "next_step": None,
            },
        )
        for state in ("draft", "closed")
    },
    "student-start-closed": (
        "student",
        "student/start.html",
        STUDENT_START | {"plan": ROUTE | {"is_open": False}, "next_step": None},
    ),
    "student-start-closed-empty": (
        "student",
        "student/start.html",
        STUDENT_START
        | {"plan": ROUTE | {"is_open": False}, "goals": [], "next_step": None, "news": []},
    ),
    "student-start-two-plans": (
        "student",
        "student/start.html",
        STUDENT_START | {"plans": [OWN_SHOP, ROUTE]},
    ),
    "student-start-no-news": (
        "student",
        "student/start.html",
        STUDENT_START | {"news": [], "evidence": [], "activity": [], "workplaces": []},
    ),
    **{
        f"student-start-step-{number}": (
            "student",
            "student/start.html",
            STUDENT_START | {"next_step": step},
        )
        for number, step in enumerate(STEPS)
    },
    "goal-new": ("student", "student/goal_new.html", GOAL_FORM),
    "goal-new-errors": (
        "student",
        "student/goal_new.html",
        GOAL_FORM
        | {
            "values": {"question": "Hoe doe ik dat?", "target_on": "2026-01-01"},
            "errors": {
                "title": "Vul in wat je wilt kunnen.",
                "target_anchor": "Kies hoe ver je wilt komen.",
                "target_on": "Deze dag is al geweest.",
            },
            "items": [],
            "performances": [],
            "units": [],
        },
    ),
    "goal-edit": ("student", "student/goal_edit.html", GOAL_FORM | {"goal": GOAL}),
    "goal-edit-conflict": (
        "student",
        "student/goal_edit.html",
        GOAL_FORM
        | {
            "goal": GOAL,
            "values": GOAL_VALUES | {"title": "Ik help rustig met douchen", "version": 3},
            "current": GOAL_VALUES | {"version": 3, "target_day": date(2026, 12, 18)},
        },
    ),
    "goal": ("student", "student/goal.html", GOAL_PAGE),
    "goal-draft": (
        "student",
        "student/goal.html",
        GOAL_PAGE
        | {
            "goal": GOAL | {"state": "draft", "control": "shared"},
            "agreed": None,
            "evidence": [],
            "judgements": [],
            "talks": [],
            "lessons": [],
        },
    ),
    "goal-own-draft": (
        "student",
        "student/goal.html",
        GOAL_PAGE | {"goal": GOAL | {"state": "draft"}, "agreed": None},
    ),
    "goal-closed": (
        "student",
        "student/goal.html",
        GOAL_PAGE
        | {
            "goal": GOAL
            | {
                "state": "closed",
                "outcome": "reached",
                "closed_at": NOW,
                "closing_words": "Ik doe het nu zonder hulp.",
            },
        },
    ),
    "goal-performance": (
        "student",
        "student/goal.html",
        GOAL_PAGE
        | {
            "goal": GOAL | {"kind": "performance", "approach": "Eerst kijken, dan doen."},
            "parent": None,
            "parts": [goal_line(MEDICINE), goal_line(CALL)],
            "talks": [],
            "lessons": [],
            "items": [],
            "values": {"words": "Het lukt."},
            "errors": {"outcome": REQUIRED},
        },
    ),
    "goals": (
        "student",
        "student/goals.html",
        {
            "plan": ROUTE,
            "plans": [OWN_SHOP, ROUTE],
            "groups": [
                {
                    "title": "Periode 2: op de afdeling",
                    "from_on": date(2026, 11, 16),
                    "last_on": date(2027, 1, 24),
                    "goals": [
                        goal_line(SHOWER) | {"kind": "performance", "parts": [goal_line(CALL)]},
                        goal_line(MEDICINE),
                    ],
                },
                {
                    "title": "Periode 3",
                    "from_on": date(2027, 1, 25),
                    "last_on": date(2027, 4, 4),
                    "goals": [],
                },
                {
                    "title": None,
                    "goals": [
                        goal_line(REPORT),
                        goal_line(CALL) | {"state": "closed", "outcome": "stopped", "trail": None},
                    ],
                },
            ],
        },
    ),
    "goals-empty": ("student", "student/goals.html", {"plan": None, "plans": [], "groups": []}),
    "goals-closed-plan": (
        "student",
        "student/goals.html",
        {
            "plan": ROUTE | {"is_open": False},
            "plans": [OWN_SHOP],
            "groups": [{"title": None, "goals": [goal_line(REPORT)]}],
        },
    ),
    "plans": ("student", "student/plans.html", PLANS),
    "plans-errors": (
        "student",
        "student/plans.html",
        PLANS
        | {
            "plans": [],
            "frameworks": [],
            "values": {"title": "Mijn zaak"},
            "errors": {"starts_on": "Deze dag is nog niet geweest."},
        },
    ),
    "plan": ("student", "student/plan.html", PLAN_PAGE),
    "plan-errors": (
        "student",
        "student/plan.html",
        PLAN_PAGE
        | {
            "units": [],
            "values": {"title": ""},
            "errors": {"title": REQUIRED},
            "unit_values": {"title": "Periode 4", "weeks": "60"},
            "unit_errors": {"weeks": "Kies 1 tot en met 52 weken."},
        },
    ),
    "plan-closed": (
        "student",
        "student/plan.html",
        PLAN_PAGE | {"plan": OWN_SHOP | {"is_open": False}},
    ),
    "evidence-new": ("student", "student/evidence_new.html", EVIDENCE_FORM),
    "evidence-new-errors": (
        "student",
        "student/evidence_new.html",
        EVIDENCE_FORM
        | {
            "values": EVIDENCE_FORM["values"]
            | {"text": "", "goal_ids": [str(SHOWER)], "own_level": LEVELS[1]["id"]},
            "errors": {
                "files": "Dit bestand is te groot. Kies een kleiner bestand.",
                "has_people": "Kies of er mensen op staan.",
                "goal_ids": "Kies een doel van jezelf.",
                "text": "Vertel wat je deed.",
                "share_with": "Kies wie dit mag zien.",
            },
            "kept_files": [{"digest": "ab12", "name": "weekdoos.jpg"}],
            "items": [{"id": UUID(int=50), "code": "W3", "title": "Medicijnen geven"}],
        },
    ),
    "evidence-new-alone": (
        "student",
        "student/evidence_new.html",
        EVIDENCE_FORM | {"coaches": [], "placements": [], "goals": []},
    ),
    "evidence-sent": (
        "student",
        "student/evidence_sent.html",
        {"evidence": PIECE, "seen_by": ["Joost", "Marja"], "trails": TRAILS[1:2]},
    ),
    "evidence-sent-alone": (
        "student",
        "student/evidence_sent.html",
        {"evidence": PIECE, "seen_by": [], "trails": []},
    ),
    "evidence": ("student", "student/evidence.html", ONE_PIECE),
    "evidence-private": (
        "student",
        "student/evidence.html",
        ONE_PIECE
        | {
            "evidence": QUIET_PIECE | {"state": "private", "goals": []},
            "viewers": [],
            "in_school": False,
            "is_judged": False,
            "shares": [],
            "versions": [],
            "judgements": [],
            "audiences": AUDIENCES,
        },
    ),
    "evidence-withdrawn": (
        "student",
        "student/evidence.html",
        ONE_PIECE
        | {
            "evidence": PIECE
            | {"state": "withdrawn", "withdrawn_at": NOW, "goals": GOALS_OF_PIECE},
            "viewers": [],
            "in_school": False,
            "may_edit": False,
            "shares": [],
            "audiences": AUDIENCES,
        },
    ),
    "evidence-of-a-student": (
        "coach",
        "student/evidence.html",
        ONE_PIECE
        | {
            "student": {"name": "Amira Bouzian"},
            "is_own": False,
            "may_edit": False,
            "is_judged": False,
            "shares": [],
        },
    ),
    "evidence-edit": ("student", "student/evidence_edit.html", EDITED_PIECE),
    "evidence-edit-conflict": (
        "student",
        "student/evidence_edit.html",
        EDITED_PIECE
        | {
            "current": EDITED_PIECE["values"] | {"text": "Op mijn telefoon schreef ik dit."},
            "errors": {"text": "Vul dit in."},
        },
    ),
    "evidence-all": ("student", "student/evidence_all.html", ALL_PIECES),
    "evidence-all-empty": ("student", "student/evidence_all.html", ALL_PIECES | {"pieces": []}),
    "evidence-all-nothing-found": (
        "student",
        "student/evidence_all.html",
        ALL_PIECES
        | {
            "pieces": [],
            "chosen": ALL_PIECES["chosen"] | {"kind": "certificate"},
            "is_filtered": True,
            "has_next": False,
        },
    ),
    **overview_pages(
        SIGNALS,
        ROWS,
        {
            "today": TODAY,
            "since": date(2026, 8, 24),
            "sources": SOURCES,
            "waiting": REQUESTS,
        },
    ),
    "coach-student": ("coach", "coach/student.html", COACH_STUDENT),
    "coach-student-busy": ("coach", "coach/student.html", BUSY_STUDENT),
    "coach-student-errors": (
        "coach",
        "coach/student.html",
        COACH_STUDENT
        | {
            "values": {"words": "", "held_on": "2026-11-18", "goal": str(SHOWER)},
            "errors": {"words": "Vul dit in."},
        },
    ),
    "coach-student-away-errors": (
        "coach",
        "coach/student.html",
        COACH_STUDENT
        | {
            "values": {"from_on": "2026-11-18", "last_on": "2026-11-01"},
            "errors": {"last_on": "Kies een latere dag."},
        },
    ),
    "coach-student-blind": (
        "coach",
        "coach/student.html",
        COACH_STUDENT
        | {
            "is_blind": True,
            "own_ids": set(),
            "goals": [coached(goal, standings=[], judgements=[]) for goal in GOALS],
            "evidence": [QUIET_PIECE | {"judgements": []}],
        },
    ),
    "coach-evidence": ("coach", "coach/evidence.html", COACH_EVIDENCE),
    "coach-evidence-empty": (
        "coach",
        "coach/evidence.html",
        COACH_EVIDENCE | {"evidence": [], "page": 1, "has_more": False},
    ),
    "coach-work": ("coach", "coach/work.html", COACH_WORK),
    "coach-work-empty": ("coach", "coach/work.html", COACH_WORK | {"work": []}),
    "coach-activity": ("coach", "coach/activity.html", COACH_ACTIVITY),
    "coach-activity-empty": (
        "coach",
        "coach/activity.html",
        COACH_ACTIVITY | {"activity": []},
    ),
    "coach-talks": ("coach", "plan/talks.html", TALKED),
    "talks": (
        "student",
        "plan/talks.html",
        TALKED | {"is_own": True, "back": {"url": "/student/plans/1", "word": None}, "pages": 1},
    ),
    "talks-empty": (
        "student",
        "plan/talks.html",
        TALKED | {"is_own": True, "talks": [], "page": 1, "pages": 1},
    ),
    "coach-judge": ("coach", "coach/judge.html", JUDGE),
    "coach-judge-errors": (
        "coach",
        "coach/judge.html",
        JUDGE
        | {
            "draft": {"version": "2026-11-18T10:00:00+00:00"},
            "meanwhile": {"label": "zelfstandig", "words": "In het andere venster."},
            "values": {"words": "Ik zag het in de les.", "observed_on": "2026-11-18"},
            "errors": {"level": REQUIRED, "recording": "Kies een ander bestand."},
        },
    ),
    "coach-judge-evidence": (
        "supervisor",
        "coach/judge.html",
        JUDGE
        | {
            "goal": None,
            "evidence": PIECE,
            "eyes": "supervisor",
            "must_look_first": True,
            "judgements": [],
        },
    ),
    "coach-judgement": ("coach", "coach/judgement.html", JUDGEMENT),
    "coach-judgement-errors": (
        "coach",
        "coach/judgement.html",
        JUDGEMENT | {"may_sign": True, "errors": {"reason": "Vul dit in."}},
    ),
    "scales": ("administrator", "school/scales.html", SCALES),
    "scales-empty": (
        "administrator",
        "school/scales.html",
        SCALES | {"scales": [], "blind": False},
    ),
    "scale-change": ("administrator", "school/scale.html", SCALE),
    "scale-new-errors": (
        "administrator",
        "school/scale.html",
        SCALE
        | {
            "scale": None,
            "errors": {"name": "Vul dit in.", "levels": "Zet het laagste niveau bovenaan."},
        },
    ),
    "coach-student-empty": (
        "coach",
        "coach/student.html",
        COACH_STUDENT
        | {
            "goals": [],
            "waiting": [],
            "closed": [],
            "drafts": [],
            "has_work": False,
            "has_more": False,
            "talk": None,
            "lessons": [],
            "reasons": [],
            "evidence": [],
            "activity": [],
            "programme": None,
            "placements": [],
            "workplaces": [],
            "absences": [],
            "news": {
                "since": TODAY,
                "is_first": True,
                "has_shared": False,
                "shared": [],
                "views": [],
                "lessons": 0,
                "asked": 0,
                "goals": 0,
            },
        },
    ),
    "supervisor-start": (
        "supervisor",
        "supervisor/start.html",
        {
            "given_name": "Marja",
            "companies": ["Woonzorg Het Anker"],
            "waiting": [
                {
                    "id": UUID(int=60 + files),
                    "student": "Amira",
                    "text": text,
                    "happened_on": TODAY,
                    "files": files,
                    "asked": ASKED if files == 1 else None,
                }
                for files, text in ((1, PIECE["text"]), (0, PIECE["text"]), (2, ""))
            ],
            "requests": REQUESTS,
            "ending": [ENDS | {"evidence_id": UUID(int=61)}, ENDS | {"student": "Jesse"}],
            "students": [
                {
                    "name": "Amira Bouzian",
                    "given_name": "Amira",
                    "workplaces": [{"id": ANCHOR_CARE, "company": "Woonzorg Het Anker"}],
                    "until_on": date(2027, 1, 29),
                    "trails": [TRAILS[0] | {"own": JUDGEMENTS[8]}, TRAILS[3] | {"own": None}],
                },
                {
                    "name": "Jesse Veenstra",
                    "given_name": "Jesse",
                    "workplaces": [],
                    "until_on": date(2027, 1, 29),
                    "trails": [],
                },
            ],
        },
    ),
    "supervisor-start-empty": (
        "supervisor",
        "supervisor/start.html",
        {
            "given_name": "Marja",
            "companies": [],
            "waiting": [],
            "requests": {"mine": [], "theirs": []},
            "ending": [],
            "students": [],
        },
    ),
    "supervisor-evidence": ("supervisor", "supervisor/evidence.html", LOOK),
    "supervisor-evidence-errors": (
        "supervisor",
        "supervisor/evidence.html",
        LOOK
        | {
            "evidence": PIECE | {"text": ""},
            "owed": None,
            "earlier": JUDGEMENTS[12],
            "values": {"words": "Vraag om controle."},
            "errors": {"level": REQUIRED},
        },
    ),
    "supervisor-done": (
        "supervisor",
        "supervisor/done.html",
        {
            "given_name": "Marja",
            "student": "Fleur",
            "trails": TRAILS[1:2],
            "views": GOALS[1]["standings"],
            "next_id": UUID(int=60),
        },
    ),
    "supervisor-done-not-seen": (
        "supervisor",
        "supervisor/done.html",
        {"given_name": "Marja", "student": "Fleur", "trails": [], "views": [], "next_id": None},
    ),
    "error-413-file": (
        "student",
        "error.html",
        REFUSED | {"status": 413, "code": "too_large", "takes_files": True},
    ),
    "error-csrf": (
        "student",
        "error.html",
        REFUSED | {"status": 403, "code": "csrf_missing"},
    ),
    **{
        f"error-{status}": (
            "student",
            "error.html",
            REFUSED | {"status": status, "code": code, "fields": fields},
        )
        for status, code, fields in (
            (404, "not_found", {}),
            (403, "not_allowed", {}),
            (405, "method_not_allowed", {}),
            (409, "conflict", {}),
            (413, "too_large", {}),
            (415, "media_type", {}),
            (422, "invalid", {"happened_on": ["date.in_future"]}),
            (429, "too_many", {}),
            (500, "error", {}),
        )
    },
    "error-401": (
        None,
        "error.html",
        REFUSED | {"status": 401, "code": "sign_in"},
    ),
    **course_pages(ROWS, NOW),
    **LAUNCHES,
    **FEEDBACK,
    **LESSONS,
    **GRADEBOOK,
    **LMS,
    **PLACING,
    **MEANINGS,
    **PARKING,
    **IMPORTS,
    **SYSTEMS,
    **FIGURES,
}
