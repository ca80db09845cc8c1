"""Pages that say no: whoever is signed in keeps the menu, and no cause is told."""

import pytest
from flask import Flask

from tests.browsers import Browser
from tests.visits import SECURE, Visit
from tests.world import World

MENU = 'class="nav bar"'


def test_an_unknown_address_keeps_the_menu_of_who_is_signed_in(app: Flask, world: World) -> None:
    page = Visit(app, world.coach).get("/geen/adres", 404)
    assert MENU in page
    assert "Deze pagina bestaat niet" in page


def test_a_stranger_at_an_unknown_address_gets_no_menu(app: Flask, world: World) -> None:
    answer = Browser(app).get("/geen/adres")
    assert answer.status_code == 404
    assert MENU not in answer.get_data(as_text=True)


def test_a_page_that_fails_says_so_without_its_cause(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> str:
        raise RuntimeError("the cause")

    monkeypatch.setitem(app.view_functions, "coach.overview", fails)
    page = Visit(app, world.coach).get("/coach", 500)
    assert MENU in page
    assert "Er ging iets mis" in page
    assert "LS-" in page
    assert "the cause" not in page


def test_a_body_that_is_too_large_is_refused_with_what_to_do(app: Flask, world: World) -> None:
    visit = Visit(app, world.student)
    sent = {"csrf_token": visit.token("/student"), "text": "x" * (3 * 1024 * 1024)}
    answer = visit.client.post("/student/questions", data=sent, base_url=SECURE)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 413
    assert MENU in page
    assert "Dit is te groot" in page
    assert "Ga terug en stuur minder tegelijk." in page


def test_a_file_that_is_too_large_is_refused_with_how_large_it_may_be(
    app: Flask, world: World
) -> None:
    visit = Visit(app, world.coach)
    judge = f"/judge/goals/{world.goal.id}"
    token = visit.token(judge)
    answer = visit.client.post(
        judge,
        data={"csrf_token": token},
        base_url=SECURE,
        environ_overrides={"CONTENT_LENGTH": str(2**40)},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 413
    assert "Een bestand mag hooguit 100 MB zijn." in page
