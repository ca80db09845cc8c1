"""Each row of a sheet as signals: results, who was there, who takes part, and about what."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from importers.readers.cells import Line
from importers.records import Record, RecordKind, Standing
from importers.sheet.columns import Means, plain
from importers.sheet.numbers import read_hours, read_number
from importers.sheet.plan import Score
from importers.sheet.reading import (
    BETWEEN,
    FREE,
    LABEL,
    Moment,
    Reading,
    alone,
    item_key,
    key_of,
)
from importers.sheet.values import (
    ABSENT,
    SCALES,
    ScoreRead,
    is_nothing,
    read_presence,
    read_score,
)
from tracker.models import Precision


def tasks(line: Line, reading: Reading) -> list[Record]:
    """Read what a row is about, once: an item of its own sheet, or what people did."""
    plan = reading.plan
    if plan.person is None:
        return _items(line, reading)
    found = [
        (score.title, score.scale)
        for score in plan.scores
        if not is_nothing(line.text(score.header) or "")
    ]
    found += [(one.title, None) for one in plan.presences if line.text(one.header) is not None]
    if plan.tells_participation:
        fixed = None if plan.has(Means.ITEM) else plan.at[Means.PARTICIPATION]
        found.append((fixed, None))
    records = []
    for fixed, scale in found:
        title = reading.title(alone(line), fixed)
        if title is not None and reading.is_first(item_key(title)):
            records.append(_task(line, title, scale))
    return records


def _items(line: Line, reading: Reading) -> list[Record]:
    title = reading.title(line, None)
    if title is None:
        return [line.record(RecordKind.LESSON_TASK, None, {})]
    data = {"title": title, "value_min": None, "value_max": None}
    for field, means in (("value_min", Means.LOWEST), ("value_max", Means.HIGHEST)):
        text = reading.text(line, means)
        if text is not None:
            read = read_number(text, thousands=reading.plan.thousands)
            if read.code is not None:
                line.find(read.code, reading.plan.at[means], is_bad=read.is_error)
            data[field] = None if read.is_error else _number(read.value)
    data["due_on"] = reading.day(line, Means.DUE)
    return [line.record(RecordKind.LESSON_TASK, item_key(title), data)]


def _task(line: Line, title: str, scale: str | None) -> Record:
    bounds = SCALES[scale][0] if scale else None
    data = {
        "title": title,
        "value_min": _number(bounds[0]) if bounds else None,
        "value_max": _number(bounds[1]) if bounds else None,
        "due_on": None,
    }
    return alone(line).record(RecordKind.LESSON_TASK, item_key(title), data)


def results(line: Line, reading: Reading) -> list[Record]:
    """Read the results of a row: one for each column of results that is filled."""
    cells = [(score, line.text(score.header)) for score in reading.plan.scores]
    filled = [(score, cell) for score, cell in cells if cell is not None and not is_nothing(cell)]
    if not filled:
        return []
    key, moment = reading.needed_person(line), reading.moment(line)
    if line.is_bad and len(filled) > 1:
        return [line.set_aside(RecordKind.RESULT, key, Standing.BAD)]
    # What is odd about the row as a whole is told once.
    lines = [line, *(alone(line) for _ in filled[1:])]
    return [
        _result(own, reading, score, cell, (key, moment))
        for own, (score, cell) in zip(lines, filled, strict=True)
    ]


def result_keys(line: Line, reading: Reading) -> Iterator[str]:
    """Yield the keys of the results of a row, without reading them."""
    key = reading.person(line)
    header = reading.plan.at.get(Means.ITEM)
    for score in reading.plan.scores:
        title = score.title or (line.text(header) if header else None)
        if key and title and not is_nothing(line.text(score.header) or ""):
            yield key_of(key, item_key(" ".join(title.split())[:LABEL]))


def _result(
    line: Line,
    reading: Reading,
    score: Score,
    cell: str,
    told: tuple[str | None, Moment | None],
) -> Record:
    key, moment = told
    title = reading.title(line, score.title)
    read = _score(cell, score, reading)
    if read.code is not None:
        line.find(read.code, score.header, detail=read.detail, is_bad=read.is_error)
    data = {
        "value": _number(read.value),
        "text": _together(read.word, reading.text(line, Means.REMARK)),
    }
    is_dated = reading.plan.repeats
    return _signal(line, reading, RecordKind.RESULT, (key, title, moment), data, is_dated=is_dated)


def _score(cell: str, score: Score, reading: Reading) -> ScoreRead:
    # A workbook keeps its numbers with a point, also where people see a comma.
    decimal = "." if reading.is_xlsx and "," not in cell else score.decimal
    if score.is_hours:
        read = read_hours(cell, decimal=decimal)
        return ScoreRead(
            value=None if read.is_error else read.value, code=read.code, is_error=read.is_error
        )
    return read_score(
        cell,
        scale=score.scale,
        is_any=score.is_any,
        decimal=decimal,
        thousands=reading.plan.thousands,
    )


def attendances(line: Line, reading: Reading) -> list[Record]:
    """Read who was there: one for each such column that is filled."""
    records: list[Record] = []
    for presence in reading.plan.presences:
        cell = line.text(presence.header)
        if cell is None or (is_nothing(cell) and plain(cell) not in ABSENT):
            continue
        own = alone(line) if records else line
        key, title = reading.needed_person(own), reading.title(own, presence.title)
        read = read_presence(cell)
        if read is None:
            own.find("presence.unknown", presence.header)
        word = read[1] if read else None
        data = {
            "is_present": read[0] if read else None,
            "text": _together(word, reading.text(own, Means.REMARK)),
        }
        about = (key, title, reading.moment(own, presence.day))
        records.append(_signal(own, reading, RecordKind.ATTENDANCE, about, data))
    return records


def participations(line: Line, reading: Reading) -> list[Record]:
    """Read in what somebody takes part."""
    plan = reading.plan
    fixed = None if plan.has(Means.ITEM) else plan.at[Means.PARTICIPATION]
    told = reading.text(line, Means.PARTICIPATION)
    if plan.has(Means.PARTICIPATION):
        read = read_presence(told or "")
        if told is None or (read is not None and not read[0]):
            return []
    key, title = reading.needed_person(line), reading.title(line, fixed)
    data = {"text": _together(reading.text(line, Means.REMARK))}
    about = (key, title, reading.moment(line))
    return [_signal(line, reading, RecordKind.PARTICIPATION, about, data)]


def _signal(
    line: Line,
    reading: Reading,
    kind: RecordKind,
    about: tuple[str | None, str | None, Moment | None],
    data: Mapping[str, Any],
    *,
    is_dated: bool = True,
) -> Record:
    """Return a signal about somebody, an item and a moment; a dated one may come every day."""
    key, title, moment = about
    ext_id = None
    if key and title:
        parts = [key, item_key(title)]
        if is_dated and moment is not None:
            parts.append(_dated(moment, reading))
        ext_id = key_of(*parts)
    later = reading.superseded.get((line.row, ext_id or ""))
    if later is not None:
        line.warn("key.superseded", reading.plan.person, detail=str(later))
        return line.set_aside(kind, ext_id, Standing.IGNORED)
    return line.record(
        kind,
        ext_id,
        data,
        person=key,
        target=item_key(title) if title else None,
        occurred_at=moment[0] if moment else None,
        precision=moment[1] if moment else None,
    )


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _dated(moment: Moment, reading: Reading) -> str:
    """Return a day, or a moment in UTC, as part of a key."""
    at, precision = moment
    if precision is Precision.DAY:
        return at.astimezone(reading.zone).date().isoformat()
    return at.isoformat(timespec="minutes")


def _together(*words: str | None) -> str | None:
    return BETWEEN.join(word for word in words if word)[:FREE] or None
