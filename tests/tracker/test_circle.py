"""What the school's circle sees of a plan: the same, asked for each row or once for the plan."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.world import World
from tracker.columns import Record
from tracker.db import new_id, unit_of_work
from tracker.models import (
    Activity,
    Audience,
    Evidence,
    EvidenceShare,
    EvidenceState,
    FeedbackRequest,
    Judgement,
    LearningQuestion,
    Opportunity,
    Person,
    PersonRole,
    PersonState,
    PlanMember,
    PlanRole,
    QuestionState,
    RequestState,
    School,
    SchoolRole,
)
from tracker.overview import rows_for
from tracker.permissions import CIRCLE, VISIBLE, Places, given, places_of, stand_in

BETWEEN = timedelta(hours=1)


@pytest.fixture
def people(engine: sa.Engine, world: World) -> dict[str, Person]:
    """Fill the plan with every kind of sharing, judging and asking, and return who reads."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        mates = _mates(session, world)
        for piece in _pieces(session, world, mates["peer"]):
            for by, role in (
                (world.student, PlanRole.STUDENT),
                (world.coach, PlanRole.COACH),
                (world.supervisor, PlanRole.SUPERVISOR),
                (mates["peer"], PlanRole.PEER),
            ):
                _judge(session, world, by, role, evidence_id=piece.id)
            for asked in (world.coach, mates["peer"], mates["team"]):
                _ask(session, world, world.student, asked, evidence_id=piece.id)
                _ask(session, world, mates["former"], asked, evidence_id=piece.id)
        question = LearningQuestion(
            school_id=world.school.id,
            plan_id=world.plan.id,
            by_id=world.student.id,
            words="Hoe til ik?",
            state=QuestionState.OPEN,
            asked_at=world.at,
        )
        session.add(question)
        session.flush()
        for asked, asking in product((world.coach, mates["peer"]), (world.student, world.coach)):
            _ask(session, world, asking, asked, goal_id=world.goal.id)
            _ask(session, world, asking, asked, question_id=question.id)
        _judge(session, world, world.supervisor, PlanRole.SUPERVISOR, goal_id=world.goal.id)
        _judge(session, world, mates["team"], PlanRole.TEAM, item_id=world.items[1].id)
        _judge(session, world, mates["team"], PlanRole.TEAM, item_id=world.items[0].id)
        _judge(session, world, world.coach, PlanRole.COACH, item_id=world.items[0].id)
    return {"coach": world.coach, "administrator": world.administrator, **mates}


@pytest.mark.parametrize("is_blind", [False, True])
def test_what_the_circle_sees_is_what_its_members_may_see(
    engine: sa.Engine, world: World, people: dict[str, Person], is_blind: bool
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(School, world.school.id).blind_rating = is_blind
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        for name in ("coach", "team", "administrator", "former"):
            reader = people[name]
            places = places_of(session, reader, on=world.on)
            assert places.only_guides([world.plan.id]), name
            for model in CIRCLE:
                circle = _ids(session, world, reader, model, CIRCLE)
                assert circle == _ids(session, world, reader, model, VISIBLE), (name, model)
                assert circle or model not in {Evidence, Judgement, FeedbackRequest}


def test_who_has_another_place_in_the_plan_does_not_read_as_the_circle(
    engine: sa.Engine, world: World, people: dict[str, Person]
) -> None:
    everybody = {**people, "student": world.student, "supervisor": world.supervisor}
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        found = {
            name: places_of(session, person, on=world.on) for name, person in everybody.items()
        }
    only = {name for name, places in found.items() if places.only_guides([world.plan.id])}
    assert only == {"coach", "team", "administrator", "former"}
    guides = {name for name, places in found.items() if places.guides(world.plan.id)}
    assert guides == only | {"both"}
    assert not found["coach"].only_guides([world.plan.id, world.other_plan.id])
    assert not Places({}, is_administrator=False).guides(world.plan.id)


def test_who_came_by_the_word_of_an_lms_is_no_administrator(
    engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        person = session.get_one(Person, (world.school.id, world.administrator.id))
        session.expunge(person)
        person.is_from_lms = True
        assert not places_of(session, person, on=world.on).is_administrator


def test_a_session_narrowed_to_other_students_has_no_place_in_a_plan(
    engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        person = session.get_one(Person, (world.school.id, world.coach.id))
        session.expunge(person)
        person.only_students = frozenset({world.other_student.id})
        assert not places_of(session, person, on=world.on).guides(world.plan.id)
        person.only_students = frozenset({world.student.id})
        assert places_of(session, person, on=world.on).guides(world.plan.id)


def test_who_sees_a_share_sees_its_piece(
    engine: sa.Engine, world: World, people: dict[str, Person]
) -> None:
    everybody = {**people, "student": world.student, "supervisor": world.supervisor}
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        for name, reader in everybody.items():
            shares = session.scalars(
                sa.select(EvidenceShare.evidence_id).where(
                    EvidenceShare.ended_at.is_(None), VISIBLE[EvidenceShare](reader, world.on)
                )
            )
            assert set(shares) <= _ids(session, world, reader, Evidence, VISIBLE), name


def test_an_overview_of_a_reader_with_two_places_holds_what_a_list_would(
    engine: sa.Engine, world: World, people: dict[str, Person]
) -> None:
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        for reader in people.values():
            rows = rows_for(
                session, reader=reader, school=world.school, on=world.on, plan_id=world.plan.id
            )
            told = {j.id for row in rows for j in row.facts.judgements}
            seen = _ids(session, world, reader, Judgement, VISIBLE)
            assert told == (seen if rows else set())


def _ids(
    session: Session, world: World, reader: Person, model: type[Record], grounds: dict
) -> set[UUID]:
    """Return which records of the plan these conditions let through, for whom parameters name."""
    of_plan = {
        EvidenceShare: EvidenceShare.evidence_id.in_(
            sa.select(Evidence.id).where(Evidence.plan_id == world.plan.id)
        ),
        Activity: Activity.person_id == world.student.id,
        Opportunity: Opportunity.placement_id == world.placement.id,
    }.get(model)
    if of_plan is None:
        of_plan = model.plan_id == world.plan.id  # type: ignore[attr-defined]  # the others have one
    today = given(reader, world.on)
    condition = grounds[model](stand_in(reader), sa.bindparam("today", type_=sa.Date()))
    return set(session.scalars(sa.select(model.id).where(of_plan, condition), today))


def _mates(session: Session, world: World) -> dict[str, Person]:
    """Return people with a place in the plan: `former` only had one, and keeps the school now."""
    found = {}
    places = {
        "team": [PlanRole.TEAM],
        "peer": [PlanRole.PEER],
        "both": [PlanRole.COACH, PlanRole.PEER],
        "former": [PlanRole.COACH],
    }
    for name, roles in places.items():
        person = Person(
            school_id=world.school.id,
            name=name,
            given_name=name,
            state=PersonState.ACTIVE,
            created_at=world.at,
        )
        session.add(person)
        session.flush()
        for role in roles:
            member = PlanMember(
                school_id=world.school.id,
                plan_id=world.plan.id,
                person_id=person.id,
                role=role,
                from_on=world.on - timedelta(days=9),
                until_on=world.on if name == "former" else None,
                created_at=world.at,
            )
            session.add(member)
        found[name] = person
    keeps = PersonRole(
        school_id=world.school.id,
        person_id=found["former"].id,
        role=SchoolRole.ADMINISTRATOR,
        from_on=world.on,
    )
    session.add(keeps)
    session.flush()
    return found


def _pieces(session: Session, world: World, peer: Person) -> Iterator[Evidence]:
    """Add pieces of every state, shared with everybody and nobody, still and no longer."""
    ended: tuple[datetime | None, ...] = (None, world.at - BETWEEN, world.at + BETWEEN)
    withdrawn = (world.at - BETWEEN, world.at, world.at + BETWEEN)
    audiences = (None, *Audience)
    for state, audience, end, back in product(EvidenceState, audiences, ended, withdrawn):
        is_back = state is EvidenceState.WITHDRAWN
        if not is_back and back != world.at:
            continue
        piece = Evidence(
            school_id=world.school.id,
            plan_id=world.plan.id,
            author_id=world.student.id,
            key=new_id(),
            state=state,
            happened_on=world.on,
            received_at=world.at,
            has_people=False,
            withdrawn_at=back if is_back else None,
        )
        session.add(piece)
        session.flush()
        if audience is not None:
            share = EvidenceShare(
                school_id=world.school.id,
                evidence_id=piece.id,
                audience=audience,
                placement_id=world.placement.id if audience is Audience.PLACEMENT else None,
                person_id=peer.id if audience is Audience.PERSON else None,
                shared_at=world.at - 2 * BETWEEN,
                ended_at=end,
            )
            session.add(share)
            session.flush()
        yield piece


def _judge(session: Session, world: World, by: Person, role: PlanRole, **about: UUID) -> None:
    judgement = Judgement(
        school_id=world.school.id,
        plan_id=world.plan.id,
        by_id=by.id,
        role=role,
        level_id=world.levels[1].id,
        observed_on=world.on,
        recorded_at=world.at,
        **about,
    )
    session.add(judgement)
    session.flush()


def _ask(session: Session, world: World, by: Person, to: Person, **about: UUID) -> None:
    request = FeedbackRequest(
        school_id=world.school.id,
        plan_id=world.plan.id,
        by_id=by.id,
        to_id=to.id,
        state=RequestState.OPEN,
        asked_at=world.at,
        **about,
    )
    session.add(request)
    session.flush()
