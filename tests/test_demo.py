"""The demo's files: their days move along with today, and stay as far apart as they were."""

from datetime import date, datetime, timedelta

from demo.dates import DAY, DUTCH, moved
from demo.imports import FILES, HERE

SHEETS = [sent for sent in FILES if sent.name.startswith("praktijktoets")]


def days(body: bytes) -> list[date]:
    """Return the days of a sheet, without the one that does not exist."""
    found = [text for text in DAY.findall(body.decode()) if not text.startswith("31-11")]
    return [datetime.strptime(text, DUTCH).date() for text in found]  # noqa: DTZ007 - days


def test_the_newest_day_of_a_sheet_lies_in_the_week_before_it_was_sent() -> None:
    for ahead in range(0, 420, 3):
        today = date(2026, 11, 22) + timedelta(days=ahead)
        by_weeks = set()
        for sent in SHEETS:
            body, until = (HERE / sent.name).read_bytes(), today - timedelta(days=sent.days)
            found = moved(body, until=until)
            assert until - timedelta(days=7) < max(days(found)) <= until
            by_weeks |= {new - old for new, old in zip(days(found), days(body), strict=True)}
        assert len(by_weeks) == 1, "a correction is of the same day as what it corrects"


def test_a_day_that_does_not_exist_stays_to_be_repaired() -> None:
    body = (HERE / SHEETS[0].name).read_bytes()
    assert b";31-11-2026;" in moved(body, until=date(2027, 3, 1))
