"""Judgements, drafts, signatures and promotions as programs use them."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.api.conftest import As, Counts
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.models import (
    Audience,
    EvidenceShare,
    EvidenceVersion,
    PlanRole,
    Recording,
    School,
)
from tracker.plans import add_member

MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 64


def judgements_at(world: World) -> str:
    return f"/api/plans/{world.plan.id}/judgements"


def drafts_at(world: World) -> str:
    return f"/api/plans/{world.plan.id}/drafts"


def said(world: World, **other: Any) -> dict[str, Any]:
    return {
        "goal_id": str(world.goal.id),
        "level_id": str(world.levels[2].id),
        "words": "Je bleef rustig.",
        "observed_on": world.on.isoformat(),
        **other,
    }


def test_a_coach_judges_an_item_of_the_framework_with_an_aspect(as_: As, world: World) -> None:
    item_id = str(world.items[1].id)
    body = said(world, goal_id=None, item_id=item_id, aspect="knowledge")
    answer = as_(world.coach).post(judgements_at(world), json=body)
    assert answer.status_code == 201, answer.text
    found = as_(world.student).get(answer.headers["Location"]).json()
    assert (found["item_id"], found["aspect"], found["role"]) == (item_id, "knowledge", "coach")
    assert (found["purpose"], found["signed_at"], found["recording_id"]) == (
        "formative",
        None,
        None,
    )
    assert found["level"]["label"] == "zelfstandig"


def test_judgements_are_found_by_subject_person_and_period(as_: As, world: World) -> None:
    coach = as_(world.coach)
    earlier = (world.on - timedelta(days=9)).isoformat()
    item_id = str(world.items[1].id)
    sent = coach.post(
        judgements_at(world), json=said(world, goal_id=None, item_id=item_id, observed_on=earlier)
    )
    assert sent.status_code == 201

    def found(**query: str) -> int:
        answer = coach.get(judgements_at(world), params=query)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert found() == 3
    assert found(goal_id=str(world.goal.id)) == 2
    assert found(item_id=item_id) == 1
    assert found(evidence_id=str(world.shared.id)) == 2
    assert found(by=str(world.supervisor.id)) == 1
    assert found(until_on=earlier) == 0
    assert found(from_on=earlier, until_on=(world.on - timedelta(days=8)).isoformat()) == 1
    assert found(from_on=world.on.isoformat()) == 1
    assert found(goal_id=str(new_id())) == 0
    pages = coach.get(judgements_at(world), params={"limit": "2"})
    assert len(pages.json()["items"]) == 2
    assert len(coach.get(pages.links["next"]["url"]).json()["items"]) == 1
    for wrong in ({"from_on": "x"}, {"by": "x"}, {"colour": "blue"}):
        assert coach.get(judgements_at(world), params=wrong).status_code == 422


def test_a_judgement_says_that_its_evidence_was_edited_since(
    as_: As, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            EvidenceVersion(
                school_id=world.school.id,
                evidence_id=world.shared.id,
                number=2,
                text="Anders.",
                written_at=world.at,
            )
        )
    found = as_(world.student).get(f"/api/judgements/{world.judgement.id}").json()
    assert (found["evidence_version"], found["evidence_edited"]) == (1, True)
    assert found["evidence_withdrawn"] is False


def test_a_voice_message_comes_with_a_judgement_and_is_heard_by_its_reader(
    as_: As, engine: sa.Engine, world: World
) -> None:
    fields = {name: value for name, value in said(world).items() if value is not None}
    answer = as_(world.coach).post(
        judgements_at(world), data=fields, files={"files": ("tip.mp3", MP3, "audio/mpeg")}
    )
    assert answer.status_code == 201, answer.text
    with unit_of_work(engine, school_id=world.school.id) as session:
        recording = session.scalars(sa.select(Recording)).one()
    assert answer.json()["recording_id"] == str(recording.id)


def test_what_is_no_voice_message_is_refused_and_writes_nothing(
    as_: As, world: World, counts: Counts
) -> None:
    coach = as_(world.coach)
    before = counts()
    two = [("files", ("a.mp3", MP3, "audio/mpeg")), ("files", ("b.mp3", MP3, "audio/mpeg"))]
    for files in ([("files", ("tip.mp3", b"tekst", "audio/mpeg"))], two):
        answer = coach.post(judgements_at(world), data=said(world), files=files)
        assert answer.status_code == 422, answer.text
        assert answer.json()["code"] == "invalid"
    assert counts() == before


def test_bad_judgements_are_refused_with_the_field_and_write_nothing(
    as_: As, world: World, counts: Counts
) -> None:
    coach = as_(world.coach)
    before = counts()
    for wrong, field in (
        ({"goal_id": None}, "goal_id"),
        ({"observed_on": "2199-01-01"}, "observed_on"),
        ({"aspect": "mood"}, "aspect"),
        ({"words": "x" * 2001}, "words"),
        ({"words": "a\0b"}, "words"),
        ({"level_id": None}, "level_id"),
        ({"purpose": "qualifying"}, "purpose"),
        ({"by": str(world.student.id)}, "by"),
    ):
        answer = coach.post(judgements_at(world), json=said(world, **wrong))
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), wrong
    hidden: dict[str, Any]
    for hidden in (
        {"level_id": str(new_id())},
        {"goal_id": str(world.other_goal.id)},
        {"goal_id": None, "evidence_id": str(world.private.id)},
        {"item_id": str(new_id())},
    ):
        answer = coach.post(judgements_at(world), json=said(world, **hidden))
        assert answer.status_code == 404, hidden
    assert counts() == before


def test_a_peer_judges_what_was_shown_to_them_though_they_see_no_plan(
    as_: As, engine: sa.Engine, world: World
) -> None:
    peer = as_(world.other_student)
    body = said(world, goal_id=None, evidence_id=str(world.shared.id))
    assert peer.post(judgements_at(world), json=body).status_code == 404
    with unit_of_work(engine, school_id=world.school.id) as session:
        add_member(
            session,
            by=None,
            plan=world.plan,
            person=world.other_student,
            role=PlanRole.PEER,
            from_on=world.on,
            at=world.at,
        )
        session.add(
            EvidenceShare(
                school_id=world.school.id,
                evidence_id=world.shared.id,
                audience=Audience.PERSON,
                person_id=world.other_student.id,
                shared_at=world.at,
            )
        )
    assert peer.get(f"/api/judgements/{world.judgement.id}").status_code == 404
    answer = peer.post(judgements_at(world), json=body)
    assert (answer.status_code, answer.json()["role"]) == (201, "peer")
    assert peer.get(answer.headers["Location"]).status_code == 200
    assert peer.get(f"/api/judgements/{world.judgement.id}").status_code == 404
    assert peer.get(judgements_at(world)).status_code == 404


def test_signing_and_promoting_by_the_right_person_in_the_right_order(
    as_: As, world: World
) -> None:
    here = f"/api/judgements/{world.judgement.id}"
    coach, supervisor = as_(world.coach), as_(world.supervisor)
    reason = {"reason": "Gezien in een echte dienst."}
    answer = coach.post(f"{here}/promotion", json=reason)
    assert (answer.status_code, answer.json()["code"]) == (409, "judgement.not_signed")
    assert coach.post(f"{here}/signature").status_code == 403
    first = supervisor.post(f"{here}/signature")
    assert first.status_code == 201
    assert supervisor.post(f"{here}/signature").json()["signed_at"] == first.json()["signed_at"]
    assert supervisor.post(f"{here}/promotion", json=reason).status_code == 403
    assert coach.post(f"{here}/promotion", json={}).status_code == 422
    answer = coach.post(f"{here}/promotion", json=reason)
    assert (answer.status_code, answer.json()["purpose"]) == (201, "qualifying")
    assert answer.json()["promotion_reason"] == reason["reason"]
    answer = coach.post(f"{here}/promotion", json=reason)
    assert (answer.status_code, answer.json()["code"]) == (409, "judgement.promoted")


def test_a_draft_is_edited_only_by_who_read_its_newest_words(as_: As, world: World) -> None:
    coach = as_(world.coach)
    created = coach.post(drafts_at(world), json=said(world, level_id=None))
    assert created.status_code == 201, created.text
    here, tag = created.headers["Location"], created.headers["ETag"]
    assert coach.get(here).headers["ETag"] == tag
    assert coach.get(here, headers={"If-None-Match": tag}).status_code == 304
    changed = {"words": "Zelfstandig, en netjes.", "observed_on": world.on.isoformat()}
    assert coach.put(here, json=changed).status_code == 428
    answer = coach.put(here, json=changed, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    newest = answer.headers["ETag"]
    assert newest != tag
    late = coach.put(here, json=changed, headers={"If-Match": tag})
    assert late.status_code == 412
    assert late.json()["current"]["words"] == changed["words"]
    assert late.json()["sent"]["words"] == changed["words"]
    for method, path in (("DELETE", here), ("POST", f"{here}/publication")):
        assert coach.request(method, path).status_code == 428
        assert coach.request(method, path, headers={"If-Match": tag}).status_code == 412
    answer = coach.post(f"{here}/publication", headers={"If-Match": newest})
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        {"level_id": ["draft.without_level"]},
    )
    ready = coach.put(
        here,
        json={**changed, "level_id": str(world.levels[2].id)},
        headers={"If-Match": newest},
    )
    sent = coach.post(f"{here}/publication", headers={"If-Match": ready.headers["ETag"]})
    assert sent.status_code == 201, sent.text
    assert sent.json()["words"] == changed["words"]
    assert coach.get(here).status_code == 404
    assert coach.get(drafts_at(world)).json() == {"items": []}


def test_nobody_else_finds_a_draft(as_: As, world: World) -> None:
    created = as_(world.coach).post(drafts_at(world), json=said(world))
    here = created.headers["Location"]
    for person in (world.student, world.supervisor, world.administrator, world.other_coach):
        other = as_(person)
        tag = {"If-Match": created.headers["ETag"]}
        body = {"observed_on": world.on.isoformat()}
        assert other.get(here).status_code == 404
        assert other.put(here, json=body, headers=tag).status_code == 404
        assert other.delete(here, headers=tag).status_code == 404
        assert other.post(f"{here}/publication", headers=tag).status_code == 404
    assert as_(world.student).get(drafts_at(world)).json() == {"items": []}


def test_a_draft_is_thrown_away(as_: As, world: World) -> None:
    coach = as_(world.coach)
    created = coach.post(drafts_at(world), json=said(world))
    here = created.headers["Location"]
    answer = coach.delete(here, headers={"If-Match": created.headers["ETag"]})
    assert answer.status_code == 204
    assert coach.get(here).status_code == 404


def test_a_rater_who_must_judge_before_seeing_the_others(
    as_: As, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(School, world.school.id).blind_rating = True
    coach = as_(world.coach)
    theirs = f"/api/judgements/{world.judgement.id}"
    assert coach.get(judgements_at(world)).json() == {"items": []}
    assert coach.get(theirs).status_code == 404
    assert coach.post(f"{theirs}/promotion", json={"reason": "x"}).status_code == 404
    overview = coach.get("/api/overview")
    assert "Piet" not in overview.text
    assert "Vraag nog om hulp" not in overview.text
    body = said(world, evidence_id=str(world.shared.id))
    assert coach.post(judgements_at(world), json=body).status_code == 201
    assert len(coach.get(judgements_at(world)).json()["items"]) == 3
    assert coach.get(theirs).status_code == 200
