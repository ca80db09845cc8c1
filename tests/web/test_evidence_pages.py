"""Pages of evidence as their student meets them, without any script; and what others notice."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api.pieces import kept, photo, sweep
from tests.visits import Visit
from tests.world import World
from tracker.comments import add_comment
from tracker.db import new_id, unit_of_work
from tracker.evidence import log_evidence
from tracker.models import (
    Audience,
    Evidence,
    EvidenceState,
    EvidenceVersion,
    Goal,
    GroupRole,
    LearningPlan,
    Membership,
    PlanMember,
    PlanRole,
    SchoolRole,
)
from tracker.people import add_person
from tracker.requests import ask

NEW = "/student/evidence/new"
ALL = "/student/evidence"


def sent(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "evidence_id": str(new_id()),
        "text": "Ik zette de weekdoos klaar.",
        "goal_ids": [str(world.goal.id)],
        "happened_on": world.on.isoformat(),
        "share_with": "coaches",
        **changed,
    }


def checked(page: str, name: str) -> list[str]:
    """Return what is chosen beforehand in a form, by field."""
    inputs: list[str] = re.findall(r"<input[^>]*>", page)
    return [
        found[1]
        for each in inputs
        if f'name="{name}"' in each
        and " checked" in each
        and (found := re.search(r'value="([^"]*)"', each))
    ]


def selected(page: str, name: str) -> str:
    """Return what is chosen beforehand in a list."""
    part = page.split(f'name="{name}"')[1].partition("</select>")[0]
    found = re.search(r'value="([^"]*)" selected', part)
    return found[1] if found else ""


def state_of(engine: sa.Engine, world: World, key: UUID) -> EvidenceState | None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        evidence = session.get(Evidence, (world.school.id, key))
        return evidence.state if evidence else None


def share_ids(page: str) -> list[str]:
    return re.findall(r'name="share_id" value="([^"]+)"', page)


# Logging


def test_the_first_time_goal_place_and_readers_are_suggested_and_people_never(
    app: Flask, world: World
) -> None:
    page = Visit(app, world.student).get(f"{NEW}?goal={world.goal.id}")
    assert checked(page, "goal_ids") == [str(world.goal.id)]
    assert checked(page, "share_with") != []
    assert selected(page, "place") == str(world.placement.id)
    assert checked(page, "has_people") == []
    assert checked(page, "own_level") == []


def test_what_the_student_did_last_is_suggested_next(app: Flask, world: World) -> None:
    student = Visit(app, world.student)
    for share_with, place in (("nobody", "school"), ("coaches", "elsewhere")):
        answer = student.submit(NEW, NEW, sent(world, share_with=share_with, place=place))
        assert answer.status_code == 303
        page = student.get(NEW)
        assert checked(page, "share_with") == [share_with]
        assert checked(page, "goal_ids") == [str(world.goal.id)]
        assert selected(page, "place") == place


def test_a_photo_needs_an_answer_about_people_and_no_words(app: Flask, world: World) -> None:
    student = Visit(app, world.student)
    form = sent(world, text="", has_people="no", files=(BytesIO(photo()), "a.jpg"))
    assert student.submit(NEW, NEW, form).status_code == 303
    neither = student.submit(NEW, NEW, sent(world, text=""))
    assert neither.status_code == 422
    assert "Vertel iets, of voeg een bestand toe." in neither.get_data(as_text=True)


def test_kind_place_and_work_are_kept(app: Flask, engine: sa.Engine, world: World) -> None:
    student = Visit(app, world.student)
    form = sent(
        world,
        kind="reflection",
        place=str(world.placement.id),
        item_ids=[str(world.items[1].id)],
        share_with="nobody",
    )
    assert student.submit(NEW, NEW, form).status_code == 303
    page = student.get(f"{ALL}/{form['evidence_id']}")
    assert "Reflectie" in page
    assert "B1-K1-W1 Ondersteunt bij persoonlijke verzorging" in page
    with unit_of_work(engine, school_id=world.school.id) as session:
        piece = session.get_one(Evidence, (world.school.id, UUID(form["evidence_id"])))
        assert (piece.placement_id, piece.context) == (world.placement.id, "workplace")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"happened_on": "morgen"}, "Dit is geen datum."),
        ({"kind": "essay"}, "Kies een van deze."),
        ({"place": "maan"}, "Kies een van deze."),
        ({"share_with": "iedereen"}, "Kies een van deze."),
        ({"text": "a" * 10_001}, "Dit is te lang."),
    ],
)
def test_what_is_not_right_yet_comes_back_whole_and_writes_nothing(
    app: Flask, engine: sa.Engine, world: World, changed: dict[str, str], sentence: str
) -> None:
    form = sent(world, **changed)
    answer = Visit(app, world.student).submit(NEW, NEW, form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert form["evidence_id"] in page
    assert state_of(engine, world, UUID(form["evidence_id"])) is None


def test_a_day_still_to_come_keeps_the_photo_while_the_form_comes_back(
    app: Flask, world: World
) -> None:
    student = Visit(app, world.student)
    tomorrow = (world.on + timedelta(days=1)).isoformat()
    form = sent(
        world, happened_on=tomorrow, has_people="no", files=(BytesIO(photo()), "weekdoos.jpg")
    )
    page = student.submit(NEW, NEW, form).get_data(as_text=True)
    assert "weekdoos.jpg" in page
    tokens = re.findall(r'name="kept_files" value="([^"]+)"', page)
    again = sent(world, evidence_id=form["evidence_id"], has_people="no", kept_files=tokens)
    assert student.submit(NEW, NEW, again).status_code == 303
    assert "weekdoos.jpg" in student.get(f"{ALL}/{form['evidence_id']}")


def test_who_may_not_log_leaves_no_bytes(app: Flask, world: World) -> None:
    coach = Visit(app, world.coach)
    form = sent(world, goal_ids=[], has_people="no", files=(BytesIO(photo()), "a.jpg"))
    answer = coach.submit("/coach", NEW, form)
    assert answer.status_code in {403, 404}
    assert kept(app) == []


def test_a_form_sent_twice_is_one_piece_and_other_content_is_refused(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, form = Visit(app, world.student), sent(world)
    assert [student.submit(NEW, NEW, form).status_code for _ in range(3)] == [303] * 3
    other = student.submit(NEW, NEW, {**form, "text": "Iets anders."})
    assert other.status_code == 409
    with unit_of_work(engine, school_id=world.school.id) as session:
        versions = session.scalars(
            sa.select(EvidenceVersion.text).filter_by(evidence_id=UUID(form["evidence_id"]))
        ).all()
    assert versions == ["Ik zette de weekdoos klaar."]


def test_people_in_it_is_told_to_the_student_and_to_readers(app: Flask, world: World) -> None:
    student = Visit(app, world.student)
    form = sent(world, has_people="yes")
    assert student.submit(NEW, NEW, form).status_code == 303
    for page in ("/sent", ""):
        assert "Vraag of zij dit goed vinden." in student.get(f"{ALL}/{form['evidence_id']}{page}")
    read = Visit(app, world.coach).get(f"{ALL}/{form['evidence_id']}")
    assert "Geef het niet door." in read


# One piece


def test_student_changes_words_and_reads_what_was_said_before(app: Flask, world: World) -> None:
    student = Visit(app, world.student)
    piece = f"{ALL}/{world.shared.id}"
    edit = f"{piece}/edit"
    assert "Ik hielp mevrouw met opstaan." in student.get(edit)
    answer = student.submit(
        edit, edit, {"version": "1", "text": "Anders gezegd.", "goal_ids": [str(world.goal.id)]}
    )
    assert answer.status_code == 303
    page = student.get(piece)
    assert "Anders gezegd." in page
    assert "Ik hielp mevrouw met opstaan." in page.split("Wat er eerder stond")[1]
    assert "Anders gezegd." in Visit(app, world.coach).get(piece)


def test_who_was_second_sees_both_texts_and_may_save_again(app: Flask, world: World) -> None:
    student = Visit(app, world.student)
    edit = f"{ALL}/{world.private.id}/edit"
    first = {"version": "1", "text": "Van mijn telefoon.", "goal_ids": []}
    assert student.submit(edit, edit, first).status_code == 303
    late = student.submit(edit, edit, {"version": "1", "text": "Van school.", "goal_ids": []})
    page = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Van mijn telefoon." in page
    assert "Van school." in page
    assert 'name="version" value="2"' in page
    again = student.submit(edit, edit, {"version": "2", "text": "Van school.", "goal_ids": []})
    assert again.status_code == 303


def test_an_edit_without_words_comes_back(app: Flask, world: World) -> None:
    edit = f"{ALL}/{world.private.id}/edit"
    answer = Visit(app, world.student).submit(edit, edit, {"version": "1", "text": " "})
    assert answer.status_code == 422
    assert "Vertel iets, of voeg een bestand toe." in answer.get_data(as_text=True)


def test_private_evidence_says_that_nobody_sees_it_until_it_is_shared(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, piece = Visit(app, world.student), f"{ALL}/{world.private.id}"
    assert "Niemand op school ziet dat het bestaat." in student.get(piece)
    answer = student.submit(piece, f"{piece}/share", {"audience": "coaches"})
    assert answer.status_code == 303
    page = student.get(piece)
    assert "Cor Coach" in page
    assert "Beheer van de school" in page
    assert Visit(app, world.coach).get(piece)
    Visit(app, world.supervisor).get(piece, status=404)
    share = student.submit(piece, f"{piece}/share", {"audience": str(world.placement.id)})
    assert share.status_code == 303
    assert "Piet Praktijk" in student.get(piece)
    assert Visit(app, world.supervisor).get(piece)
    for share_id in share_ids(student.get(piece)):
        stopped = student.submit(piece, f"{piece}/stop", {"share_id": share_id})
        assert stopped.status_code == 303
    assert state_of(engine, world, world.private.id) is EvidenceState.PRIVATE
    Visit(app, world.coach).get(piece, status=404)


def test_a_share_with_somebody_else_comes_back_with_the_page(app: Flask, world: World) -> None:
    piece = f"{ALL}/{world.private.id}"
    answer = Visit(app, world.student).submit(piece, f"{piece}/share", {"audience": "iedereen"})
    assert answer.status_code == 422
    assert "Kies een van deze." in answer.get_data(as_text=True)


def test_evidence_withdrawn_after_a_judgement_stays_with_its_view_and_cannot_be_erased(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, piece = Visit(app, world.student), f"{ALL}/{world.shared.id}"
    page = student.get(piece)
    assert "Iemand gaf een inschatting." in page
    assert "Wis dit bewijs" not in page
    assert student.submit(piece, f"{piece}/withdraw", {}).status_code == 303
    assert state_of(engine, world, world.shared.id) is EvidenceState.WITHDRAWN
    page = student.get(piece)
    assert "Je trok dit in op" in page
    assert "Vraag nog om hulp bij de tillift." in page
    assert student.submit(piece, f"{piece}/erase", {}).status_code == 409
    Visit(app, world.supervisor).get(piece, status=404)
    coach = Visit(app, world.coach)
    coach.get(piece, status=404)
    talk = coach.get(f"/coach/plans/{world.plan.id}")
    assert "Vraag nog om hulp bij de tillift." in talk
    assert "Ik hielp mevrouw met opstaan." not in talk


def test_erasing_a_private_piece_takes_its_files_too(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student = Visit(app, world.student)
    form = sent(
        world, share_with="nobody", has_people="no", files=(BytesIO(photo()), "weekdoos.jpg")
    )
    student.submit(NEW, NEW, form)
    assert kept(app) != []
    piece = f"{ALL}/{form['evidence_id']}"
    assert "Het komt niet terug." in student.get(piece)
    answer = student.submit(piece, f"{piece}/erase", {})
    assert (answer.status_code, answer.location) == (303, ALL)
    sweep(app)
    assert kept(app) == []
    assert state_of(engine, world, UUID(form["evidence_id"])) is None
    student.get(piece, status=404)


def test_what_is_said_after_sending_is_for_its_student(app: Flask, world: World) -> None:
    page = f"{ALL}/{world.shared.id}/sent"
    Visit(app, world.student).get(page)
    Visit(app, world.coach).get(page, status=403)
    Visit(app, world.other_student).get(page, status=404)


def test_who_guides_in_two_roles_is_named_once(app: Flask, engine: sa.Engine, world: World) -> None:
    page = f"{ALL}/{world.shared.id}/sent"
    before = Visit(app, world.student).get(page)
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.add(
            PlanMember(
                school_id=world.school.id,
                plan_id=world.plan.id,
                person_id=world.coach.id,
                role=PlanRole.TEAM,
                from_on=world.on,
                created_at=world.at,
            )
        )
    named = "Je bewijs is nu zichtbaar voor[^<]*"
    seen = re.findall(named, before)
    assert world.coach.given_name in seen[0]
    assert re.findall(named, Visit(app, world.student).get(page)) == seen


@pytest.mark.parametrize("name", ["share", "stop", "withdraw", "erase", "edit"])
def test_only_the_student_changes_a_piece(app: Flask, world: World, name: str) -> None:
    for person, status in ((world.coach, 403), (world.other_student, 404)):
        answer = Visit(app, person).submit(
            "/coach" if person is world.coach else NEW, f"{ALL}/{world.shared.id}/{name}", {}
        )
        assert answer.status_code == status


# All of it


def test_list_keeps_what_was_chosen_in_its_address(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student = Visit(app, world.student)
    student.submit(NEW, NEW, sent(world, kind="certificate", text="Mijn certificaat."))
    everything = student.get(ALL)
    for text in ("Mijn certificaat.", "Alleen voor mij.", "Ik hielp mevrouw met opstaan."):
        assert text in everything
    certificates = student.get(f"{ALL}?kind=certificate")
    assert "Mijn certificaat." in certificates
    assert "Alleen voor mij." not in certificates
    assert f"{ALL}?kind=certificate&state=shared" in certificates
    private = student.get(f"{ALL}?state=private&goal={world.goal.id}")
    assert "Alleen voor mij." in private
    assert "Mijn certificaat." not in private
    for nothing in ("?state=withdrawn", "?kind=essay", "?goal=x", "?page=7"):
        assert "Alleen voor mij." not in student.get(f"{ALL}{nothing}")


def test_list_goes_on_to_older_pieces(app: Flask, engine: sa.Engine, world: World) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        for number in range(20):
            log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=plan,
                text=f"Stuk {number} " + "heel lang " * 30,
                happened_on=world.on,
                has_people=False,
                on=world.on,
                at=world.at + timedelta(seconds=number),
            )
    student = Visit(app, world.student)
    first, second = student.get(ALL), student.get(f"{ALL}?page=2")
    assert "page=2" in first
    assert "Stuk 19 " in first
    assert "Ik hielp mevrouw met opstaan." not in first
    assert "Ik hielp mevrouw met opstaan." in second


def test_list_of_who_has_nothing_yet_says_what_comes_here(app: Flask, world: World) -> None:
    assert "Nog geen bewijs" in Visit(app, world.other_student).get(ALL)


# What others notice


def without_chance(page: str) -> str:
    """Leave out what differs at every request: the CSRF token and the helpdesk's code."""
    return re.sub(r'(csrf_token" value=")[^"]+|LS-[0-9A-F]+', r"\1", page)


def test_private_evidence_changes_no_byte_of_the_pages_of_others(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    readers = {
        person.id: Visit(app, person)
        for person in (world.coach, world.supervisor, world.administrator)
    }
    looks = [
        (world.coach, "/coach"),
        (world.coach, f"/coach/plans/{world.plan.id}"),
        (world.coach, f"{ALL}/{world.shared.id}"),
        (world.supervisor, "/supervisor"),
        (world.supervisor, f"{ALL}/{world.shared.id}"),
        (world.administrator, "/school"),
        (world.administrator, f"{ALL}/{world.shared.id}"),
    ]

    def shown() -> list[str]:
        return [without_chance(readers[person.id].get(path)) for person, path in looks]

    before = shown()
    student = Visit(app, world.student)
    form = sent(
        world,
        share_with="nobody",
        has_people="yes",
        own_level=str(world.levels[3].id),
        item_ids=[str(world.items[1].id)],
        files=(BytesIO(photo()), "geheim.jpg"),
    )
    assert student.submit(NEW, NEW, form).status_code == 303
    assert shown() == before
    piece = f"{ALL}/{form['evidence_id']}"
    student.submit(f"{piece}/edit", f"{piece}/edit", {"version": "1", "text": "Nog geheimer."})
    assert shown() == before
    student.submit(piece, f"{piece}/erase", {})
    assert shown() == before


def test_goal_of_another_plan_opens_the_form_of_that_plan(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        goal = session.get_one(Goal, (world.school.id, world.goal.id))
        assert goal.plan_id == world.plan.id
    Visit(app, world.other_student).get(f"{NEW}?goal={world.goal.id}", status=404)
    assert Visit(app, world.student).get(f"{NEW}?goal={world.goal.id}&plan={world.plan.id}")
    assert Audience.COACHES in Visit(app, world.student).get(NEW)


def test_after_four_weeks_the_page_names_the_peer_no_more(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, piece = Visit(app, world.student), f"{ALL}/{world.private.id}"
    about = f"/feedback/evidence/{world.private.id}"
    asked = student.submit(about, f"{about}/requests", {"to_id": str(world.other_student.id)})
    assert asked.status_code == 303
    shown = student.get(piece)
    assert "Olaf" in shown
    assert len(share_ids(shown)) == 1
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(PlanMember).filter_by(role="peer").values(until_on=world.on))
    later = student.get(piece)
    assert "Olaf" not in later
    assert share_ids(later) == []
    assert "Het komt niet terug." in later
    assert "Alleen voor mij." in student.get(f"{ALL}?state=private")
    assert "Alleen voor mij." not in student.get(f"{ALL}?state=shared")


def test_what_a_peer_judged_is_the_students_own_again_after_four_weeks(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, piece = Visit(app, world.student), f"{ALL}/{world.private.id}"
    about = f"/feedback/evidence/{world.private.id}"
    student.submit(about, f"{about}/requests", {"to_id": str(world.other_student.id)})
    peer = Visit(app, world.other_student)
    seen = peer.submit(about, f"{about}/look", {"level": str(world.levels[2].id), "words": "Ja"})
    assert seen.status_code == 303
    with unit_of_work(engine, school_id=world.school.id) as session:
        session.execute(sa.update(PlanMember).filter_by(role="peer").values(until_on=world.on))
    assert "Alleen jij kunt het nu zien." in student.get(piece)
    student.get(f"{piece}/edit", status=409)


def test_pages_take_as_many_queries_for_much_evidence_as_for_little(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    student, about = Visit(app, world.student), f"/feedback/evidence/{world.private.id}"
    piece = f"{ALL}/{world.private.id}"
    student.submit(about, f"{about}/requests", {"to_id": str(world.other_student.id)})
    paths = (ALL, piece, about, "/feedback")
    few = [student.count_queries(path) for path in paths]
    with unit_of_work(engine, school_id=world.school.id) as session:
        plan = session.get_one(LearningPlan, (world.school.id, world.plan.id))
        private = session.get_one(Evidence, (world.school.id, world.private.id))
        for number in range(6):
            more = log_evidence(
                session,
                key=new_id(),
                by=world.student,
                plan=plan,
                goals=[world.goal],
                text=f"Stuk {number}",
                happened_on=world.on,
                has_people=False,
                share_with=[Audience.COACHES],
                own_level=world.levels[1],
                on=world.on,
                at=world.at,
            )
            peer = add_person(
                session,
                by=None,
                school=world.school,
                name=f"Fien {number}",
                email=f"fien{number}@proef.example",
                number=f"fien{number}",
                roles=[SchoolRole.STUDENT],
                at=world.at,
            )
            group = {"group_id": world.group.id, "role": GroupRole.STUDENT}
            session.add(
                Membership(school_id=world.school.id, person_id=peer.id, from_on=world.on, **group)
            )
            session.flush()
            for subject, to in ((private, peer), (more, world.coach)):
                ask(
                    session,
                    by=world.student,
                    to=to,
                    subject=subject,
                    words=None,
                    on=world.on,
                    at=world.at,
                )
            add_comment(
                session,
                by=world.student,
                subject=private,
                words=f"Nog iets {number}",
                on=world.on,
                at=world.at,
            )
    assert len(share_ids(student.get(piece))) == 7
    assert [student.count_queries(path) for path in paths] == few


def test_what_nobody_else_sees_is_erased_and_not_taken_back(app: Flask, world: World) -> None:
    for share_with, then in (("nobody", "wis het dan."), ("coaches", "trek het dan in.")):
        form = sent(
            world, share_with=share_with, has_people="yes", files=(BytesIO(photo()), "a.jpg")
        )
        visit = Visit(app, world.student)
        answer = visit.submit(NEW, NEW, form)
        assert answer.status_code == 303
        asked = "Vraag of zij dit goed vinden. Zo niet, "
        assert asked + then in visit.get(answer.headers["Location"])
        assert asked + then in visit.get(f"{ALL}/{form['evidence_id']}")


def test_a_goal_without_guides_is_seen_by_its_student_and_the_school(
    app: Flask, engine: sa.Engine, world: World
) -> None:
    with unit_of_work(engine, school_id=world.school.id) as session:
        guides = sa.update(PlanMember).where(
            PlanMember.plan_id == world.other_plan.id, PlanMember.role != PlanRole.STUDENT
        )
        session.execute(guides.values(until_on=world.on))
    page = Visit(app, world.other_student).get(f"/student/goals/{world.other_goal.id}")
    summary = page.split("Wie kan dit zien?")[1].split("</summary>")[0]
    assert "Jij en de school" in summary
    assert "Beheer van de school" in page
