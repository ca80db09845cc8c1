"""The pages as people meet them, without any script."""

import re
from io import BytesIO

import sqlalchemy as sa
from flask import Flask
from PIL import Image

from tests.visits import SECURE, Visit
from tests.world import World
from tracker.db import new_id, unit_of_work, utc_now
from tracker.evidence import log_evidence
from tracker.models import Attachment, Evidence, EvidenceVersion, Goal, Judgement, SchoolRole
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


def test_who_guides_nobody_and_opens_the_overview_is_at_the_own_start_page(
    app: Flask, world: World
) -> None:
    for person in (world.student, world.supervisor, world.administrator):
        answer = Visit(app, person).client.get("/coach", base_url=SECURE)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_teacher_without_students_is_led_to_the_lessons(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        newcomer = add_person(
            session,
            by=None,
            school=world.school,
            name="Nina Nieuw",
            number="D77",
            roles=[SchoolRole.TEACHER],
            at=world.at,
        )
    visit = Visit(app, newcomer)
    page = visit.get("/coach")
    assert "Nog geen studenten" in page
    assert 'href="/lessons"' in page.split("<main")[1]
    visit.get("/lessons")


def test_a_closed_plan_on_the_start_page_says_so_and_asks_for_no_goal(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.student)
    plan = f"/student/plans/{world.plan.id}"
    assert visit.submit(plan, f"{plan}/close", {}).status_code == 303
    page = visit.get(f"/student?plan={world.plan.id}").split("<main")[1]
    assert "Dit plan is gesloten" in page
    assert f'href="{plan}"' in page
    assert "Ik help een bewoner met opstaan" in page
    for asked in ("Kies je eerste doel", "Je volgende stap", "Nieuw doel", "Bewijs toevoegen"):
        assert asked not in page


def test_a_closed_plan_without_goals_invites_no_first_goal(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    new = {"title": "Mijn zaak", "starts_on": world.on.isoformat()}
    second = visit.submit("/student/plans", "/student/plans", new).headers["Location"]
    plan = f"/student/plans/{second.partition('=')[2]}"
    assert "Kies je eerste doel" in visit.get(second)
    assert visit.submit(plan, f"{plan}/close", {}).status_code == 303
    page = visit.get(second).split("<main")[1]
    assert "Dit plan is gesloten" in page
    assert "Kies je eerste doel" not in page
    assert "Mijn zaak" in page


def see_the_shared_piece(app: Flask, world: World) -> None:
    """Let the coach give a view on the piece that is shared, and on no goal."""
    path = f"/judge/evidence/{world.shared.id}"
    view = {"level": str(world.levels[2].id), "words": "", "observed_on": world.on.isoformat()}
    assert Visit(app, world.coach).submit(path, path, view).status_code == 303


def test_news_about_an_older_piece_says_which_one(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(6):
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                text=f"Later stuk {number}",
                happened_on=world.on,
                has_people=False,
                on=world.on,
                at=utc_now(),
            )
    see_the_shared_piece(app, world)
    page = Visit(app, world.student).get("/student")
    news = page.split('id="news"')[1].split("</ul>")[0]
    assert "Ik hielp mevrouw met opstaan." not in page.split('id="evidence"')[1]
    assert "Ik hielp mevrouw met opstaan." in news


def test_a_photo_without_words_is_named_as_such_in_news_and_to_the_coach(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(
            sa.update(EvidenceVersion)
            .where(EvidenceVersion.evidence_id == world.shared.id)
            .values(text="")
        )
    see_the_shared_piece(app, world)
    news = Visit(app, world.student).get("/student").split('id="news"')[1].split("</ul>")[0]
    assert "Zonder woorden" in news
    plan = f"/coach/plans/{world.plan.id}"
    coach = Visit(app, world.coach)
    assert ": Zonder woorden</span>" in coach.get(plan)
    assert ">Zonder woorden</p>" in coach.get(f"{plan}/evidence")


def test_words_on_several_lines_keep_them_for_the_coach(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    words = "Eerst keek ik.\nToen deed ik het."
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(
            sa.update(EvidenceVersion)
            .where(EvidenceVersion.evidence_id == world.shared.id)
            .values(text=words)
        )
    coach = Visit(app, world.coach)
    for path in (f"/coach/plans/{world.plan.id}/evidence", f"/judge/evidence/{world.shared.id}"):
        keeps = re.search(r'class="tekst[^"]*">' + words, coach.get(path))
        assert keeps is not None, path
