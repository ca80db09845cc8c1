"""The coach with one student: agreeing, giving a view, drafts, signing, counting, and the talk."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.visits import Visit
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.judgements import judge
from tracker.models import (
    Audience,
    Control,
    Evidence,
    FeedbackRequest,
    Goal,
    GoalState,
    Judgement,
    JudgementDraft,
    LearningPlan,
    Person,
    PlanRole,
    Recording,
    School,
    Snooze,
)
from tracker.plans import add_member, start_own_plan
from tracker.requests import ask
from tracker.sharing import withdraw
from tracker.signing import sign
from tracker.snoozes import LONGEST_REASON

TALK_QUERIES = 41

MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" * 64


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.coach)


def page_of(world: World) -> str:
    return f"/coach/plans/{world.plan.id}"


def joined(session: Session, world: World, plan: LearningPlan, who: Person, as_: PlanRole) -> None:
    add_member(session, by=None, plan=plan, person=who, role=as_, from_on=world.on, at=world.at)


def view(world: World, **other: Any) -> dict[str, Any]:
    return {
        "level": str(world.levels[2].id),
        "words": "Je bleef rustig.",
        "observed_on": world.on.isoformat(),
        "do": "send",
        **other,
    }


def own(engine: sa.Engine, world: World, model: Any) -> list[Any]:
    with unit_of_work(engine, school_id=world.school.id) as session:
        mine = sa.select(model).filter_by(school_id=world.school.id, by_id=world.coach.id)
        return list(session.scalars(mine.order_by(model.id)))


def waiting_goal(engine: sa.Engine, world: World) -> UUID:
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = add_goal(
            session,
            by=world.student,
            plan=world.plan,
            question="Hoe bel ik familie?",
            title="Ik bel familie",
            success="Familie weet genoeg.",
            target_anchor=2,
            target_on=world.on + timedelta(days=20),
            items=[],
            control=Control.SHARED,
            on=world.on,
            at=world.at,
        )
        return goal.id


def test_a_coach_agrees_to_a_goal_that_waited_and_it_begins(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    goal_id = waiting_goal(engine, world)
    page = visit.get(page_of(world))
    assert "Leerdoelen om af te spreken" in page
    assert "Hoe bel ik familie?" in page
    answer = visit.submit(page_of(world), f"/coach/goals/{goal_id}/agreements", {"version": "1"})
    assert answer.status_code == 303
    page = visit.get(page_of(world))
    assert "Je bent akkoord met dit leerdoel." in page
    assert "Leerdoelen om af te spreken" not in page
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.get_one(Goal, (world.school.id, goal_id)).state is GoalState.ACTIVE


def test_who_saw_nothing_yet_is_named_as_such_and_never_as_nought(
    visit: Visit, world: World
) -> None:
    goal = visit.get(page_of(world)).split('id="goals"')[1].split("</article>")[0]
    unseen = goal.split("Nog niet gezien door")[1].split("</ul>")[0]
    assert [name for name in ("Sanne", "Cor", "Piet") if name in unseen] == ["Cor"]
    work = visit.get(f"{page_of(world)}/work").split('id="work"')[1].split("</section>")[0]
    assert "praktijkopleider" in work  # the goal that serves it was seen
    assert "dagen geleden, bij een doel" in work


@pytest.mark.parametrize("version", ["7", "", "een"])
def test_a_coach_agrees_only_to_the_words_that_were_read(
    visit: Visit, engine: sa.Engine, world: World, version: str
) -> None:
    goal_id = waiting_goal(engine, world)
    answer = visit.submit(
        page_of(world), f"/coach/goals/{goal_id}/agreements", {"version": version}
    )
    assert answer.status_code == 303
    page = visit.get(page_of(world))
    assert "is intussen veranderd. Bekijk het opnieuw." in page
    assert "Leerdoelen om af te spreken" in page


@pytest.mark.parametrize("about", ["goal", "evidence", "item"])
def test_a_coach_gives_a_view_on_a_goal_a_piece_and_a_werkproces(
    visit: Visit, engine: sa.Engine, world: World, about: str
) -> None:
    paths = {
        "goal": f"/judge/goals/{world.goal.id}",
        "evidence": f"/judge/evidence/{world.shared.id}",
        "item": f"/judge/plans/{world.plan.id}/items/{world.items[1].id}",
    }
    path = paths[about]
    assert path in visit.get(page_of(world) + ("/work" if about == "item" else ""))
    answer = visit.submit(path, path, view(world, aspect="skill", sign="yes"))
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(page_of(world))
    (said,) = own(engine, world, Judgement)
    about_ids = {
        "goal": (said.goal_id, world.goal.id),
        "evidence": (said.evidence_id, world.shared.id),
        "item": (said.item_id, world.items[1].id),
    }
    assert about_ids[about][0] == about_ids[about][1]
    page = visit.get(f"/judge/judgements/{said.id}")
    assert "vaardigheid" in page
    assert "Ondertekend" in page
    assert "Je bleef rustig." in visit.get(path)


def test_a_voice_message_goes_with_a_view(visit: Visit, engine: sa.Engine, world: World) -> None:
    path = f"/judge/goals/{world.goal.id}"
    answer = visit.submit(path, path, view(world, recording=(BytesIO(MP3), "tip.mp3")))
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        recording = session.scalars(sa.select(Recording)).one()
    assert recording.media_type == "audio/mpeg"
    assert f"/files/recordings/{recording.id}" in visit.get(page_of(world))


def test_what_is_no_sound_comes_back_with_the_words_kept(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    path = f"/judge/goals/{world.goal.id}"
    answer = visit.submit(path, path, view(world, recording=(BytesIO(b"tekst"), "tip.mp3")))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "Je bleef rustig." in page
    assert 'id="recording-error"' in page
    assert own(engine, world, Judgement) == []


def test_a_view_without_a_level_comes_back_with_what_was_written(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    path = f"/judge/goals/{world.goal.id}"
    for wrong in ({"level": ""}, {"level": "x"}, {"observed_on": "2999-01-01"}, {"aspect": "x"}):
        answer = visit.submit(path, path, view(world, **wrong))
        assert answer.status_code == 422, wrong
        assert "Je bleef rustig." in answer.get_data(as_text=True)
    assert own(engine, world, Judgement) == []


def test_a_draft_is_kept_continued_and_sent(visit: Visit, engine: sa.Engine, world: World) -> None:
    path = f"/judge/evidence/{world.shared.id}"
    answer = visit.submit(path, path, view(world, level="", do="keep"))
    assert answer.status_code == 303
    assert own(engine, world, Judgement) == []
    (draft,) = own(engine, world, JudgementDraft)
    path = f"/judge/drafts/{draft.id}"
    page = visit.get(page_of(world))
    assert "Je was aan het schrijven" in page
    assert path in page
    page = visit.get(path)
    assert "Je bleef rustig." in page
    version = re.findall(r'name="version" value="([^"]+)"', page)[0]
    answer = visit.submit(path, path, view(world, words="Klaar nu.", version=version))
    assert answer.status_code == 303
    (said,) = own(engine, world, Judgement)
    assert (said.words, said.evidence_id) == ("Klaar nu.", world.shared.id)
    assert own(engine, world, JudgementDraft) == []


def test_a_draft_that_changed_in_another_window_shows_both_texts(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    goal = f"/judge/goals/{world.goal.id}"
    visit.submit(goal, goal, view(world, do="keep"))
    (draft,) = own(engine, world, JudgementDraft)
    path = f"/judge/drafts/{draft.id}"
    version = re.findall(r'name="version" value="([^"]+)"', visit.get(path))[0]
    first = view(world, words="In het ene venster.", do="keep", version=version)
    assert visit.submit(path, path, first).status_code == 303
    second = view(world, words="In het andere venster.", do="keep", version=version)
    answer = visit.submit(path, path, second)
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "In het ene venster." in page
    assert "In het andere venster." in page
    (draft,) = own(engine, world, JudgementDraft)
    assert draft.words == "In het ene venster."
    newest = re.findall(r'name="version" value="([^"]+)"', page)[0]
    assert visit.submit(path, path, {**second, "version": newest}).status_code == 303


def test_a_draft_is_thrown_away(visit: Visit, engine: sa.Engine, world: World) -> None:
    goal = f"/judge/goals/{world.goal.id}"
    visit.submit(goal, goal, view(world, do="keep"))
    (draft,) = own(engine, world, JudgementDraft)
    path = f"/judge/drafts/{draft.id}"
    assert visit.submit(path, path, {"do": "throw"}).status_code == 303
    visit.get(path, 404)


def test_a_signed_view_of_another_counts_after_the_coach_says_why(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    path = f"/judge/judgements/{world.judgement.id}"
    assert "Laat meetellen voor het examen" not in visit.get(path)
    with unit_of_work(engine, school_id=world.school.id) as session:
        sign(session, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    assert "Laat meetellen voor het examen" in visit.get(path)
    assert visit.submit(path, f"{path}/promotion", {}).status_code == 422
    answer = visit.submit(path, f"{path}/promotion", {"reason": "Gezien in een echte dienst."})
    assert answer.status_code == 303
    page = visit.get(path)
    assert "Deze inschatting telt nu mee voor het examen." in page
    assert "Telt mee voor het examen" in page
    assert "Gezien in een echte dienst." in page
    answer = visit.submit(path, f"{path}/promotion", {"reason": "Nog een keer."})
    assert "Deze inschatting telt al mee." in visit.get(path)


def test_a_talk_is_written_down_and_shown(visit: Visit, world: World) -> None:
    path = f"{page_of(world)}/talks"
    said = {
        "words": "Volgende week kijken we samen.",
        "held_on": world.on.isoformat(),
        "goal": str(world.goal.id),
    }
    for wrong in ({"words": ""}, {"held_on": "2999-01-01"}, {"goal": "x"}):
        answer = visit.submit(page_of(world), path, {**said, **wrong})
        assert answer.status_code == 422, wrong
    assert visit.submit(page_of(world), path, said).status_code == 303
    page = visit.get(page_of(world))
    assert "Volgende week kijken we samen." in page.split('id="since"')[1].split("</section>")[0]


def test_the_newest_talk_opens_the_page_and_all_of_them_are_read_by_coach_and_student(
    app: Flask, visit: Visit, world: World
) -> None:
    path = f"{page_of(world)}/talks"
    for number in range(21):
        said = {"words": f"Gesprek {number}.\n- bellen", "held_on": world.on.isoformat()}
        assert visit.submit(page_of(world), path, said).status_code == 303
    page = visit.get(f"{page_of(world)}?name=san")
    assert [number for number in range(21) if f"Gesprek {number}." in page] == [20]
    talks = f"/plans/{world.plan.id}/talks"
    assert f'href="{talks}?name=san"' in page
    first, second = visit.get(f"{talks}?name=san"), visit.get(f"{talks}?at=2")
    assert "Gesprek 20." in first
    assert "Gesprek 0." not in first
    assert f'href="{page_of(world)}?name=san"' in first
    assert "Gesprek 0." in second
    student = Visit(app, world.student)
    assert talks in student.get(f"/student/plans/{world.plan.id}")
    assert "Gesprek 20." in student.get(talks)
    Visit(app, world.supervisor).get(talks, 404)


def test_a_rater_who_must_judge_before_seeing_the_others(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.get_one(School, world.school.id).blind_rating = True
        judge(
            session,
            by=world.student,
            plan=world.plan,
            evidence=world.shared,
            goal=world.goal,
            level=world.levels[0],
            words="Ik vond het moeilijk.",
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )
    coach = Visit(app, world.coach)
    path = f"/judge/evidence/{world.shared.id}"
    hidden = ("Ik vond het moeilijk.", "Vraag nog om hulp bij de tillift.")
    for where in ("/coach", page_of(world), path, f"/judge/goals/{world.goal.id}"):
        page = coach.get(where)
        assert not [words for words in hidden if words in page], where
        assert "Piet: met hulp" not in page
    assert "Kijk eerst zelf. Daarna zie je wat anderen zagen." in coach.get(path)
    coach.get(f"/judge/judgements/{world.judgement.id}", 404)
    assert coach.submit(path, path, view(world)).status_code == 303
    page = coach.get(page_of(world))
    assert all(words in page for words in hidden)
    # Who looks at the own plan looks at everything.
    assert hidden[1] in Visit(app, world.student).get("/student")


def test_the_core_team_gives_a_view_but_lets_nothing_count(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        joined(session, world, world.plan, world.teacher, PlanRole.TEAM)
        sign(session, by=world.supervisor, judgement=world.judgement, on=world.on, at=world.at)
    visit = Visit(app, world.teacher)
    path = f"/judge/goals/{world.goal.id}"
    assert path in visit.get(page_of(world))
    assert visit.submit(path, path, view(world)).status_code == 303
    path = f"/judge/judgements/{world.judgement.id}"
    assert "Laat meetellen voor het examen" not in visit.get(path)
    answer = visit.submit(path, f"{path}/promotion", {"reason": "Zomaar."})
    assert answer.status_code == 403


def test_the_core_team_reads_who_agrees_and_who_answers_without_a_button_to_nowhere(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    waiting_goal(engine, world)
    with unit_of_work(engine, school_id=world.school.id) as session:
        joined(session, world, world.plan, world.teacher, PlanRole.TEAM)
        asked = ask(
            session,
            by=world.student,
            subject=session.get_one(Evidence, (world.school.id, world.shared.id)),
            to=world.coach,
            words="Kijk je mee?",
            on=world.on,
            at=world.at,
        )
        asked.asked_at = world.at - timedelta(days=9)
    page = Visit(app, world.teacher).get(page_of(world))
    assert "De coach heeft er nog niet mee ingestemd." in page
    assert "Sanne wacht 9 dagen op een coach." in page
    assert f'href="{page_of(world)}"' not in page
    coach = Visit(app, world.coach).get(page_of(world))
    assert "De coach heeft er nog niet mee ingestemd." not in coach
    told = "Sanne wacht 9 dagen op jou. Het gaat over ‘Ik hielp mevrouw met opstaan’."
    assert told in coach
    assert told in Visit(app, world.coach).get("/coach")
    assert "Het gaat over" not in page


def test_the_core_team_reads_of_the_talk_without_having_been_there(
    app: Flask, visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        joined(session, world, world.plan, world.teacher, PlanRole.TEAM)
    said = {"held_on": world.on.isoformat(), "words": "Rustig opstaan."}
    visit.submit(page_of(world), f"{page_of(world)}/talks", said)
    assert "Sinds jullie gesprek van" in visit.get(page_of(world))
    assert "Sinds het gesprek van" in Visit(app, world.teacher).get(page_of(world))


def test_each_page_behind_a_student_says_whose_it_is_on_paper_too(
    visit: Visit, world: World
) -> None:
    pages = [f"{page_of(world)}/{name}" for name in ("evidence", "work", "activity")]
    for path in (*pages, *(f"/plans/{world.plan.id}/{name}" for name in ("talks", "tailoring"))):
        page = visit.get(path)
        assert world.student.name in page.split("<title>")[1].split("</title>")[0]
        assert world.student.name in page.split("</h1>")[1].split("</p>")[0]


def test_a_withdrawn_piece_keeps_its_judgements_and_says_so(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        held = session.get_one(Evidence, (world.school.id, world.shared.id))
        withdraw(session, by=world.student, evidence=held, on=world.on, at=world.at)
    page = visit.get(page_of(world))
    assert "Ik hielp mevrouw met opstaan." not in page
    assert "Bewijs ingetrokken" in page


def _ask_long_ago(engine: sa.Engine, world: World, days: int) -> UUID:
    """Let the student ask the coach about a goal, some days ago."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        asked = ask(
            session,
            by=world.student,
            subject=session.get_one(Goal, (world.school.id, world.goal.id)),
            to=world.coach,
            words="Klopt dit zo?",
            on=world.on,
            at=world.at,
        )
        asked.asked_at = world.at - timedelta(days=days)
        return asked.id


def _line(page: str, tag: str) -> str:
    """Return the line of the overview that has a tag."""
    lines = page.split('<li class="reden">')[1:]
    return next(line.split("</ul>")[0] for line in lines if tag in line)


def test_a_young_request_stands_among_requests_and_an_old_one_only_among_reasons(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    request_id = _ask_long_ago(engine, world, days=3)
    page = visit.get("/coach")
    assert page.index("Verschil") < page.index("Wacht op een antwoord")  # below what waits longer
    assert "Wacht op jou" not in page
    with unit_of_work(engine, school_id=world.school.id) as session:
        held = session.get_one(FeedbackRequest, (world.school.id, request_id))
        held.asked_at = world.at - timedelta(days=12)
    assert "Verder wacht niemand op jou." not in page
    page = visit.get("/coach")
    assert "Wacht op een antwoord" not in page
    assert "Verder wacht niemand op jou." in page
    line = _line(page, "Wacht op jou")
    assert "Sanne wacht 12 dagen op jou." in line
    assert "Regel: na 7 dagen nog geen antwoord." in line
    assert f'href="/feedback/goals/{world.goal.id}"' in line
    # Whoever waits for the reader comes first.
    assert page.index("Wacht op jou") < page.index("Verschil")


def test_a_reason_is_put_off_with_a_reason_and_taken_back(visit: Visit, world: World) -> None:
    line = _line(visit.get("/coach?name=san"), "Verschil")
    signals = re.findall(r'name="signal" value="([^"]+)"', line)
    assert signals
    path = f"/coach/plans/{world.plan.id}/snoozes?name=san"
    assert f'action="{path}"' in line
    said = {"signal": signals, "until": "week", "reason": "Dinsdag praten we."}
    wrong: list[dict[str, Any]] = [
        {"reason": ""},
        {"until": "ooit"},
        {"until": "day"},
        {"until": "day", "until_on": world.on.isoformat()},
    ]
    for each in wrong:
        answer = visit.submit("/coach", path, {**said, **each})
        assert answer.status_code == 422, each
        assert (each.get("reason") == "") or "Dinsdag praten we." in answer.get_data(as_text=True)
    answer = visit.submit("/coach", path, said)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/coach?name=san")
    page = visit.get("/coach?name=san")
    assert "1 reden staat op later" in page
    assert "Dinsdag praten we." in page
    assert not [part for part in page.split('<li class="reden">')[1:] if "Verschil van" in part]
    back = re.findall(r'action="(/coach/snoozes/[^"]+)"', page)[0]
    assert visit.submit("/coach", back, {}).status_code == 303
    page = visit.get("/coach?name=san")
    assert "staat op later" not in page
    assert _line(page, "Verschil")
    assert visit.submit("/coach", back, {}).status_code == 303
    assert "note fout" in visit.get("/coach")


def test_a_stored_reason_that_is_longer_than_a_form_takes_is_shown_whole(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    signals = re.findall(r'name="signal" value="([^"]+)"', _line(visit.get("/coach"), "Verschil"))
    path = f"/coach/plans/{world.plan.id}/snoozes"
    said = {"signal": signals, "until": "week", "reason": "x" * LONGEST_REASON}
    assert visit.submit("/coach", path, {**said, "reason": "x" * 501}).status_code == 422
    assert visit.submit("/coach", path, said).status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        for put_off in session.scalars(sa.select(Snooze).filter_by(school_id=world.school.id)):
            put_off.reason = "Bellen. " * 200 + "Tot slot."
    assert "Tot slot." in visit.get("/coach").split('id="later"')[1].split("</details>")[0]


@pytest.mark.parametrize("named", ["nonsense", "raters_apart 1", "raters_apart", ""])
def test_what_is_no_reason_of_this_plan_is_not_put_off(
    visit: Visit, engine: sa.Engine, world: World, named: str
) -> None:
    path = f"/coach/plans/{world.plan.id}/snoozes"
    said = {"signal": named, "until": "week", "reason": "Later."}
    assert visit.submit("/coach", path, said).status_code == 303
    assert own(engine, world, Snooze) == []


def test_the_filter_stays_in_the_address_and_goes_along_to_a_student_and_back(
    visit: Visit, world: World
) -> None:
    asked = "name=s%C3%A1nne&move=differs"
    page = visit.get(f"/coach?{asked}")
    row = page.split("<tbody")[1].split("</tbody>")[0]
    assert "Sanne Student" in row
    assert "1 student past hierbij." in page
    there = re.findall(r'<a href="(/coach/plans/[^"]+)">Sanne Student</a>', row)[0]
    page = visit.get(there)
    assert f'href="/coach?{asked}"' in page
    for nobody in ("name=zzz", "move=quiet", "company=-", "programme=Kok"):
        page = visit.get(f"/coach?{nobody}")
        assert "Geen student past hierbij." in page, nobody
        assert "<tbody" not in page
    assert "Sanne Student" in visit.get("/coach?company=Zorghuis+De+Es&page=9&move=x")


def test_the_overview_costs_the_same_queries_for_one_reason_as_for_more(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    before = visit.count_queries("/coach")
    _ask_long_ago(engine, world, days=9)
    for _ in range(3):
        waiting_goal(engine, world)
    assert visit.count_queries("/coach") <= before


def test_a_talk_page_costs_the_same_queries_for_ten_goals_as_for_one(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    few = visit.count_queries(page_of(world))
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(9):
            goal = add_goal(
                session,
                by=world.student,
                plan=world.plan,
                question="Hoe bel ik familie?",
                title=f"Ik bel familie {number}",
                success="Familie weet genoeg.",
                target_anchor=2,
                target_on=None,
                items=[],
                on=world.on,
                at=world.at,
            )
            judge(
                session,
                by=world.student,
                plan=world.plan,
                goal=goal,
                level=world.levels[1],
                observed_on=world.on,
                on=world.on,
                at=world.at,
            )
    assert "Ik bel familie 8" in visit.get(page_of(world))
    assert visit.count_queries(page_of(world)) == few <= TALK_QUERIES


def test_a_talk_page_shows_the_newest_pieces_and_views_once_and_leads_to_the_others(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(21):
            piece = log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                goals=[world.goal],
                text=f"Stuk {number}.",
                happened_on=world.on,
                has_people=False,
                placement=world.placement,
                share_with=[Audience.COACHES],
                own_level=world.levels[0],
                on=world.on,
                at=world.at + timedelta(minutes=number),
            )
    page = visit.get(page_of(world))
    assert [number for number in range(21) if f"Stuk {number}." in page] == [18, 19, 20]
    assert page.count(f'id="evidence-{piece.id}"') == 1
    goal = page.split('id="goals"')[1].split("</article>")[0]
    assert goal.count("/judge/judgements/") == 3
    assert f'href="/feedback/goals/{world.goal.id}"' in goal
    assert visit.get(f"/feedback/goals/{world.goal.id}").count("Sanne: nog niet") == 21
    path = f"{page_of(world)}/evidence"
    assert path in page
    first, second = visit.get(path), visit.get(f"{path}?at=2&name=san")
    assert "Stuk 20." in first
    assert "Stuk 0." not in first
    assert "Stuk 0." in second
    assert "Ik hielp mevrouw met opstaan." in second
    assert f'href="{page_of(world)}?name=san"' in second
    for other in ("work", "activity"):
        assert f"{page_of(world)}/{other}" in page
        assert f'href="{page_of(world)}"' in visit.get(f"{page_of(world)}/{other}")


def test_all_views_on_a_goal_are_those_on_the_pieces_that_show_it_too(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        judge(
            session,
            by=world.coach,
            plan=world.plan,
            evidence=world.shared,
            level=world.levels[2],
            words="In dit stuk zie ik het.",
            observed_on=world.on,
            on=world.on,
            at=world.at,
        )
    assert "In dit stuk zie ik het." in visit.get(page_of(world)).split('id="goals"')[1]
    assert "In dit stuk zie ik het." in visit.get(f"/feedback/goals/{world.goal.id}")


def test_the_coach_declares_days_away_and_takes_them_back(visit: Visit, world: World) -> None:
    path = f"/coach/plans/{world.plan.id}/absences"
    first, last = world.on, world.on + timedelta(days=3)
    said = {"from_on": first.isoformat(), "last_on": last.isoformat()}
    wrong = {**said, "last_on": (first - timedelta(days=2)).isoformat()}
    answer = visit.submit(page_of(world), path, wrong)
    assert answer.status_code == 422
    assert 'id="last_on-error"' in answer.get_data(as_text=True)
    assert visit.submit(page_of(world), path, {}).status_code == 422
    assert visit.submit(page_of(world), path, said).status_code == 303
    part = visit.get(page_of(world)).split('id="absences"')[1].split("</section>")[0]
    withdraw_path = re.findall(r'action="(/coach/absences/[^"]+)"', part)[0]
    assert visit.submit(page_of(world), withdraw_path, {}).status_code == 303
    part = visit.get(page_of(world)).split('id="absences"')[1].split("</section>")[0]
    assert "Er zijn geen dagen doorgegeven." in part


def test_the_coach_says_that_no_workplace_offers_the_work_and_sees_whose_gap_it_is(
    visit: Visit, world: World
) -> None:
    path = f"/coach/placements/{world.placement.id}/opportunities"
    page = visit.get(page_of(world))
    assert path in page
    assert "nog niet gezegd" in page.split('id="workplaces"')[1].split("</section>")[0]
    item = str(world.items[1].id)
    for wrong in ({"item": item}, {"item": "x", "is_possible": "false"}):
        assert visit.submit(page_of(world), path, wrong).status_code == 303
        assert "kan hier niet" not in visit.get(page_of(world))
    said = {"item": item, "is_possible": "false"}
    assert visit.submit(page_of(world), path, said).status_code == 303
    assert "kan hier niet" in visit.get(page_of(world))
    line = _line(visit.get("/coach"), "Geen werkplek")
    assert "kan op geen enkele plek" in line
    assert "Het ligt nooit aan de student." in line
    assert visit.submit(page_of(world), path, said | {"is_possible": "true"}).status_code == 303
    assert "Geen werkplek" not in visit.get("/coach")


def test_the_page_of_a_student_begins_with_what_came_since_the_last_talk(
    visit: Visit, world: World
) -> None:
    def news() -> str:
        return visit.get(page_of(world)).split('id="since"')[1].split("</section>")[0]

    assert "Sinds het begin" in news()
    assert "Nieuw bewijs bij ‘Ik help een bewoner met opstaan" in news()
    assert "1 inschatting van Piet" in news()
    assert "Alleen voor mij." not in visit.get(page_of(world))
    said = {"words": "We keken samen.", "held_on": world.on.isoformat()}
    visit.submit(page_of(world), f"{page_of(world)}/talks", said)
    assert "Sinds jullie gesprek van" in news()


def test_a_student_with_two_plans_is_counted_once(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    def told() -> str:
        found = re.search(r"\d+ student(en)?\b", visit.get("/coach"))
        assert found
        return found[0]

    before = told()
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = start_own_plan(
            session,
            by=world.student,
            title="Een zaak",
            starts_on=world.on,
            on=world.on,
            at=world.at,
        )
        joined(session, world, plan, world.coach, PlanRole.COACH)
    assert "Een zaak" in visit.get("/coach")
    assert told() == before


def test_one_drawing_stands_for_a_student_where_there_is_room_for_one(visit: Visit) -> None:
    group = visit.get("/coach").split('id="group"')[1]
    rows = group.split("<tbody")[1].split("<tr")[1:]
    assert rows
    for row in rows:
        drawn = row.count('class="sp sp-m')
        assert row.count('class="sp sp-m kop"') == min(drawn, 1)
