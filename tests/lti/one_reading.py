"""Readings in processes of their own, each killed at the commit whose number is given (0: never).

python -m tests.lti.one_reading <school> <pull>; settings from the environment. Each line that comes
in, `<moment> <number>`, is one reading: its process id goes out, and when it ended, how.
"""

import os
import signal
import sys
import traceback
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from importers.lti.jobs import pull
from settings import Settings
from tracker.db import open_engine


def read(school_id: UUID, pull_id: UUID, at: datetime, number: int) -> None:
    settings = Settings.from_env(os.environ)
    engine = open_engine(settings.database_url)
    commits = 0

    @sa.event.listens_for(engine, "commit")
    def count(_connection: sa.Connection) -> None:
        nonlocal commits
        commits += 1
        if commits == number:
            os.kill(os.getpid(), signal.SIGKILL)

    pull(engine, settings, school_id=school_id, pull_id=pull_id, at=at)


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    school_id, pull_id = (UUID(argument) for argument in sys.argv[1:])
    for line in sys.stdin:
        moment, number = line.split()
        process = os.fork()
        if process == 0:
            try:
                read(school_id, pull_id, datetime.fromisoformat(moment), int(number))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        say(process)
        say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


if __name__ == "__main__":
    main()
