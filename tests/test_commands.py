"""What a command says when it cannot: one sentence and exit code 2, never a trace of Python."""

from pathlib import Path

import pytest

from tests.conftest import Database
from tests.running import run_command
from tests.world import World

PERSON = ("person", "add", "proef", "--name", "Ans", "--role", "administrator", "--number")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("school", "add", "proef", "Nog een"),
            "er is al een school met deze korte naam (school.slug_taken)",
        ),
        (
            ("school", "add", "Proef 2", "Nog een"),
            "een korte naam heeft alleen kleine letters, cijfers en streepjes (school.slug_wrong)",
        ),
        ((*PERSON, "cor.coach"), "dit nummer is al van iemand anders (person.number_taken)"),
    ],
)
def test_a_refused_command_says_in_one_sentence_what_is_wrong(
    database: Database, world: World, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = run_command(database.url, tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (2, f"Dat kan niet: {sentence}\n")
