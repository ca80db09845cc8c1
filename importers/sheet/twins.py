"""The same result twice in one sheet, on two days: the later counts, the earlier is passed over."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime

from importers.readers.cells import Line
from importers.records import Record, Standing

# So many counters of one byte; a sheet of a million results makes some 200,000 keys be kept.
COUNTERS = 1 << 22
BETWEEN_STOPS = 10_000
Place = tuple[int, str]


def superseded(
    lines: Callable[[], Iterable[Line]],
    keys: Callable[[Line], Iterable[str]],
    read: Callable[[Line], Sequence[Record]],
) -> Generator[None, None, dict[Place, int]]:
    """Return for each earlier result, by its row and key, the row of the one that counts.

    Yields now and then on the way, so that whoever asked can stop.

    Two results of one day stay: if they differ, nobody can know which of them is right. First all
    `keys` are counted, roughly; only rows with a key that comes back are read.
    """
    counters = bytearray(COUNTERS)
    is_any = False
    for number, line in enumerate(lines()):
        if number % BETWEEN_STOPS == 0:
            yield
        for key in keys(line):
            place = hash(key) % COUNTERS
            is_any = is_any or counters[place] > 0
            counters[place] = min(counters[place] + 1, 2)
    if not is_any:
        return {}
    met: dict[str, list[tuple[datetime, int]]] = {}
    for number, line in enumerate(lines()):
        if number % BETWEEN_STOPS == 0:
            yield
        if not any(counters[hash(key) % COUNTERS] > 1 for key in keys(line)):
            continue
        for record in read(line):
            key_told, at = record.ext_id, record.occurred_at
            if record.standing is Standing.GOOD and key_told is not None and at is not None:
                met.setdefault(key_told, []).append((at, record.origin.row))
    return _earlier(met)


def _earlier(met: Mapping[str, Sequence[tuple[datetime, int]]]) -> dict[Place, int]:
    """Return the results that are not of their key's latest moment."""
    earlier: dict[Place, int] = {}
    for key, told in met.items():
        latest, winner = max(told)
        earlier |= {(row, key): winner for at, row in told if at != latest}
    return earlier
