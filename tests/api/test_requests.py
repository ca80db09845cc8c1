"""Requests, comments and learning questions, as programs ask and answer them."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.world import World
from tracker.db import unit_of_work
from tracker.models import AuditEvent, FeedbackRequest, PlanMember


def asked(world: World, as_: Any, **changed: Any) -> Any:
    """Ask as the student asks the coach about the shared piece."""
    body = {"to_id": str(world.coach.id), "evidence_id": str(world.shared.id), **changed}
    return as_(world.student).post(f"/api/plans/{world.plan.id}/requests", json=body)


def to_peer(world: World) -> dict[str, str]:
    return {"to_id": str(world.other_student.id), "evidence_id": str(world.private.id)}


def items(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_request_is_seen_from_both_sides(world: World, as_: Any) -> None:
    answer = asked(world, as_, words="Was ik rustig?")
    assert answer.status_code == 201, answer.text
    request = answer.json()
    assert request["title"] == "Ik hielp mevrouw met opstaan."
    assert (request["state"], request["days"], request["can_answer"]) == ("open", 0, True)
    assert as_(world.coach).get(answer.headers["Location"]).json() == request
    owed = "/api/requests?direction=to_me&state=open"
    due = "/api/requests?direction=by_me&state=open"
    assert items(as_(world.coach).get(owed)) == items(as_(world.student).get(due)) == [request]
    assert items(as_(world.coach).get(due)) == items(as_(world.student).get(owed)) == []
    assert items(as_(world.coach).get(f"{owed}&plan_id={world.other_plan.id}")) == []


def test_a_judgement_answers_a_request(world: World, as_: Any) -> None:
    where = asked(world, as_).headers["Location"]
    judgement = as_(world.coach).post(
        f"/api/plans/{world.plan.id}/judgements",
        json={
            "evidence_id": str(world.shared.id),
            "level_id": str(world.levels[2].id),
            "observed_on": world.on.isoformat(),
        },
    )
    assert judgement.status_code == 201, judgement.text
    assert as_(world.student).get(where).json()["state"] == "answered"


def test_a_comment_answers_a_request(world: World, as_: Any) -> None:
    where = asked(world, as_).headers["Location"]
    path = f"/api/evidence/{world.shared.id}/comments"
    comment = as_(world.coach).post(path, json={"words": "Mooi."})
    assert comment.status_code == 201, comment.text
    assert as_(world.student).get(where).json()["state"] == "answered"
    assert items(as_(world.student).get(path)) == [comment.json()]


def test_requests_are_declined_reminded_and_withdrawn_by_the_right_people(
    world: World, as_: Any
) -> None:
    where = asked(world, as_).headers["Location"]
    student, coach = as_(world.student), as_(world.coach)
    assert coach.post(f"{where}/reminders").status_code == 403
    assert student.post(f"{where}/reminders").status_code == 201
    again = student.post(f"{where}/reminders")
    assert (again.status_code, again.json()["code"]) == (409, "request.reminded_today")
    assert student.post(f"{where}/decline", json={"words": "Nee"}).status_code == 403
    assert coach.delete(where).status_code == 403
    declined = coach.post(f"{where}/decline", json={"words": "Vraag het Piet."})
    assert declined.status_code == 200, declined.text
    assert declined.json() == student.get(where).json()
    assert (declined.json()["state"], declined.json()["reply"]) == ("declined", "Vraag het Piet.")
    assert student.delete(where).json()["code"] == "request.closed"
    other = asked(world, as_).headers["Location"]
    assert student.delete(other).status_code == 204
    assert student.get(other).json()["state"] == "withdrawn"


def test_the_same_is_not_asked_twice(world: World, as_: Any, counts: Any) -> None:
    asked(world, as_)
    before = counts()
    again = asked(world, as_)
    assert (again.status_code, again.json()["code"]) == (409, "request.open_already")
    assert counts() == before


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"evidence_id": None}, {"body": ["request.about_one"]}),
        ({"to_id": "x"}, {"to_id": ["not_an_id"]}),
        ({"words": "x" * 2001}, {"words": ["too_long"]}),
        ({"words": "\0"}, {"words": ["bad_character"]}),
        ({"state": "open"}, {"state": ["unknown_field"]}),
    ],
)
def test_a_wrong_request_is_refused_and_nothing_is_written(
    world: World, as_: Any, counts: Any, changed: dict[str, Any], errors: dict[str, Any]
) -> None:
    before = counts()
    answer = asked(world, as_, **changed)
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert counts() == before


def test_about_two_things_at_once_nothing_is_asked(world: World, as_: Any) -> None:
    answer = asked(world, as_, goal_id=str(world.goal.id))
    assert answer.json()["errors"] == {"body": ["request.about_one"]}


def test_a_coach_is_not_asked_about_private_evidence(world: World, as_: Any) -> None:
    answer = asked(world, as_, evidence_id=str(world.private.id))
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"to_id": ["request.not_shared"]}


@pytest.mark.parametrize("name", ["other_coach", "teacher", "administrator", "elsewhere"])
def test_who_is_not_around_the_plan_is_not_there_to_be_asked(
    world: World, as_: Any, name: str
) -> None:
    assert asked(world, as_, to_id=str(getattr(world, name).id)).status_code == 404
    assert asked(world, as_, to_id=str(uuid4())).status_code == 404


def test_a_peer_sees_just_the_piece_and_answers(world: World, as_: Any) -> None:
    where = asked(world, as_, **to_peer(world)).headers["Location"]
    peer, student = as_(world.other_student), as_(world.student)
    assert items(peer.get("/api/requests?direction=to_me"))[0]["state"] == "open"
    assert peer.get(f"/api/evidence/{world.private.id}").json()["text"] == "Alleen voor mij."
    for hidden in (
        f"/api/plans/{world.plan.id}",
        f"/api/plans/{world.plan.id}/evidence",
        f"/api/plans/{world.plan.id}/judgements",
        f"/api/plans/{world.plan.id}/questions",
        f"/api/evidence/{world.shared.id}",
    ):
        assert peer.get(hidden).status_code == 404, hidden
    path = f"/api/evidence/{world.private.id}/comments"
    student.post(path, json={"words": "Voor mezelf."})
    own = peer.post(path, json={"words": "Goed gedaan."})
    assert (own.status_code, own.json()["role"]) == (201, "peer")
    assert items(peer.get(path)) == [own.json()]
    assert student.get(where).json()["state"] == "answered"
    for other in (world.coach, world.supervisor, world.administrator):
        assert as_(other).get(where).status_code == 404
        assert as_(other).get(path).status_code == 404
        assert items(as_(other).get("/api/requests")) == []


def test_a_peer_who_declines_sees_the_piece_no_more(world: World, as_: Any) -> None:
    where = asked(world, as_, **to_peer(world)).headers["Location"]
    peer = as_(world.other_student)
    declined = peer.post(f"{where}/decline", json={"words": "Ik ben ziek."})
    assert declined.json()["state"] == "declined"
    assert peer.get(where).status_code == 404
    assert peer.get(f"/api/evidence/{world.private.id}").status_code == 404
    told = as_(world.student).get(where).json()
    assert (told["reply"], told["can_answer"]) == ("Ik ben ziek.", False)
    assert as_(world.student).get(f"/api/evidence/{world.private.id}").json()["state"] == "private"


def test_who_left_the_plan_finds_no_request_and_no_thread(
    world: World, as_: Any, engine: sa.Engine
) -> None:
    where = asked(world, as_).headers["Location"]
    with unit_of_work(engine, school_id=world.school.id) as session:
        place = sa.update(PlanMember).where(PlanMember.person_id == world.coach.id)
        session.execute(place.values(until_on=world.on))
    coach = as_(world.coach)
    assert coach.get(where).status_code == 404
    assert coach.post(f"{where}/decline", json={"words": "Nee"}).status_code == 404
    assert coach.get(f"/api/evidence/{world.shared.id}/comments").status_code == 404
    assert items(coach.get("/api/requests")) == []


def test_candidates_are_told_with_their_role(world: World, as_: Any) -> None:
    path = f"/api/plans/{world.plan.id}/candidates?evidence_id="
    found = items(as_(world.student).get(f"{path}{world.private.id}"))
    assert [(c["person"]["name"], c["role"]) for c in found] == [("Olaf Ander", "peer")]
    found = items(as_(world.coach).get(f"{path}{world.shared.id}"))
    assert [c["role"] for c in found] == ["student", "supervisor"]
    assert as_(world.coach).get(f"{path}{world.private.id}").status_code == 404


def test_requests_come_in_pages(world: World, as_: Any) -> None:
    asked(world, as_)
    asked(world, as_, to_id=str(world.supervisor.id))
    student = as_(world.student)
    first = student.get("/api/requests?limit=1")
    second = student.get(first.links["next"]["url"])
    assert len(items(first)) == len(items(second)) == 1
    assert items(first) != items(second)
    assert "next" not in second.links


def test_who_lists_requests_about_others_leaves_a_row(
    world: World, as_: Any, engine: sa.Engine
) -> None:
    asked(world, as_)
    for person in (world.student, world.administrator, world.other_coach):
        items(as_(person).get("/api/requests"))
    with unit_of_work(engine, school_id=world.school.id) as session:
        listed = sa.select(AuditEvent).where(AuditEvent.verb == "listed requests")
        (event,) = session.scalars(listed)
    assert event.by_id == world.administrator.id
    assert event.details == {"plan_ids": [str(world.plan.id)]}


def test_many_requests_are_read_in_as_many_queries_as_one(
    world: World, as_: Any, queries: Any, engine: sa.Engine
) -> None:
    asked(world, as_)
    _, one = queries(world.student, "/api/requests")
    asked(world, as_, to_id=str(world.supervisor.id))
    asked(world, as_, evidence_id=None, goal_id=str(world.goal.id))
    told, several = queries(world.student, "/api/requests")
    assert len(told["items"]) == 3
    assert several == one
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(FeedbackRequest)) == 3


def test_a_comment_is_taken_back_by_its_writer_only(world: World, as_: Any) -> None:
    path = f"/api/goals/{world.goal.id}/comments"
    comment = as_(world.coach).post(path, json={"words": "Oei."}).json()
    where = f"/api/comments/{comment['id']}"
    assert as_(world.student).get(where).json() == comment
    assert as_(world.student).delete(where).status_code == 403
    assert as_(world.teacher).delete(where).status_code == 404
    assert as_(world.coach).delete(where).status_code == 204
    assert as_(world.coach).delete(where).json()["code"] == "comment.withdrawn"
    (told,) = items(as_(world.student).get(path))
    assert told["words"] is None
    assert told["withdrawn_at"] is not None


def test_an_empty_comment_is_refused(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    path = f"/api/goals/{world.goal.id}/comments"
    answer = as_(world.coach).post(path, json={"words": "  "})
    assert answer.json()["errors"] == {"words": ["too_short"]}
    assert counts() == before


def test_a_question_is_asked_answered_and_becomes_a_goal(world: World, as_: Any) -> None:
    student, coach = as_(world.student), as_(world.coach)
    path = f"/api/plans/{world.plan.id}/questions"
    answer = student.post(
        path, json={"words": "Wat als zij niet wil?", "placement_id": str(world.placement.id)}
    )
    assert answer.status_code == 201, answer.text
    where = answer.headers["Location"]
    assert items(as_(world.supervisor).get(path)) == [answer.json()]
    assert coach.post(f"{where}/comments", json={"words": "Praat erover."}).status_code == 201
    assert coach.post(f"{where}/goal", json={"goal_id": str(world.goal.id)}).status_code == 403
    became = student.post(f"{where}/goal", json={"goal_id": str(world.goal.id)})
    assert (became.status_code, became.json()["state"]) == (200, "goal")
    assert became.json()["goal_id"] == str(world.goal.id)
    assert student.post(f"{where}/close").json()["code"] == "question.closed"
    assert items(student.get(f"{path}?state=open")) == []
    assert items(student.get(f"{path}?state=goal")) == [became.json()]


def test_only_the_student_asks_and_closes_a_question(world: World, as_: Any, counts: Any) -> None:
    path = f"/api/plans/{world.plan.id}/questions"
    where = as_(world.student).post(path, json={"words": "Waarom?"}).headers["Location"]
    before = counts()
    assert as_(world.coach).post(path, json={"words": "Waarom?"}).status_code == 403
    assert as_(world.coach).post(f"{where}/close").status_code == 403
    assert as_(world.other_coach).post(f"{where}/close").status_code == 404
    assert as_(world.supervisor).get(where).status_code == 404
    assert counts() == before
    assert as_(world.student).post(f"{where}/close").json()["state"] == "closed"
