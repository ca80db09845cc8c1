"""Caliper events: what each comes to, of whom, whatever else its sender puts in it."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from importers.caliper.meaning import digest_of, meaning_of, problems, unused, waiting_of
from importers.caliper.parts import person_of, used
from importers.xapi.meaning import Said
from tests.importers.importing import Importing
from tests.importers.test_xapi import doing, people, signals

LMS = "https://lms.example"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
QUIZ = {"id": f"{LMS}/quiz/17", "type": "Assessment", "name": "Toets", "maxScore": 10}


def learner(number: str | None = "S1", **more: Any) -> dict[str, Any]:
    """Return a person as 1.2 tells of one; without a number as 1.1 does."""
    told: dict[str, Any] = {"id": f"{LMS}/users/{number}", "type": "Person", **more}
    if number is not None:
        other = {"type": "SystemIdentifier", "identifierType": "SisSourcedId", "identifier": number}
        told.setdefault("otherIdentifiers", [other])
    return told


def event(number: int, name: str = "ViewEvent", action: str = "Viewed", **parts: Any) -> Any:
    """Return an event of S1, on 2 November 2026."""
    made = {
        "@context": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "type": name,
        "actor": learner(),
        "action": action,
        "object": QUIZ,
        "eventTime": "2026-11-02T10:00:00.000Z",
        "session": {"id": f"{LMS}/sessions/1", "client": {"ipAddress": "192.0.2.1"}},
    }
    return {part: value for part, value in {**made, **parts}.items() if value is not None}


def graded(number: int, given: Any = 8, **parts: Any) -> Any:
    """Return that a teacher graded an attempt of S1."""
    attempt = {
        "id": f"{LMS}/attempts/1",
        "type": "Attempt",
        "assignee": learner(),
        "assignable": QUIZ,
        "body": "Wat ik inleverde",
    }
    score = {"id": f"{LMS}/scores/1", "type": "Score", "scoreGiven": given, "maxScore": 10}
    made = {"actor": learner("D90"), "object": attempt, "generated": score, **parts}
    return event(number, "GradeEvent", "Graded", **made)


def said(told: Any) -> Said:
    """Return the one thing that an event tells."""
    one = used(told)
    assert problems(one) == []
    (found,) = meaning_of(one, at=datetime(2026, 11, 2, 10, tzinfo=UTC), zone=AMSTERDAM).said
    return found


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (event(1), ("activity", "visit", None)),
        (event(1, "NavigationEvent", "NavigatedTo"), ("activity", "visit", None)),
        (event(1, "ToolUseEvent", "Used"), ("activity", "visit", None)),
        (event(1, "AssessmentEvent", "Started"), ("activity", "visit", None)),
        (event(1, "AssessmentEvent", "Submitted"), ("activity", "completion", "Submitted")),
        (event(1, "AssignableEvent", "Completed"), ("activity", "completion", None)),
        (event(1, "AssignableEvent", "http://x/action#Submitted"),
         ("activity", "completion", "Submitted")),
        (graded(1), ("result", None, None)),
    ],
)  # fmt: skip
def test_each_event_that_we_use_comes_to_one_signal(told: Any, expected: Any) -> None:
    found = said(told)
    assert (found.kind, found.data.get("what"), found.data["text"]) == expected
    assert (found.person.number, found.item.title) == ("S1", "Toets")


def test_a_grade_is_of_the_student_and_what_was_handed_in_is_not_kept() -> None:
    found = said(graded(1, 7.5))
    assert (found.data["value"], found.item.value_max, found.item.key) == ("7.5", "10", QUIZ["id"])
    assert found.key == "00000000-0000-4000-8000-000000000001"
    kept = json.dumps(used(graded(1)))
    assert all(word not in kept for word in ("inleverde", "192.0.2.1", "D90"))
    assert used(used(graded(1))) == used(graded(1))


def test_a_question_is_told_as_its_test() -> None:
    item = {"id": f"{LMS}/items/3", "type": "AssessmentItem", "name": "Vraag 3", "isPartOf": QUIZ}
    found = said(event(1, "AssessmentItemEvent", "Completed", object=item))
    assert (found.item.title, found.data["what"]) == ("Toets", "visit")


@pytest.mark.parametrize(
    ("person", "number", "email"),
    [
        (learner(), "S1", None),
        ("S1", "S1", None),
        ("mailto:Jan@School.example", None, "jan@school.example"),
        (learner(None, id="urn:x:9", extensions={"com.instructure.canvas": {"sis_id": "S1"}}),
         "S1", None),
        (learner(None, extensions={"bb:user.externalId": "S1"}), "S1", None),
        (learner(None, otherIdentifiers=[
            {"identifierType": "AccountUserName", "identifier": "S2"},
            {"identifierType": "EmailAddress", "identifier": "Jan@school.example"}, "x", 3]),
         "S2", "jan@school.example"),
        # Two that differ: nobody knows which is right.
        (learner(None, otherIdentifiers=[
            {"identifierType": "SisSourcedId", "identifier": one} for one in ("S1", "S2")]),
         None, None),
        (f"{LMS}/users/42", None, None),
    ],
)  # fmt: skip
def test_people_are_known_by_what_the_sender_says_to_be_the_schools(
    person: Any, number: str | None, email: str | None
) -> None:
    found = person_of(person)
    assert found is not None
    assert (found.number, found.email) == (number, email)


@pytest.mark.parametrize(
    ("told", "place", "code"),
    [
        (event(1, id=None), "id", "caliper.no_id"),
        (event(1, eventTime=None), "eventTime", "caliper.time"),
        (event(1, eventTime="2026-11-02T10:00:00"), "eventTime", "caliper.time"),
        (event(1, eventTime=17), "eventTime", "caliper.time"),
        (event(1, actor={"type": "Person"}), "actor", "caliper.nobody"),
        (event(1, actor=["S1"]), "actor", "caliper.nobody"),
        (event(1, object=None), "object", "caliper.object"),
        (graded(1, object={"id": "x", "type": "Attempt"}), "object.assignee", "caliper.nobody"),
    ],
)
def test_what_is_wrong_with_an_event_is_said_by_part(told: Any, place: str, code: str) -> None:
    assert problems(used(told)) == [(place, code)]


@pytest.mark.parametrize("odd", [None, [], {}, 3, "x", {"id": []}, {"id": {"id": 1}}, True])
def test_nothing_that_stands_in_a_part_is_too_odd_to_read(odd: Any) -> None:
    for name in ("id", "action", "actor", "object", "generated", "eventTime"):
        for whole in (event(1), graded(1)):
            told = {**whole, name: odd}
            waiting_of(told)
            if not problems(used(told)) and unused(used(told)) is None:
                meaning_of(used(told), at=datetime.now(UTC), zone=AMSTERDAM)
    waiting_of(odd)


def test_the_same_event_in_other_words_is_the_same() -> None:
    renamed = event(1, actor=learner(name="Jan"), object={**QUIZ, "name": "Oefentoets"})
    assert digest_of(used(renamed)) == digest_of(used(event(1)))
    moved = event(1, eventTime="2026-11-02T11:00:00+01:00")
    assert digest_of(used(moved)) == digest_of(used(event(1)))
    assert digest_of(used(graded(1))) != digest_of(used(graded(1, 9)))


def test_a_file_of_envelopes_is_read_as_what_is_sent(importing: Importing) -> None:
    people(importing, "S1")
    envelope = {
        "sensor": f"{LMS}/sensors/1",
        "sendTime": "2026-11-02T10:00:05.000Z",
        "dataVersion": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "data": [
            event(1),
            event(2, "ToolUseEvent", "Used"),
            event(1),
            graded(3),
            graded(3, 9),
            learner("S9"),
            event(4, "SessionEvent", "LoggedIn"),
            event(5, "SessionEvent", "LoggedIn"),
            event(6, actor={"id": LMS, "type": "SoftwareApplication"}),
            graded(7, None),
            event(8, eventTime="2027-11-02T10:00:00Z"),
        ],
    }
    body = json.dumps(envelope).encode()
    run = importing.bring(body, name="klik.json")
    assert run.kind == "caliper"
    assert signals(importing) == [
        ("S1", "result", "Toets", "2026-11-02", 8.0, None, True),
        ("S1", "visit", "Toets", "2026-11-02", 2.0, None, True),
    ]
    found = {issue.code: (issue.row, issue.value, issue.detail) for issue in importing.issues(run)}
    assert found == {
        "caliper.twice": (3, None, "1"),
        "caliper.conflict": (5, "00000000-0000-4000-8000-000000000003", None),
        "caliper.entity": (6, None, "1"),
        "caliper.unused": (7, "SessionEvent", "2"),
        "caliper.no_person": (9, None, "1"),
        "caliper.no_score": (10, None, "1"),
        "caliper.future": (11, "2027-11-02T10:00:00Z", None),
    }
    before = importing.contents()
    assert doing(importing.bring(body, name="klik.json")) == 0
    more = b"\n".join(json.dumps(one).encode() for one in (event(2), event(9), graded(3, 9)))
    run = importing.bring(more, name="klik.jsonl")
    assert [issue.code for issue in importing.issues(run)] == ["caliper.conflict"] * 2
    assert signals(importing)[1][4] == 3.0
    assert importing.contents()["items"] == before["items"]
