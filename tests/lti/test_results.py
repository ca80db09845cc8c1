"""Results from the LMS's gradebook: raw, dated signals about known students; no judgements."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from lti.models import (
    Context,
    ContextPull,
    GradeMode,
    LineItem,
    LineItemState,
    ResourceLink,
)
from tests.lms import User
from tests.lms_services import JSON, add_column, number_of, service_claims
from tests.lti.browser import Browser
from tests.lti.reading import RESULTS, Course
from tracker.db import unit_of_work, utc_now
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    ActivitySource,
    Evidence,
    Goal,
    Judgement,
    Precision,
)

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"


@pytest.fixture
def column(course: Course) -> str:
    """Have a column of somebody else in the gradebook, and known people in the course."""
    course.read()
    return add_column(course.lms, label="Toets rekenen", maximum=10)


def grade(course: Course, column: str, user: str, score: float | None, **more: object) -> None:
    """Put a number in a column, as the LMS's own teachers do."""
    said = {"id": f"{column}&user_id={user}", "userId": user, "resultMaximum": 10, "changed": 0}
    if score is not None:
        said["resultScore"] = score
    course.services.grades[number_of(column), user] = {**said, **more}


def signals(course: Course) -> list[tuple[Decimal, bool]]:
    """Return the student's results, oldest first, and whether each still stands."""
    rows = course.all(
        sa.select(Activity.value, Activity.ended_at)
        .where(Activity.kind == ActivityKind.RESULT)
        .order_by(Activity.occurred_at, Activity.ended_at.is_(None))
    )
    return [(value, ended is None) for value, ended in rows]


def test_a_result_arrives_once_with_its_own_range_and_day(course: Course, column: str) -> None:
    grade(course, column, "3", 7.5)
    assert course.read(RESULTS).error is None
    course.read(RESULTS)
    rows = course.all(
        sa.select(
            Activity.person_id,
            Activity.value,
            Activity.occurred_on,
            Activity.precision,
            ActivityItem.title,
            ActivityItem.value_max,
            Activity.text,
        )
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.kind == ActivityKind.RESULT)
    )
    on = course.world.on
    assert rows == [
        (
            course.world.student.id,
            Decimal("7.500"),
            on,
            Precision.DAY,
            "Toets rekenen",
            Decimal("10.000"),
            None,
        )
    ]


def test_a_platform_that_says_when_is_believed(course: Course, column: str) -> None:
    grade(course, column, "3", 7, timestamp="2026-11-02T20:14:38+01:00")
    course.read(RESULTS)
    row = course.one(sa.select(Activity).where(Activity.kind == ActivityKind.RESULT))
    assert row.occurred_at == datetime(2026, 11, 2, 19, 14, 38, tzinfo=UTC)
    assert row.precision is Precision.INSTANT


def test_a_changed_result_ends_the_old_one_and_stands_beside_it(
    course: Course, column: str
) -> None:
    now = utc_now()
    for hours, score in enumerate((5, 8, 5)):
        grade(course, column, "3", score)
        course.read(RESULTS, at=now + timedelta(hours=hours))
    assert signals(course) == [(5, False), (8, False), (5, True)]


@pytest.mark.parametrize("way", ["no number", "no result", "no column"])
def test_what_is_taken_back_ends_and_is_not_deleted(course: Course, column: str, way: str) -> None:
    grade(course, column, "3", 6)
    course.read(RESULTS)
    if way == "no number":
        grade(course, column, "3", None)
    else:
        course.services.grades.clear()
    if way == "no column":
        course.services.columns.clear()
    course.read(RESULTS)
    assert signals(course) == [(6, False)]


def test_results_of_people_whom_we_do_not_know_or_who_teach_are_not_kept(
    course: Course, column: str
) -> None:
    grade(course, column, "1003", 9)
    grade(course, column, "999", 9)
    course.read(RESULTS)
    assert signals(course) == []


@pytest.mark.parametrize("way", ["made", "tied", "linked"])
def test_our_own_columns_are_not_read(course: Course, column: str, way: str) -> None:
    # lti.md: what we sent is no signal to ourselves
    context = course.context()
    link = ResourceLink(
        school_id=context.school_id,
        deployment_id=context.deployment_id,
        context_id=context.id,
        lti_id="ours" if way == "linked" else "other",
        mode=GradeMode.PROGRESS,
        lineitem_url=column if way == "tied" else None,
        created_at=utc_now(),
    )
    with unit_of_work(course.engine, school_id=context.school_id) as session:
        session.add(link)
        session.flush()
        if way == "made":
            session.add(
                LineItem(
                    school_id=context.school_id,
                    context_id=context.id,
                    resource_link_id=link.id,
                    url=column,
                    label="Voortgang",
                    tag="progress",
                    maximum=Decimal(100),
                    state=LineItemState.ACTIVE,
                    is_ours=True,
                    attempts=0,
                    created_at=utc_now(),
                )
            )
    course.services.columns[number_of(column)]["resourceLinkId"] = "ours"
    grade(course, column, "3", 6)
    course.read(RESULTS)
    assert signals(course) == []
    assert course.services.requests(r"GET .*/results") == []


def test_a_failing_column_ends_nothing_and_the_others_are_kept(course: Course, column: str) -> None:
    grade(course, column, "3", 6)
    course.read(RESULTS)
    other = add_column(course.lms, label="Toets taal", maximum=10)
    grade(course, other, "3", 7)
    del course.services.grades[number_of(column), "3"]
    path = f"/courses/2/lineitems/{number_of(other)}/lineitem/results"
    course.services.fail(f"GET {path}", (500, JSON, b"[]"))
    assert course.read(RESULTS).error == "server_error"
    assert signals(course) == [(6, False)]
    course.read(RESULTS)
    assert signals(course) == [(6, False), (7, True)]


def test_numbers_that_do_not_fit_are_left_out(course: Course, column: str) -> None:
    grade(course, column, "3", 1e12)
    assert course.read(RESULTS).error is None
    assert signals(course) == []


def test_without_the_scopes_nothing_is_asked(course: Course, coach: User) -> None:
    # lti.md case 43, for reading
    context = {"id": "9", "title": "Zonder cijfers"}
    claims = service_claims(course.lms, course="9", scopes=(f"{SCOPE}score",))
    with Browser(course.browser.site) as own:
        own.launch(course.lms, coach, __context=context, **claims)
    kinds = course.all(
        sa.select(ContextPull.kind)
        .join(Context, Context.id == ContextPull.context_id)
        .where(Context.lti_id == "9")
    )
    assert [kind for (kind,) in kinds] == ["roster"]


def test_results_touch_nothing_that_people_wrote(course: Course, column: str) -> None:
    def written() -> list[object]:
        return [course.all(sa.select(*model.__table__.c)) for model in (Goal, Evidence, Judgement)]

    before = written()
    grade(course, column, "3", 2)
    course.read(RESULTS)
    grade(course, column, "3", None)
    course.read(RESULTS)
    assert written() == before


def test_the_source_says_when_it_was_last_heard(course: Course, column: str) -> None:
    at = utc_now()
    course.read(RESULTS, at=at)
    sources = course.all(sa.select(ActivitySource.name, ActivitySource.last_import_at))
    host = course.lms.issuer.partition("://")[2]
    assert (host, at) in sources


def test_a_real_moodle_gradebook_is_read(course: Course, field_data: Path) -> None:
    folder = field_data / "moodle-lti"
    course.read()
    recorded = json.loads((folder / "std-ags-lineitems.json").read_text("utf-8"))[1]
    url = add_column(course.lms, label=recorded["label"], maximum=recorded["scoreMaximum"])
    for said in json.loads((folder / "std-ags-results-custom.json").read_text("utf-8")):
        course.services.grades[number_of(url), said["userId"]] = said
    assert course.read(RESULTS).error is None
    row = course.one(sa.select(Activity).where(Activity.kind == ActivityKind.RESULT))
    assert (row.person_id, row.value) == (course.world.student.id, 17)
    assert row.occurred_at == datetime.fromisoformat("2026-11-21T20:14:38+01:00")
