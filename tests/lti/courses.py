"""What many tests of launches ask: where staff lands, and what the launch log holds."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from lti.models import LaunchLog
from tracker.db import unit_of_work
from tracker.models import School


class _CoursePage:
    """The path of the page of some course: its id is ours, and always another one."""

    def __eq__(self, path: object) -> bool:
        return isinstance(path, str) and _is_course(path)

    def __hash__(self) -> int:
        return hash("/coach/courses/")

    def __repr__(self) -> str:
        return "/coach/courses/<id>"


COURSE = _CoursePage()


def _is_course(path: str) -> bool:
    start, _, key = path.rpartition("/")
    return start == "/coach/courses" and str(UUID(key)) == key


def launches(engine: sa.Engine, school: School) -> Sequence[LaunchLog]:
    """Return the school's launch log, oldest first."""
    with unit_of_work(engine, school_id=school.id) as session:
        return session.scalars(
            sa.select(LaunchLog).order_by(LaunchLog.happened_at, LaunchLog.id)
        ).all()
