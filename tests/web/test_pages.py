"""The pages as people meet them, without any script."""

import re
from io import BytesIO

import sqlalchemy as sa
from flask import Flask
from PIL import Image

from tests.visits import Visit
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.models import Attachment, Evidence, Goal, Judgement, SchoolRole
from tracker.people import add_person


def photo() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (800, 600), "teal").save(out, "JPEG")
    out.seek(0)
    return out


def without_chance(page: str) -> str:
    """Leave out what differs at every request: the CSRF token and the helpdesk's code."""
    return re.sub(r'(csrf_token" value=")[^"]+|LS-[0-9A-F]+', r"\1", page)


def test_student_start_shows_the_goal_and_what_the_supervisor_saw(app: Flask, world: World) -> None:
    page = Visit(app, world.student).get("/student")
    assert "Hoi Sanne" in page
    assert "Ik help een bewoner met opstaan" in page
    assert "Vraag nog om hulp bij de tillift." in page


def test_coach_overview_says_who_needs_attention_and_why(app: Flask, world: World) -> None:
    page = Visit(app, world.coach).get("/coach")
    assert page.count("Sanne Student") >= 2
    assert "Sanne: ook in een nieuwe situatie" in page
    assert "Piet: met hulp" in page
    assert "Olaf" not in page


def test_coach_prepares_a_talk_and_gives_a_view(app: Flask, world: World) -> None:
    visit = Visit(app, world.coach)
    path = f"/coach/plans/{world.plan.id}"
    page = visit.get(path)
    assert "Ik hielp mevrouw met opstaan." in page
    assert "Alleen voor mij." not in page
    judge = f"/judge/goals/{world.goal.id}"
    assert judge in page
    answer = visit.submit(
        judge,
        judge,
        {
            "level": str(world.levels[2].id),
            "words": "Je legt het goed uit.",
            "observed_on": world.on.isoformat(),
        },
    )
    assert answer.status_code == 303
    assert "Je legt het goed uit." in visit.get(path)


def test_student_adds_a_goal_that_begins_with_a_question(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    answer = visit.submit(
        "/student/goals/new",
        "/student/goals/new",
        {
            "question": "Hoe vertel ik slecht nieuws?",
            "title": "Ik bel familie rustig",
            "success": "Familie weet genoeg.",
            "target_anchor": "2",
            "target_on": world.on.isoformat(),
            "item_ids": [str(world.items[1].id)],
        },
    )
    assert answer.status_code == 303
    assert "Ik bel familie rustig" in visit.get("/student")


def test_a_goal_without_a_question_comes_back_with_what_was_written(
    app: Flask, world: World
) -> None:
    answer = Visit(app, world.student).submit(
        "/student/goals/new", "/student/goals/new", {"title": "Ik bel familie rustig"}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Ik bel familie rustig" in page
    assert "Vul dit in." in page


def test_evidence_with_a_photo_is_shared_judged_and_seen_by_the_coach_at_once(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student = Visit(app, world.student)
    key = str(new_id())
    answer = student.submit(
        "/student/evidence/new",
        "/student/evidence/new",
        {
            "evidence_id": key,
            "text": "Ik zette de weekdoos klaar.",
            "goal_ids": [str(world.goal.id)],
            "has_people": "no",
            "own_level": str(world.levels[2].id),
            "happened_on": world.on.isoformat(),
            "share_with": str(world.placement.id),
            "files": (photo(), "weekdoos.jpg"),
        },
    )
    assert answer.status_code == 303
    assert "Cor en Piet" in student.get(f"/student/evidence/{key}/sent")

    supervisor = Visit(app, world.supervisor)
    look = f"/supervisor/evidence/{key}"
    assert "Ik zette de weekdoos klaar." in supervisor.get("/supervisor")
    assert "zelfstandig" not in supervisor.get(look).split("<fieldset")[0]
    answer = supervisor.submit(
        look, look, {"level": str(world.levels[3].id), "words": "Netjes gewerkt."}
    )
    assert answer.status_code == 303
    assert "Sanne" in supervisor.get(f"{look}/done")

    page = Visit(app, world.coach).get(f"/coach/plans/{world.plan.id}")
    assert "Netjes gewerkt." in page
    assert "Ik zette de weekdoos klaar." in page
    with unit_of_work(engine, school_id=world.school.id) as session:
        attachment = session.scalars(sa.select(Attachment)).one()
    answer = student.client.get(f"/files/{attachment.id}", base_url="https://localhost")
    assert answer.status_code == 303
    assert answer.location.startswith("http://localhost:8000/f/")


def test_a_photo_without_an_answer_about_people_is_kept_while_the_form_comes_back(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student = Visit(app, world.student)
    fields = {
        "evidence_id": str(new_id()),
        "text": "Met foto.",
        "happened_on": world.on.isoformat(),
        "share_with": "nobody",
    }
    path = "/student/evidence/new"
    answer = student.submit(path, path, {**fields, "files": (photo(), "foto.jpg")})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "foto.jpg" in page
    kept = page.split('name="kept_files" value="')[1].split('"')[0]
    answer = student.submit(path, path, {**fields, "has_people": "no", "kept_files": kept})
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(Attachment.name)).all() == ["foto.jpg"]


def test_evidence_sent_twice_is_one_piece(app: Flask, engine: sa.Engine, world: World) -> None:
    student = Visit(app, world.student)
    fields = {
        "evidence_id": str(new_id()),
        "text": "Twee keer verstuurd.",
        "happened_on": world.on.isoformat(),
        "share_with": "nobody",
    }
    path = "/student/evidence/new"
    assert [student.submit(path, path, fields).status_code for _ in range(3)] == [303] * 3
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 3


def test_not_seen_is_an_answer_that_records_no_judgement(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    look = f"/supervisor/evidence/{world.shared.id}"
    answer = Visit(app, world.supervisor).submit(look, look, {"level": "not_seen"})
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Judgement)) == 2


def test_another_coach_gets_the_same_page_as_for_what_does_not_exist(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.other_coach)
    theirs = visit.get(f"/coach/plans/{world.plan.id}", 404)
    unknown = new_id()
    nothing = visit.get(f"/coach/plans/{unknown}", 404).replace(str(unknown), str(world.plan.id))
    assert without_chance(theirs) == without_chance(nothing)


def test_a_student_without_a_plan_is_invited_and_begins_one_with_the_first_goal(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        person = add_person(
            session,
            by=None,
            school=world.school,
            name="Nina Nieuw",
            number="nina",
            roles=[SchoolRole.STUDENT],
            at=world.at,
        )
    newcomer = Visit(app, person)
    assert "Kies je eerste doel" in newcomer.get("/student")
    answer = newcomer.submit(
        "/student/goals/new",
        "/student/goals/new",
        {
            "question": "Wat wil ik worden?",
            "title": "Ik droom van een eigen zaak",
            "success": "Ik heb er een bezocht.",
            "target_anchor": "1",
            "target_on": world.on.isoformat(),
        },
    )
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Goal)) == 3
