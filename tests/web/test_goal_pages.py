"""The student's pages of goals and plans, as they are met without any script."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.visits import Visit
from tests.world import World
from tracker.conversations import record_talk
from tracker.db import unit_of_work
from tracker.goals import agree_goal
from tracker.models import (
    Framework,
    Goal,
    GoalKind,
    GoalState,
    LearningPlan,
    PersonRole,
    SchoolRole,
    Threshold,
)
from tracker.questions import ask_question

NEW = "/student/goals/new"


def written(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "question": "Hoe vertel ik slecht nieuws?",
        "title": "Ik bel familie rustig",
        "success": "Familie weet genoeg.",
        "target_anchor": "2",
        "target_on": (world.on + timedelta(days=30)).isoformat(),
        **changed,
    }


def page_of(world: World) -> str:
    return f"/student/goals/{world.goal.id}"


def test_a_new_goal_leads_to_its_own_page(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    answer = visit.submit(NEW, NEW, written(world, item_ids=[str(world.items[1].id)]))
    assert answer.status_code == 303
    page = visit.get(answer.headers["Location"])
    assert "Hoe vertel ik slecht nieuws?" in page
    assert "B1-K1-W1" in page
    assert "Met je coach is dit nog niet afgesproken." in page


def test_the_goal_page_shows_trail_evidence_views_and_who_can_see_it(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        agree_goal(session, by=world.coach, goal=goal, version=1, on=world.on, at=world.at)
        record_talk(
            session,
            by=world.coach,
            plan=world.plan,
            goal=goal,
            held_on=world.on,
            words="Je durft al veel.",
            on=world.on,
            at=world.at,
        )
    page = Visit(app, world.student).get(page_of(world))
    assert 'class="sp sp-g"' in page
    assert "Bekijk als tabel" in page
    assert "Ik hielp mevrouw met opstaan." in page
    assert "Vraag nog om hulp bij de tillift." in page
    assert "Afgesproken met Cor" in page
    assert "Je durft al veel." in page
    for name in (world.coach.name, world.supervisor.name):
        assert name in page.split("Wie kan dit zien?")[1]


def test_the_goal_page_goes_by_the_schools_own_limits(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    def said_of_trail() -> str:
        page = Visit(app, world.student).get(page_of(world))
        return page.split('<h2 id="trail">')[1].split("</div>")[0]

    assert "Verschil" in said_of_trail()  # the student says 3, the supervisor 1
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            Threshold(
                school_id=world.school.id,
                name="gap",
                value=3,
                set_by_id=world.administrator.id,
                set_at=world.at,
            )
        )
    assert "Verschil" not in said_of_trail()


def test_the_pages_of_a_goal_are_its_students_only(app: Flask, world: World) -> None:
    Visit(app, world.coach).get(page_of(world), status=403)
    Visit(app, world.other_student).get(page_of(world), status=404)


def test_a_goal_is_edited_and_its_first_version_stays_readable(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    edit = f"{page_of(world)}/edit"
    later = (world.on + timedelta(days=44)).isoformat()
    fields = written(world, version="1", target_on=later, title="Ik sta samen op")
    assert visit.submit(edit, edit, fields).status_code == 303
    page = visit.get(page_of(world))
    assert "Ik sta samen op" in page
    assert "2 versies" in page
    assert "Ik help een bewoner met opstaan" in page


def test_who_saves_an_older_version_sees_both_texts_and_may_save_again(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.student)
    edit = f"{page_of(world)}/edit"
    assert visit.submit(edit, edit, written(world, version="1")).status_code == 303
    fields = written(world, version="1", title="Mijn tweede tekst")
    answer = visit.submit(edit, edit, fields)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Ik bel familie rustig" in page.split("<textarea")[0]
    assert 'value="Mijn tweede tekst"' in page
    assert 'name="version" value="2"' in page
    assert visit.submit(edit, edit, fields | {"version": "2"}).status_code == 303
    assert "Mijn tweede tekst" in visit.get(page_of(world))


def test_a_wrong_edit_comes_back_with_what_was_written(app: Flask, world: World) -> None:
    edit = f"{page_of(world)}/edit"
    fields = written(world, version="1", question="", success="Wat ik al schreef")
    answer = Visit(app, world.student).submit(edit, edit, fields)
    assert answer.status_code == 422
    assert "Wat ik al schreef" in answer.get_data(as_text=True)


def test_a_shared_goal_waits_for_the_coach_and_a_draft_for_its_student(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.student)
    shared = visit.submit(NEW, NEW, written(world, control="shared")).headers["Location"]
    assert "Het begint zodra je coach het ermee eens is." in visit.get(shared)
    visit.submit(shared, f"{shared}/start", {})
    assert "Je coach moet het er eerst mee eens zijn." in visit.get(shared)
    draft = visit.submit(NEW, NEW, written(world, draft="1")).headers["Location"]
    assert visit.submit(draft, f"{draft}/start", {}).status_code == 303
    assert "Begin met dit doel" not in visit.get(draft)


def test_a_goal_is_closed_with_an_outcome_and_goes_on(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    path = page_of(world)
    silent = visit.submit(path, f"{path}/close", {"words": "Het lukt nu."})
    assert silent.status_code == 422
    assert "Het lukt nu." in silent.get_data(as_text=True)
    fields = {"words": "Het lukt nu.", "outcome": "reached"}
    assert visit.submit(path, f"{path}/close", fields).status_code == 303
    page = visit.get(path)
    assert "Gehaald" in page
    assert "Het lukt nu." in page
    assert 'class="sp sp-g"' in page
    visit.get(f"{path}/edit", status=409)
    assert visit.submit(path, f"{path}/reopen", {}).status_code == 303
    page = visit.get(path)
    assert "Gehaald" not in page.partition("Eerder gesloten")[0]
    assert "Het lukt nu." in page.partition("Eerder gesloten")[2]


def test_a_leerwerkprestatie_student_finds_its_goals_below_it(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    visit = Visit(app, world.student)
    plan = f"/student/plans/{world.plan.id}"
    unit = {"title": "Periode 2", "from_on": world.on.isoformat(), "weeks": "10"}
    assert visit.submit(plan, f"{plan}/units", unit).status_code == 303
    visit.submit(
        NEW, NEW, written(world, kind="performance", title="Een beweegmiddag", approach="Samen.")
    )
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        whole = session.scalars(sa.select(Goal).where(Goal.kind == GoalKind.PERFORMANCE)).one()
    inside = f"{NEW}?parent={whole.id}"
    assert f'name="parent_id" value="{whole.id}" checked' in visit.get(inside)
    fields = written(world, parent_id=str(whole.id), title="Ik vraag wat zij willen")
    assert visit.submit(inside, inside, fields).status_code == 303
    page = visit.get(f"/student/goals/{whole.id}")
    assert "Ik vraag wat zij willen" in page
    assert "Leerwerkprestatie" in page
    goals = visit.get("/student/goals")
    assert "Periode 2" in goals
    assert goals.index("Een beweegmiddag") < goals.index("Ik vraag wat zij willen")


def test_a_learning_question_becomes_a_goal(app: Flask, engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        question = ask_question(
            session,
            by=world.student,
            plan=world.plan,
            words="Waarom is mevrouw zo stil?",
            on=world.on,
            at=world.at,
        )
    visit = Visit(app, world.student)
    path = f"{NEW}?question={question.id}"
    assert "Waarom is mevrouw zo stil?" in visit.get(path)
    answer = visit.submit(path, path, written(world, question="Waarom is mevrouw zo stil?"))
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        kept = session.get_one(type(question), (world.school.id, question.id))
        assert str(kept.goal_id) in answer.headers["Location"]


def test_a_student_goes_from_one_plan_to_another(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    plans = "/student/plans"
    started = visit.submit(plans, plans, {"title": "Mijn zaak", "starts_on": world.on.isoformat()})
    assert started.status_code == 303
    second = started.headers["Location"]
    page = visit.get(second)
    assert "Kies je eerste doel" in page
    assert f"/student?plan={world.plan.id}" in page
    assert "Ik help een bewoner met opstaan" in visit.get(f"/student?plan={world.plan.id}")
    assert "Ik help een bewoner met opstaan" not in visit.get("/student/goals")
    Visit(app, world.other_student).get(second, status=404)


def test_a_plan_is_named_closed_and_reopened(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    path = f"/student/plans/{world.plan.id}"
    assert visit.submit(path, path, {"title": "Mijn route"}).status_code == 303
    assert "Mijn route" in visit.get(path)
    assert visit.submit(path, f"{path}/close", {}).status_code == 303
    assert "Ga verder met dit plan" in visit.get(path)
    goals = visit.get(f"/student/goals?plan={world.plan.id}")
    assert "Dit plan is gesloten." in goals
    assert "Ik help een bewoner met opstaan" in goals
    assert "Ik help een bewoner met opstaan" in visit.get(page_of(world))
    assert visit.submit(path, f"{path}/reopen", {}).status_code == 303
    assert "Dit plan is gesloten." not in visit.get(path)


def test_a_wrong_unit_and_a_wrong_plan_come_back(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    path = f"/student/plans/{world.plan.id}"
    for weeks in ("0", "53", "veel", "99999999999"):
        unit = {"title": "Periode 2", "from_on": world.on.isoformat(), "weeks": weeks}
        answer = visit.submit(path, f"{path}/units", unit)
        assert answer.status_code == 422
        assert "Kies 1 tot en met 52 weken." in answer.get_data(as_text=True)
    later = {"title": "Later", "starts_on": (world.on + timedelta(days=3)).isoformat()}
    answer = visit.submit("/student/plans", "/student/plans", later)
    assert answer.status_code == 422
    assert 'value="Later"' in answer.get_data(as_text=True)


def test_a_student_without_a_qualification_sets_a_goal(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    visit = Visit(app, world.other_student)
    page = visit.get(NEW)
    assert "Welk werk hoort erbij?" not in page
    answer = visit.submit(NEW, NEW, written(world, title="Ik reken uit wat een zaak kost"))
    assert answer.status_code == 303
    assert "Ik reken uit wat een zaak kost" in visit.get("/student")
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        goals = session.scalars(sa.select(Goal).where(Goal.plan_id == world.other_plan.id)).all()
        assert {goal.state for goal in goals} == {GoalState.ACTIVE}


def test_with_a_goal_that_is_refused_no_plan_begins(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    past = (world.on - timedelta(days=1)).isoformat()
    visit = Visit(app, world.teacher)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(PersonRole).values(role=SchoolRole.STUDENT))
    answer = visit.submit(NEW, NEW, written(world, target_on=past))
    assert answer.status_code == 422
    with unit_of_work(engine, school_id=world.school.id, writes=False) as session:
        own = sa.select(LearningPlan).where(LearningPlan.student_id == world.teacher.id)
        assert session.scalars(own).all() == []


def test_a_closed_plan_asks_for_nothing_new(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    path, named = f"/student/plans/{world.plan.id}", f"?plan={world.plan.id}"
    assert "Bewijs toevoegen" in visit.get(f"/student/evidence{named}")
    assert visit.submit(path, f"{path}/close", {}).status_code == 303
    listed = visit.get(f"/student/evidence{named}")
    assert "Dit plan is gesloten." in listed
    assert "Bewijs toevoegen" not in listed
    for form in ("evidence", "goals"):
        assert "Dit is gesloten" in visit.get(f"/student/{form}/new{named}", 409)


def test_a_new_plan_offers_kwalificaties_by_title_and_those_without_one_last(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for code, title in (("10001", None), ("10002", "Zorg"), ("99999", "Administratie")):
            session.add(
                Framework(
                    school_id=world.school.id,
                    source="test",
                    code=code,
                    edition="2026",
                    title=title,
                    created_at=world.at,
                )
            )
    page = Visit(app, world.student).get("/student/plans")
    assert page.index(">Administratie<") < page.index(">Zorg<") < page.index("10001")


def test_a_plan_that_closed_stays_within_reach_when_no_other_goes_on(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.student)
    plan = f"/student/plans/{world.plan.id}"
    assert visit.submit(plan, f"{plan}/close", {}).status_code == 303
    assert f'href="{plan}"' in visit.get("/student").split("<main")[1]
    assert "Ik help een bewoner met opstaan" in visit.get("/student/goals")
    assert "Ik hielp mevrouw met opstaan." in visit.get("/student/evidence")
    # What is added begins a plan of its own, as it did.
    assert visit.submit(NEW, NEW, written(world)).status_code == 303
    assert "Ik help een bewoner met opstaan" not in visit.get("/student/goals")


def test_a_student_who_has_only_a_draft_or_closed_goals_is_led_on(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    path = page_of(world)
    assert visit.submit(path, f"{path}/close", {"outcome": "reached"}).status_code == 303
    start = visit.get("/student").split("<main")[1]
    assert "Kies je eerste doel" not in start
    assert "Kies een nieuw doel" in start
    assert 'href="/student/goals"' in start
    draft = visit.submit(NEW, NEW, written(world, draft="1")).headers["Location"]
    start = visit.get("/student").split("<main")[1]
    assert "Ga verder met ‘Ik bel familie rustig’" in start
    assert f'href="{draft}"' in start


def test_a_student_reads_the_own_views_as_the_own(app: Flask, world: World) -> None:
    page = Visit(app, world.student).get(page_of(world))
    views = page.split('<h2 id="views">')[1].split("</section>")[0]
    assert "<b>Jij: " in views
    assert f"{world.student.name.split()[0]}:" not in views
    table = page.split("<table")[1].split("</table>")[0]
    assert "<td>Jij</td>" in table


def test_a_placement_in_the_table_ends_on_its_last_day(app: Flask, world: World) -> None:
    page = Visit(app, world.student).get(page_of(world))
    last = world.placement.until_on - timedelta(days=1)
    assert f"tot en met {last.day} " in page.split("Bekijk als tabel")[1].split("</details>")[0]


def test_a_goal_of_one_version_folds_nothing_away(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    assert "1 versie" not in visit.get(page_of(world))
    edit = f"{page_of(world)}/edit"
    assert visit.submit(edit, edit, written(world, version="1")).status_code == 303
    assert "2 versies" in visit.get(page_of(world))


def test_a_new_performance_is_called_one(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    assert "<h1>Nieuw doel</h1>" in visit.get(NEW)
    assert "<h1>Nieuwe leerwerkprestatie</h1>" in visit.get(f"{NEW}?kind=performance")
