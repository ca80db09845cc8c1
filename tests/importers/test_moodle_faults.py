"""Moodle says everything with HTTP 200, refusals too: nothing is closed or lost by believing it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from importers.engine.held import take
from importers.engine.work import do_work
from importers.kinds import PULL_KINDS
from importers.models import ExternalRef, ImportCursor, Phase, RunState
from importers.moodle import client as asking_moodle
from importers.moodle.options import Options, options_of
from importers.pulls.source_list import states_of
from importers.sentences import SENTENCES
from importers.source import Asking
from settings import Settings
from tests import systems
from tests.importers.importing import Importing
from tests.importers.moodle import Pulling, know_people
from tests.moodle import COMPLETION, ENROLLED, GRADES, TOKEN, Moodle, error
from tests.systems import Waits
from tracker.db import unit_of_work, utc_now
from tracker.errors import Invalid
from tracker.models import Activity, ActivityKind, Membership

SITE_INFO = "core_webservice_get_site_info"
REFUSED = {
    "exception": "core\\exception\\required_capability_exception",
    "errorcode": "nopermissions",
    "message": "Sorry, Aylin Bos",
}


@pytest.fixture
def pulling(importing: Importing, settings: Settings, moodle: Moodle) -> Pulling:
    know_people(importing, moodle)
    return Pulling(importing, settings, moodle)


def open_places(pulling: Pulling) -> int:
    return pulling.importing.count(Membership, Membership.until_on.is_(None))


def cursors(pulling: Pulling) -> set[str]:
    return {name for (name,) in pulling.importing.read(sa.select(ImportCursor.stream))}


def asking(moodle: Moodle, settings: Settings, **options: Any) -> Any:
    return PULL_KINDS["moodle"].open(
        Asking(
            url=moodle.url,
            secret=TOKEN,
            options=options,
            zone=ZoneInfo("Europe/Amsterdam"),
            since={},
            allow_loopback=settings.is_demo,
            at=utc_now(),
            wait=Waits(),
        )
    )


def codes(moodle: Moodle, settings: Settings, **options: Any) -> list[tuple[str, str | None, bool]]:
    found = asking(moodle, settings, **options).check()
    return [(one.code, one.detail or one.value, one.is_error) for one in found]


def ended(pulling: Pulling) -> list[str]:
    """Return which places ended, by their keys in Moodle."""
    found = pulling.importing.read(
        sa.select(ExternalRef.ext_id)
        .join(Membership, Membership.id == ExternalRef.local_id)
        .where(Membership.until_on.is_not(None))
        .order_by(ExternalRef.ext_id)
    )
    return [key for (key,) in found]


def leave(moodle: Moodle, course: int, student: int) -> None:
    moodle.enrolled[course] = [u for u in moodle.enrolled[course] if u["id"] != student]


def test_who_left_a_course_leaves_it_though_another_suddenly_shows_nobody(pulled: Pulling) -> None:
    pulled.moodle.hidden = {2}
    leave(pulled.moodle, 5, 23)
    run = pulled.pull()
    assert run.state is RunState.APPLIED
    assert ended(pulled) == ["course:5:23:student"]
    found = {one.code: one.detail for one in pulled.importing.issues(run)}
    assert found["closing.held_in"] == "1"
    assert pulled.importing.codes(run).count("moodle.course_empty") == 1
    # As long as it lasts, for what was seen there is not forgotten.
    leave(pulled.moodle, 5, 24)
    pulled.pull()
    pulled.moodle.hidden = set()
    leave(pulled.moodle, 2, 3)
    pulled.pull()
    assert ended(pulled) == ["course:2:3:student", "course:5:23:student", "course:5:24:student"]


def test_a_course_that_disappears_from_the_list_is_asked_about_before_its_places_end(
    pulling: Pulling,
) -> None:
    (category,) = {one["categoryid"] for one in pulling.moodle.courses if one["id"] == 2}
    pulling.options = {"courses": f"category:{category}"}
    pulling.pull()
    here = open_places(pulling)
    pulling.moodle.courses = [one for one in pulling.moodle.courses if one["id"] != 2]
    pulling.moodle.fail(ENROLLED, error("no_permission_student"), times=2, courseid=2)
    for _ in range(2):
        run = pulling.pull()
        assert (open_places(pulling), run.state) == (here, RunState.APPLIED)
        told = [i for i in pulling.importing.issues(run) if i.code == "moodle.course_refused"]
        assert [(one.value, one.detail) for one in told] == [("2", "nopermissions")]
    del pulling.moodle.enrolled[2]
    run = pulling.pull()
    # Most of its students at once: that is asked about.
    assert (run.counts["membership"]["closed"], run.state) == (10, RunState.PREVIEWED)
    assert "brake.students" in pulling.importing.codes(run)


def test_an_empty_course_does_not_keep_the_others_from_closing(pulling: Pulling) -> None:
    pulling.moodle.enrolled[5] = []
    pulling.pull()
    pulling.moodle.enrolled[2] = [u for u in pulling.moodle.enrolled[2] if u["id"] != 3]
    run = pulling.pull()
    assert run.counts["membership"]["closed"] == 1
    assert "moodle.course_empty" in pulling.importing.codes(run)


def test_a_list_that_is_shorter_than_moodle_counts_closes_nobody(pulled: Pulling) -> None:
    shown = pulled.moodle.enrolled[2]
    pulled.moodle.fail(
        ENROLLED,
        [user for user in shown if user["id"] in {4, 5}],
        times=None,
        courseid=2,
        options=[{"name": "userfields"}],
    )
    pulled.moodle.troubles[-1].params = {"courseid": "2", "options[1][value]": "0"}
    run = pulled.pull()
    assert run.counts["membership"]["closed"] == 0
    issue = next(i for i in pulled.importing.issues(run) if i.code == "moodle.course_partly")
    assert (issue.value, issue.detail) == ("PR-30", "2/10")


def test_who_left_a_course_leaves_its_group(pulled: Pulling) -> None:
    pulled.moodle.enrolled[2] = [u for u in pulled.moodle.enrolled[2] if u["id"] not in {3, 4}]
    run = pulled.pull()
    assert run.counts["membership"]["closed"] == 2
    assert pulled.importing.count(Activity, Activity.ended_at.is_not(None)) == 0


def test_a_suspended_enrolment_is_no_place_and_its_end_is_no_more_than_that(
    pulled: Pulling,
) -> None:
    pulled.moodle.suspended[2] = {5}
    run = pulled.pull()
    assert run.counts["membership"]["closed"] == 1
    assert run.counts["person"]["closed"] == 0


def test_without_the_right_to_see_it_nobody_counts_as_suspended(pulling: Pulling) -> None:
    pulling.moodle.suspended[2] = {5}
    pulling.moodle.fail(ENROLLED, REFUSED)
    pulling.moodle.troubles[-1].params = {"courseid": "2", "options[0][name]": "onlyactive"}
    run = pulling.pull()
    assert "moodle.suspended_unseen" in pulling.importing.codes(run)
    assert run.counts["membership"]["new"] >= 10


def test_a_course_that_is_gone_closes_its_places(pulled: Pulling) -> None:
    here = pulled.moodle.enrolled.pop(5)
    pulled.moodle.courses = [one for one in pulled.moodle.courses if one["id"] != 5]
    run = pulled.pull()
    assert run.counts["membership"]["closed"] == len(here)
    assert run.counts["group"]["closed"] == 1


def test_a_list_of_courses_that_is_refused_closes_nobody(pulled: Pulling) -> None:
    before = open_places(pulled)
    pulled.moodle.fail("core_course_get_courses", REFUSED)
    run = pulled.pull()
    assert run.state is RunState.FAILED
    assert "moodle.courses_refused" in pulled.importing.codes(run)
    assert open_places(pulled) == before


def test_of_chosen_courses_one_that_is_refused_does_not_keep_us_from_the_others(
    pulling: Pulling,
) -> None:
    pulling.options = {"courses": [2, 5, 77]}
    pulling.pull()
    refused = error("no_permission_student")
    pulling.moodle.fail("core_course_get_courses", refused, options={"ids": [2, 5, 77]})
    pulling.moodle.fail("core_course_get_courses", refused, options={"ids": [5]})
    leave(pulling.moodle, 2, 3)
    run = pulling.pull()
    assert {"moodle.course_refused", "moodle.course_gone"} <= set(pulling.importing.codes(run))
    assert (ended(pulling), run.counts["group"]["closed"]) == (["course:2:3:student"], 0)
    assert run.counts["membership"]["same"] == 9


def test_a_warning_in_an_answer_leaves_its_stream_unfinished(pulling: Pulling) -> None:
    status = pulling.moodle.answer_of(COMPLETION, courseid=2, userid=4)
    status["warnings"] = [{"item": "cm", "itemid": 1, "warningcode": "2", "message": "Jan"}]
    run = pulling.pull()
    issue = next(i for i in pulling.importing.issues(run) if i.code == "moodle.left_out")
    assert (issue.detail, issue.severity) == ("cm 2", "warning")
    assert cursors(pulling) == {"members", "results"}


def test_a_key_that_is_withdrawn_midway_keeps_what_was_read(pulled: Pulling) -> None:
    places = open_places(pulled)
    pulled.moodle.fail(COMPLETION, error("invalid_token"), after=3)
    done = pulled.moodle.answer_of(COMPLETION, courseid=2, userid=3)
    changed = next(one for one in done["statuses"] if one["isoverallcomplete"])
    changed.update(state=0, isoverallcomplete=False)
    run = pulled.pull()
    assert run.state is RunState.APPLIED
    assert pulled.importing.codes(run).count("moodle.token") == 1
    assert run.counts["activity"]["closed"] == 1
    assert open_places(pulled) == places
    assert "activity" in cursors(pulled)  # where the first pull left it


def test_a_key_that_was_never_good_changes_nothing(pulling: Pulling) -> None:
    pulling.moodle.token = None
    run = pulling.pull()
    assert run.state is RunState.FAILED
    assert set(pulling.importing.codes(run)) == {"moodle.token"}


def test_one_question_that_was_broken_on_its_way_is_asked_again(pulling: Pulling) -> None:
    pulling.moodle.fail(COMPLETION, error("invalid_token"), after=2, times=1)
    run = pulling.pull()
    assert pulling.importing.codes(run).count("moodle.token") == 0
    assert pulling.moodle.counted()[COMPLETION] == 14


def test_a_function_outside_the_service_leaves_the_other_streams_whole(pulling: Pulling) -> None:
    pulling.moodle.fail(GRADES, error("function_not_in_service"))
    run = pulling.pull()
    issue = next(i for i in pulling.importing.issues(run) if i.code == "moodle.function_missing")
    assert issue.detail == GRADES
    importing = pulling.importing
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        (state,) = states_of(session, importing.school, by=None, at=utc_now())
    # Also where the sources stand it is said which function that is.
    told = [(one.code, one.detail) for one in state.troubles]
    assert (state.health, told) == ("part", [("moodle.function_missing", GRADES)])
    assert pulling.importing.count(Activity, Activity.kind == ActivityKind.COMPLETION) > 0
    assert cursors(pulling) == {"members", "activity"}


def test_a_course_that_refuses_is_left_after_three_questions(pulling: Pulling) -> None:
    pulling.moodle.fail(COMPLETION, REFUSED, courseid=2)
    run = pulling.pull()
    asked = [form for function, form in pulling.moodle.calls if function == COMPLETION]
    assert len([form for form in asked if form["courseid"] == "2"]) == 3
    assert len([form for form in asked if form["courseid"] == "5"]) == 5
    told = [i for i in pulling.importing.issues(run) if i.code == "moodle.course_refused"]
    assert [(i.value, i.detail) for i in told] == [("PR-30", "nopermissions")]
    assert "Aylin" not in repr([(i.value, i.detail) for i in pulling.importing.issues(run)])


@pytest.mark.parametrize(
    ("trouble", "times"), [(systems.login_page, 3), (systems.truncated({"statuses": []}), 10)]
)
def test_a_page_that_fails_is_asked_again_and_the_run_goes_on_where_it_was(
    pulling: Pulling, trouble: Any, times: int
) -> None:
    pulling.moodle.fail(COMPLETION, trouble, after=6, times=times)
    run = pulling.pull()
    assert (run.phase, run.state) == (Phase.READ, RunState.READING)
    assert run.due_at is not None
    while run.phase is not None:
        run = pulling.work(run)
    assert run.state is RunState.APPLIED
    untouched = pulling.pull()
    assert untouched.counts["activity"]["new"] == untouched.counts["activity"]["changed"] == 0
    assert cursors(pulling) == {"members", "results", "activity"}


@pytest.mark.parametrize("killed_after", [1, 8, 17, 22, 28])
def test_a_worker_that_is_killed_anywhere_changes_nothing_in_the_end(
    pulling: Pulling, killed_after: int
) -> None:
    importing = pulling.importing
    run = pulling.start()
    pulling.moodle.calls.clear()
    held = take(
        importing.engine,
        importing.store,
        school_id=importing.school.id,
        run_id=run.id,
        at=utc_now(),
        settings=pulling.settings,
    )
    assert held is not None
    stopping = replace(held, is_stopping=lambda: len(pulling.moodle.calls) >= killed_after)
    do_work(stopping)
    assert importing.again(run).state is RunState.READING
    pulling.work(run)
    assert importing.again(run).state is RunState.APPLIED
    found = importing.contents()
    assert found["activity"]
    whole = pulling.pull().counts
    for kind, counts in whole.items():
        assert (counts["new"], counts["changed"], counts["closed"]) == (0, 0, 0), kind


def test_the_service_is_looked_at_before_it_is_read(moodle: Moodle, settings: Settings) -> None:
    assert codes(moodle, settings) == []
    info = moodle.answer_of(SITE_INFO)
    info["functions"] = [
        one for one in info["functions"] if one["name"] not in (COMPLETION, GRADES)
    ]
    assert codes(moodle, settings) == [
        ("moodle.function_missing", GRADES, False),
        ("moodle.function_missing", COMPLETION, False),
    ]
    info["functions"] = [one for one in info["functions"] if one["name"] != ENROLLED]
    assert ("moodle.function_missing", ENROLLED, True) in codes(moodle, settings)
    moodle.token = "another"
    assert codes(moodle, settings) == [("moodle.token", None, True)]


def test_a_moodle_that_is_out_of_order_is_asked_again_later(pulling: Pulling) -> None:
    upgrade = {"exception": "moodle_exception", "errorcode": "upgraderunning", "message": ""}
    pulling.moodle.fail(SITE_INFO, upgrade, times=1)
    run = pulling.pull()
    assert (run.phase, run.state) == (Phase.READ, RunState.READING)
    assert pulling.work(run).state is RunState.APPLIED


def test_what_the_account_does_not_see_is_said_before_it_is_read(
    moodle: Moodle, settings: Settings
) -> None:
    moodle.hidden = {2}
    moodle.suspended = {5: {9}}
    for user in moodle.enrolled[5]:
        del user["idnumber"]
    assert codes(moodle, settings, courses="2,5,77") == [
        ("moodle.course_gone", "77", False),
        ("moodle.course_empty", "PR-30", False),
        ("moodle.numbers_unseen", "idnumber", False),
    ]
    assert codes(moodle, settings, number="username") == [("moodle.course_empty", "PR-30", False)]


def test_options_are_read_as_people_write_them() -> None:
    assert options_of({}) == Options()
    assert options_of({"courses": "5, 2"}).course_ids == (2, 5)
    assert options_of({"courses": 3}).course_ids == (3,)
    assert options_of({"courses": "category:7"}).category_id == 7
    assert options_of({"cohorts": "ja", "competencies": True, "people": "make"}) == Options(
        has_cohorts=True, has_competencies=True, makes_people=True
    )
    assert options_of({"number": "profile:studentnummer"}).number_field == "profile:studentnummer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"courses": "alle"},
        {"courses": "category:x"},
        {"courses": []} | {"cohorts": "misschien"},
        {"people": "all"},
        {"number": "email"},
        {"number": "profile:"},
    ],
)
def test_an_option_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        options_of(wrong)


def test_parameters_go_as_php_reads_them() -> None:
    told = {"a": 1, "options": [{"name": "x", "value": True}], "context": {"contextid": 1}}
    assert list(asking_moodle.flat(told)) == [
        ("a", "1"),
        ("options[0][name]", "x"),
        ("options[0][value]", "1"),
        ("context[contextid]", "1"),
    ]


def test_every_code_of_ours_has_its_sentence() -> None:
    folder = Path(asking_moodle.__file__).parent
    found = {
        code
        for file in folder.glob("*.py")
        for code in re.findall(r'"(moodle\.[a-z_]+)"', file.read_text())
    }
    assert found == {code for code in SENTENCES if code.startswith("moodle.")}
