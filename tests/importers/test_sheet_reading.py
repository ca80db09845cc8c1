"""What is read of a school's own sheet, by its headers, its cells, and what the school says."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.readers.dialect import Dialect
from importers.readers.kept import Kept
from importers.records import Op, Record, RecordKind, Standing, Unread
from importers.sheet import Sheet
from importers.sheet.columns import Means, activity_of, meaning_of
from importers.sheet.mapping import checked, formatted
from importers.sheet.reading import turned
from importers.source import Opening
from tracker.errors import Invalid

NAME = "lijst.csv"


def sheet_of(*rows: str, is_xlsx: bool = False, **mapping: Any) -> Sheet:
    dialect = Dialect(delimiter=";", is_xlsx=is_xlsx)
    options = {"mapping": checked(mapping)} if mapping else {}
    opening = Opening(
        file_name=NAME,
        options=options,
        zone=ZoneInfo("Europe/Amsterdam"),
        at=datetime(2026, 11, 22, tzinfo=UTC),
        dialect={NAME: dialect.plain()},
    )
    return Sheet(Kept.of("\r\n".join(rows).encode()), opening)


def records_of(sheet: Sheet) -> dict[RecordKind, list[Record]]:
    found = {}
    for stream in sheet.streams():
        told = (one for batch in sheet.read(stream, after=0, size=100) for one in batch.records)
        read = (one.read() if isinstance(one, Unread) else one for one in told)
        found[stream.kind] = [record for record in read if record is not None]
    return found


def read(*rows: str, **mapping: Any) -> dict[RecordKind, list[Record]]:
    return records_of(sheet_of(*rows, **mapping))


def codes(sheet: Sheet) -> list[tuple[str, str | None]]:
    return [(found.code, found.column and found.column.name) for found in sheet.check()]


def told(records: list[Record], *fields: str) -> list[Any]:
    return [tuple(record.data.get(field) for field in fields) for record in records]


def faults(records: list[Record]) -> list[tuple[int, str, str | None]]:
    return [
        (record.origin.row, found.code, found.column and found.column.name)
        for record in records
        for found in record.findings
    ]


@pytest.mark.parametrize(
    ("header", "means"),
    [
        ("Leerlingnummer", Means.NUMBER),
        ("LEERLING NUMMER", Means.NUMBER),
        ("Studentnr.", Means.NUMBER),
        ("Stamnr", Means.NUMBER),
        ("Student ID", Means.NUMBER),
        ("ID number", Means.NUMBER),
        ("E-mail", Means.EMAIL),
        ("e‑mailadres", Means.EMAIL),
        ("Voornaam", Means.GIVEN_NAME),
        ("Tussenvoegsel", Means.PREFIX),
        ("Klas", Means.GROUP),
        ("Onderdeel", Means.ITEM),
        ("Cijfer (1-10)", Means.RESULT),
        ("Résultaat", Means.RESULT),
        ("Beoordeling", Means.RESULT),
        ("Datum gesprek", Means.DATE),
        ("Toetsdatum", Means.DATE),
        ("Wanneer", Means.DATE),
        ("Geboortedatum", Means.UNUSED),
        ("Aanwezig", Means.PRESENT),
        ("Uren [bpv]", Means.HOURS),
        ("Leerbedrijf", Means.COMPANY),
        ("T/m", Means.UNTIL),
        ("Startopdracht 1", None),
        ("Startopdracht 1 (Real)", None),
        ("Kleur", None),
    ],
)
def test_headers_are_known_in_dutch_and_english_however_they_are_written(
    header: str, means: Means | None
):
    assert meaning_of(header) is means


@pytest.mark.parametrize(
    ("header", "activity"),
    [
        ("Assignment: Startopdracht 1 (Real)", ("Startopdracht 1", "number")),
        ("Opdracht: Plan (Percentage)", ("Plan", "percentage")),
        ("Toets: Rekenen (Letter)", ("Rekenen", "letter")),
        ("Uitleg 3 (Feedback)", ("Uitleg 3", "feedback")),
        ("Uitleg 3 (deel a)", ("Uitleg 3 (deel a)", "number")),
    ],
)
def test_a_column_of_moodle_is_about_the_activity_in_its_header(
    header: str, activity: tuple[str, str]
):
    assert activity_of(header) == activity


@given(st.text(max_size=60))
def test_any_header_and_any_name_can_be_looked_at(text: str):
    meaning_of(text)
    assert activity_of(text)[0] == "" or text.strip()
    turned(text)


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("'t Hart, Bram", ("Bram 't Hart", "Bram")),
        ("Vries, Lotte de", ("Lotte de Vries", "Lotte")),
        ("Berg, Anna Sofie van den", ("Anna Sofie van den Berg", "Anna Sofie")),
        ("Bram Bos", ("Bram Bos", None)),
        ("Bos, Bram, B.", ("Bos, Bram, B.", None)),
    ],
)
def test_a_name_is_turned_into_the_order_in_which_it_is_spoken(
    name: str, spoken: tuple[str, str | None]
):
    assert turned(name) == spoken


def test_one_row_per_student_and_one_column_per_activity():
    sheet = sheet_of(
        "Leerlingnummer;Naam;Plan;Verslag;Kleur;Datum",
        "S1;Jan Bos;7,5;83;rood;2-11-2026",
        "S2;Lot Bos;-;;groen;2-11-2026",
        "S3;Pim Bos;Goed;vrijgesteld;blauw;3-11-2026",
    )
    assert codes(sheet) == [("column.unused", "Kleur")]
    found = records_of(sheet)
    assert told(found[RecordKind.LESSON_TASK], "title", "value_min", "value_max") == [
        ("Plan", "1", "10"),
        ("Verslag", "0", "100"),
    ]
    results = [
        (r.person, r.target, r.data["value"], r.data["text"]) for r in found[RecordKind.RESULT]
    ]
    assert results == [
        ("S1", "plan", "7.5", None),
        ("S1", "verslag", "83", None),
        ("S3", "plan", None, "Goed"),
        ("S3", "verslag", None, "vrijgesteld"),
    ]
    assert {record.op for record in found[RecordKind.PERSON]} == {Op.LINK}


def test_a_grade_outside_its_scale_is_set_aside_and_nothing_is_converted():
    rows = ["Leerlingnummer;Toets;Cijfer;Datum"]
    rows += [f"S{n};Toets {n};{n},5;2-11-2026" for n in range(1, 10)]
    rows += [
        "S10;Toets 1;75;2-11-2026",
        "S11;Toets 1;1.000,5;2-11-2026",
        "S12;Toets 1;80 %;2-11-2026",
    ]
    found = read(*rows)[RecordKind.RESULT]
    assert faults(found) == [
        (11, "score.out_of_range", "Cijfer"),
        (12, "score.out_of_range", "Cijfer"),
    ]
    assert told(found[-1:], "value", "text") == [(None, "80 %")]


def test_the_school_says_the_scale_the_item_and_the_decimal_sign():
    found = read(
        "Nummer van de leerling;Eindtoets;Op",
        "1;8.5;2-11-2026",
        "2;105;2-11-2026",
        person="Nummer van de leerling",
        person_pattern="S{:04d}",
        date="Op",
        columns={
            "Eindtoets": {"means": "result", "item": "Toets A", "scale": "0-100", "decimal": "."}
        },
    )
    assert [record.ext_id for record in found[RecordKind.PERSON]] == ["S0001", "S0002"]
    assert told(found[RecordKind.LESSON_TASK], "title", "value_max") == [("Toets A", "100")]
    assert faults(found[RecordKind.RESULT]) == [(3, "score.out_of_range", "Eindtoets")]
    assert found[RecordKind.RESULT][0].data["value"] == "8.5"


@pytest.mark.parametrize(
    ("scale", "good", "bad"),
    [
        ("ovg", ["O", "voldoende", "G", "RV"], ["7", "behaald", "prima"]),
        ("behaald", ["behaald", "Niet behaald", "vrijgesteld"], ["8", "goed"]),
        ("1-10", ["8,5", "10", "Goed", "NA"], ["0", "11", "prima"]),
        (None, ["85.000x", "prima gedaan", "12", "Goed"], []),
    ],
)
def test_each_scale_holds_its_own_words_and_numbers(
    scale: str | None, good: list[str], bad: list[str]
):
    cells = [*good, *bad]
    rows = [f"S{n};{cell};2-11-2026" for n, cell in enumerate(cells)]
    columns = {"Oordeel": {"means": "result", "scale": scale}}
    found = read("Leerlingnummer;Oordeel;Datum", *rows, columns=columns)[RecordKind.RESULT]
    standings = Counter(record.standing for record in found)
    assert standings == Counter({Standing.GOOD: len(good), Standing.BAD: len(bad)})
    assert [record.standing for record in found[: len(good)]] == [Standing.GOOD] * len(good)


@pytest.mark.parametrize(
    ("cells", "scale"),
    [
        (["O", "V", "-", "g"], "ovg"),
        (["O", "V", "7,5", "8"], "1-10"),
        (["O", "V", "8"], None),
        (["A", "C", "B"], None),
        (["behaald", "V"], None),
    ],
)
def test_a_column_of_only_o_v_and_g_is_on_that_scale(cells: list[str], scale: str | None):
    rows = [f"S{n};{cell};2-11-2026" for n, cell in enumerate(cells)]
    sheet = sheet_of("Leerlingnummer;Beoordeling;Datum", *rows)
    assert sheet.understood()["columns"][1]["scale"] == scale
    found = records_of(sheet)[RecordKind.RESULT]
    assert faults(found) == []


def test_points_in_a_whole_column_are_told_once_and_a_single_one_in_its_row():
    points = sheet_of("Leerlingnummer;Plan;Datum", "S1;7.5;2-11-2026", "S2;8.0;2-11-2026")
    assert codes(points) == [("column.points", "Plan")]
    assert faults(records_of(points)[RecordKind.RESULT]) == []
    mixed = read("Leerlingnummer;Plan;Datum", "S1;7.5;2-11-2026", "S2;8,0;2-11-2026")
    assert faults(mixed[RecordKind.RESULT]) == [(2, "number.point", "Plan")]


def test_the_same_result_on_two_days_counts_once_unless_the_school_keeps_every_day():
    rows = (
        "Leerlingnummer;Toets;Cijfer;Datum",
        "S1;Rekenen;5,5;4-11-2026",
        "S1;Rekenen;6,5;11-11-2026",
        "S2;Rekenen;5,5;4-11-2026",
        "S2;Rekenen;6,5;4-11-2026",
    )
    once = read(*rows)[RecordKind.RESULT]
    assert faults(once) == [(2, "key.superseded", "Leerlingnummer")]
    assert once[0].standing is Standing.IGNORED
    # Which of two on one day is right, nobody can know: the engine sets both aside.
    assert once[2].ext_id == once[3].ext_id
    every = read(*rows, repeats=True)[RecordKind.RESULT]
    assert faults(every) == []
    assert every[0].ext_id != every[1].ext_id


def test_a_list_of_people_makes_them_and_a_grade_list_never_does():
    people = read(
        "Leerlingnummer;Voornaam;Tussenvoegsel;Achternaam;E-mail;Rol",
        "S1;Lotte;de;Vries;lotte@school.example;",
        "D1;Ans;;Bos;;docent",
    )
    assert told(people[RecordKind.PERSON], "name", "given_name", "number", "email") == [
        ("Lotte de Vries", "Lotte", "S1", "lotte@school.example"),
        ("Ans Bos", "Ans", "D1", None),
    ]
    assert {record.op for record in people[RecordKind.PERSON]} == {Op.UPSERT}
    assert told(people[RecordKind.ROLE], "role") == [("student",), ("teacher",)]
    grades = ("Leerlingnummer;Naam;Cijfer;Datum", "S1;Lotte;8;2-11-2026")
    assert read(*grades)[RecordKind.PERSON][0].op is Op.LINK
    assert read(*grades, people="make")[RecordKind.PERSON][0].op is Op.UPSERT


def test_a_list_that_says_who_people_are_may_name_their_groups_too():
    rows = ("Nummer;Voornaam;Achternaam;E-mail;Klas", "S1001;Noor;Jansen;noor@school.example;1A")
    assert read(*rows)[RecordKind.PERSON][0].op is Op.LINK
    found = read(f"{rows[0]};Rol", f"{rows[1]};student")
    assert found[RecordKind.PERSON][0].op is Op.UPSERT
    assert told(found[RecordKind.ROLE], "role") == [("student",)]
    assert told(found[RecordKind.GROUP], "title") == [("1A",)]
    with_grade = read(f"{rows[0]};Rol;Cijfer;Datum", f"{rows[1]};student;8;2-11-2026")
    assert with_grade[RecordKind.PERSON][0].op is Op.LINK


def test_groups_with_their_members_are_a_whole_only_if_the_school_says_so():
    rows = ("Leerlingnummer;Klas;Van;Tot en met", "S1;OL1;1-9-2026;31-1-2027", "S2;ol1;;", "S3;;;")
    sheet = sheet_of(*rows)
    found = records_of(sheet)
    assert told(found[RecordKind.GROUP], "title", "code") == [("OL1", "OL1")]
    assert told(found[RecordKind.MEMBERSHIP], "role", "from_on", "until_on") == [
        ("student", "2026-09-01", "2027-02-01"),
        ("student", None, None),
    ]
    assert not any(stream.is_snapshot for stream in sheet.streams())
    whole = {
        stream.kind for stream in sheet_of(*rows, snapshot=True).streams() if stream.is_snapshot
    }
    assert whole == {RecordKind.GROUP, RecordKind.MEMBERSHIP}


def test_bpv_with_company_days_and_hours():
    found = read(
        "Stamnr;Leerbedrijf;Plaats;Leerbedrijf-ID;Begin;Einddatum;Uren",
        "S1;Zorggroep;Ede;100;1-9-2026;31-1-2027;320 uur",
        "S2;Zorggroep;Ede;100;1-9-2026;1-8-2026;12,5",
        "S3;Kapper;;;1-9-2026;;",
    )
    assert told(found[RecordKind.COMPANY], "name", "city", "number") == [
        ("Zorggroep", "Ede", "100"),
        ("Kapper", None, None),
    ]
    placements = found[RecordKind.PLACEMENT]
    assert placements[0].data == {
        "from_on": "2026-09-01", "until_on": "2027-02-01", "ended_on": None, "planned_hours": "320",
    }  # fmt: skip
    assert faults(placements) == [
        (3, "hours.rounded", "Uren"),
        (3, "date.before_start", "Einddatum"),
        (4, "value.missing", "Einddatum"),
    ]


def test_who_was_there_by_row_or_with_one_column_per_day():
    by_row = read(
        "Leerlingnummer;Les;Datum;Aanwezig;Opmerking",
        "S1;Rekenen;1-9-2026;ja;",
        "S2;Rekenen;1-9-2026;ziek;belde af",
        "S3;Rekenen;1-9-2026;;",
        "S4;Rekenen;1-9-2026;misschien;",
    )[RecordKind.ATTENDANCE]
    assert told(by_row[:2], "is_present", "text") == [(True, None), (False, "ziek · belde af")]
    assert faults(by_row) == [(5, "presence.unknown", "Aanwezig")]
    by_day = read("Leerlingnummer;02-11-2026;09-11-2026", "S1;x;a", "S2;te laat;x")
    assert [
        (record.person, record.ext_id[-10:], record.data["is_present"])
        for record in by_day[RecordKind.ATTENDANCE]
        if record.ext_id
    ] == [
        ("S1", "2026-11-02", True),
        ("S1", "2026-11-09", False),
        ("S2", "2026-11-02", True),
        ("S2", "2026-11-09", True),
    ]


def test_lessons_items_and_who_takes_part():
    lessons = read(
        "Les;Omschrijving;Link;Van;Tot", "Rekenen;Basis;https://a.example;1-9-2026;1-2-2027"
    )
    assert lessons[RecordKind.LESSON][0].data == {
        "title": "Rekenen",
        "about": "Basis",
        "url": "https://a.example",
        "from_on": "2026-09-01",
        "until_on": "2027-02-01",
    }
    items = read("Onderdeel;Minimum;Maximum;Deadline", "Plan;1;10;30-11-2026")
    assert told(items[RecordKind.LESSON_TASK], "title", "value_max", "due_on") == [
        ("Plan", "10", "2026-11-30")
    ]
    part = read("Leerlingnummer;Workshop;Datum", "S1;Solliciteren;2-11-2026")
    assert part[RecordKind.PARTICIPATION][0].target == "solliciteren"


def test_a_table_that_tells_of_nobody_is_refused_and_names_its_columns():
    sheet = sheet_of("Kleur;Vorm", "rood;rond")
    found = {finding.code: finding for finding in sheet.check()}
    assert found["sheet.no_person"].is_error
    assert found["sheet.no_person"].detail == "Kleur, Vorm"


def test_grades_without_a_day_are_refused_until_the_school_gives_one():
    rows = ("Leerlingnummer;Plan", "S1;7,5")
    assert codes(sheet_of(*rows)) == [("sheet.no_date", None)]
    given = sheet_of(*rows, date="2026-11-20")
    assert codes(given) == []
    (result,) = records_of(given)[RecordKind.RESULT]
    assert result.occurred_at is not None
    assert result.occurred_at.date().isoformat() == "2026-11-20"


def test_two_columns_that_may_both_name_people_are_not_chosen_between():
    rows = ("Leerlingnummer;Studentnummer;Plan;Datum", "S1;9;7,5;2-11-2026")
    assert codes(sheet_of(*rows))[0] == ("column.ambiguous", "Studentnummer")
    assert "column.ambiguous" not in dict(codes(sheet_of(*rows, person="Leerlingnummer")))


def test_a_running_number_is_no_key_beside_a_better_one():
    found = read("Nr;Naam;E-mail;Plan;Datum", "1;Jan Bos;Jan@School.example;7,5;2-11-2026")
    (person,) = found[RecordKind.PERSON]
    assert (person.ext_id, person.match_key) == ("jan@school.example", None)
    assert person.data == {"name": "Jan Bos", "email": "Jan@School.example"}


def test_under_nummer_stand_peoples_own_numbers_unless_they_may_count_the_rows():
    for number in ("S1001", "D1", "30412"):
        found = read("Nummer;Naam;E-mail;Rol", f"{number};Jan Bos;Jan@School.example;student")
        assert told(found[RecordKind.PERSON], "number", "email") == [(number, "Jan@School.example")]
    # Of other systems: a number that only they know.
    found = read("ID;Naam;E-mail;Rol", "30412;Jan Bos;Jan@School.example;student")
    assert found[RecordKind.PERSON][0].ext_id == "jan@school.example"


def test_under_leerling_stands_a_number_or_a_name_and_the_cells_say_which():
    named = read("Leerlingnummer;Leerling;Plan;Datum", "S1;Jan Bos;7,5;2-11-2026")
    assert named[RecordKind.PERSON][0].data == {"name": "Jan Bos", "number": "S1"}
    numbered = read("Student;Plan;Datum", "S1;7,5;2-11-2026")
    assert numbered[RecordKind.PERSON][0].ext_id == "S1"
    assert ("sheet.no_person", None) in codes(sheet_of("Student;Plan;Datum", "Jan;7,5;2-11-2026"))


def test_yes_and_no_are_results_only_where_the_header_says_so():
    rows = ("Leerlingnummer;Foto mag;Behaald;Datum", "S1;ja;ja;2-11-2026", "S2;nee;nee;2-11-2026")
    assert codes(sheet_of(*rows)) == [("column.unused", "Foto mag")]
    assert told(read(*rows)[RecordKind.RESULT], "text") == [("ja",), ("nee",)]


def test_the_numbers_of_a_workbook_have_points_and_mean_what_they_say():
    rows = ("Leerlingnummer;Plan;Toets;Datum", "S1;7.125;8.5;46330", "S2;8,5;9.25;2026-11-04")
    sheet = sheet_of(*rows, is_xlsx=True)
    assert codes(sheet) == []
    found = records_of(sheet)[RecordKind.RESULT]
    assert [record.data["value"] for record in found] == ["7.125", "8.5", "8.5", "9.25"]
    assert faults(found) == [(2, "date.serial", "Datum")]


def test_a_running_number_that_must_be_the_key_is_pointed_out():
    rows = ("Nr;Naam;Plan;Datum", "1;Jan Bos;7,5;2-11-2026")
    assert codes(sheet_of(*rows)) == [("person.bare_numbers", "Nr")]
    assert codes(sheet_of(*rows, person_pattern="S{:06d}")) == []


def test_what_is_wrong_with_a_row_is_told_once_whatever_it_tells_of():
    found = read(
        "Leerlingnummer;Klas;Plan;Verslag;Datum",
        "S1;OL1;7,5;8,5;31-02-2026",
        ";OL1;7,5;8,5;2-11-2026",
        "S3;OL1;7,5",
        "Totaal;;15,0;17,0;",
        ";Totaal;15,0;17,0;",
    )
    assert faults([r for kind in found for r in found[kind]]) == [
        (2, "date.impossible", "Datum"),
        (3, "key.missing", "Leerlingnummer"),
        (4, "row.too_few_fields", None),
    ]


def test_reading_goes_on_behind_the_row_where_it_stopped():
    rows = ["Leerlingnummer;Toets;Cijfer;Datum"]
    rows += [f"S{n % 4};Toets {n % 3};7,5;{1 + n}-11-2026" for n in range(20)]
    sheet = sheet_of(*rows, repeats=True)
    for stream in sheet.streams():
        whole = list(sheet.read(stream, after=0, size=3))
        assert all(len(batch.records) <= 3 for batch in whole)
        for place, batch in enumerate(whole):
            rest = sheet.read(stream, after=batch.after, size=3)
            assert [b.records for b in rest] == [b.records for b in whole[place + 1 :]] or [[]]


def test_a_wrong_mapping_is_refused_with_the_path_of_each_field():
    with pytest.raises(Invalid) as refused:
        checked(
            {
                "person": 5,
                "person_pattern": "S{0.__class__}",
                "people": "invent",
                "snapshot": "ja",
                "kolommen": {},
                "columns": {"Cijfer": {"means": "cijfer", "scale": "1-5"}, "Plan": {"item": ""}},
            }
        )
    assert refused.value.fields == {
        "mapping.kolommen": "mapping.unknown_field",
        "mapping.person": "mapping.no_name",
        "mapping.person_pattern": "mapping.pattern",
        "mapping.people": "mapping.choice",
        "mapping.snapshot": "mapping.not_yes_or_no",
        "mapping.columns.Cijfer.means": "mapping.choice",
        "mapping.columns.Cijfer.scale": "mapping.choice",
        "mapping.columns.Plan.item": "mapping.no_name",
        "mapping.columns.Plan.means": "mapping.choice",
    }
    for raw in (None, [], "person: Nr", {"columns": []}):
        with pytest.raises(Invalid):
            checked(raw)


def test_a_column_that_the_mapping_names_and_the_sheet_lacks_is_an_error():
    sheet = sheet_of("Leerlingnummer;Plan;Datum", "S1;7,5;2-11-2026", person="Nummer")
    assert ("mapping.no_column", "Nummer") in codes(sheet)


@given(st.integers(0, 10**12))
def test_a_pattern_only_adds_what_the_school_wrote(number: int):
    assert formatted("S{:06d}", str(number)) == f"S{number:06d}"
    assert formatted("S{:06d}", f"X{number}") == f"X{number}"


def test_a_scale_that_was_said_holds_also_where_no_cell_fits_it() -> None:
    rows = ("Leerlingnummer;Cijfer;Datum", "S900024;zie mail;17-11-2026")
    said = read(*rows, columns={"Cijfer": {"means": "result", "scale": "1-10"}})
    assert faults(said[RecordKind.RESULT]) == [(2, "grade.unknown", "Cijfer")]
