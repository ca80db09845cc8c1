"""What a login and a launch ask of the database: so much, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from tests.lms import Lms, User
from tests.lti.browser import Browser


@dataclass
class Work:
    """What happened on the application's connections."""

    statements: list[str] = field(default_factory=list)
    units: int = 0


@contextmanager
def watched(app: Flask) -> Iterator[Work]:
    """Write down each statement and each transaction for as long as the block lasts."""
    engine: sa.Engine = app.extensions["engine"]
    work = Work()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        # What SQLite needs before a transaction, and PostgreSQL to raise the wall in it.
        if not statement.startswith(("PRAGMA", "BEGIN", "SELECT set_config")):
            work.statements.append(" ".join(statement.split()[:3]))

    def begin(_connection: object) -> None:
        work.units += 1

    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "begin", begin)
    try:
        yield work
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
        sa.event.remove(engine, "begin", begin)


def test_a_login_asks_for_its_platform_and_leaves_one_row(
    app: Flask, lms: Lms, browser: Browser, student: User
) -> None:
    with watched(app) as work:
        browser.start(lms, student)
    verbs = [statement.split()[0] for statement in work.statements]
    # The registration; the school's platforms, that may frame us; the login.
    assert (verbs, work.units) == (["SELECT", "SELECT", "INSERT"], 1)


def test_a_known_students_launch_reads_each_thing_once_and_writes_what_is_new(
    app: Flask, lms: Lms, browser: Browser, student: User
) -> None:
    browser.click(lms, student)
    started = browser.start(lms, student)
    token = lms.sign(lms.claims(student, nonce=started.nonce))
    with watched(app) as work:
        assert browser.come_back(started, token).status_code == 303
    assert work.units == 3  # the login's row, the deployment's row, the launch
    changed = [one for one in work.statements if not one.startswith("SELECT")]
    assert changed == [
        "DELETE FROM lti_login_state",
        "INSERT INTO activity",  # once a day: the others are not kept
        "UPDATE session SET",  # what this browser had before
        "INSERT INTO session",
        "INSERT INTO lti_launch",
    ]
    # The registration and the school's platforms; the deployment; the school, the person, their
    # roles; the course, the link, and the source and the item of the signal.
    assert len(work.statements) - len(changed) == 10
