"""Asking and answering, as people do it on pages without any script."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work
from tracker.models import (
    AuditEvent,
    Evidence,
    FeedbackRequest,
    Judgement,
    LearningQuestion,
    Person,
    PlanMember,
    PlanRole,
    RequestState,
)
from tracker.plans import start_own_plan


def ask(app: Flask, world: World, what: str, to: Person, words: str = "") -> Any:
    """Ask somebody as the student, on the page about `what`."""
    page = f"/feedback/{what}"
    answer = Visit(app, world.student).submit(
        page, f"{page}/requests", {"to_id": str(to.id), "ask_words": words}
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer


def only_request(engine: sa.Engine, world: World) -> FeedbackRequest:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return session.scalars(sa.select(FeedbackRequest)).one()


def changed(engine: sa.Engine, world: World, change: sa.Update) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(change)


def five_days_ago(engine: sa.Engine, world: World) -> None:
    earlier = world.at - timedelta(days=5)
    changed(engine, world, sa.update(FeedbackRequest).values(asked_at=earlier))


def test_both_clocks_are_said_in_words(app: Flask, engine: sa.Engine, world: World) -> None:
    ask(app, world, f"evidence/{world.shared.id}", world.coach, "Was ik rustig?")
    five_days_ago(engine, world)
    coach = Visit(app, world.coach).get("/feedback")
    assert "wacht 5 dagen op jou" in coach
    assert "Was ik rustig?" in coach
    student = Visit(app, world.student).get("/feedback")
    assert "je wacht 5 dagen" in student
    assert "wacht 5 dagen op jou" not in student


def test_the_menu_says_how_many_wait(app: Flask, world: World) -> None:
    marked = '<b>1<span class="vh"> wachten op jou'
    assert marked not in Visit(app, world.coach).get("/feedback")
    ask(app, world, f"goals/{world.goal.id}", world.coach)
    assert marked in Visit(app, world.coach).get("/coach")
    assert marked not in Visit(app, world.student).get("/student")


def test_the_start_pages_show_what_waits(app: Flask, world: World) -> None:
    ask(app, world, f"evidence/{world.shared.id}", world.coach, "Was ik rustig?")
    ask(app, world, f"evidence/{world.shared.id}", world.supervisor, "En volgens jou?")
    assert "Was ik rustig?" in Visit(app, world.coach).get("/coach")
    assert "En volgens jou?" in Visit(app, world.supervisor).get("/supervisor")
    assert "Je wacht zelf op 2 antwoorden." in Visit(app, world.student).get("/student")


def test_who_looks_at_what_waits_leaves_a_row(app: Flask, engine: sa.Engine, world: World) -> None:
    ask(app, world, f"evidence/{world.private.id}", world.other_student)
    for person in (world.student, world.other_student):
        Visit(app, person).get("/student")
    with unit_of_work(engine, school_id=world.school.id) as session:
        listed = sa.select(AuditEvent).where(AuditEvent.verb == "listed requests")
        (event,) = session.scalars(listed)
    assert event.by_id == world.other_student.id
    assert event.details == {"plan_ids": [str(world.plan.id)]}


def test_a_comment_is_the_answer_and_the_student_reads_it(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    ask(app, world, f"goals/{world.goal.id}", world.coach)
    page = f"/feedback/goals/{world.goal.id}"
    coach = Visit(app, world.coach)
    assert "Sanne vraagt wat jij vindt" in coach.get(page)
    answer = coach.submit(page, f"{page}/comments", {"words": "Je bent er bijna."})
    assert answer.status_code == 303
    assert "Sanne vraagt wat jij vindt" not in coach.get(page)
    student = Visit(app, world.student)
    assert "Je bent er bijna." in student.get(page)
    assert "Cor heeft geantwoord" in student.get("/feedback")
    assert only_request(engine, world).state is RequestState.ANSWERED


def test_an_empty_answer_comes_back(app: Flask, world: World) -> None:
    page = f"/feedback/goals/{world.goal.id}"
    answer = Visit(app, world.coach).submit(page, f"{page}/comments", {"words": " "})
    assert answer.status_code == 422
    assert "Vul dit in." in answer.get_data(as_text=True)


def test_own_words_are_taken_back(app: Flask, world: World) -> None:
    page = f"/feedback/goals/{world.goal.id}"
    coach = Visit(app, world.coach)
    coach.submit(page, f"{page}/comments", {"words": "Verkeerde student."})
    where = coach.get(page).split('action="/feedback/comments/')[1].split('"')[0]
    assert coach.submit(page, f"/feedback/comments/{where}", {}).status_code == 303
    for person in (world.coach, world.student):
        told = Visit(app, person).get(page)
        assert "Verkeerde student." not in told
        assert "Teruggenomen." in told


def test_the_asked_person_says_no_and_why(app: Flask, engine: sa.Engine, world: World) -> None:
    ask(app, world, f"goals/{world.goal.id}", world.coach)
    page, request = f"/feedback/goals/{world.goal.id}", only_request(engine, world)
    path = f"/feedback/requests/{request.id}/decline"
    coach = Visit(app, world.coach)
    for words in ("", "Vraag het Piet. " * 200):
        refused = coach.submit(page, path, {"decline_words": words})
        assert refused.status_code == 422
        assert words.strip() in refused.get_data(as_text=True), "the words come back"
    assert only_request(engine, world).state is RequestState.OPEN
    coach.submit(page, path, {"decline_words": "Vraag het Piet."})
    told = Visit(app, world.student).get("/feedback")
    assert "Cor kon niet kijken" in told
    assert "Vraag het Piet." in told


def test_the_student_reminds_once_a_day_and_asks_no_more(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    ask(app, world, f"goals/{world.goal.id}", world.coach)
    request = only_request(engine, world)
    student = Visit(app, world.student)
    path = f"/feedback/requests/{request.id}"
    student.submit("/feedback", f"{path}/remind", {})
    told = student.get("/feedback")
    assert "herinnerd vandaag" in told
    assert f"{path}/remind" not in told
    student.submit("/feedback", f"{path}/remind", {})
    assert "Wacht tot morgen." in student.get("/feedback")
    student.submit("/feedback", f"{path}/withdraw", {})
    assert only_request(engine, world).state is RequestState.WITHDRAWN
    assert "Niemand wacht op jouw antwoord" in Visit(app, world.coach).get("/feedback")


def test_whom_to_ask_offers_only_who_can_see_it(app: Flask, world: World) -> None:
    page = Visit(app, world.student).get(f"/feedback/evidence/{world.private.id}")
    assert "Olaf Ander, medestudent" in page
    assert "Cor Coach, coach" not in page
    answer = Visit(app, world.student).submit(
        f"/feedback/evidence/{world.private.id}",
        f"/feedback/evidence/{world.private.id}/requests",
        {"to_id": str(world.coach.id), "ask_words": "Kijk eens."},
    )
    assert answer.status_code == 422
    assert "Kijk eens." in answer.get_data(as_text=True)


def test_a_peer_sees_just_the_piece_and_answers_with_a_level(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    page = f"/feedback/evidence/{world.private.id}"
    peer = Visit(app, world.other_student)
    peer.get(page, status=404)
    ask(app, world, f"evidence/{world.private.id}", world.other_student)
    told = peer.get(page)
    assert "Alleen voor mij." in told
    assert world.goal.title not in told
    assert "Cor" not in told
    peer.get(f"/feedback/goals/{world.goal.id}", status=404)
    peer.get(f"/feedback/evidence/{world.shared.id}", status=404)
    answer = peer.submit(page, f"{page}/look", {"words": "Knap."})
    assert answer.status_code == 422
    assert "Knap." in answer.get_data(as_text=True)
    assert "Kies een van deze." in answer.get_data(as_text=True)
    assert "Kijk nog eens" not in told
    fields = {"level": str(world.levels[2].id), "words": "Knap."}
    assert peer.submit(page, f"{page}/look", fields).status_code == 303
    told = peer.get(page)
    assert "Knap." in told
    assert "Kijk nog eens" in told
    with unit_of_work(engine, school_id=world.school.id) as session:
        judgement = session.scalars(
            sa.select(Judgement).where(Judgement.by_id == world.other_student.id)
        ).one()
    assert judgement.role is PlanRole.PEER
    assert only_request(engine, world).state is RequestState.ANSWERED
    assert "Knap." in Visit(app, world.student).get(page)


def test_nothing_about_a_private_piece_shows_anywhere_else(app: Flask, world: World) -> None:
    pages = {
        world.coach: ("/coach", f"/coach/plans/{world.plan.id}", "/feedback"),
        world.supervisor: ("/supervisor", "/feedback"),
    }
    ask(app, world, f"evidence/{world.private.id}", world.other_student, "Geheim woord")
    for person, paths in pages.items():
        visit = Visit(app, person)
        visit.get(f"/feedback/evidence/{world.private.id}", status=404)
        for path in paths:
            told = visit.get(path)
            assert "Geheim woord" not in told
            assert "Alleen voor mij." not in told
            assert "Olaf" not in told


@pytest.mark.parametrize("end", ["withdraw", "decline"])
def test_when_it_ends_the_peer_sees_the_piece_no_more(
    app: Flask, engine: sa.Engine, world: World, end: str
) -> None:
    ask(app, world, f"evidence/{world.private.id}", world.other_student)
    page = f"/feedback/evidence/{world.private.id}"
    by = world.student if end == "withdraw" else world.other_student
    path = f"/feedback/requests/{only_request(engine, world).id}/{end}"
    answer = Visit(app, by).submit(
        "/feedback" if by is world.student else page, path, {"decline_words": "Nu niet."}
    )
    assert answer.status_code == 303
    Visit(app, world.other_student).get(page, status=404)
    assert "Niemand wacht op jouw antwoord" in Visit(app, world.other_student).get("/feedback")


def test_after_the_relation_ended_every_thread_is_gone(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    ask(app, world, f"evidence/{world.shared.id}", world.coach, "Was ik rustig?")
    place = sa.update(PlanMember).where(PlanMember.person_id == world.coach.id)
    changed(engine, world, place.values(until_on=world.on))
    coach = Visit(app, world.coach)
    coach.get(f"/feedback/evidence/{world.shared.id}", status=404)
    coach.get(f"/feedback/goals/{world.goal.id}", status=404)
    assert "Was ik rustig?" not in coach.get("/feedback")
    student = Visit(app, world.student).get("/feedback")
    assert "Cor is niet meer bij dit plan betrokken." in student


def test_a_question_begins_at_the_student_and_becomes_a_goal(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student = Visit(app, world.student)
    assert "/student/questions" in student.get("/student")
    answer = student.submit(
        "/student/questions",
        "/student/questions",
        {"words": "Wat als zij niet wil eten?", "placement_id": str(world.placement.id)},
    )
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        question = session.scalars(sa.select(LearningQuestion)).one()
    page = f"/feedback/questions/{question.id}"
    supervisor = Visit(app, world.supervisor)
    assert (
        supervisor.submit(page, f"{page}/comments", {"words": "Praat erover."}).status_code == 303
    )
    assert "Praat erover." in student.get(page)
    new_goal = f"/student/goals/new?question={question.id}"
    assert new_goal in student.get(page)
    assert "Wat als zij niet wil eten?" in student.get(new_goal)
    answer = student.submit(
        new_goal,
        new_goal,
        {
            "question": "Wat als zij niet wil eten?",
            "title": "Ik help bij het eten",
            "success": "Zij eet rustig.",
            "target_anchor": "2",
            "target_on": world.on.isoformat(),
        },
    )
    assert answer.status_code == 303
    listed = student.get("/student/questions")
    assert "Werd een doel" in listed
    assert "Ik help bij het eten" in listed


def test_a_question_is_closed_by_its_student(app: Flask, engine: sa.Engine, world: World) -> None:
    student = Visit(app, world.student)
    student.submit("/student/questions", "/student/questions", {"words": "Waarom?"})
    with unit_of_work(engine, school_id=world.school.id) as session:
        question = session.scalars(sa.select(LearningQuestion)).one()
    path = f"/student/questions/{question.id}/close"
    assert student.submit("/student/questions", path, {}).status_code == 303
    assert "Gesloten" in student.get("/student/questions")
    Visit(app, world.supervisor).get(f"/feedback/questions/{question.id}", status=404)


def test_a_question_without_words_comes_back(app: Flask, world: World) -> None:
    answer = Visit(app, world.student).submit(
        "/student/questions", "/student/questions", {"placement_id": str(world.placement.id)}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'value="{world.placement.id}" checked' in page


def test_a_question_is_kept_in_the_plan_that_the_address_names(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        newer = start_own_plan(
            session, by=world.student, title="Kok", starts_on=world.on, on=world.on, at=world.at
        )
        plan_ids = [world.plan.id, newer.id]
    student = Visit(app, world.student)
    for plan_id in plan_ids:
        page = f"/student/questions?plan={plan_id}"
        assert f'action="{page}"' in student.get(page)
        assert student.submit(page, page, {"words": "Waarom?"}).status_code == 303
    page = "/student/questions"
    assert student.submit(page, page, {"words": "Hoe?"}).status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        asked = session.execute(sa.select(LearningQuestion.words, LearningQuestion.plan_id))
        assert sorted(map(tuple, asked)) == sorted(
            [("Waarom?", world.plan.id), ("Waarom?", plan_ids[1]), ("Hoe?", plan_ids[1])]
        )
    student.get(f"{page}?plan={world.other_plan.id}", status=404)


def test_a_piece_with_people_in_it_offers_no_fellow_students(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    page = f"/feedback/evidence/{world.private.id}"
    student = Visit(app, world.student)
    assert "Olaf" in student.get(page)
    changed(engine, world, sa.update(Evidence).values(has_people=True))
    assert "Olaf" not in student.get(page)


def test_whom_to_ask_says_what_to_do_first_when_the_coach_cannot_see_it(
    app: Flask, world: World
) -> None:
    student = Visit(app, world.student)
    share_first = "Deel dit bewijs eerst."
    assert share_first in student.get(f"/feedback/evidence/{world.private.id}")
    assert share_first not in student.get(f"/feedback/evidence/{world.shared.id}")


def test_long_words_are_whole_at_their_own_page_and_short_in_a_list(
    app: Flask, world: World
) -> None:
    student = Visit(app, world.student)
    words = "Waarom? " * 100 + "Einde."
    where = student.submit("/student/questions", "/student/questions", {"words": words}).location
    page = student.get(where)
    assert "Einde." in page
    assert '<h1 class="h2">Leervraag</h1>' in page
    assert "Einde." not in student.get("/student/questions")
    asked = student.submit(where, f"{where}/requests", {"to_id": str(world.coach.id)})
    assert asked.status_code == 303
    assert "Einde." not in Visit(app, world.coach).get("/feedback")


def test_an_empty_feedback_page_leads_a_student_to_what_can_be_asked_about(
    app: Flask, world: World
) -> None:
    page = Visit(app, world.student).get("/feedback")
    assert 'btn q klein" href="/student/goals"' in page
    assert 'btn q klein" href="/student/evidence"' in page
    assert 'href="/student' not in Visit(app, world.coach).get("/feedback")


def test_who_asked_whom_is_said_to_each_in_their_own_words(app: Flask, world: World) -> None:
    about = f"/feedback/evidence/{world.shared.id}"
    ask(app, world, f"evidence/{world.shared.id}", world.coach)
    assert "Jij vroeg Cor" in Visit(app, world.student).get(about)
    given_name = world.student.name.split()[0]
    assert f"{given_name} vroeg jou" in Visit(app, world.coach).get(about)
