"""Making a seeded school: some hundred students at a time, one commit each, in bulk."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo.seed import scenery as shared
from demo.seed.draw import ID_SPACE, Draw, Rows, columns_of
from demo.seed.goals import aim
from demo.seed.scenery import Guided, Programme, Scenery
from demo.seed.signals import NAMES, Calendar, signals
from demo.seed.student import Life, begin
from demo.seed.talk import converse
from demo.seed.work import live
from importers.bulk import copy_rows, gather_statistics
from tracker.columns import Base
from tracker.db import unit_of_work
from tracker.errors import Conflict
from tracker.models import (
    Activity,
    FrameworkItem,
    FrameworkItemKind,
    School,
)
from tracker.people import person_by_number
from tracker.scales import all_scales, levels_of

BATCH = 250  # students
IDS_OF_STUDENT = 4096  # more than the rows that one makes, but for signals
IDS_OF_BATCH = BATCH * 4096
STATISTICS_AFTER = (1, 4, 16, 64)  # batches; an empty table's statistics say nothing
FIRST = "gezaaid-begeleider-00001"  # written first, so a school that was cut off is known too
STEPS = 4


def seed_school(
    engine: sa.Engine,
    *,
    school: School,
    students: int,
    seed: str,
    on: date,
    tell: Callable[[int], None],
) -> int:
    """Fill a school with invented students and all that they did in three years before a day.

    The same seed, school's slug, number and day give the same rows, ids too; what the school has
    already (scales, frameworks) is used. `tell` hears after each commit how many students there
    are. Returns the number of signals. Raises Conflict when the school was seeded before.
    """
    here = f"{seed}/{school.slug}"
    with unit_of_work(engine, school_id=school.id) as session:
        made = _scenery(session, here, school, students, on)
    calendar = Calendar(made, as_text=engine.dialect.name == "postgresql")
    coming = enumerate(_places(made), 1)
    written, batch = 0, 0
    while some := list(islice(coming, BATCH)):
        batch += 1
        rows = Rows()
        lives = [_live(here, rows, made, number, guided) for number, guided in some]
        draw = Draw(f"{here}/signals/{batch}", ID_SPACE["signal"] + batch * IDS_OF_BATCH)
        came = signals(draw, calendar, lives)
        with unit_of_work(engine, school_id=school.id) as session:
            _write(session, school, rows)
            copy_rows(session, Activity, NAMES, came, same={"school_id": school.id})
            if batch in STATISTICS_AFTER:
                filled = [model.__tablename__ for model in rows.found]
                gather_statistics(session, [Activity.__tablename__, *filled])
        written += len(came)
        tell(some[-1][0])
    return written


def _scenery(session: Session, here: str, school: School, students: int, on: date) -> Scenery:
    """Write everything but the students; raises Conflict when that was done before."""
    if person_by_number(session, school_id=school.id, number=FIRST) is not None:
        raise Conflict("school.seeded")
    rows = Rows()
    made = shared.build(
        Draw(here, ID_SPACE["school"]),
        rows,
        slug=school.slug,
        on=on,
        students=students,
        scales=_scales(session, school),
        known=_programmes(session, school),
    )
    _write(session, school, rows)
    gather_statistics(session, [model.__tablename__ for model in rows.found])
    return made


def _places(made: Scenery) -> Iterator[Guided]:
    """Yield for each student the coach group that has room for them."""
    for guided in made.groups:
        for _ in range(guided.size):
            yield guided


def _live(here: str, rows: Rows, made: Scenery, number: int, guided: Guided) -> Life:
    draw = Draw(f"{here}/{number}", ID_SPACE["student"] + number * IDS_OF_STUDENT)
    life = begin(draw, rows, made, guided, number)
    aim(life)
    live(life)
    converse(life)
    return life


def _write(session: Session, school: School, rows: Rows) -> None:
    """Copy rows, those that are referred to first."""
    by_table = {model.__tablename__: model for model in rows.found}
    for table in Base.metadata.sorted_tables:
        model = by_table.get(table.name)
        if model is not None:
            names = list(columns_of(model))
            copy_rows(session, model, names, rows.found[model], same={"school_id": school.id})


def _scales(session: Session, school: School) -> list[Sequence[str]]:
    """Return the levels at anchor 0 to 3 of each scale that has all four and holds always."""
    found: list[Sequence[str]] = []
    for scale in all_scales(session, school_id=school.id):
        by_anchor = {level.anchor: level.id.hex for level in levels_of(session, scale)}
        if scale.for_plans_from is None and len(by_anchor) == STEPS:
            found.append([by_anchor[anchor] for anchor in range(STEPS)])
    if not found:
        raise Conflict("scale.missing")
    return found


def _programmes(session: Session, school: School) -> list[Programme]:
    """Return the school's own frameworks that have werkprocessen, at most ten."""
    rows = session.execute(
        sa.select(FrameworkItem.framework_id, FrameworkItem.id)
        .where(
            FrameworkItem.school_id == school.id,
            FrameworkItem.kind == FrameworkItemKind.WERKPROCES,
        )
        .order_by(FrameworkItem.framework_id, FrameworkItem.position, FrameworkItem.id)
    )
    items: dict[str, list[str]] = {}
    for framework_id, item_id in rows:
        items.setdefault(framework_id.hex, []).append(item_id.hex)
    others = ("een klant", "een collega", "mijn ploeg")
    return [Programme(one, its, others) for one, its in islice(items.items(), 10)]
