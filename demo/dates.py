"""Moving a bundle's dates by whole weeks, so that the demo always ends within the last week."""

import csv
import re
from datetime import date, timedelta
from io import BytesIO, StringIO, TextIOWrapper
from zipfile import ZIP_DEFLATED, ZipFile

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# The newest of these days is moved into the last week; the others move along.
NEWEST = ("results.csv", "scoreDate")


def moved(bundle: bytes, *, until: date) -> bytes:
    """Return the bundle with every day moved by the same whole weeks.

    Afterwards the newest result lies in the seven days that end with `until`.
    """
    with ZipFile(BytesIO(bundle)) as given:
        weeks = timedelta(weeks=(until - _newest(given)).days // 7)
        out = BytesIO()
        with ZipFile(out, "w", ZIP_DEFLATED) as written:
            for name in given.namelist():
                written.writestr(name, _moved_table(given.read(name).decode("utf-8-sig"), weeks))
    return out.getvalue()


def _newest(bundle: ZipFile) -> date:
    name, column = NEWEST
    with bundle.open(name) as raw:
        rows = csv.DictReader(TextIOWrapper(raw, "utf-8-sig", newline=""))
        return max(date.fromisoformat(row[column]) for row in rows)


def _moved_table(text: str, weeks: timedelta) -> str:
    rows = csv.reader(StringIO(text, newline=""))
    out = StringIO(newline="")
    csv.writer(out).writerows([_moved_cell(cell, weeks) for cell in row] for row in rows)
    return out.getvalue()


def _moved_cell(cell: str, weeks: timedelta) -> str:
    if not DAY.fullmatch(cell):
        return cell
    return (date.fromisoformat(cell) + weeks).isoformat()
