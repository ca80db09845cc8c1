"""Schemathesis asks the live server everything its document allows, and much that it does not."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from tests.world import World

PEOPLE = ("student", "coach", "supervisor", "administrator")


def fuzz(
    live_server: str, caller: httpx.Client, world: World, folder: Path, *options: str
) -> tuple[int, str]:
    """Let Schemathesis run as one person; returns how many requests it made, and its report.

    Ids in addresses are the world's own, so that what lies behind them is reached too. Only
    answers of 500 and up count as failures.
    """
    known = {
        "plan_id": world.plan.id,
        "goal_id": world.goal.id,
        "evidence_id": world.shared.id,
        "judgement_id": world.judgement.id,
        "framework_id": world.framework.id,
    }
    config = folder / "schemathesis.toml"
    config.write_text(
        "[parameters]\n" + "".join(f'"path.{name}" = "{key}"\n' for name, key in known.items()),
        "utf-8",
    )
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        *(f"{live_server}/api/openapi.json", "--header"),
        *(f"Authorization: {caller.headers['Authorization']}", "--continue-on-failure"),
        *("--checks", "not_a_server_error", "--warnings", "off", "--no-color", "--seed", "1"),
        *("--request-timeout", "30", *options),
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603 - our own command
    report = run.stdout + run.stderr
    made = re.search(r"(\d+) generated", report)
    assert made is not None, report
    assert run.returncode == 0, report
    return int(made[1]), report


@pytest.mark.drill
@pytest.mark.parametrize("name", PEOPLE)
def test_nothing_that_is_sent_breaks_the_server(
    app: Flask, live_server: str, as_: Any, world: World, tmp_path: Path, name: str
) -> None:
    """Examples, coverage of every constraint, random bodies; figures go to docs/measured.md."""
    caller = as_(getattr(world, name))
    options = ("--phases", "examples,coverage,fuzzing", "--max-examples", "40")
    made, report = fuzz(live_server, caller, world, tmp_path, *options)
    print(f"{name}: {made} requests\n{report[-1500:]}")  # noqa: T201 - the drill's figure
    assert made > 1000
    assert caller.get("/api/me").status_code == 200, app.name
