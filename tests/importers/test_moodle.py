"""Pulling a recorded Moodle: what it tells comes in once, under the people we know."""

from collections import Counter

import pytest
import sqlalchemy as sa

from importers.models import (
    ExternalRef,
    ImportCursor,
    ImportRun,
    MatchOn,
    ParkedPerson,
    RunState,
)
from importers.moodle import results
from importers.records import RecordKind
from settings import Settings
from tests.importers.importing import Importing
from tests.importers.moodle import Pulling, know_people
from tests.moodle import Moodle, recorded
from tracker.db import unit_of_work
from tracker.models import (
    Activity,
    ActivityItem,
    ActivityKind,
    Group,
    Membership,
    Person,
    PersonRole,
    SchoolRole,
)

COURSES = (2, 5)
COMPLETION = "core_completion_get_activities_completion_status"
GRADES = "gradereport_user_get_grade_items"


@pytest.fixture
def pulling(importing: Importing, settings: Settings, moodle: Moodle) -> Pulling:
    """Pull into a school that knows everybody in this Moodle by number."""
    know_people(importing, moodle)
    return Pulling(importing, settings, moodle)


def people_of(course: int, role: str) -> set[int]:
    users = recorded(f"c{course}_core_enrol_get_enrolled_users")
    return {u["id"] for u in users if any(role in r["shortname"] for r in u["roles"])}


def completed() -> set[tuple[int, int]]:
    """Count in the recordings themselves: who completed which activity."""
    found = set()
    for course in COURSES:
        for student in people_of(course, "student"):
            body = recorded(f"c{course}_{COMPLETION}_u{student}")
            found |= {(student, one["cmid"]) for one in body["statuses"] if one["state"] == 1}
    return found


def graded() -> dict[tuple[int, int], float]:
    """Count in the recordings themselves: who has which grade."""
    return {
        (user["userid"], grade["cmid"]): grade["graderaw"]
        for course in COURSES
        for user in recorded(f"c{course}_{GRADES}_all")["usergrades"]
        for grade in user["gradeitems"]
        if grade["itemtype"] == "mod" and grade["graderaw"] is not None
    }


def test_all_that_was_recorded_comes_in_once(pulling: Pulling) -> None:
    run = pulling.pull()
    assert run.state is RunState.APPLIED
    students = people_of(2, "student") | people_of(5, "student")
    teachers = people_of(2, "teacher")
    places = [(c, p) for c in COURSES for p in people_of(c, "student") | people_of(c, "teacher")]
    assert run.counts["group"]["new"] == len(COURSES)
    assert run.counts["membership"]["new"] + run.counts["membership"]["quarantined"] == len(places)
    assert run.counts["activity"]["new"] + run.counts["activity"]["quarantined"] == len(completed())
    assert run.counts["result"]["new"] + run.counts["result"]["quarantined"] == len(graded())
    assert sum(run.counts["person"].values()) == len(students | teachers)
    modules = {
        m["id"]
        for c in COURSES
        for s in recorded(f"c{c}_core_course_get_contents")
        for m in s["modules"]
    }
    assert run.counts["lesson_task"]["new"] == len(modules)
    assert pulling.importing.codes(run).count("moodle.left_out") == 0


def test_a_student_of_the_roster_is_the_same_person_in_moodle(
    importing: Importing, imported: ImportRun, settings: Settings, moodle: Moodle
) -> None:
    before = importing.count(Person)
    Pulling(importing, settings, moodle).pull()
    assert importing.count(Person) == before
    done = Counter(
        number
        for (number,) in importing.read(
            sa.select(Person.number)
            .join(Activity, Activity.person_id == Person.id)
            .where(Activity.kind == ActivityKind.COMPLETION)
        )
    )
    numbers = {
        user["id"]: user["idnumber"]
        for course in COURSES
        for user in recorded(f"c{course}_core_enrol_get_enrolled_users")
    }
    assert done == Counter(numbers[student] for student, _ in completed())


def test_who_has_no_number_of_ours_waits_and_is_not_made(pulling: Pulling) -> None:
    numbers = {23: "S999999", 24: "", 25: "111222333"}  # the last could be a BSN
    for user in pulling.moodle.enrolled[5]:
        user["idnumber"] = numbers.get(user["id"], user["idnumber"])
    before = pulling.importing.count(Person)
    run = pulling.pull()
    assert pulling.importing.count(Person) == before
    parked = pulling.importing.read(sa.select(ParkedPerson.ext_id, ParkedPerson.number))
    assert {tuple(row) for row in parked} == {("23", "S999999"), ("24", None), ("25", None)}
    theirs = sum(1 for student, _ in completed() if student in numbers)
    assert run.counts["activity"]["quarantined"] == theirs
    assert {"person.parked", "ref.parked", "bsn.dropped"} <= set(pulling.importing.codes(run))


def test_grades_keep_their_number_and_the_range_of_their_item(pulled: Pulling) -> None:
    found = pulled.importing.read(
        sa.select(ActivityItem.title, ActivityItem.value_min, ActivityItem.value_max)
        .add_columns(Activity.value, Activity.text)
        .join(Activity, Activity.item_id == ActivityItem.id)
        .join(Person, Person.id == Activity.person_id)
        .where(Activity.kind == ActivityKind.RESULT, Person.number == "S900001")
    )
    told = {
        title: (float(low), float(high), float(value), text)
        for title, low, high, value, text in found
    }
    grades = recorded("c2_gradereport_user_get_grade_items_user")["usergrades"][0]["gradeitems"]
    assert told == {
        grade["itemname"]: (grade["grademin"], grade["grademax"], grade["graderaw"], None)
        for grade in grades
        if grade["itemtype"] == "mod" and grade["graderaw"] is not None
    }
    titles = {title for (title,) in pulled.importing.read(sa.select(ActivityItem.title))}
    assert "Presentatie 18 – “diëten & één”" in titles


def test_a_second_pull_changes_nothing(pulled: Pulling) -> None:
    before = pulled.importing.contents()
    run = pulled.pull()
    assert run.state is RunState.APPLIED
    for kind, counts in run.counts.items():
        assert (counts["new"], counts["changed"], counts["closed"]) == (0, 0, 0), kind
    assert pulled.importing.contents() == before


def test_each_question_is_asked_once(pulling: Pulling) -> None:
    pulling.pull()
    students = {course: len(people_of(course, "student")) for course in COURSES}
    assert pulling.moodle.counted() == {
        "core_webservice_get_site_info": 1,
        "core_course_get_courses": 1,
        # All, and those who are active; each until a page is empty.
        "core_enrol_get_enrolled_users": 4 * len(COURSES),
        "core_enrol_get_users_courses": len(COURSES),
        "core_course_get_contents": len(COURSES),
        "mod_assign_get_assignments": len(COURSES),
        # For the ranges of the items, and for the grades of a small course in one.
        GRADES: 2 * len(COURSES),
        COMPLETION: sum(students.values()),
    }


def test_who_was_not_in_moodle_since_is_not_asked_about_again(pulling: Pulling) -> None:
    for users in pulling.moodle.enrolled.values():
        for user in users:
            user["lastaccess"] = 1_700_000_000
    pulling.pull()
    pulling.pull()
    asked = pulling.moodle.counted()
    assert COMPLETION not in asked
    assert asked[GRADES] == len(COURSES)  # the ranges
    now = int(pulling.importing.today().strftime("%s")) + 86_400
    pulling.moodle.enrolled[5][0]["lastaccess"] = now
    pulling.pull()
    assert [form for function, form in pulling.moodle.calls if function == COMPLETION] == [
        {"courseid": "5", "userid": "9"}
    ]
    teacher = next(u for u in pulling.moodle.enrolled[2] if u["roles"][0]["shortname"] != "student")
    teacher["lastaccess"] = now
    pulling.pull()
    assert pulling.moodle.counted()[COMPLETION] == len(people_of(2, "student")) + 1


def test_once_a_day_everybody_is_asked_about(pulling: Pulling) -> None:
    for users in pulling.moodle.enrolled.values():
        for user in users:
            user["lastaccess"] = 1_700_000_000
    pulling.pull()
    importing = pulling.importing
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        for cursor in session.scalars(sa.select(ImportCursor)):
            if "all_at" in cursor.value:
                cursor.value = {**cursor.value, "all_at": "2026-01-01T00:00:00+00:00"}
    pulling.pull()
    assert pulling.moodle.counted()[COMPLETION] == 13


def test_what_is_undone_or_taken_back_ends(pulled: Pulling) -> None:
    importing = pulled.importing
    student, cmid = min(completed() & {(s, c) for s, c in completed() if s == 3})
    status = pulled.moodle.answer_of(COMPLETION, courseid=2, userid=student)
    next(one for one in status["statuses"] if one["cmid"] == cmid).update(
        state=0, timecompleted=0, isoverallcomplete=False
    )
    grades = pulled.moodle.answer_of(GRADES, courseid=2)["usergrades"]
    own = next(user for user in grades if user["userid"] == 3)["gradeitems"]
    taken, hidden = [g for g in own if g["itemtype"] == "mod" and g["graderaw"] is not None][:2]
    taken.update(graderaw=None)
    hidden.update(gradeishidden=True)
    run = pulled.pull()
    assert run.counts["activity"]["closed"] == 1
    assert run.counts["result"]["closed"] == 2
    assert importing.count(Activity, Activity.ended_at.is_not(None)) == 3


def test_a_regrade_ends_one_result_and_begins_another(pulled: Pulling) -> None:
    grades = pulled.moodle.answer_of(GRADES, courseid=2)["usergrades"]
    own = next(user for user in grades if user["userid"] == 3)["gradeitems"]
    grade = next(g for g in own if g["graderaw"] is not None)
    grade["graderaw"] = 66.666664
    run = pulled.pull()
    assert (run.counts["result"]["changed"], run.counts["result"]["new"]) == (1, 0)
    values = [
        (str(value), ended)
        for value, ended in pulled.importing.read(
            sa.select(Activity.value, Activity.ended_at.is_not(None))
            .join(ExternalRef, ExternalRef.local_id == Activity.id)
            .where(ExternalRef.ext_id == f"{grade['id']}:3", ExternalRef.kind == RecordKind.RESULT)
        )
    ]
    assert values == [("66.667", False)]


def test_words_of_a_scale_are_kept_as_words(pulling: Pulling) -> None:
    answer = pulling.moodle.answer_of(GRADES, courseid=2, userid=3)
    word, undated = answer["usergrades"][0]["gradeitems"][:2]
    word.update(scaleid=3, graderaw=2, gradeformatted="Goed &amp; <b>ruim</b>")
    word.update(gradedatesubmitted=None, gradedategraded=1_790_000_000)
    undated.update(graderaw=2, gradedatesubmitted=None, gradedategraded=None)
    run = pulling.pull()
    found = pulling.importing.read(
        sa.select(Activity.value, Activity.text, ActivityItem.value_max)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .where(Activity.text.is_not(None))
    )
    assert [tuple(row) for row in found] == [(None, "Goed & ruim", None)]
    issue = next(i for i in pulling.importing.issues(run) if i.code == "moodle.undated")
    assert issue.value == undated["itemname"]


def test_feedback_never_comes_in(pulled: Pulling) -> None:
    assert "bronvermelding" not in repr(pulled.importing.contents())


def test_a_large_course_is_asked_student_by_student(
    pulling: Pulling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "SMALL", 10)
    pulling.moodle.add_students(2, 5, like=5)
    pulling.pull()
    asked = [form for function, form in pulling.moodle.calls if function == GRADES]
    assert {"courseid": "2"} not in asked
    # Each of 13, once more the first for the ranges, and the small course as before.
    assert len(asked) == 13 + 1 + 2


def test_whoever_was_there_last_comes_first(pulling: Pulling) -> None:
    for seen, student in ((1_795_000_000, 7), (1_794_000_000, 4)):
        user = next(user for user in pulling.moodle.enrolled[2] if user["id"] == student)
        user["lastaccess"] = seen
    pulling.pull()
    asked = [form["userid"] for function, form in pulling.moodle.calls if function == COMPLETION]
    assert asked[:4] == ["7", "4", "3", "5"]


def test_cohorts_are_groups_too_if_the_school_wants_them(pulling: Pulling) -> None:
    pulling.options = {"cohorts": "yes", "courses": "2"}
    pulling.pull()
    found = pulling.importing.read(
        sa.select(Group.code, sa.func.count(Membership.id))
        .join(Membership, Membership.group_id == Group.id)
        .join(ExternalRef, ExternalRef.local_id == Group.id)
        .where(ExternalRef.ext_id.in_(["course:2", "cohort:2"]))
        .group_by(Group.code)
    )
    teachers = pulling.importing.read(
        sa.select(sa.func.count()).where(Membership.role == "teacher")
    )[0][0]
    assert dict(map(tuple, found))["KLAS01"] == len(people_of(2, "student"))
    assert teachers >= 1


def test_people_are_made_only_when_the_school_says_so(pulling: Pulling) -> None:
    pulling.options = {"people": "make"}
    stranger = next(user for user in pulling.moodle.enrolled[5] if user["id"] == 23)
    stranger["idnumber"] = "S999999"
    before = pulling.importing.count(Person)
    run = pulling.pull()
    assert pulling.importing.count(Person) == before + 1
    assert run.counts["person"]["quarantined"] == 0
    made = pulling.importing.read(
        sa.select(Person.name, Person.given_name, PersonRole.role)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.number == "S999999")
    )
    names = (stranger["fullname"], stranger["firstname"])
    assert [tuple(row) for row in made] == [(*names, SchoolRole.STUDENT)]


def test_competencies_and_ratings_come_in_if_the_school_wants_them(pulling: Pulling) -> None:
    pulling.options = {"competencies": "yes", "courses": "2"}
    pulling.moodle.enrolled[2] = [u for u in pulling.moodle.enrolled[2] if u["id"] in {3, 4, 5}]
    run = pulling.pull()
    rated = [
        row["usercompetency"]
        for plan in (1, 2, 3)
        for row in recorded(f"core_competency_list_plan_competencies_p{plan}")
        if row["usercompetency"]["grade"] is not None
    ]
    texts = Counter(
        text
        for (text,) in pulling.importing.read(
            sa.select(Activity.text).where(Activity.text.is_not(None))
        )
    )
    assert texts == Counter(one["gradename"] for one in rated)
    assert run.counts["framework"]["new"] == 1
    assert run.counts["framework_item"]["new"] == 30
    again = pulling.pull()
    assert all(counts["changed"] == counts["new"] == 0 for counts in again.counts.values())


def test_a_grade_that_stands_beside_an_activity_is_an_item_and_a_total_is_not(
    pulling: Pulling,
) -> None:
    for one in pulling.moodle.answer_of(GRADES, courseid=2)["usergrades"]:
        first = dict(one["gradeitems"][0])
        manual = {"id": 900, "itemtype": "manual", "itemname": "Stage &amp; loopbaan"}
        one["gradeitems"] += [
            first | {"cmid": None, "graderaw": 8, "grademax": 10} | manual,
            first | {"id": 901, "itemnumber": 1000, "outcomeid": 3, "itemname": "Uitkomst"},
        ]
    pulling.pull()
    found = pulling.importing.read(
        sa.select(ExternalRef.ext_id, ActivityItem.title)
        .join(ActivityItem, ActivityItem.id == ExternalRef.local_id)
        .where(ExternalRef.kind == RecordKind.LESSON_TASK, ExternalRef.ext_id.like("grade:%"))
    )
    assert {tuple(row) for row in found} == {
        ("grade:900", "Stage & loopbaan"),
        ("grade:901", "Uitkomst"),
    }
    totals = [one for (one,) in pulling.importing.read(sa.select(ActivityItem.title))]
    assert "–" not in totals


def test_due_dates_are_days_of_the_school(pulling: Pulling) -> None:
    asked = {"courseids": [2], "includenotenrolledcourses": 1}
    assignments = pulling.moodle.answer_of("mod_assign_get_assignments", **asked)
    first = assignments["courses"][0]["assignments"][0]
    first["duedate"] = 1_796_079_600  # 30 November 2026, 23:00 UTC
    sections = pulling.moodle.answer_of("core_course_get_contents", courseid=2)
    page = next(m for s in sections for m in s["modules"] if m["id"] == 5)
    page["dates"] = [{"label": "Sluit:", "timestamp": 1_796_000_000, "dataid": "timeclose"}]
    pulling.pull()
    found = pulling.importing.read(
        sa.select(ExternalRef.ext_id, ActivityItem.due_on)
        .join(ActivityItem, ActivityItem.id == ExternalRef.local_id)
        .where(ActivityItem.due_on.is_not(None))
    )
    assert {(key, day.isoformat()) for key, day in found} == {
        (f"cm:{first['cmid']}", "2026-12-01"),
        ("cm:5", "2026-11-30"),
    }


def test_a_course_that_is_chosen_later_is_read_at_once(pulling: Pulling) -> None:
    for users in pulling.moodle.enrolled.values():
        for user in users:
            user["lastaccess"] = 1_700_000_000
    courses, pulling.moodle.courses = pulling.moodle.courses, pulling.moodle.courses[:2]
    pulling.pull()
    pulling.moodle.courses = courses
    pulling.pull()
    assert pulling.moodle.counted()[COMPLETION] == len(people_of(5, "student"))


def test_people_are_known_by_their_address_if_the_school_says_so(pulling: Pulling) -> None:
    pulling.match_on = MatchOn.EMAIL
    known = pulling.moodle.enrolled[5][0]
    importing = pulling.importing
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        person = session.scalars(sa.select(Person).where(Person.number == known["idnumber"])).one()
        person.email = known["email"].upper()
    run = pulling.pull()
    assert run.counts["person"]["quarantined"] == sum(run.counts["person"].values()) - 1
