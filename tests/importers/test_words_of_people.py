"""Imports never touch what people wrote, and give nobody sight of anybody's plan."""

from typing import Any

import pytest
import sqlalchemy as sa

from importers.models import RunState
from migrations.metadata import metadata
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.kinds import AYLIN, COACH, FINN, SENT, TEACHER, bring
from tests.importers.moodle import Pulling
from tests.moodle import playing
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import Evidence, Goal, Judgement, LearningPlan, Person, Placement
from tracker.permissions import VISIBLE

# What people wrote, chose, judged and agreed, and what the school decided.
WORDS = (
    "goal", "goal_version", "goal_agreement", "goal_closing", "goal_item",
    "evidence", "evidence_version", "evidence_goal", "evidence_item", "evidence_share",
    "attachment", "recording", "judgement", "judgement_draft", "judgement_promotion",
    "judgement_signature", "comment", "conversation", "feedback_request", "learning_question",
    "lesson_choice", "learning_unit", "scale", "scale_level", "coach_group", "item_meaning",
    "school", "session", "api_token", "sign_in_link",
)  # fmt: skip
# Of these imports may add rows, and what was there stays as it was.
GROWING = ("learning_plan", "plan_member", "placement", "framework", "framework_item")
SEEN = (LearningPlan, Placement, Goal, Evidence, Judgement)
NUMBERS = {"student": AYLIN, "other_student": FINN, "coach": COACH, "teacher": TEACHER}
Sight = set[tuple[Any, ...]]


@pytest.fixture
def known(world: World, ours: Importing) -> Importing:
    """Let the people of the world be those whom every source tells of."""
    names = {AYLIN: "Aylin Bos", FINN: "Finn Özdemir"}
    with unit_of_work(ours.engine, school_id=ours.school.id) as session:
        for role, number in NUMBERS.items():
            person = session.merge(getattr(world, role))
            person.number, person.name = number, names.get(number, person.name)
    return ours


def rows_of(engine: sa.Engine, table: str) -> list[tuple[Any, ...]]:
    """Return all rows of a table, of every school."""
    with engine.connect() as connection:
        found = connection.execute(sa.select(metadata.tables[table]))
        return sorted((tuple(row) for row in found), key=repr)


def sight(importing: Importing) -> Sight:
    """Return who sees which plan, place, goal, piece and judgement today."""
    found: Sight = set()
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        for person in session.scalars(sa.select(Person)):
            for model in SEEN:
                allowed = VISIBLE[model](person, importing.today())
                for key in session.scalars(sa.select(model.id).where(allowed)):
                    found.add((person.id, model.__name__, key))
    return found


def test_nothing_that_people_wrote_is_touched_and_nobody_sees_more(
    known: Importing, superuser_engine: sa.Engine, settings: Settings, world: World
) -> None:
    before = {name: rows_of(superuser_engine, name) for name in (*WORDS, *GROWING)}
    assert all(before[name] for name in ("goal", "evidence", "judgement", "evidence_version"))
    seen = sight(known)
    for name, sent in SENT.items():
        run = bring(known, sent)
        assert run.state is RunState.APPLIED, (name, known.codes(run))
    with playing() as moodle:
        options = {"courses": "2", "people": "make", "cohorts": "yes"}
        run = Pulling(known, settings, moodle, options=options).pull()
        assert run.state is RunState.APPLIED
    for name in WORDS:
        assert rows_of(superuser_engine, name) == before[name], name
    for name in GROWING:
        assert set(before[name]) <= set(rows_of(superuser_engine, name)), name
    now = sight(known)
    own = {world.student.id, world.other_student.id, world.administrator.id}
    circle = {person for person, *_ in seen}
    assert seen <= now
    # New are placements, for who sees the plan that they are in already.
    assert {what for _, what, _ in now - seen} <= {"Placement"}
    assert {person for person, *_ in now - seen} <= circle
    assert own <= circle
