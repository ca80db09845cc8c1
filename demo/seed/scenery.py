"""What students of a seeded school share: staff, coach groups, companies, frameworks, sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from demo.seed import words
from demo.seed.draw import Draw, Rows
from demo.seed.people import Staff
from tracker.models import (
    ActivityItem,
    ActivitySource,
    CoachGroup,
    Company,
    Framework,
    FrameworkItem,
    FrameworkItemKind,
    Group,
    GroupRole,
    Holiday,
    Membership,
    PlanRole,
    SchoolRole,
    SupportLesson,
    Threshold,
)

YEARS = 3
LARGE, USUAL = 200, 30  # students of one coach
STUDENTS_FOR_LARGE = 1000  # one coach in so many students has many
STUDENTS_OF_COMPANY, STUDENTS_OF_LESSON = 8, 100
ITEMS_OF_GROUP = 12
SOURCES = ("Leeromgeving", "Aanwezigheid", "Toetsen")
# Weeks in a year, counted from 1 August: autumn, Christmas, spring, May, summer.
HOLIDAYS = (
    ("Herfstvakantie", 11, 1),
    ("Kerstvakantie", 20, 2),
    ("Voorjaarsvakantie", 29, 1),
    ("Meivakantie", 38, 2),
    ("Zomervakantie", 49, 6),
)


@dataclass(frozen=True)
class Programme:
    """What a plan can follow: a framework with its werkprocessen, and whom the work is with."""

    framework_id: str
    item_ids: Sequence[str]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Guided:
    """A coach group: its coach, the confirmation, how many students, and what is in the LMS."""

    group_id: str
    coach_id: str
    coach_group_id: str
    size: int
    item_ids: Sequence[str]


@dataclass(frozen=True)
class Scenery:
    """What there is before the first student comes; `began_on` is its first day, `on` today.

    `companies` are (company, supervisor); `scales` hold, by anchor, a level of each scale.
    """

    slug: str
    on: date
    began_on: date
    groups: Sequence[Guided]
    programmes: Sequence[Programme]
    companies: Sequence[tuple[str, str]]
    lessons: Sequence[str]
    sources: Sequence[str]
    school_days: Sequence[date]
    scales: Sequence[Sequence[str]]


def sizes(students: int) -> list[int]:
    """Return how many students each coach has: one in a thousand students has 200, others 30."""
    found: list[int] = []
    left = students
    while left:
        used = students - left
        is_large = used % STUDENTS_FOR_LARGE == 0 and left >= LARGE + USUAL
        room = STUDENTS_FOR_LARGE - used % STUDENTS_FOR_LARGE
        found.append(min(LARGE if is_large else USUAL, left, room))
        left -= found[-1]
    return found


def build(
    draw: Draw,
    rows: Rows,
    *,
    slug: str,
    on: date,
    students: int,
    scales: Sequence[Sequence[str]],
    known: Sequence[Programme],
) -> Scenery:
    """Make the rows of a school without its students; `known` are programmes that it has already.

    scales: for each scale the ids of its levels at anchor 0 to 3.
    """
    began_on = on - timedelta(days=YEARS * 365)
    staff = Staff(draw, rows, slug, began_on)
    boss = staff.add("beheer", 1, SchoolRole.ADMINISTRATOR)
    rows.add(
        Threshold,
        id=draw.new_id(),
        name="nothing_shared_days",
        value=28,
        set_by_id=boss,
        set_at=draw.moment(began_on),
    )
    holidays = _holidays(draw, rows, began_on, on)
    programmes = list(known) or [_programme(draw, rows, place, began_on) for place in range(3)]
    sources = [draw.new_id() for _ in SOURCES]
    for source_id, name in zip(sources, SOURCES, strict=True):
        heard = draw.moment(on - timedelta(days=1))
        rows.add(ActivitySource, id=source_id, name=name, last_import_at=heard)
    groups = [
        _group(draw, rows, staff, number, size, boss, began_on, on)
        for number, size in enumerate(sizes(students), 1)
    ]
    return Scenery(
        slug=slug,
        on=on,
        began_on=began_on,
        groups=groups,
        programmes=programmes,
        companies=[
            _company(draw, rows, staff, number, began_on)
            for number in range(1, students // STUDENTS_OF_COMPANY + 2)
        ],
        lessons=[
            _lesson(draw, rows, staff, number, began_on)
            for number in range(1, students // STUDENTS_OF_LESSON + 3)
        ],
        sources=sources,
        school_days=[
            day
            for day in (began_on + timedelta(days=n) for n in range((on - began_on).days))
            if day.isoweekday() <= 5 and not any(a <= day < b for a, b in holidays)  # noqa: PLR2004 - Friday
        ],
        scales=scales,
    )


def _holidays(draw: Draw, rows: Rows, began_on: date, on: date) -> list[tuple[date, date]]:
    found = []
    for year in range(began_on.year - 1, on.year + 1):
        for name, week, weeks in HOLIDAYS:
            from_on = date(year, 8, 1) + timedelta(weeks=week)
            from_on -= timedelta(days=from_on.weekday())
            until_on = from_on + timedelta(weeks=weeks)
            found.append((from_on, until_on))
            rows.add(
                Holiday,
                id=draw.new_id(),
                name=name,
                from_on=from_on,
                until_on=until_on,
                created_at=draw.moment(began_on),
            )
    return found


def _programme(draw: Draw, rows: Rows, place: int, began_on: date) -> Programme:
    """Invent a small kwalificatie: three kerntaken with three werkprocessen each."""
    title, others = words.TRADES[place]
    framework_id = draw.new_id()
    rows.add(
        Framework,
        id=framework_id,
        source="gezaaid",
        code=f"G{place + 1:04}",
        edition="1",
        title=title,
        level=3,
        created_at=draw.moment(began_on),
    )
    found = []
    for number, task in enumerate(words.TASKS, 1):
        parent_id = draw.new_id()
        rows.add(
            FrameworkItem,
            id=parent_id,
            framework_id=framework_id,
            kind=FrameworkItemKind.KERNTAAK.value,
            code=f"B1-K{number}",
            title=task,
            position=number * 10,
        )
        for step, process in enumerate(draw.sample(words.PROCESSES, 3), 1):
            found.append(draw.new_id())
            rows.add(
                FrameworkItem,
                id=found[-1],
                framework_id=framework_id,
                parent_id=parent_id,
                kind=FrameworkItemKind.WERKPROCES.value,
                code=f"B1-K{number}-W{step}",
                title=process,
                position=number * 10 + step,
            )
    return Programme(framework_id, found, others)


def _group(
    draw: Draw,
    rows: Rows,
    staff: Staff,
    number: int,
    size: int,
    boss: str,
    began_on: date,
    on: date,
) -> Guided:
    """Add a group, its confirmed coach, its teacher, and what it does in the LMS."""
    coach_id = staff.add("begeleider", number, SchoolRole.COACH)
    teacher_id = staff.add("docent", number, SchoolRole.TEACHER)
    group_id, coach_group_id, at = draw.new_id(), draw.new_id(), draw.moment(began_on)
    rows.add(Group, id=group_id, code=f"G{number:04}", title=f"Groep {number}", created_at=at)
    for person_id in (coach_id, teacher_id):
        rows.add(
            Membership,
            id=draw.new_id(),
            group_id=group_id,
            person_id=person_id,
            role=GroupRole.TEACHER.value,
            from_on=began_on,
        )
    rows.add(
        CoachGroup,
        id=coach_group_id,
        group_id=group_id,
        coach_id=coach_id,
        role=PlanRole.COACH.value,
        confirmed_by_id=boss,
        from_on=began_on,
        created_at=at,
    )
    items = [draw.new_id() for _ in range(ITEMS_OF_GROUP)]
    for place, item_id in enumerate(items, 1):
        course, work = draw.choice(words.COURSES), draw.choice(words.WORK)
        rows.add(
            ActivityItem,
            id=item_id,
            group_id=group_id,
            title=f"{course}: {work.lower()} {place}",
            value_min=0,
            value_max=10,
            due_on=draw.between(began_on, on),
            created_at=at,
        )
    return Guided(group_id, coach_id, coach_group_id, size, items)


def _company(draw: Draw, rows: Rows, staff: Staff, number: int, began_on: date) -> tuple[str, str]:
    company_id = draw.new_id()
    rows.add(
        Company,
        id=company_id,
        name=words.company(draw),
        city=draw.choice(words.CITIES),
        number=f"gezaaid-{number:05}",
        created_at=draw.moment(began_on),
    )
    return company_id, staff.add("praktijk", number, SchoolRole.SUPERVISOR)


def _lesson(draw: Draw, rows: Rows, staff: Staff, number: int, began_on: date) -> str:
    lesson_id = draw.new_id()
    rows.add(
        SupportLesson,
        id=lesson_id,
        title=draw.choice(words.LESSONS),
        teacher_id=staff.add("lesgever", number, SchoolRole.TEACHER),
        from_on=began_on,
        created_at=draw.moment(began_on),
    )
    return lesson_id
