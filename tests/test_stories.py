"""Five stories of people in one school, told over real HTTP: pages and API side by side.

Each stands beside the tests of its parts: what one room promises, the next one keeps.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from tests.api.pieces import form, photo
from tests.browsers import bearer
from tests.servers import NO_TLS
from tests.visits import Visit
from tests.world import World
from tracker.models import Person

Asks = Callable[..., httpx.Response]


@pytest.fixture
def ask(app: Flask, live_server: str) -> Asks:
    """Ask the API as somebody: `ask(world.coach, "GET", "/api/me")`; options are httpx' own."""
    tokens: dict[UUID, dict[str, str]] = {}

    def ask(person: Person, method: str, path: str, **options: Any) -> httpx.Response:
        if person.id not in tokens:
            tokens[person.id] = bearer(app, person)
        return httpx.request(
            method,
            f"{live_server}{path}",
            headers=tokens[person.id],
            timeout=30,
            verify=NO_TLS,
            **options,
        )

    return ask


def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def view(world: World, level: int, **about: Any) -> dict[str, Any]:
    """Return a view on one of the levels of the world's scale."""
    day = world.on.isoformat()
    return {"level_id": str(world.levels[level].id), "observed_on": day, **about}


def test_a_student_lives_through_a_leerwerkprestatie(app: Flask, ask: Asks, world: World) -> None:
    """Sanne asks herself something large, and works on it until it is done; then it goes on."""
    plan, today = f"/api/plans/{world.plan.id}", world.on.isoformat()
    whole = made(
        ask(
            world.student,
            "POST",
            f"{plan}/goals",
            json={
                "kind": "performance",
                "control": "shared",
                "title": "Ik organiseer een beweegmiddag",
                "question": "Hoe krijg ik bewoners in beweging?",
                "approach": "Eerst vragen, dan proberen, dan de middag.",
                "success": "Tien bewoners doen mee.",
            },
        )
    )
    assert whole["state"] == "draft"
    # Her coach reads the question and the plan, and agrees; so it begins.
    coach = Visit(app, world.coach)
    desk = f"/coach/plans/{world.plan.id}"
    assert "Ik organiseer een beweegmiddag" in coach.get(desk)
    agreed = coach.submit(desk, f"/coach/goals/{whole['id']}/agreements", {"version": "1"})
    assert agreed.status_code == 303
    here = f"/api/goals/{whole['id']}"
    whole = ask(world.student, "GET", here).json()
    assert (whole["state"], whole["agreed_with"]["name"]) == ("active", world.coach.name)
    # She cuts it up, and shows what came of it.
    part = {
        "title": "Ik vraag wat bewoners willen",
        "question": "Wie vraag ik wat?",
        "success": "Ik weet het van iedereen.",
        "parent_id": whole["id"],
    }
    part = made(ask(world.student, "POST", f"{plan}/goals", json=part))
    shown = {
        "text": "Twaalf bewoners deden mee.",
        "happened_on": today,
        "has_people": False,
        "goal_ids": [whole["id"], part["id"]],
        "share_with": ["coaches"],
    }
    piece = made(ask(world.student, "POST", f"{plan}/evidence", json=shown))
    seen = view(world, 2, goal_id=whole["id"], evidence_id=piece["id"], words="Jij leidde zelf.")
    made(ask(world.coach, "POST", f"{plan}/judgements", json=seen))
    # They talk about it, and she says herself that it is done.
    said = {"words": "We vieren het.", "held_on": today, "goal_id": whole["id"]}
    made(ask(world.coach, "POST", f"{plan}/talks", json=said))
    sanne = Visit(app, world.student)
    page = f"/student/goals/{whole['id']}"
    closed = sanne.submit(page, f"{page}/close", {"outcome": "reached", "words": "Het werd feest."})
    assert closed.status_code == 303
    # What is seen afterwards still counts in: a closed goal is not a closed eye.
    later = {**shown, "text": "Ze vragen om een tweede middag.", "goal_ids": [whole["id"]]}
    made(ask(world.student, "POST", f"{plan}/evidence", json=later))
    made(ask(world.coach, "POST", f"{plan}/judgements", json=view(world, 3, goal_id=whole["id"])))
    whole = ask(world.coach, "GET", here).json()
    assert (whole["state"], whole["outcome"]) == ("closed", "reached")
    assert whole["part_ids"] == [part["id"]]
    assert ask(world.coach, "GET", f"/api/goals/{part['id']}").json()["state"] == "active"
    told = sanne.get(page)
    for words in (
        "Hoe krijg ik bewoners in beweging?",
        "Eerst vragen, dan proberen, dan de middag.",
        "Ik vraag wat bewoners willen",
        "Twaalf bewoners deden mee.",
        "Jij leidde zelf.",
        "We vieren het.",
        "Het werd feest.",
        "Ze vragen om een tweede middag.",
    ):
        assert words in told, words


def test_a_student_without_a_qualification(app: Flask, ask: Asks, world: World) -> None:
    """Olaf follows no kwalificatie; beside his plan he starts one for a dream, his alone."""
    olaf, theirs = Visit(app, world.other_student), world.other_student
    plans = "/student/plans"
    started = olaf.submit(plans, plans, {"title": "Mijn droom", "starts_on": world.on.isoformat()})
    dream = started.headers["Location"].rpartition("=")[2]
    page = f"/student/goals/new?plan={dream}"
    assert "Welk werk hoort erbij?" not in olaf.get(page)
    goal = {
        "title": "Ik reken uit wat een fietszaak kost",
        "question": "Wat heb ik nodig om te beginnen?",
        "success": "Er ligt een begroting.",
        "kind": "goal",
        "control": "student",
        "tailoring": "individual",
        "target_anchor": "2",
        "target_on": world.on.isoformat(),
    }
    saved = olaf.submit(page, page, goal)
    assert saved.status_code == 303, saved.get_data(as_text=True)
    (found,) = ask(theirs, "GET", f"/api/plans/{dream}/goals").json()["items"]
    assert (found["state"], found["item_ids"]) == ("active", [])
    assert ask(theirs, "GET", f"/api/plans/{dream}").json()["framework"] is None
    # Both plans go on beside each other.
    assert goal["title"] in olaf.get(f"/student?plan={dream}")
    own = olaf.get(f"/student?plan={world.other_plan.id}")
    assert "Ik durf te bellen" in own
    assert goal["title"] not in own
    # Without a framework there is no work to choose from, and his dream is nobody else's.
    item = {"item_ids": [str(world.items[1].id)]}
    body = {name: goal[name] for name in ("title", "question", "success")}
    wrong = ask(theirs, "POST", f"/api/plans/{dream}/goals", json={**body, **item})
    assert wrong.json()["errors"] == {"item_ids": ["item.of_other_framework"]}
    for person in (world.other_coach, world.coach, world.student):
        assert ask(person, "GET", f"/api/plans/{dream}").status_code == 404
    assert goal["title"] not in Visit(app, world.other_coach).get("/coach")


def test_a_scale_changed_for_a_new_cohort(app: Flask, ask: Asks, world: World) -> None:
    """Ans gives new students new words; who started before keeps the old ones."""
    ans, scale = Visit(app, world.administrator), world.levels[0].scale_id
    path = f"/school/scales/{scale}/change"
    changed = ans.submit(
        path,
        path,
        {
            "name": "Groeiwoorden",
            "label": ["zie ik nog niet", "groeit", "staat"],
            "description": ["", "Met hulp van iemand.", "Ook als het druk is."],
            "anchor": ["0", "1", "2"],
            "for_plans_from": world.on.isoformat(),
            "is_default": "yes",
        },
    )
    assert changed.status_code == 303, changed.get_data(as_text=True)

    def levels_of(plan: Any) -> dict[str, str]:
        offered = ask(world.student, "GET", f"/api/plans/{plan}/scales").json()["items"][0]
        return {level["label"]: level["id"] for level in offered["levels"]}

    started = made(ask(world.student, "POST", "/api/plans", json={"title": "Mijn tweede jaar"}))
    old, new = levels_of(world.plan.id), levels_of(started["id"])
    assert list(old) == [level.label for level in world.levels]
    assert list(new) == ["zie ik nog niet", "groeit", "staat"]
    # The judgement of before says what it said, and the next one is in the same words.
    here = f"/api/plans/{world.plan.id}/judgements"
    (earlier,) = [
        row
        for row in ask(world.student, "GET", here).json()["items"]
        if row["id"] == str(world.judgement.id)
    ]
    assert (earlier["level"]["label"], earlier["level"]["anchor"]) == ("met hulp", 1)
    about = {"goal_id": str(world.goal.id), "observed_on": world.on.isoformat()}
    again = ask(world.coach, "POST", here, json={**about, "level_id": old["zelfstandig"]})
    assert made(again)["level"]["label"] == "zelfstandig"
    goal = {"title": "Ik leid de dag", "question": "Hoe?", "success": "Het loopt."}
    goal = made(ask(world.student, "POST", f"/api/plans/{started['id']}/goals", json=goal))
    there, mine = f"/api/plans/{started['id']}/judgements", {**about, "goal_id": goal["id"]}
    first = ask(world.student, "POST", there, json={**mine, "level_id": new["groeit"]})
    assert made(first)["level"]["label"] == "groeit"
    # A word of the other cohort is refused, both ways, and pages offer none.
    for person, where, body, level in (
        (world.coach, here, about, new["groeit"]),
        (world.student, there, mine, old["zelfstandig"]),
    ):
        answer = ask(person, "POST", where, json={**body, "level_id": level})
        told = (answer.status_code, answer.json()["errors"])
        assert told == (422, {"level_id": ["level.not_for_plan"]})
    page = Visit(app, world.coach).get(f"/judge/goals/{world.goal.id}")
    assert old["zelfstandig"] in page
    assert new["groeit"] not in page


def test_a_rater_who_must_judge_before_seeing_the_others(
    app: Flask, ask: Asks, world: World
) -> None:
    """Ans lets raters look first: until Cor looked, he sees nowhere what Piet and Sanne saw."""
    page = "/school/scales"
    assert (
        Visit(app, world.administrator)
        .submit(page, f"{page}/blind-rating", {"blind": "yes"})
        .status_code
        == 303
    )
    hidden = "Vraag nog om hulp bij de tillift."
    cor, judged = Visit(app, world.coach), f"/judge/evidence/{world.shared.id}"
    places = ("/coach", f"/coach/plans/{world.plan.id}", f"/feedback/evidence/{world.shared.id}")
    pages = (*places, f"/feedback/goals/{world.goal.id}", judged)
    theirs = f"/api/judgements/{world.judgement.id}"
    listed = f"/api/plans/{world.plan.id}/judgements"
    for path in pages:
        assert hidden not in cor.get(path), path
        assert "Piet: met hulp" not in cor.get(path), path
    assert ask(world.coach, "GET", listed).json() == {"items": []}
    assert ask(world.coach, "GET", theirs).status_code == 404
    assert ask(world.coach, "POST", f"{theirs}/promotion", json={"reason": "x"}).status_code == 404
    row = ask(world.coach, "GET", "/api/overview").json()["items"][0]
    assert row["measures"]["coverage"]["by_supervisor"] == 0
    assert not [s for s in row["signals"] if s["rule"] == "raters_apart"]
    # He looks for himself; what the others saw is there at once.
    fields = {"level": str(world.levels[2].id), "words": "Rustig.", "observed_on": world.on}
    assert cor.submit(judged, judged, {**fields, "do": "send"}).status_code == 303
    assert ask(world.coach, "GET", theirs).json()["words"] == hidden
    assert hidden in cor.get(f"/coach/plans/{world.plan.id}")
    assert hidden in cor.get(f"/feedback/evidence/{world.shared.id}")


def test_a_supervisor_looks_before_seeing_the_others_in_every_school(
    app: Flask, ask: Asks, world: World
) -> None:
    """Nobody switched anything on; still Piet is not told beforehand what Sanne thought."""
    fields = {
        "text": "Ik zette de weekdoos klaar.",
        "happened_on": world.on.isoformat(),
        "has_people": False,
        "placement_id": str(world.placement.id),
        "share_with": ["coaches", "placement"],
        "own_level_id": str(world.levels[0].id),
    }
    plan = f"/api/plans/{world.plan.id}"
    piece = made(ask(world.student, "POST", f"{plan}/evidence", json=fields))
    about = f"{plan}/judgements?evidence_id={piece['id']}"
    piet, page = Visit(app, world.supervisor), f"/supervisor/evidence/{piece['id']}"
    assert ask(world.coach, "GET", about).json()["items"] != []
    assert ask(world.supervisor, "GET", about).json() == {"items": []}
    own = f"Sanne: {world.levels[0].label}"
    for path in ("/supervisor", page, f"/feedback/evidence/{piece['id']}"):
        assert own not in piet.get(path), path
    assert piet.submit(page, page, {"level": str(world.levels[1].id)}).status_code == 303
    assert own in piet.get(f"{page}/done")
    assert len(ask(world.supervisor, "GET", about).json()["items"]) == 2


def test_evidence_withdrawn_after_a_judgement(app: Flask, ask: Asks, world: World) -> None:
    """Sanne takes back a photo that Cor judged: it goes from everybody, his judgement stays."""
    plan = f"/api/plans/{world.plan.id}"
    fields = form(
        world, text="Ik zette de tafel klaar.", share_with="coaches", goal_ids=[str(world.goal.id)]
    )
    sent = ask(
        world.student,
        "POST",
        f"{plan}/evidence",
        data=fields,
        files=[("files", ("tafel.jpg", photo(), "image/jpeg"))],
    )
    piece = made(sent)
    here, files = f"/api/evidence/{piece['id']}", piece["attachments"][0]
    links = [files["href"], files["thumbnail_href"]]
    cor = Visit(app, world.coach)
    assert {ask(world.coach, "GET", link).status_code for link in links} == {303}
    about = {"evidence_id": piece["id"], "goal_id": str(world.goal.id)}
    seen = view(world, 2, words="Alles lag klaar.", **about)
    judged = made(ask(world.coach, "POST", f"{plan}/judgements", json=seen))
    sanne, page = Visit(app, world.student), f"/student/evidence/{piece['id']}"
    assert sanne.submit(page, f"{page}/withdraw", {}).status_code == 303
    # For everybody else it never was, and so are its files.
    for person in (world.coach, world.administrator, world.supervisor):
        for path in (here, *links):
            assert ask(person, "GET", path).status_code == 404, (person.name, path)
        for path in (f"/files/{files['id']}", f"/feedback/evidence/{piece['id']}"):
            Visit(app, person).get(path, 404)
    desk = cor.get(f"/coach/plans/{world.plan.id}")
    assert "Ik zette de tafel klaar." not in desk
    assert files["id"] not in desk
    # What was seen in it stays with the school, and says so.
    assert "Alles lag klaar." in desk
    assert "Bewijs ingetrokken" in desk
    kept = ask(world.coach, "GET", f"/api/judgements/{judged['id']}").json()
    assert (kept["words"], kept["evidence_withdrawn"]) == ("Alles lag klaar.", True)
    # She keeps it herself, but it cannot be made never to have been.
    assert "Ik zette de tafel klaar." in sanne.get(page)
    erased = ask(world.student, "DELETE", here)
    assert (erased.status_code, erased.json()["code"]) == (409, "evidence.judged")
    assert sanne.submit(page, f"{page}/erase", {}).status_code == 409
    assert ask(world.student, "GET", here).json()["state"] == "withdrawn"
    late = ask(world.coach, "POST", f"{plan}/judgements", json=seen)
    assert late.status_code == 404
