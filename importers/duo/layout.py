"""How DUO writes its files: record types, the places of their fields, days, control totals.

Source: Programma van Eisen Registratieoverzicht and Grondslag IP mbo (DUO, 4.8). Of one type of
file there are several dialects: the delimiter is a bar or a semicolon, days are written in three
ways, and a file that was saved by Excel has lost zeros and may have its last record first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

# One part of DUO's own numbers: which types there are, in the order of the control totals.
TOTALS_RO = ("PER", "ISG", "ISP", "ISE", "BPV", "DIP", "AMO", "GEO", "KZD")
TOTALS_GRONDSLAG = (
    "PER", "ISG", "ISP", "ISE", "BPV", "BII", "DIP", "BID", "AMO", "GEO", "KZD",
)  # fmt: skip
BEGIN, TRAILER = "VLP", "SLR"
TYPES = {BEGIN, TRAILER, *TOTALS_GRONDSLAG}
USED = ("PER", "ISG", "ISP", "BPV", "KZD", "DIP")
# The number of a company at SBB has nine digits, and those of results may: one in eleven of them
# looks like a BSN. They are kept in two pieces.
SPARED = {"leerbedrijf", "diploma", "resultaat_nr"}
NINE = re.compile(r"\d{9}")
SPLIT = "_"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})")

_BPV = ("begin", "eind_gepland", "eind_werkelijk", "omvang", "leerbedrijf", "crebo", "keuzedeel")
_WHO = ("soort", "bsn", "onderwijsnummer")
_WHO_GRONDSLAG = ("soort", "pgn", "brin")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One type of file; `fields` are the names of the fields of each record type that is used."""

    totals: Sequence[str]
    person_fields: Sequence[int]
    fields: Mapping[str, Sequence[str]]


RO = Layout(
    totals=TOTALS_RO,
    person_fields=(1, 2),
    fields={
        "PER": (*_WHO, "geboren", "geslacht"),
        "ISG": (*_WHO, "inschrijving", "begin", "eind_gepland", "eind_werkelijk", "reden"),
        "ISP": (*_WHO, "inschrijving", "begin", "crebo", "leertraject"),
        "BPV": (*_WHO, "inschrijving", "bpv", "afsluitdatum", *_BPV),
        "DIP": (*_WHO, "diploma", "crebo", "datum"),
        "KZD": (*_WHO, "diploma", "crebo", "resultaat_nr", "keuzedeel", "datum", "resultaat"),
    },
)
GRONDSLAG = Layout(
    totals=TOTALS_GRONDSLAG,
    person_fields=(1,),
    fields={
        "PER": _WHO_GRONDSLAG[:2],
        "ISG": (*_WHO_GRONDSLAG, "inschrijving", "begin", "eind_gepland", "eind_werkelijk"),
        "ISP": (*_WHO_GRONDSLAG, "inschrijving", "begin", "eind", "crebo", "keuzedeel"),
        "BPV": (*_WHO_GRONDSLAG, "inschrijving", "bpv", "afsluitdatum", *_BPV),
        "DIP": (*_WHO_GRONDSLAG, "diploma", "crebo", "datum"),
        "KZD": (
            *_WHO_GRONDSLAG, "diploma", "resultaat_nr", "keuzedeel", "resultaat", "certificaat",
            "datum",
        ),
    },
)  # fmt: skip


def layout_of(rows: Sequence[Sequence[str]]) -> Layout | None:
    """Return which of DUO's files begins with these rows, if it is one."""
    told = [row for row in rows if any(cell.strip() for cell in row)]
    if len(told) < 2 or any(row[0].strip().upper() not in TYPES for row in told):  # noqa: PLR2004 - one line alone proves nothing
        return None
    for row in told:
        cells = _without_end(row)
        if cells[0].upper() == "PER":
            return RO if len(cells) <= len(RO.fields["PER"]) else GRONDSLAG
        if cells[0].upper() == BEGIN and len(cells) > 2:  # noqa: PLR2004 - school, then a day or a year
            return GRONDSLAG if re.fullmatch(r"\d{4}", cells[2]) else RO
    return None


def _without_end(row: Sequence[str]) -> list[str]:
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def clean_row(
    layout: Layout, _headers: Sequence[str], cells: list[str], name: Callable[[str], str]
) -> None:
    """Name the person of a row otherwise, and keep DUO's own numbers from being taken for a BSN."""
    kind = cells[0].strip().upper() if cells else ""
    if kind in {BEGIN, TRAILER}:
        return
    for place in layout.person_fields:
        if place < len(cells) and cells[place].strip():
            cells[place] = name(cells[place])
    for place, field in enumerate(layout.fields.get(kind, ())):
        if field in SPARED and place < len(cells) and NINE.fullmatch(cells[place].strip()):
            cells[place] = SPLIT.join((cells[place].strip()[:6], cells[place].strip()[6:]))


def number_of(cell: str | None) -> str | None:
    """Return one of DUO's own numbers as it was before `clean_row`."""
    return (cell or "").replace(SPLIT, "") or None


def day_of(cell: str) -> date | None:
    """Return a day in any of DUO's ways of writing one; None when it is none of them."""
    if found := (_ISO.fullmatch(cell) or _PACKED.fullmatch(cell)):
        year, month, day = found.groups()
    elif found := _EXCEL.fullmatch(cell):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
