"""Who may do what: docs/authz.csv, written by hand, asked of the application cell by cell.

One row is a request in a state of the record; one column is somebody's place; a cell is the status
that they get. Runs on SQLite, where a database is put back by copying a file.
"""

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from identity.models import Scope
from identity.tokens import add_token
from importers.models import ImportRun, MatchOn, ParkedPerson
from importers.pulls.pushed import Sent, push
from importers.pulls.pushers import add_pusher
from migrations.run import migrate
from settings import Settings
from tests import connected
from tests.records import count_rows
from tests.world import World, make_world
from tracker.absences import declare_absence, withdraw_absence
from tracker.comments import add_comment
from tracker.db import new_id, unit_of_work
from tracker.drafts import save_draft
from tracker.evidence import KeptFile, log_evidence
from tracker.goal_states import close_goal
from tracker.goals import add_goal
from tracker.holidays import add_holiday, remove_holiday
from tracker.lessons import add_lesson, choose_lesson, confirm_choice, drop_choice
from tracker.models import (
    Attachment,
    Audience,
    Control,
    Evidence,
    EvidenceShare,
    Goal,
    Judgement,
    JudgementSignature,
    LearningPlan,
    LessonKind,
    Outcome,
    Person,
    PlanMember,
    PlanRole,
    Recording,
    ScanState,
    School,
    SchoolRole,
    SupportLesson,
)
from tracker.people import add_person
from tracker.placements import add_placement
from tracker.plans import add_member
from tracker.questions import ask_question
from tracker.requests import ask
from tracker.sharing import withdraw
from tracker.signals import Rule
from tracker.snoozes import end_snooze, snooze

TABLE = Path(__file__).parent.parent / "docs" / "authz.csv"
LINES = list(csv.reader(TABLE.read_text("utf-8").splitlines()))
ACTORS = LINES[0][2:]
ROWS = [
    (line[0], line[1], dict(zip(ACTORS, map(int, line[2:]), strict=True))) for line in LINES[1:]
]
READS = ("GET", "HEAD")
# What says which state it changes.
EDITS = {
    "PATCH /api/plans/{plan}",
    "PUT /api/goals/{goal}",
    "PUT /api/evidence/{evidence}",
    "PUT /api/lessons/{lesson}",
    "PUT /api/drafts/{draft}",
    "DELETE /api/drafts/{draft}",
    "POST /api/drafts/{draft}/publication",
    "PUT /api/sources/{source}",
    "PUT /api/lms/registrations/{registration}/settings",
    "PUT /api/lms/registrations/{registration}/deployments/{deployment}",
    "PUT /api/courses/{context}/links/{link}/mode",
}
PARTS = re.compile("/(publication|settings|mode)$")  # of what has the ETag
# Nouns whose rows come with another issue.
DOCUMENT = "/api/openapi.json"
ELSEWHERE = (
    "/api/frameworks",
    "/api/imports",
    "/api/overview",
    "/api/me",
    "/api/docs",
)


@dataclass(frozen=True)
class Scene:
    """A world with somebody in every place, and the records that requests name."""

    world: World
    actors: dict[str, Person]
    tokens: dict[str, str]


def make_scene(engine: sa.Engine) -> Scene:
    """Fill the database: everybody who stands in some relation to the student."""
    world = make_world(engine)
    with unit_of_work(engine, school_id=world.school.id) as session:
        actors = {
            **{
                name: getattr(world, name)
                for name in ("student", "coach", "supervisor", "administrator", "teacher")
            },
            "other_student": world.other_student,
            "other_coach": world.other_coach,
            **{
                name: _person(session, world, name)
                for name in ("team", "peer", "former_coach", "former_supervisor", "asked")
            },
        }
        _place(session, world, actors["team"], PlanRole.TEAM)
        _place(session, world, actors["peer"], PlanRole.PEER)
        _place(session, world, actors["asked"], PlanRole.COACH)
        _place(session, world, actors["former_coach"], PlanRole.COACH).until_on = world.on
        ended = add_placement(
            session,
            by=None,
            plan=world.plan,
            company=world.company,
            from_on=world.on - timedelta(days=50),
            until_on=world.on,
            at=world.at,
        )
        add_member(
            session,
            by=None,
            plan=world.plan,
            person=actors["former_supervisor"],
            role=PlanRole.SUPERVISOR,
            placement=ended,
            from_on=ended.from_on,
            at=world.at,
        )
        _show(session, world.shared, world, person_id=actors["peer"].id)
        _show(session, world.shared, world, placement_id=ended.id)
    actors["elsewhere"] = world.elsewhere
    tokens = {}
    for name, person in actors.items():
        with unit_of_work(engine, school_id=person.school_id) as session:
            tokens[name] = add_token(
                session, person=person, name="authz", scope=Scope.WRITE, at=world.at
            )
    return Scene(world, actors, tokens)


def _person(session: Session, world: World, name: str) -> Person:
    school = session.get_one(School, world.school.id)
    role = SchoolRole.STUDENT if name == "peer" else SchoolRole.TEACHER
    return add_person(session, by=None, school=school, name=name, roles=[role], at=world.at)


def _place(session: Session, world: World, person: Person, role: PlanRole) -> PlanMember:
    return add_member(
        session,
        by=None,
        plan=world.plan,
        person=person,
        role=role,
        from_on=world.on - timedelta(days=30),
        at=world.at,
    )


def _show(session: Session, evidence: Evidence, world: World, **to: UUID) -> None:
    session.add(
        EvidenceShare(
            school_id=world.school.id,
            evidence_id=evidence.id,
            audience=Audience.PERSON if "person_id" in to else Audience.PLACEMENT,
            shared_at=world.at,
            **to,
        )
    )


Records = dict[str, UUID]
State = Callable[[Session, Scene], Records]
FILE = KeptFile(
    name="foto.jpg",
    media_type="image/jpeg",
    size=3,
    digest="0" * 64,
    thumbnail_digest="1" * 64,
)


def in_state(session: Session, scene: Scene, state: str) -> Records:
    """Bring the records that requests name into a state; returns their ids."""
    world = scene.world
    photo = Attachment(
        school_id=world.school.id,
        evidence_id=world.shared.id,
        received_at=world.at,
        **{name: getattr(FILE, name) for name in ("name", "media_type", "size", "digest")},
        thumbnail_digest=FILE.thumbnail_digest,
    )
    session.add(photo)
    session.flush()
    records = {
        "plan": world.plan.id,
        "goal": world.goal.id,
        "evidence": world.shared.id,
        "attachment": photo.id,
        "share": _share_of(session, world.shared),
        "judgement": world.judgement.id,
        "level": world.levels[2].id,
        "scale": world.levels[2].scale_id,
        "placement": world.placement.id,
        "person": world.coach.id,
    }
    return {**records, **STATES[state](session, scene)}


def _share_of(session: Session, evidence: Evidence) -> UUID:
    query = sa.select(EvidenceShare.id).where(EvidenceShare.evidence_id == evidence.id)
    return session.scalars(query.order_by(EvidenceShare.id)).first() or new_id()


def _as_it_is(_session: Session, _scene: Scene) -> Records:
    return {}


def _goal(control: Control = Control.STUDENT, *, draft: bool = False) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        goal = add_goal(
            session,
            by=world.student,
            plan=world.plan,
            question="Hoe dan?",
            title="Nog zonder bewijs",
            success="Dat zie ik dan.",
            target_anchor=None,
            target_on=None,
            items=[],
            control=control,
            draft=draft,
            on=world.on,
            at=world.at,
        )
        return {"goal": goal.id}

    return bring


def _closed(session: Session, scene: Scene) -> Records:
    world = scene.world
    goal = session.get_one(Goal, (world.school.id, world.goal.id))
    close_goal(
        session,
        by=world.student,
        goal=goal,
        outcome=Outcome.REACHED,
        words=None,
        on=world.on,
        at=world.at,
    )
    return {}


def _piece(*audiences: Audience, **about: Any) -> Callable[[Session, Scene], Evidence]:
    def log(session: Session, scene: Scene) -> Evidence:
        world = scene.world
        return log_evidence(
            session,
            key=new_id(),
            by=world.student,
            plan=world.plan,
            text="Wie ziet dit?",
            happened_on=world.on,
            has_people=False,
            share_with=audiences,
            files=[FILE],
            on=world.on,
            at=world.at,
            **about,
        )

    return log


def _evidence_for(*audiences: Audience) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        piece = _piece(*audiences)(session, scene)
        query = sa.select(Attachment.id).where(Attachment.evidence_id == piece.id)
        return {
            "evidence": piece.id,
            "attachment": session.scalars(query).one(),
            "share": _share_of(session, piece),
        }

    return bring


def _goal_with_private_evidence(session: Session, scene: Scene) -> Records:
    records = _goal()(session, scene)
    goal = session.get_one(Goal, (scene.world.school.id, records["goal"]))
    _piece(goals=[goal])(session, scene)
    return records


def _withdrawn(session: Session, scene: Scene) -> Records:
    world = scene.world
    evidence = session.get_one(Evidence, (world.school.id, world.shared.id))
    withdraw(session, by=world.student, evidence=evidence, on=world.on, at=world.at)
    return {}


def _scanned(scan: ScanState) -> State:
    def bring(session: Session, _scene: Scene) -> Records:
        session.execute(sa.update(Attachment).values(scan=scan))
        return {}

    return bring


def _blind(session: Session, scene: Scene) -> Records:
    session.get_one(School, scene.world.school.id).blind_rating = True
    return {}


def _own_view_of_private(session: Session, scene: Scene) -> Records:
    world = scene.world
    piece = _piece(goals=[world.goal], own_level=world.levels[1])(session, scene)
    query = sa.select(Judgement.id).where(Judgement.evidence_id == piece.id)
    return {"judgement": session.scalars(query).one()}


def _signed(session: Session, scene: Scene) -> Records:
    world = scene.world
    session.add(
        JudgementSignature(
            school_id=world.school.id, judgement_id=world.judgement.id, signed_at=world.at
        )
    )
    return {}


def _coachs_draft(session: Session, scene: Scene) -> Records:
    world = scene.world
    draft = save_draft(
        session,
        by=world.coach,
        plan=world.plan,
        goal=world.goal,
        level=world.levels[1],
        words="Nog niet klaar.",
        observed_on=world.on,
        on=world.on,
        at=world.at,
    )
    return {"draft": draft.id}


def _voice(scan: ScanState) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        recording = Recording(
            school_id=world.school.id,
            judgement_id=world.judgement.id,
            name="stem.m4a",
            media_type="audio/mp4",
            size=3,
            digest="2" * 64,
            received_at=world.at,
            scan=scan,
        )
        session.add(recording)
        session.flush()
        return {"recording": recording.id}

    return bring


def _question(*, at_work: bool) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        question = ask_question(
            session,
            by=world.student,
            plan=world.plan,
            words="Waarom tellen we twee keer?",
            placement=world.placement if at_work else None,
            on=world.on,
            at=world.at,
        )
        return {"question": question.id}

    return bring


def _comment(session: Session, scene: Scene) -> Records:
    world = scene.world
    comment = add_comment(
        session,
        by=world.coach,
        subject=session.get_one(Evidence, (world.school.id, world.shared.id)),
        words="Wat deed je daarna?",
        on=world.on,
        at=world.at,
    )
    return {"comment": comment.id}


def _comment_on_private(session: Session, scene: Scene) -> Records:
    """Somebody said something about a piece that the student took back before it was judged."""
    world = scene.world
    piece = _piece(Audience.COACHES)(session, scene)
    comment = add_comment(
        session, by=world.coach, subject=piece, words="Mooi.", on=world.on, at=world.at
    )
    withdraw(session, by=world.student, evidence=piece, on=world.on, at=world.at)
    return {"comment": comment.id}


def _asked(subject: str) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        held = getattr(world, subject)
        request = ask(
            session,
            by=world.student,
            to=world.coach,
            subject=session.get_one(type(held), (world.school.id, held.id)),
            words="Kijk je mee?",
            on=world.on,
            at=world.at,
        )
        return {"request": request.id}

    return bring


def _lesson(session: Session, scene: Scene) -> Records:
    world = scene.world
    lesson = add_lesson(
        session,
        by=world.teacher,
        title="Rapporteren",
        about=None,
        url=None,
        teacher=world.teacher,
        on=world.on,
        at=world.at,
    )
    return {"lesson": lesson.id}


def _choice(then: Callable[..., None] | None = None, who: str = "student") -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        records = _lesson(session, scene)
        choice = choose_lesson(
            session,
            by=world.student,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            lesson=session.get_one(SupportLesson, (world.school.id, records["lesson"])),
            goal=None,
            kind=LessonKind.REPEAT,
            reason=None,
            on=world.on,
            at=world.at,
        )
        if then is not None:
            then(session, by=scene.actors[who], choice=choice, on=world.on, at=world.at)
        return {**records, "choice": choice.id}

    return bring


def _parked(*, is_decided: bool = False) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        school = session.get_one(School, scene.world.school.id)
        at = scene.world.at
        source, _ = add_pusher(
            session,
            by=None,
            school=school,
            kind="xapi",
            name="Oefenboek",
            match_on=MatchOn.NUMBER,
            options={},
            at=at,
        )
        by = session.get_one(Person, (school.id, source.pusher_id))
        push(session, by=by, kind="xapi", statements=[Sent("x", "0" * 32, {})], at=at)
        parked = ParkedPerson(
            school_id=school.id,
            source_id=source.id,
            ext_id="https://lms.example|S9",
            why="person.unknown",
            last_run_id=session.scalars(sa.select(ImportRun.id)).one(),
            seen_at=at,
            decided_at=at if is_decided else None,
        )
        session.add(parked)
        session.flush()
        return {"parked": parked.id}

    return bring


def _away(*, is_withdrawn: bool = False) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        absence = declare_absence(
            session,
            by=world.student,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            from_on=world.on,
            until_on=world.on + timedelta(days=7),
            on=world.on,
            at=world.at,
        )
        if is_withdrawn:
            withdraw_absence(session, by=world.student, absence=absence, on=world.on, at=world.at)
        return {"absence": absence.id}

    return bring


def _put_off(who: str, *, is_ended: bool = False) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world, by = scene.world, scene.actors[who]
        put_off = snooze(
            session,
            by=by,
            plan=session.get_one(LearningPlan, (world.school.id, world.plan.id)),
            rule=Rule.RATERS_APART,
            about=world.goal.id,
            until_on=world.on + timedelta(days=7),
            reason="We spreken elkaar vrijdag.",
            on=world.on,
            at=world.at,
        )
        if is_ended:
            end_snooze(session, by=by, snooze=put_off, on=world.on, at=world.at)
        return {"snooze": put_off.id}

    return bring


def _holiday(*, is_removed: bool = False) -> State:
    def bring(session: Session, scene: Scene) -> Records:
        world = scene.world
        told: dict[str, Any] = {"by": world.administrator, "on": world.on, "at": world.at}
        holiday = add_holiday(
            session,
            school=world.school,
            name="Kerstvakantie",
            from_on=world.on,
            until_on=world.on + timedelta(days=14),
            **told,
        )
        if is_removed:
            remove_holiday(session, holiday=holiday, **told)
        return {"holiday": holiday.id}

    return bring


def _around(bring: Callable[[Session, World], Records]) -> State:
    return lambda session, scene: bring(session, scene.world)


STATES: dict[str, State] = {
    "parked": _parked(),
    "nobody of ours": _parked(is_decided=True),
    "shared": _as_it_is,
    "draft": _goal(draft=True),
    "draft of the school": _goal(Control.SCHOOL),
    "unshown": _goal(),
    "only private evidence": _goal_with_private_evidence,
    "closed": _closed,
    "private": _evidence_for(),
    "coaches": _evidence_for(Audience.COACHES),
    "withdrawn": _withdrawn,
    "unscanned": _scanned(ScanState.WAITING),
    "infected": _scanned(ScanState.INFECTED),
    "blind": _blind,
    "own view of private": _own_view_of_private,
    "signed": _signed,
    "coach's draft": _coachs_draft,
    "voice": _voice(ScanState.NONE),
    "unscanned voice": _voice(ScanState.WAITING),
    "at school": _question(at_work=False),
    "at work": _question(at_work=True),
    "coach's comment": _comment,
    "coach's comment on a private piece": _comment_on_private,
    "asked of coach": _asked("shared"),
    "asked about a goal": _asked("goal"),
    "lesson": _lesson,
    "chosen lesson": _choice(),
    "dropped lesson": _choice(drop_choice),
    "followed lesson": _choice(confirm_choice, "coach"),
    "away": _away(),
    "away no more": _away(is_withdrawn=True),
    "put off by coach": _put_off("coach"),
    "put off by supervisor": _put_off("supervisor"),
    "brought back by coach": _put_off("coach", is_ended=True),
    "holiday": _holiday(),
    "holiday taken back": _holiday(is_removed=True),
    "guided group": _around(connected.guided),
    "items of an LMS": _around(connected.said),
    "an LMS": _around(connected.lms),
    "system": _around(connected.system),
}


def bodies(scene: Scene, records: Records) -> dict[str, dict[str, Any]]:
    """Return a good body for each request that has one."""
    day = str(scene.world.on)
    goal = {"title": "Ik durf te bellen", "question": "Hoe begin ik?", "success": "Ik belde."}
    judged = {"evidence_id": str(records["evidence"]), "observed_on": day}
    levels = [{"label": "nog niet", "anchor": 0}, {"label": "wel", "anchor": 2}]
    days = {"from_on": day, "until_on": str(scene.world.on + timedelta(days=7))}
    scale = {"name": "Nieuw", "is_default": False, "levels": levels}
    url = connected.HOST
    of_lms = {"issuer": url, "auth_url": url, "token_url": url, "jwks_url": url}
    system = {"kind": "moodle", "name": "Tweede Moodle", "url": url, "secret": "1" * 32}
    return {
        "POST /api/groups/{group}/guides": {
            "person_id": str(scene.world.coach.id),
            "role": "coach",
        },
        "POST /api/item-meanings": {
            "item_ids": [str(records.get("item", ""))],
            "framework_item_id": str(scene.world.items[0].id),
        },
        "POST /api/sources": system,
        "PUT /api/sources/{source}": {"url": "https://moodle.example/anders", "secret": "2" * 32},
        "POST /api/parked-people/take-up": {"source_id": str(records.get("source", ""))},
        "POST /api/lms/registrations": {**of_lms, "product": "other", "client_id": "tool-2"},
        "PUT /api/lms/registrations/{registration}/settings": {},
        "PUT /api/lms/registrations/{registration}/deployments/{deployment}": {"is_on": True},
        "PUT /api/courses/{context}/confirmation": {"instructors_are": "team"},
        "POST /api/courses/{context}/answers": {
            "access_request_id": str(records.get("asked", "")),
            "instructors_are": None,
        },
        "PUT /api/courses/{context}/links/{link}/mode": {"mode": "progress"},
        "POST /api/xapi/statements": {},
        "PUT /api/xapi/statements?statementId={goal}": {},
        "POST /api/caliper/events": {},
        "PUT /api/parked-people/{parked}/decision": {"person_id": None},
        "POST /api/plans": {"title": "Dromen"},
        "PATCH /api/plans/{plan}": {"title": "Dromen"},
        "POST /api/plans/{plan}/goals": goal,
        "PUT /api/goals/{goal}": goal,
        "POST /api/goals/{goal}/agreements": {"version": 1},
        "POST /api/goals/{goal}/closing": {"outcome": "stopped"},
        "POST /api/plans/{plan}/units": {"title": "Periode 2", "from_on": day, "weeks": 10},
        "POST /api/plans/{plan}/talks": {"held_on": day, "words": "We spraken af."},
        "POST /api/plans/{plan}/evidence": {
            "text": "Ik hielp.",
            "happened_on": day,
            "has_people": False,
        },
        "PUT /api/evidence/{evidence}": {"text": "Ik hielp, en zij lachte."},
        "POST /api/evidence/{evidence}/shares": {"audience": "coaches"},
        "POST /api/plans/{plan}/judgements": {**judged, "level_id": str(records["level"])},
        "POST /api/plans/{plan}/drafts": judged,
        "PUT /api/drafts/{draft}": {"observed_on": day, "words": "Bijna."},
        "POST /api/judgements/{judgement}/promotion": {"reason": "Gezien in een dienst."},
        "POST /api/goals/{goal}/comments": {"words": "Mooi."},
        "POST /api/evidence/{evidence}/comments": {"words": "Mooi."},
        "POST /api/questions/{question}/comments": {"words": "Mooi."},
        "POST /api/plans/{plan}/questions": {"words": "Waarom is dat zo?"},
        "POST /api/questions/{question}/goal": {"goal_id": str(scene.world.goal.id)},
        "POST /api/plans/{plan}/requests": {
            "evidence_id": str(records["evidence"]),
            "to_id": str(scene.actors["asked"].id),
        },
        "POST /api/requests/{request}/decline": {"words": "Ik was er niet."},
        "POST /api/lessons": {"title": "Bellen"},
        "PUT /api/lessons/{lesson}": {"title": "Bellen"},
        "POST /api/plans/{plan}/lessons": {
            "lesson_id": str(records.get("lesson", "")),
            "kind": "enrich",
        },
        "POST /api/scales": {**scale, "code": "nieuw"},
        "POST /api/scales/{scale}/versions": {**scale, "for_plans_from": day},
        "PUT /api/blind-rating": {"blind_rating": True},
        "PUT /api/school/thresholds": {"gap": 3},
        "POST /api/school/holidays": {"name": "Herfstvakantie", **days},
        "POST /api/plans/{plan}/absences": days,
        "POST /api/plans/{plan}/snoozes": {
            "rule": "raters_apart",
            "about": str(scene.world.goal.id),
            "until_on": days["until_on"],
            "reason": "We spreken elkaar vrijdag.",
        },
        "POST /api/placements/{placement}/opportunities": {
            "item_id": str(scene.world.items[1].id),
            "is_possible": False,
        },
    }


def locating(document: dict[str, Any]) -> set[str]:
    """Return the requests whose answer names the address of what was made, in the table's words."""
    return {
        f"POST {path.replace('_id}', '}')}"
        for path, item in document["paths"].items()
        if "Location" in item.get("post", {}).get("responses", {}).get("201", {}).get("headers", {})
    }


class Stage:
    """One database file that is put back to a state by copying, and the application on it."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.file = folder / "authz.db"
        self.url = f"sqlite:///{self.file}"
        self.folder = folder
        migrate(owner_url=self.url, application_url=self.url)
        self.app: Flask = create_app(settings)
        self.engine: sa.Engine = self.app.extensions["engine"]
        self.scene = make_scene(self.engine)
        self.records: dict[str, Records] = {}
        self.locating = locating(self.app.test_client().get(DOCUMENT).get_json())
        self._keep("base")

    def _keep(self, name: str) -> None:
        self.engine.dispose()  # the last connection to close writes everything into the one file
        shutil.copyfile(self.file, self.folder / f"{name}.kept")

    def put_back(self, name: str) -> None:
        self.engine.dispose()
        shutil.copyfile(self.folder / f"{name}.kept", self.file)

    def bring_into(self, state: str) -> Records:
        """Put the database in a state, making that state the first time."""
        if state not in self.records:
            self.put_back("base")
            with unit_of_work(self.engine, school_id=self.scene.world.school.id) as session:
                self.records[state] = in_state(session, self.scene, state)
            self._keep(state)
        self.put_back(state)
        return self.records[state]

    def ask(self, method: str, path: str, **options: Any) -> Any:
        client = self.app.test_client()
        return client.open(path, method=method, base_url="http://127.0.0.1:8000", **options)

    def counts(self) -> dict[str, int]:
        """Count the rows of every table but the access log."""
        with self.engine.connect() as connection:
            return count_rows(connection, "audit_event")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("authz")
    settings = Settings.from_env(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'authz.db'}",
            "EVIDENCE_URL": f"file://{folder}/evidence",
            "SECRET_KEY": "s" * 40,
            "ENCRYPTION_KEYS": "bDKmZ3yQ0v8R5nXh2LwTsJ7cFgUa9PeI1kOqVtYx4Mz6",
            "PUBLIC_URL": "http://127.0.0.1:8000",
        }
    )
    made = Stage(folder, settings)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(("request_", "state", "wanted"), ROWS, ids=[" ".join(r[:2]) for r in ROWS])
def test_everybody_gets_just_what_the_table_says(
    stage: Stage, request_: str, state: str, wanted: dict[str, int]
) -> None:
    records = stage.bring_into(state)
    before = stage.counts()
    method, _, path = request_.partition(" ")
    path = path.format(**records)
    body = bodies(stage.scene, records).get(request_)
    got = {}
    for actor in wanted:
        token = stage.scene.tokens.get(actor)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if request_ in EDITS:
            there = stage.ask("GET", PARTS.sub("", path), headers=headers)
            headers["If-Match"] = there.headers.get("ETag", '"none"')
        answer = stage.ask(method, path, headers=headers, json=body)
        got[actor] = answer.status_code
        if answer.status_code == 201 and request_ in stage.locating:
            made = stage.ask("GET", answer.headers["Location"], headers=headers)
            assert made.status_code == 200, answer.headers["Location"]
        if method in READS or answer.status_code >= 400:
            assert stage.counts() == before, (actor, answer.status_code)
        else:
            stage.put_back(state)
    wrong = {name: (got[name], status) for name, status in wanted.items() if got[name] != status}
    assert wrong == {}, "got, and the table says"


def test_the_table_has_a_row_for_every_request_of_these_nouns(stage: Stage) -> None:
    """A route that nobody thought about would be missing here."""
    named = {re.sub(r"{\w+}", "{}", request_.partition("?")[0]) for request_, _, _ in ROWS}
    asked = set()
    for rule in stage.app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.rule.startswith((*ELSEWHERE, DOCUMENT)):
            path = re.sub(r"<uuid:\w+>", "{}", rule.rule)
            asked |= {f"{method} {path}" for method in rule.methods or ()}
    asked = {name for name in asked if name.split()[0] not in {"HEAD", "OPTIONS"}}
    assert asked - named == set()
