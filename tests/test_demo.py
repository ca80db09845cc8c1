"""The demo: its days move along with today, its people are invented, its story is sound."""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from demo.dates import DAY, DUTCH, moved
from demo.events import DOES
from demo.imports import FILES, HERE
from demo.load import WEEKS
from demo.school_year import LONGEST, school_year
from demo.story import tell, told_in
from identity.demo import people
from tracker.db import unit_of_work
from tracker.models import (
    Evidence,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    Goal,
    GoalState,
    Group,
    GroupRole,
    Judgement,
    Membership,
    Person,
    School,
    SchoolRole,
)
from tracker.overview import rows_for
from tracker.people import add_person, add_school
from tracker.signals import Rule

STORY, STUDENTS = told_in("story.yaml"), told_in("students.yaml")
SHEETS = [sent for sent in FILES if sent.name.startswith("praktijktoets")]


def days(body: bytes) -> list[date]:
    """Return the days of a sheet, without the one that does not exist."""
    found = [text for text in DAY.findall(body.decode()) if not text.startswith("31-11")]
    return [datetime.strptime(text, DUTCH).date() for text in found]  # noqa: DTZ007 - days


def test_the_newest_day_of_a_sheet_lies_in_the_week_before_it_was_sent() -> None:
    for ahead in range(0, 420, 3):
        today = date(2026, 11, 22) + timedelta(days=ahead)
        by_weeks = set()
        for sent in SHEETS:
            body, until = (HERE / sent.name).read_bytes(), today - timedelta(days=sent.days)
            found = moved(body, until=until)
            assert until - timedelta(days=7) < max(days(found)) <= until
            by_weeks |= {new - old for new, old in zip(days(found), days(body), strict=True)}
        assert len(by_weeks) == 1, "a correction is of the same day as what it corrects"


def test_a_day_that_does_not_exist_stays_to_be_repaired() -> None:
    body = (HERE / SHEETS[0].name).read_bytes()
    assert b";31-11-2026;" in moved(body, until=date(2027, 3, 1))


def test_nobody_around_the_story_is_called_like_another() -> None:
    with ZipFile(HERE / "meetpunt_v1p2_bulk.zip") as bundle:
        users = list(csv.DictReader(bundle.read("users.csv").decode("utf-8-sig").splitlines()))
    around = {*STUDENTS, "C900001", "D900001", "D900002"}
    names = [f"{u['givenName']} {u['familyName']}" for u in users if u["sourcedId"] in around]
    assert len(names) == len(around)
    names += [person["name"] for person in people()["added"]]
    assert len(set(names)) == len(names)


def test_all_of_the_demo_is_invented_and_says_so() -> None:
    with ZipFile(HERE / "meetpunt_v1p2_bulk.zip") as bundle:
        users = csv.DictReader(bundle.read("users.csv").decode("utf-8-sig").splitlines())
        mails = {user["email"] for user in users if user["email"]}
    assert all(mail.endswith(".example") for mail in mails)
    assert urlsplit(STORY["lms"]["issuer"]).hostname == "leren.meetpunt.example"
    assert "verzonnen" in people()["name"]


def test_every_student_of_the_story_has_words_for_each_moment() -> None:
    for number, told in STUDENTS.items():
        assert told["programme"] in STORY["programmes"], number
        assert told.get("company", "anker") in STORY["companies"], number
        for goal in told["goals"]:
            pattern = STORY["patterns"][goal["goes"]]
            at_work = {weeks for weeks, who, *_ in pattern["views"] if who == "p"}
            spoken = [view for view in pattern["views"] if view[3:]]
            assert len(goal.get("shows", [])) == len({*pattern["evidence"], *at_work}), goal
            assert len(goal.get("said", [])) == len(spoken), goal
    assert set(STORY["events"]) <= set(STUDENTS)
    does = {event["does"] for events in STORY["events"].values() for event in events}
    assert does == set(DOES), "the story shows whatever can happen"


def sentences(told: Any) -> Iterator[str]:
    """Return every sentence that somebody in the demo wrote or said."""
    if isinstance(told, str):
        yield from [told] if " " in told and told[0].isupper() else []
    elif isinstance(told, dict):
        for value in told.values():
            yield from sentences(value)
    elif isinstance(told, list):
        for value in told:
            yield from sentences(value)


def test_nobody_in_the_demo_says_what_another_says() -> None:
    said = Counter([*sentences(STUDENTS), *sentences(STORY["events"])])
    assert {words for words, times in said.items() if times > 1} == set()
    assert not any("!" in words for words in said)


def test_school_days_go_back_without_holidays_on_every_day_of_four_years() -> None:
    for ahead in range(4 * 366):
        today = date(2026, 1, 1) + timedelta(days=ahead)
        year = school_year(STORY["holidays"], today=today)
        days = [year.ago(days) for days in range(LONGEST + 1)]
        assert days == sorted(days, reverse=True)
        assert days[0] == today
        assert year.begun <= days[-1]
        assert len(year.years) == 3
        assert year.years[0] > today - timedelta(weeks=WEEKS)
        assert not any(year.is_off(on) or on.weekday() > 4 for on in days[9:])


def files_told(session: Session, school: School) -> None:
    """Add the people, the group and the frameworks that the demo's files tell."""
    long_ago = date(2024, 7, 29)
    at = datetime.combine(long_ago, time(), UTC)
    group = Group(school_id=school.id, code="PR-1", title="Praktijkroute", created_at=at)
    session.add(group)
    roles = {
        "C900001": SchoolRole.COACH,
        "D900001": SchoolRole.TEACHER,
        "D900002": SchoolRole.TEACHER,
    }
    known = [*((p["number"], SchoolRole(p["role"])) for p in people()["added"]), *roles.items()]
    known += [(number, SchoolRole.STUDENT) for number in STUDENTS]
    for number, role in known:
        person = add_person(
            session, by=None, school=school, name=number, number=number, roles=[role], at=at
        )
        is_member = number in STUDENTS and STUDENTS[number]["programme"] != "wijk"
        if is_member:
            session.add(
                Membership(
                    school_id=school.id,
                    group_id=group.id,
                    person_id=person.id,
                    role=GroupRole.STUDENT,
                    from_on=long_ago,
                )
            )
    codes = {f"B1-K{k}-W{w}" for k in (1, 2) for w in range(1, 11)}
    for crebo in {told["crebo"] for told in STORY["programmes"].values() if "crebo" in told}:
        framework = Framework(
            school_id=school.id, source="demo", code=crebo, edition="1", crebo=crebo, created_at=at
        )
        session.add(framework)
        session.flush()
        for position, code in enumerate(sorted(codes)):
            session.add(
                FrameworkItem(
                    school_id=school.id,
                    framework_id=framework.id,
                    kind=FrameworkItemKind.WERKPROCES,
                    code=code,
                    title=code,
                    position=position,
                )
            )
    session.flush()


@pytest.mark.parametrize(
    "today", [date(2028, 2, 29), date(2027, 7, 27), date(2026, 12, 31)], ids=str
)
def test_the_story_invites_every_reader_on_whatever_day_it_is_told(
    app: Flask, engine: sa.Engine, today: date
) -> None:
    now = datetime.combine(today, time(9, tzinfo=UTC))
    with unit_of_work(engine) as session:
        school_id = add_school(
            session, slug="verteld", name="Verteld", timezone="Europe/Amsterdam", at=now
        ).id
    with unit_of_work(engine, school_id=school_id) as session:
        school = session.get_one(School, school_id)
        files_told(session, school)
        tell(
            session,
            school=school,
            store=app.extensions["store"],
            coach_groups=people()["coach_groups"],
            today=today,
            now=now,
        )
        newest = session.scalar(sa.select(sa.func.max(Judgement.recorded_at)))
        assert newest is not None
        assert newest <= now
        logged = session.scalars(sa.select(Evidence.happened_on)).all()
        assert max(logged) == today
        assert min(logged) < today - timedelta(weeks=30)
        closed = sa.select(sa.func.count()).where(Goal.state == GoalState.CLOSED)
        assert (session.scalar(closed) or 0) >= 10
        coach = session.scalars(sa.select(Person).where(Person.number == "C900001")).one()
        rows = rows_for(session, reader=coach, school=school, on=today)
        assert len({row.student_id for row in rows}) == 25
        fired = {signal.rule for row in rows for signal in row.signals}
        assert fired >= {
            Rule.UNANSWERED,
            Rule.RATERS_APART,
            Rule.NOTHING_SHARED,
            Rule.FIRST_INDEPENDENT,
        }
