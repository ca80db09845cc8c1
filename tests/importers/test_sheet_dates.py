"""Days and moments: Dutch first, both clock changes flagged, nothing guessed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.sheet.dates import SERIAL_ZERO, MomentRead, read_day, read_moment
from tracker.models import Precision

ZONE = ZoneInfo("Europe/Amsterdam")
DAYS = st.dates(date(1970, 1, 1), date(2069, 12, 31))
DUTCH = "januari februari maart april mei juni juli augustus september oktober november december"
ENGLISH = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


def day_of(text: str, **options: bool) -> date | str | None:
    read = read_day(text, **options)
    return read.day or read.code


def written(day: date) -> list[str]:
    dutch, english = DUTCH.split()[day.month - 1], ENGLISH.split()[day.month - 1]
    return [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%d-%m-%Y}",
        f"{day.day}-{day.month}-{day.year}",
        f"{day.day}-{day.month}-{day:%y}",
        f"{day:%d/%m/%Y}",
        f"{day:%d.%m.%Y}",
        f"{day.day} {dutch} {day.year}",
        f"{day.day} {dutch[:3]}. {day.year}" if dutch != "maart" else f"{day.day} mrt {day.year}",
        f"{day.day}-{english.lower()}-{day:%y}",
        f"{english} {day.day}, {day.year}",
        f"{day:%d-%m-%Y} 23:59",
        f"{day.isoformat()}T00:01",
    ]


@given(DAYS)
def test_every_way_of_writing_a_day_gives_that_day(day: date):
    assert {text: day_of(text) for text in written(day)} == dict.fromkeys(written(day), day)


@given(DAYS)
def test_the_day_numbers_of_excel_are_read_in_a_workbook_only(day: date):
    serial = str((day - SERIAL_ZERO).days)
    assert day_of(serial, may_be_serial=True) == day
    assert day_of(serial) == "date.form"


@given(st.text(alphabet="0123456789-/. :TZ+apmnovwd,", max_size=25))
def test_any_text_is_read_or_refused_with_a_code(text: str):
    read = read_moment(text, zone=ZONE, may_be_serial=True)
    assert (read.code is None) == (read.at is not None)
    assert read.code in {None, "date.form", "date.impossible"}


@given(st.datetimes(datetime(1980, 1, 1), datetime(2068, 1, 1)))  # noqa: DTZ001 - local times
def test_a_local_time_comes_back_as_the_same_local_time_except_in_spring(local: datetime):
    local = local.replace(microsecond=0)
    read = read_moment(local.isoformat(), zone=ZONE)
    assert read.at is not None
    back = read.at.astimezone(ZONE).replace(tzinfo=None)
    assert (back == local) == ("time.skipped" not in read.warnings)


@pytest.mark.parametrize(
    ("text", "at", "warnings"),
    [
        ("2026-11-04T10:00:00Z", datetime(2026, 11, 4, 10, tzinfo=UTC), ()),
        ("2026-11-04 10:00:00+01:00", datetime(2026, 11, 4, 9, tzinfo=UTC), ()),
        ("2026-11-04T10:00:00.5-0330", datetime(2026, 11, 4, 13, 30, 0, 500000, UTC), ()),
        ("wo 4 nov. 2026, 14:30", datetime(2026, 11, 4, 13, 30, tzinfo=UTC), ()),
        ("Wednesday, 4 November 2026, 2:30 PM", datetime(2026, 11, 4, 13, 30, tzinfo=UTC), ()),
        ("4-7-2026 12:05 AM", datetime(2026, 7, 3, 22, 5, tzinfo=UTC), ()),
        ("21/11/26, 20:16:16", datetime(2026, 11, 21, 19, 16, 16, tzinfo=UTC), ("date.slashes",)),
        ("25-10-2026 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ("time.twice",)),
        ("25-10-2026 02:30 +01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), ()),
        ("29-03-2026 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), ("time.skipped",)),
        ("29-03-2026 03:00", datetime(2026, 3, 29, 1, tzinfo=UTC), ()),
    ],
)
def test_moments_with_and_without_a_zone(text: str, at: datetime, warnings: tuple[str, ...]):
    read = read_moment(text, zone=ZONE)
    assert (read.at, read.precision, read.warnings) == (at, Precision.INSTANT, warnings)


def test_a_day_without_a_time_is_noon_at_school():
    assert read_moment("4 nov 2026", zone=ZONE) == MomentRead(
        datetime(2026, 11, 4, 11, tzinfo=UTC), date(2026, 11, 4), Precision.DAY
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31-02-2026", "date.impossible"),
        ("29-2-2025", "date.impossible"),
        ("11/21/2026", "date.impossible"),
        ("4-11-2026 25:00", "date.impossible"),
        ("04-1", "date.form"),
        ("gisteren", "date.form"),
        ("4 foo 2026", "date.form"),
        ("4-11/2026", "date.form"),
        ("1-1-0026", "date.impossible"),
        ("", "date.form"),
    ],
)
def test_what_is_no_day_says_why(text: str, code: str):
    assert read_moment(text, zone=ZONE) == MomentRead(code=code)


def test_a_day_that_is_still_to_come_is_flagged_and_one_far_ahead_is_wrong():
    on = date(2026, 11, 22)
    assert read_day("22-11-2026", on=on).warnings == ()
    assert read_day("23-11-2026", on=on).warnings == ("date.future",)
    assert read_day("22-11-2036", on=on) == MomentRead(code="date.far_future")
    far = on + timedelta(days=367)
    assert read_day(far.isoformat(), on=on).code == "date.far_future"
