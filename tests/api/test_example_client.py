"""The example client of docs/ does what it says, against the real server."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.world import World

PROGRAM = Path(__file__).parent.parent.parent / "docs" / "example_client.py"


@pytest.fixture(scope="module")
def client_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("example_client", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def token_of(caller: Any) -> str:
    return str(caller.headers["Authorization"].removeprefix("Bearer "))


def test_the_program_logs_a_piece_and_finds_a_better_word(
    live_server: str, world: World, as_: Any
) -> None:
    command = [sys.executable, str(PROGRAM), live_server, token_of(as_(world.student))]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert "Ik ben Sanne Student" in run.stdout
    address = run.stdout.rpartition("Bewaard: ")[2].strip()
    piece = as_(world.coach).get(address).json()
    assert piece["text"] == "Ik hielp mevrouw rustig met opstaan."


def test_every_page_of_a_list_is_read(
    live_server: str, world: World, as_: Any, client_module: ModuleType
) -> None:
    session = client_module.sign_in(live_server, token_of(as_(world.student)))
    url = f"{live_server}/api/plans/{world.plan.id}/evidence?limit=1"
    assert len(list(client_module.everything(session, url))) == 2


def test_what_is_not_right_is_told_by_field_and_both_texts_when_somebody_was_first(
    live_server: str, world: World, as_: Any, client_module: ModuleType
) -> None:
    session = client_module.sign_in(live_server, token_of(as_(world.student)))
    wrong = {"text": "", "happened_on": "gisteren", "has_people": False}
    with pytest.raises(ValueError, match="happened_on"):
        client_module.log_evidence(session, live_server, world.plan.id, wrong)
    url = f"{live_server}/api/goals/{world.goal.id}"
    stale = session.get(url).headers["ETag"]
    client_module.change_words(session, url, title="Ik help iemand rustig opstaan")
    session.headers["If-Match"] = stale
    answer = session.put(url, json={"title": "a", "question": "b", "success": "c"})
    assert answer.status_code == 412
    assert answer.json()["current"]["title"] == "Ik help iemand rustig opstaan"
    assert answer.json()["sent"]["title"] == "a"
