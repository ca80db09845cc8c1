"""One reading in a process of its own, which is killed at a commit: SIGKILL, as by the system."""

import os
import signal
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bin.environment import die_with_parent
from importers.lti.jobs import pull
from settings import Settings
from tracker.db import open_engine


def main(
    environ: Mapping[str, str], school_id: UUID, pull_id: UUID, at: datetime, dies_at: int
) -> None:
    """Read, and die at the commit of this number (0: never)."""
    die_with_parent(os.getppid(), signal.SIGKILL)
    settings = Settings.from_env(environ)
    engine = open_engine(settings.database_url)
    commits = 0

    @sa.event.listens_for(engine, "commit")
    def count(_connection: sa.Connection) -> None:
        nonlocal commits
        commits += 1
        if commits == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    pull(engine, settings, school_id=school_id, pull_id=pull_id, at=at)
