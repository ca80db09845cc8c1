"""What records become: companies, placements, lessons, signals; told again, told otherwise."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from importers.models import RunState
from importers.records import Record, RecordKind
from tests.importers.importing import Importing
from tests.importers.telling import Telling, tell
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    ActivityKind,
    Company,
    LearningPlan,
    Placement,
    PlanMember,
    PlanState,
    Precision,
    SchoolRole,
    SupportLesson,
)
from tracker.people import add_person, today_at
from tracker.placements import add_company, add_placement
from tracker.plans import start_plan

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)
PERSON = tell(
    RecordKind.PERSON,
    "p1",
    name="Sam Stage",
    given_name="Sam",
    email=None,
    number="s1",
    is_enabled=True,
    match_key="s1",
)
TASK = tell(RecordKind.LESSON_TASK, "t1", title="Quiz", value_min=None, value_max=None, due_on=None)
COMPANY = tell(RecordKind.COMPANY, "c1", name=None, city=None, number="100018965")


@pytest.fixture
def telling(importing: Importing, monkeypatch: pytest.MonkeyPatch) -> Telling:
    return Telling(importing, monkeypatch)


def placement(key: str = "b1", **changed: Any) -> Record:
    facts: dict[str, Any] = {
        "from_on": "2026-01-05",
        "until_on": "2026-07-01",
        "ended_on": None,
        "planned_hours": "400",
        "target": "c1",
    }
    return tell(RecordKind.PLACEMENT, key, person="p1", **{**facts, **changed})


def signal(kind: RecordKind, key: str, **facts: Any) -> Record:
    dated = {"occurred_at": MOMENT, "precision": Precision.INSTANT, "text": None}
    return tell(kind, key, person="p1", target="t1", **{**dated, **facts})


def rows(importing: Importing, *columns: Any) -> list[tuple[Any, ...]]:
    found = importing.read(
        sa.select(*columns).where(columns[0].class_.school_id == here(importing))
    )
    return sorted((tuple(row) for row in found), key=repr)


def here(importing: Importing) -> UUID:
    return importing.school.id


def signals(importing: Importing) -> list[tuple[Any, ...]]:
    return rows(importing, Activity.kind, Activity.value, Activity.ended_at.is_(None))


def test_each_signal_becomes_dated_activity_of_its_kind(telling: Telling) -> None:
    run = telling.run(
        PERSON,
        TASK,
        signal(RecordKind.PARTICIPATION, "a1"),
        signal(RecordKind.RESULT, "a2", value="7.5"),
        signal(RecordKind.ACTIVITY, "a3", what="completion", value=None),
        signal(RecordKind.ACTIVITY, "a4", what="visit", value="5"),
        signal(RecordKind.ATTENDANCE, "a5", is_present=False, text="ziek"),
    )
    assert run.state is RunState.APPLIED
    assert signals(telling.importing) == [
        (ActivityKind.ATTENDANCE, Decimal(0), True),
        (ActivityKind.COMPLETION, None, True),
        (ActivityKind.PARTICIPATION, None, True),
        (ActivityKind.RESULT, Decimal("7.5"), True),
        (ActivityKind.VISIT, Decimal(5), True),
    ]


def test_a_corrected_presence_ends_the_old_signal_but_more_clicks_are_the_same_visit(
    telling: Telling,
) -> None:
    for is_present, clicks in ((True, "3"), (False, "8")):
        telling.run(
            PERSON,
            TASK,
            signal(RecordKind.ACTIVITY, "a1", what="visit", value=clicks),
            signal(RecordKind.ATTENDANCE, "a2", is_present=is_present),
        )
    assert signals(telling.importing) == [
        (ActivityKind.ATTENDANCE, Decimal(0), True),
        (ActivityKind.ATTENDANCE, Decimal(1), False),
        (ActivityKind.VISIT, Decimal(8), True),
    ]


def test_a_signal_that_is_no_longer_told_is_taken_back(telling: Telling) -> None:
    telling.run(
        PERSON,
        TASK,
        signal(RecordKind.PARTICIPATION, "a1"),
        signal(RecordKind.PARTICIPATION, "a2", text="ook"),
    )
    telling.run(PERSON, TASK, signal(RecordKind.PARTICIPATION, "a1"))
    assert [is_there for _, _, is_there in signals(telling.importing)] == [False, True]


def test_a_lesson_ends_but_is_not_deleted(telling: Telling) -> None:
    lessons = [
        tell(
            RecordKind.LESSON,
            key,
            title=f"Rekenen {key}",
            about=None,
            url=None,
            from_on="2026-01-01",
            until_on=None,
        )
        for key in ("l1", "l2")
    ]
    telling.run(*lessons)
    telling.run(lessons[0])
    importing = telling.importing
    assert rows(importing, SupportLesson.title, SupportLesson.until_on) == [
        ("Rekenen l1", None),
        ("Rekenen l2", importing.today()),
    ]


def test_a_placement_gives_a_draft_plan_to_who_has_none_and_nobody_else_sees_it(
    telling: Telling,
) -> None:
    telling.run(PERSON, COMPANY, placement(), placement("b2", from_on="2026-02-01"))
    importing = telling.importing
    assert rows(importing, LearningPlan.state) == [(PlanState.DRAFT,)]
    assert importing.count(PlanMember) == 1
    assert rows(importing, Placement.from_on, Placement.until_on, Placement.planned_hours) == [
        (date(2026, 1, 5), date(2026, 7, 1), 400),
        (date(2026, 2, 1), date(2026, 7, 1), 400),
    ]
    assert rows(importing, Company.name, Company.number) == [("Leerbedrijf 100018965", "100018965")]


def test_told_again_nothing_changes(telling: Telling) -> None:
    told = (PERSON, COMPANY, placement(), placement("b2", from_on="2026-02-01"))
    telling.run(*told)
    before = telling.importing.contents()
    run = telling.run(*told)
    assert {status for counts in run.counts.values() for status, n in counts.items() if n} == {
        "same"
    }
    assert telling.importing.contents() == before


def test_a_placement_that_ended_early_keeps_its_row_and_one_elsewhere_gets_its_own(
    telling: Telling,
) -> None:
    other = tell(RecordKind.COMPANY, "c2", name="Bakker Bol", city="Ede", number=None)
    telling.run(PERSON, COMPANY, other, placement(), placement("b2", from_on="2026-02-01"))
    telling.run(
        PERSON,
        COMPANY,
        other,
        placement(ended_on="2026-03-01"),
        placement("b2", from_on="2026-02-01", target="c2"),
    )
    today = telling.importing.today()
    assert rows(telling.importing, Placement.from_on, Placement.until_on) == [
        (date(2026, 1, 5), date(2026, 3, 1)),
        (date(2026, 2, 1), min(date(2026, 7, 1), today)),
        (date(2026, 2, 1), date(2026, 7, 1)),
    ]


def test_a_placement_that_is_no_longer_told_ends_today(telling: Telling) -> None:
    today = telling.importing.today()
    open_until = (today + timedelta(days=100)).isoformat()
    telling.run(
        PERSON,
        COMPANY,
        placement(until_on=open_until),
        placement("b2", from_on="2026-02-01", until_on=open_until),
    )
    telling.run(PERSON, COMPANY, placement(until_on=open_until))
    assert [
        until for _, until in rows(telling.importing, Placement.from_on, Placement.until_on)
    ] == [
        today + timedelta(days=100),
        today,
    ]


def test_a_known_company_keeps_its_name_and_its_placement_is_not_doubled(
    telling: Telling,
) -> None:
    importing = telling.importing
    at = utc_now()
    with unit_of_work(importing.engine, school_id=here(importing)) as session:
        student = add_person(
            session,
            by=None,
            school=importing.school,
            name="Sam Stage",
            number="s1",
            roles=[SchoolRole.STUDENT],
            at=at,
        )
        on = today_at(importing.school, at)
        plan = start_plan(
            session, by=None, student=student, state=PlanState.ACTIVE, starts_on=on, at=at
        )
        company = add_company(session, by=student, name="Zorghuis", city="Assen", at=at)
        company.number = "100018965"
        add_placement(
            session,
            by=None,
            plan=plan,
            company=company,
            from_on=date(2026, 1, 5),
            until_on=date(2026, 6, 1),
            at=at,
        )
    telling.run(PERSON, COMPANY, placement())
    assert rows(importing, Company.name, Company.city) == [("Zorghuis", "Assen")]
    assert rows(importing, Placement.until_on, Placement.planned_hours) == [(date(2026, 7, 1), 400)]
    assert rows(importing, LearningPlan.state) == [(PlanState.ACTIVE,)]


def test_companies_without_a_number_stay_two(telling: Telling) -> None:
    telling.run(
        tell(RecordKind.COMPANY, "c1", name="Bakker Bol", city="Ede", number=None),
        tell(RecordKind.COMPANY, "c2", name="Bakker Bol", city="Assen", number=None),
    )
    assert telling.importing.count(Company) == 2


def test_a_new_plan_does_not_move_a_placement(telling: Telling) -> None:
    importing = telling.importing
    telling.run(PERSON, COMPANY, placement())
    with unit_of_work(importing.engine, school_id=here(importing)) as session:
        plan = session.scalars(sa.select(LearningPlan)).one()
        plan.state = PlanState.CLOSED
    telling.run(PERSON, COMPANY, placement(planned_hours="500"))
    assert rows(importing, Placement.planned_hours) == [(500,)]
    assert rows(importing, LearningPlan.state) == [(PlanState.CLOSED,)]
