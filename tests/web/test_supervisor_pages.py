"""The praktijkopleider: half a minute, one answer, and others' views only afterwards."""

from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.visits import Visit
from tests.web.test_coach_pages import MP3
from tests.world import World
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.goals import add_goal
from tracker.models import (
    Audience,
    Comment,
    Evidence,
    EvidenceVersion,
    FeedbackRequest,
    Judgement,
    Placement,
    PlanRole,
    Recording,
    RequestState,
    ScaleLevel,
)
from tracker.placements import add_placement
from tracker.plans import add_member

START_QUERIES = 30


def logged(session: Session, world: World, own_level: ScaleLevel | None) -> Evidence:
    """Log a piece of the placement; `own_level` is what the student sees in it."""
    return log_evidence(
        session,
        key=new_id(),
        by=world.student,
        plan=world.plan,
        goals=[world.goal],
        text="Ik zette de weekdoos klaar.",
        happened_on=world.on,
        has_people=False,
        placement=world.placement,
        share_with=[Audience.COACHES, Audience.PLACEMENT],
        own_level=own_level,
        on=world.on,
        at=world.at,
    )


@pytest.fixture
def piece(engine: sa.Engine, world: World) -> Evidence:
    """Log a piece that the supervisor has not looked at, with a request to do so."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = logged(session, world, world.levels[0])
        session.add(
            FeedbackRequest(
                school_id=world.school.id,
                plan_id=world.plan.id,
                evidence_id=found.id,
                by_id=world.student.id,
                to_id=world.supervisor.id,
                state=RequestState.OPEN,
                asked_at=world.at,
            )
        )
        return found


@pytest.fixture
def visit(app: Flask, world: World) -> Visit:
    return Visit(app, world.supervisor)


def said(engine: sa.Engine, world: World, piece: Evidence) -> list[Judgement]:
    with unit_of_work(engine, school_id=world.school.id) as session:
        mine = sa.select(Judgement).filter_by(by_id=world.supervisor.id, evidence_id=piece.id)
        return list(session.scalars(mine))


def request_state(engine: sa.Engine, world: World) -> RequestState:
    with unit_of_work(engine, school_id=world.school.id) as session:
        return session.scalars(sa.select(FeedbackRequest)).one().state


def test_a_piece_waits_until_it_is_looked_at(
    visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    start = visit.get("/supervisor")
    assert path in start
    assert start.count("Ik zette de weekdoos klaar.") == 1
    answer = visit.submit(path, path, {"level": str(world.levels[1].id), "words": "Rustig."})
    assert answer.status_code == 303
    (judgement,) = said(engine, world, piece)
    assert (judgement.goal_id, judgement.words) == (world.goal.id, "Rustig.")
    assert path not in visit.get("/supervisor")
    assert request_state(engine, world) is RequestState.ANSWERED


def test_others_views_show_only_after_the_own_one(
    visit: Visit, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    page = visit.get(path)
    assert "Sanne: nog niet" not in page
    visit.submit(path, path, {"level": str(world.levels[1].id)})
    done = visit.get(f"{path}/done")
    assert "Sanne: nog niet" in done
    assert "Zien jullie het anders?" in done


def test_who_looks_first_reads_that_the_student_chose_nothing_yet(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        found = logged(session, world, None)
    path = f"/supervisor/evidence/{found.id}"
    visit.submit(path, path, {"level": str(world.levels[1].id)})
    done = visit.get(f"{path}/done")
    assert "Sanne koos zelf nog niets. Praat er samen over." in done
    assert "Zien jullie het anders?" not in done


def test_a_supervisor_without_students_reads_who_links_them(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    assert "Nu geen studenten" not in visit.get("/supervisor")
    with unit_of_work(engine, school_id=world.school.id) as session:
        placement = session.get_one(Placement, (world.school.id, world.placement.id))
        placement.until_on = world.on
    page = visit.get("/supervisor")
    assert "Nu geen studenten" in page
    assert "0 studenten" not in page


def test_not_seen_answers_and_stops_the_waiting_without_a_judgement(
    visit: Visit, app: Flask, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    assert visit.submit(path, path, {"level": "not_seen"}).status_code == 303
    assert said(engine, world, piece) == []
    assert request_state(engine, world) is RequestState.ANSWERED
    assert path not in visit.get("/supervisor")
    done = visit.get(f"{path}/done")
    assert "Niet gezien is ook een antwoord, en geen oordeel." in done
    assert "Sanne: nog niet" not in done
    assert 'class="sp sp-' not in done.split("</header>")[1]  # nothing of it was seen now
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(Comment.words)).all() == ["Dit heb ik niet gezien."]
    # It may still be looked at later.
    assert visit.submit(path, path, {"level": str(world.levels[1].id)}).status_code == 303


def test_a_voice_message_goes_with_a_level_and_not_with_not_seen(
    visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    answer = visit.submit(path, path, {"level": "not_seen", "recording": (BytesIO(MP3), "tip.mp3")})
    assert answer.status_code == 422
    assert "Kies wat je zag, of laat het spraakbericht weg." in answer.get_data(as_text=True)
    answer = visit.submit(
        path,
        path,
        {"level": str(world.levels[1].id), "recording": (BytesIO(MP3), "tip.mp3")},
    )
    assert answer.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        assert session.scalars(sa.select(Recording.name)).all() == ["tip.mp3"]


def test_a_level_that_is_not_offered_writes_nothing(
    visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    for level in ("", "x", str(new_id())):
        answer = visit.submit(path, path, {"level": level, "words": "Bewaar mij."})
        assert answer.status_code == 422
        assert "Bewaar mij." in answer.get_data(as_text=True)
    assert said(engine, world, piece) == []


def test_a_supervisor_sees_no_drafts_talks_or_other_students(
    visit: Visit, world: World, piece: Evidence
) -> None:
    assert "Olaf" not in visit.get("/supervisor")
    visit.get(f"/judge/goals/{world.other_goal.id}", 404)
    answer = visit.submit(
        f"/supervisor/evidence/{piece.id}", f"/coach/plans/{world.plan.id}/talks", {}
    )
    assert answer.status_code in {403, 422}


def test_who_works_at_another_placement_stays_unnamed(
    app: Flask, visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        elsewhere = add_placement(
            session,
            by=None,
            plan=world.plan,
            company=world.company,
            from_on=world.on,
            until_on=world.on + timedelta(days=30),
            at=world.at,
        )
        add_member(
            session,
            by=None,
            plan=world.plan,
            person=world.teacher,
            role=PlanRole.SUPERVISOR,
            placement=elsewhere,
            from_on=world.on,
            at=world.at,
        )
    page = f"/coach/plans/{world.plan.id}"
    assert world.teacher.given_name in Visit(app, world.coach).get(page)
    assert world.teacher.given_name not in visit.get(page)


def test_the_start_of_a_supervisor_costs_the_same_queries_for_ten_pieces_as_for_one(
    visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    few = visit.count_queries("/supervisor")
    with unit_of_work(engine, school_id=world.school.id) as session:
        for number in range(9):
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                goals=[world.goal],
                text=f"Stuk {number}.",
                happened_on=world.on,
                has_people=False,
                placement=world.placement,
                share_with=[Audience.PLACEMENT],
                own_level=world.levels[0],
                on=world.on,
                at=world.at + timedelta(minutes=number + 1),
            )
    page = visit.get("/supervisor")
    assert page.index("Ik zette de weekdoos klaar.") < page.index("Stuk 0.") < page.index("Stuk 8.")
    assert "Nog 5 bewijzen" in page
    assert visit.count_queries("/supervisor") == few <= START_QUERIES


def test_a_student_stands_once_with_the_goal_seen_last_and_the_others_folded(
    visit: Visit, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        for title in ("Ik bel familie", "Ik schrijf op"):
            goal = add_goal(
                session,
                by=world.student,
                plan=world.plan,
                question="Hoe doe ik dat?",
                title=title,
                success="Het lukt.",
                target_anchor=2,
                target_on=None,
                items=[],
                on=world.on,
                at=world.at,
            )
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=world.plan,
                goals=[goal],
                text=f"{title}.",
                happened_on=world.on,
                has_people=False,
                placement=world.placement,
                share_with=[Audience.PLACEMENT],
                own_level=world.levels[0],
                on=world.on,
                at=world.at,
            )
    row = visit.get("/supervisor").split('id="students"')[1].split("</section>")[0]
    assert row.count("Sanne Student</h3>") == 1
    drawn = row.count('class="sp sp-')
    assert drawn > 1
    assert f"Nog {drawn - 1} doel" in row
    assert row.split("Nog ")[0].count('class="sp sp-') == 1


def test_what_the_student_wants_to_know_stands_at_the_piece_with_a_way_to_say_no(
    visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(FeedbackRequest).values(words="Was ik snel genoeg?"))
        request_id = session.scalars(sa.select(FeedbackRequest.id)).one()
    path, no = f"/supervisor/evidence/{piece.id}", f"/feedback/requests/{request_id}/decline"
    assert "Was ik snel genoeg?" in visit.get("/supervisor")
    page = visit.get(path)
    assert "Was ik snel genoeg?" in page
    assert no in page
    assert visit.submit(path, no, {"decline_words": "Ik was er niet."}).status_code == 303
    assert "Je kon niet kijken voor Sanne" in visit.get("/feedback")
    assert path not in visit.get("/supervisor")


def test_a_photo_without_words_still_has_a_name_everywhere(
    app: Flask, visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        ours = EvidenceVersion.evidence_id == piece.id
        session.execute(sa.update(EvidenceVersion).where(ours).values(text=""))
    for path in ("/supervisor", "/feedback", f"/feedback/evidence/{piece.id}"):
        assert "Zonder woorden" in visit.get(path)
    student = Visit(app, world.student)
    for path in ("/student", "/student/evidence", "/feedback", f"/student/goals/{world.goal.id}"):
        assert "Zonder woorden" in student.get(path)
    assert "<blockquote" not in visit.get(f"/supervisor/evidence/{piece.id}")


def test_the_page_of_a_thread_leads_to_where_one_gives_a_view(
    app: Flask, visit: Visit, world: World, piece: Evidence
) -> None:
    page = f"/feedback/evidence/{piece.id}"
    assert f'href="/supervisor/evidence/{piece.id}"' in visit.get(page)
    assert f'href="/judge/evidence/{piece.id}"' in Visit(app, world.coach).get(page)
    own = Visit(app, world.student).get(page)
    assert "/judge/" not in own
    assert f'href="/student/evidence/{piece.id}"' in own


def test_the_student_hears_a_voice_message(
    app: Flask, visit: Visit, engine: sa.Engine, world: World, piece: Evidence
) -> None:
    path = f"/supervisor/evidence/{piece.id}"
    sent = {"level": str(world.levels[1].id), "recording": (BytesIO(MP3), "tip.mp3")}
    assert visit.submit(path, path, sent).status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        recording = session.scalars(sa.select(Recording)).one()
    student = Visit(app, world.student)
    for page in (
        f"/student/evidence/{piece.id}",
        f"/student/goals/{world.goal.id}",
        f"/feedback/evidence/{piece.id}",
    ):
        assert f"/files/recordings/{recording.id}" in student.get(page)
    student.get(f"/files/recordings/{recording.id}", status=303)
