"""Evidence that changes: other words, other readers, taken back, erased; and what others notice."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api.pieces import fields, form, kept, photo, sweep
from tests.world import World
from tracker.db import unit_of_work
from tracker.judgements import judge
from tracker.models import Evidence, Goal, GoalState, LearningPlan, PlanMember

READERS = ("coach", "supervisor", "administrator")


@pytest.fixture
def path(world: World) -> str:
    """Where a student's evidence is sent."""
    return f"/api/plans/{world.plan.id}/evidence"


def at(piece: dict[str, Any]) -> str:
    return f"/api/evidence/{piece['id']}"


def words(piece: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: piece[name] for name in ("text", "goal_ids", "item_ids")} | changes


def judged(world: World, engine: sa.Engine, piece: dict[str, Any]) -> None:
    """Let the coach judge a piece."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        evidence = session.get_one(Evidence, (world.school.id, UUID(piece["id"])))
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        judge(
            session,
            by=world.coach,
            plan=plan,
            evidence=evidence,
            level=world.levels[2],
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )


# Kinds, context and work


def test_a_certificate_says_what_it_is_where_it_was_and_which_work_it_shows(
    world: World, as_: Any, path: str
) -> None:
    item = str(world.items[1].id)
    piece = (
        as_(world.student)
        .post(
            path,
            json=fields(world, kind="certificate", context="elsewhere", item_ids=[item]),
        )
        .json()
    )
    assert (piece["kind"], piece["context"], piece["item_ids"]) == (
        "certificate",
        "elsewhere",
        [item],
    )


def test_work_of_another_framework_is_refused(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    before = counts()
    without = f"/api/plans/{world.other_plan.id}/evidence"
    answer = as_(world.other_student).post(
        without, json=fields(world, item_ids=[str(world.items[1].id)])
    )
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        {"item_ids": ["item.of_other_framework"]},
    )
    assert counts() == before


def test_nobody_is_shown_a_piece_by_name_when_it_is_logged(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    before = counts()
    answer = as_(world.student).post(path, json=fields(world, share_with=["person"]))
    assert answer.json()["errors"] == {"share_with": ["share.needs_person"]}
    assert counts() == before


# Filters


def test_a_list_is_filtered_by_state_kind_goal_work_and_days(
    world: World, as_: Any, path: str
) -> None:
    student = as_(world.student)
    item = str(world.items[1].id)
    one = student.post(
        path,
        json=fields(world, kind="reflection", happened_on="2026-01-05", item_ids=[item]),
    ).json()["id"]

    def found(**query: str) -> set[str]:
        answer = student.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return {piece["id"] for piece in answer.json()["items"]}

    private, shared = str(world.private.id), str(world.shared.id)
    assert found() == {one, private, shared}
    assert found(state="shared") == {shared}
    assert found(kind="reflection") == {one}
    assert found(goal_id=str(world.goal.id)) == {private, shared}
    assert found(item_id=item) == {one}
    assert found(from_on="2026-01-05", until_on="2026-01-06") == {one}
    assert found(until_on="2026-01-05") == set()
    assert found(goal_id=str(uuid4())) == set()


def test_filters_page_on_with_their_cursor(world: World, as_: Any, path: str) -> None:
    student = as_(world.student)
    for number in range(3):
        student.post(path, json=fields(world, kind="feedback", text=f"Stuk {number}."))
    seen: list[str] = []
    address: str | None = f"{path}?kind=feedback&limit=2"
    while address:
        answer = student.get(address)
        seen += [piece["text"] for piece in answer.json()["items"]]
        address = answer.links.get("next", {}).get("url")
    assert seen == ["Stuk 0.", "Stuk 1.", "Stuk 2."]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"state": "lost"}, {"state": ["not_a_choice"]}),
        ({"goal_id": "1"}, {"goal_id": ["not_an_id"]}),
        ({"from_on": "gisteren"}, {"from_on": ["not_a_date"]}),
        ({"colour": "red"}, {"colour": ["unknown_field"]}),
        (
            {"from_on": "2026-02-01", "until_on": "2026-02-01"},
            {"until_on": ["date.before_start"]},
        ),
    ],
)
def test_a_filter_that_cannot_be_is_refused(
    world: World, as_: Any, path: str, query: dict[str, str], errors: dict[str, list[str]]
) -> None:
    answer = as_(world.student).get(path, params=query)
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)


# Editing


def test_an_edit_is_a_new_version_and_the_old_one_stays(world: World, as_: Any, path: str) -> None:
    student = as_(world.student)
    made = student.post(path, json=fields(world, goal_ids=[str(world.goal.id)]))
    piece, tag = made.json(), made.headers["ETag"]
    item = str(world.items[1].id)
    answer = student.put(
        at(piece),
        json=words(piece, text="Anders gezegd.", goal_ids=[], item_ids=[item]),
        headers={"If-Match": tag},
    )
    assert answer.status_code == 200, answer.text
    edited = answer.json()
    assert (edited["text"], edited["version"], edited["goal_ids"], edited["item_ids"]) == (
        "Anders gezegd.",
        2,
        [],
        [item],
    )
    assert answer.headers["ETag"] == student.get(at(piece)).headers["ETag"] != tag
    versions = student.get(f"{at(piece)}/versions").json()["items"]
    assert [(row["number"], row["text"]) for row in versions] == [
        (2, "Anders gezegd."),
        (1, piece["text"]),
    ]


def test_an_edit_without_a_change_is_no_version(world: World, as_: Any, path: str) -> None:
    student = as_(world.student)
    made = student.post(path, json=fields(world))
    answer = student.put(
        at(made.json()), json=words(made.json()), headers={"If-Match": made.headers["ETag"]}
    )
    assert (answer.status_code, answer.json()) == (200, made.json())


def test_an_edit_names_what_it_changes_and_the_second_gets_both_texts(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    student = as_(world.student)
    made = student.post(path, json=fields(world))
    piece, tag = made.json(), {"If-Match": made.headers["ETag"]}
    missing = student.put(at(piece), json=words(piece, text="Een."))
    assert (missing.status_code, missing.json()["code"]) == (428, "if_match_missing")
    assert student.put(at(piece), json=words(piece, text="Een."), headers=tag).status_code == 200
    before = counts()
    late = student.put(at(piece), json=words(piece, text="Twee."), headers=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert (late.json()["current"]["text"], late.json()["sent"]["text"]) == ("Een.", "Twee.")
    assert counts() == before


def test_who_may_not_edit_hears_no_more_than_they_may_see(
    world: World, as_: Any, counts: Any
) -> None:
    before = counts()
    body = {"text": "Van een ander.", "goal_ids": [], "item_ids": []}
    for person in (world.coach, world.supervisor, world.administrator):
        shared = as_(person).put(f"/api/evidence/{world.shared.id}", json=body)
        assert (shared.status_code, shared.json()["code"]) == (403, "not_allowed")
        assert as_(person).put(f"/api/evidence/{world.private.id}", json=body).status_code == 404
    for person in (world.other_student, world.other_coach, world.elsewhere):
        assert as_(person).put(f"/api/evidence/{world.shared.id}", json=body).status_code == 404
    assert counts() == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"text": ""}, {"text": ["evidence.empty"]}),
        ({"text": "x" * 10_001}, {"text": ["too_long"]}),
        ({"text": "a\0b"}, {"text": ["bad_character"]}),
        ({"text": "a", "state": "shared"}, {"state": ["unknown_field"]}),
        ({"text": "a", "goal_ids": "x"}, {"goal_ids": ["not_a_list"]}),
    ],
)
def test_a_wrong_edit_says_which_field_and_writes_nothing(
    world: World, as_: Any, counts: Any, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    student = as_(world.student)
    address = f"/api/evidence/{world.private.id}"
    tag, before = student.get(address).headers["ETag"], counts()
    answer = student.put(address, json=body, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert counts() == before


def test_who_has_it_already_gets_304(world: World, as_: Any) -> None:
    coach, address = as_(world.coach), f"/api/evidence/{world.shared.id}"
    tag = coach.get(address).headers["ETag"]
    again = coach.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert coach.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_resend_after_an_edit_is_still_the_first_piece(world: World, as_: Any, path: str) -> None:
    student, key = as_(world.student), str(uuid4())
    sent = fields(world, id=key, goal_ids=[str(world.goal.id)])
    made = student.post(path, json=sent)
    edited = student.put(
        at(made.json()),
        json={"text": "Anders.", "goal_ids": [], "item_ids": []},
        headers={"If-Match": made.headers["ETag"]},
    )
    again = student.post(path, json=sent)
    assert (again.status_code, again.json()) == (200, edited.json())


def test_the_same_key_of_two_people_is_two_pieces(world: World, as_: Any, path: str) -> None:
    key = str(uuid4())
    mine = as_(world.student).post(path, json=fields(world, id=key))
    other_path = f"/api/plans/{world.other_plan.id}/evidence"
    other = as_(world.other_student).post(other_path, json=fields(world, id=key, text="Van mij."))
    again = as_(world.other_student).post(other_path, json=fields(world, id=key, text="Van mij."))
    assert (mine.status_code, other.status_code, again.status_code) == (201, 201, 200)
    assert mine.json()["id"] != other.json()["id"] == again.json()["id"]
    assert as_(world.student).get(at(other.json())).status_code == 404


# Sharing, taking back, erasing


def test_sharing_and_stopping_change_who_sees_it_at_once(world: World, as_: Any, path: str) -> None:
    student = as_(world.student)
    piece = student.post(path, json=fields(world, placement_id=str(world.placement.id))).json()
    assert [as_(getattr(world, name)).get(at(piece)).status_code for name in READERS] == [404] * 3
    shares = f"{at(piece)}/shares"
    coaches = student.post(shares, json={"audience": "coaches"})
    assert (coaches.status_code, coaches.json()["state"]) == (201, "shared")
    assert [as_(getattr(world, name)).get(at(piece)).status_code for name in READERS] == [
        200,
        404,
        200,
    ]
    both = student.post(
        shares, json={"audience": "placement", "placement_id": str(world.placement.id)}
    ).json()
    assert both["share_with"] == ["coaches", "placement"]
    assert student.post(shares, json={"audience": "coaches"}).json() == both
    assert as_(world.supervisor).get(at(piece)).status_code == 200
    (first, second) = both["shares"]
    left = student.delete(f"{shares}/{first['id']}").json()
    assert (left["state"], left["share_with"]) == ("shared", ["placement"])
    assert as_(world.coach).get(at(piece)).status_code == 404
    none = student.delete(f"{shares}/{second['id']}").json()
    assert (none["state"], none["share_with"], none["withdrawn_at"]) == ("private", [], None)
    assert student.delete(f"{shares}/{second['id']}").status_code == 404
    assert as_(world.supervisor).get(at(piece)).status_code == 404


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"audience": "placement"}, {"placement_id": ["share.needs_placement"]}),
        ({"audience": "person"}, {"person_id": ["share.needs_person"]}),
        ({"audience": "everybody"}, {"audience": ["not_a_choice"]}),
        ({}, {"audience": ["required"]}),
    ],
)
def test_a_share_without_readers_is_refused(
    world: World, as_: Any, counts: Any, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    before = counts()
    answer = as_(world.student).post(f"/api/evidence/{world.private.id}/shares", json=body)
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    assert counts() == before


def test_a_coach_is_no_peer_and_needs_no_share_by_name(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    answer = as_(world.student).post(
        f"/api/evidence/{world.private.id}/shares",
        json={"audience": "person", "person_id": str(world.coach.id)},
    )
    assert answer.json()["errors"] == {"person_id": ["share.not_a_peer"]}
    assert counts() == before


def test_evidence_withdrawn_after_a_judgement_keeps_the_judgement_and_cannot_be_erased(
    world: World, engine: sa.Engine, as_: Any, path: str
) -> None:
    student, coach = as_(world.student), as_(world.coach)
    piece = student.post(path, json=fields(world, share_with=["coaches"])).json()
    judged(world, engine, piece)
    taken = student.delete(f"{at(piece)}/shares").json()
    assert taken["state"] == "withdrawn"
    assert taken["withdrawn_at"] is not None
    assert coach.get(at(piece)).status_code == 404
    judgements = coach.get(f"/api/plans/{world.plan.id}/judgements").json()["items"]
    assert piece["id"] in {row["evidence_id"] for row in judgements}
    erased = student.delete(at(piece))
    assert (erased.status_code, erased.json()["code"]) == (409, "evidence.judged")
    now = student.get(at(piece))
    edited = student.put(
        at(piece), json=words(piece, text="Nee."), headers={"If-Match": now.headers["ETag"]}
    )
    assert (edited.status_code, edited.json()["code"]) == (409, "evidence.withdrawn")
    again = student.post(f"{at(piece)}/shares", json={"audience": "coaches"}).json()
    assert (again["state"], again["withdrawn_at"]) == ("shared", None)
    assert coach.get(at(piece)).status_code == 200


def test_a_judged_piece_is_not_hidden_from_school_while_the_placement_sees_it(
    world: World, as_: Any
) -> None:
    student = as_(world.student)
    address = f"/api/evidence/{world.shared.id}"
    shares = {row["audience"]: row["id"] for row in student.get(address).json()["shares"]}
    after = student.delete(f"{address}/shares/{shares['coaches']}").json()
    assert (after["state"], after["shares"]) == ("withdrawn", [])
    assert as_(world.supervisor).get(address).status_code == 404


def test_what_is_shared_is_taken_back_before_it_is_erased(
    world: World, as_: Any, counts: Any, path: str
) -> None:
    student = as_(world.student)
    piece = student.post(path, json=fields(world, share_with=["coaches"])).json()
    refused = student.delete(at(piece))
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence.shared")
    assert student.delete(f"{at(piece)}/shares").json()["state"] == "private"
    assert student.delete(at(piece)).status_code == 204
    assert student.get(at(piece)).status_code == 404


def test_erasing_leaves_no_row_and_no_byte_but_spares_what_another_piece_uses(
    world: World, app: Flask, as_: Any, counts: Any, path: str
) -> None:
    student, before = as_(world.student), counts()
    body = form(
        world, goal_ids=[str(world.goal.id)], own_level_id=str(world.levels[1].id), item_ids=[]
    )

    def send(*colours: str) -> dict[str, Any]:
        files = [("files", (f"{colour}.jpg", photo(colour))) for colour in colours]
        answer = student.post(path, data=body, files=files)
        assert answer.status_code == 201, answer.text
        sent: dict[str, Any] = answer.json()
        return sent

    first = send("teal", "orange")
    both = set(kept(app))
    second = send("teal")
    assert student.delete(at(first)).status_code == 204
    sweep(app)
    assert 0 < len(set(kept(app))) < len(both)
    href = second["attachments"][0]["href"]
    assert student.get(href, follow_redirects=True).status_code == 200
    assert student.delete(at(second)).status_code == 204
    sweep(app)
    assert kept(app) == []
    assert counts() == before


def test_only_the_student_shares_takes_back_and_erases(world: World, as_: Any, counts: Any) -> None:
    before = counts()
    shared, private = f"/api/evidence/{world.shared.id}", f"/api/evidence/{world.private.id}"
    share_id = as_(world.student).get(shared).json()["shares"][0]["id"]
    for person, status in (
        (world.coach, 403),
        (world.supervisor, 403),
        (world.administrator, 403),
        (world.other_student, 404),
        (world.elsewhere, 404),
    ):
        caller = as_(person)
        body = {"audience": "coaches"}
        assert caller.post(f"{shared}/shares", json=body).status_code == status
        assert caller.delete(f"{shared}/shares").status_code == status
        assert caller.delete(f"{shared}/shares/{share_id}").status_code == status
        assert caller.delete(shared).status_code == status
        for address in (f"{private}/shares", private, f"{private}/shares/{share_id}"):
            assert caller.delete(address).status_code == 404
    assert counts() == before


def test_readers_see_the_versions_that_were_shown_to_them_and_no_others(
    world: World, as_: Any, path: str
) -> None:
    student, coach = as_(world.student), as_(world.coach)
    piece = student.post(path, json=fields(world, text="Voor mezelf.")).json()

    def say(text: str) -> None:
        tag = student.get(at(piece)).headers["ETag"]
        answer = student.put(at(piece), json=words(piece, text=text), headers={"If-Match": tag})
        assert answer.status_code == 200

    say("Netjes.")
    student.post(f"{at(piece)}/shares", json={"audience": "coaches"})
    say("Netter.")
    student.delete(f"{at(piece)}/shares")
    say("Weer voor mezelf.")
    student.post(f"{at(piece)}/shares", json={"audience": "coaches"})

    def versions(caller: Any) -> list[str]:
        return [row["text"] for row in caller.get(f"{at(piece)}/versions").json()["items"]]

    assert versions(coach) == ["Weer voor mezelf.", "Netter.", "Netjes."]
    assert versions(student) == [*versions(coach), "Voor mezelf."]


# What others notice


def test_private_evidence_changes_no_byte_of_what_others_get(
    world: World, as_: Any, path: str
) -> None:
    addresses = [
        f"/api/plans/{world.plan.id}",
        path,
        f"/api/plans/{world.plan.id}/goals",
        f"/api/goals/{world.goal.id}",
        f"/api/plans/{world.plan.id}/judgements",
        f"/api/evidence/{world.shared.id}",
        "/api/overview",
    ]

    def told() -> dict[tuple[str, str], tuple[int, bytes, str | None]]:
        return {
            (name, address): (answer.status_code, answer.content, answer.headers.get("ETag"))
            for name in READERS
            for address in addresses
            for answer in [as_(getattr(world, name)).get(address)]
        }

    before = told()
    assert {status for status, _, _ in before.values()} >= {200}
    student = as_(world.student)
    piece = student.post(
        path,
        json=fields(
            world,
            goal_ids=[str(world.goal.id)],
            item_ids=[str(world.items[1].id)],
            own_level_id=str(world.levels[3].id),
            placement_id=str(world.placement.id),
        ),
    )
    assert told() == before
    student.put(
        at(piece.json()),
        json=words(piece.json(), text="Nog eens."),
        headers={"If-Match": piece.headers["ETag"]},
    )
    assert told() == before
    student.delete(at(piece.json()))
    assert told() == before


def test_after_four_weeks_a_peers_share_reads_as_ended(
    world: World, engine: sa.Engine, as_: Any, path: str
) -> None:
    student = as_(world.student)
    piece = student.post(path, json=fields(world)).json()
    asked = {"to_id": str(world.other_student.id), "evidence_id": piece["id"]}
    answer = student.post(f"/api/plans/{world.plan.id}/requests", json=asked)
    assert answer.status_code == 201, answer.text
    shown = student.get(at(piece)).json()
    assert (shown["state"], shown["share_with"]) == ("shared", ["person"])
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(PlanMember).filter_by(role="peer").values(until_on=world.on))
    later = student.get(at(piece)).json()
    assert (later["state"], later["share_with"], later["shares"]) == ("private", [], [])
    share = f"{at(piece)}/shares/{shown['shares'][0]['id']}"
    assert student.get(share).status_code == 404
    for state, ids in (("private", {piece["id"]}), ("shared", set())):
        found = student.get(path, params={"state": state}).json()["items"]
        assert {each["id"] for each in found} & {piece["id"]} == ids
    assert student.delete(at(piece)).status_code == 204


def test_a_draft_goal_is_no_goal_of_a_piece_to_who_is_outside_the_school(
    world: World, engine: sa.Engine, as_: Any, path: str
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(Goal, (world.school.id, world.goal.id)).state = GoalState.DRAFT
    at_piece = f"/api/evidence/{world.shared.id}"
    goal_ids = [str(world.goal.id)]
    for name, expected in (("student", goal_ids), ("coach", goal_ids), ("supervisor", [])):
        assert as_(getattr(world, name)).get(at_piece).json()["goal_ids"] == expected
    page = as_(world.supervisor).get(path).json()["items"]
    assert [each["goal_ids"] for each in page] == [[]]


def test_a_list_takes_as_many_queries_for_many_pieces_as_for_one(
    world: World, as_: Any, path: str, queries: Any
) -> None:
    one, few = queries(world.coach, path)
    assert len(one["items"]) == 1
    for _ in range(6):
        answer = as_(world.student).post(
            path,
            json=fields(world, share_with=["coaches"], goal_ids=[str(world.goal.id)]),
        )
        assert answer.status_code == 201, answer.text
    many, same = queries(world.coach, path)
    assert (len(many["items"]), same) == (7, few)
