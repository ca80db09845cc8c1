"""What somebody tries who wants more than a file or a system may have."""

import io
import json
import zipfile
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from importers.door import admitting as door
from importers.issues import Refused
from importers.models import Cadence, ImportRun, ImportSource, MatchOn, ParkedPerson, RunState
from importers.pulls import source_list
from importers.pulls.source_checks import checked_url
from importers.readers.rest import Rest
from importers.repair.quarantine import bad_rows
from importers.sheet.mapping import checked, formatted
from importers.source import Unavailable
from settings import Settings
from tests.importers.importing import Importing, importing_in
from tests.importers.kinds import (
    AYLIN,
    TEACHER,
    Sent,
    bring,
    in_zip,
    small_bundle,
)
from tests.importers.moodle import NAME, Pulling, know_people
from tests.moodle import TOKEN, Moodle
from tests.visits import Visit
from tests.world import World
from tracker.db import unit_of_work, utc_now
from tracker.errors import Invalid
from tracker.models import Person, PersonRole, PersonState, School, SchoolRole
from tracker.people import add_person


def staff(importing: Importing, name: str, number: str, *roles: SchoolRole) -> Person:
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        return add_person(
            session,
            by=None,
            school=importing.school,
            name=name,
            number=number,
            email=f"{number.lower()}@school.example",
            roles=list(roles),
            at=utc_now(),
        )


def sheet(*rows: str, **options: Any) -> Sent:
    return Sent("lijst.csv", "".join(f"{row}\r\n" for row in rows).encode(), options)


def as_it_is(importing: Importing, person: Person) -> tuple[Any, ...]:
    ((found,),) = importing.read(sa.select(Person).where(Person.id == person.id))
    return found.name, found.email, found.number, found.state


def roles_of(importing: Importing, person: Person) -> list[Any]:
    found = importing.read(
        sa.select(PersonRole.role, PersonRole.until_on).where(PersonRole.person_id == person.id)
    )
    return sorted((tuple(row) for row in found), key=repr)


def test_no_file_makes_an_administrator_or_a_coach(importing: Importing) -> None:
    roles = ("beheerder", "administrator", "coach", "ADMIN", "supervisor")
    rows = [f"S{number};Eva Wil {number};{role}" for number, role in enumerate(roles)]
    bring(importing, sheet("Leerlingnummer;Naam;Rol", *rows, "S9;Jan Kan;student"))
    made = {one for (one,) in importing.read(sa.select(PersonRole.role))}
    assert made <= {SchoolRole.STUDENT, SchoolRole.TEACHER}


def test_a_member_of_staff_is_not_renamed_taken_over_or_ended(importing: Importing) -> None:
    tess = staff(importing, "Tess Docent", "D1", SchoolRole.TEACHER)
    ilse = staff(importing, "Ilse Kramer", "A1", SchoolRole.ADMINISTRATOR)
    before = [as_it_is(importing, one) for one in (tess, ilse)]
    head = "Leerlingnummer;Naam;E-mail;Rol"
    steps = (
        # In good behaviour first, so that the source knows them.
        ("D1;Tess Docent;d1@school.example;docent", "A1;Ilse Kramer;a1@school.example;docent"),
        ("D1;Eva Wil;eva@elders.example;docent", "A1;Eva Wil;eva@elders.example;docent"),
        ("D1;Tess Docent;eva@elders.example;student", "A1;Ilse Kramer;e@e.example;student"),
        ("S1;Iemand Anders;i@e.example;student",),
    )
    for rows in steps:
        options = {"source": "Personeel", "mapping": {"people": "make", "columns": {}}}
        bring(importing, sheet(head, *rows, **options))
        assert [as_it_is(importing, one) for one in (tess, ilse)] == before, rows
    assert (SchoolRole.TEACHER, None) in roles_of(importing, tess)
    assert (SchoolRole.ADMINISTRATOR, None) in roles_of(importing, ilse)


def test_a_bundle_does_not_rename_or_end_a_teacher_whom_the_school_added(
    importing: Importing,
) -> None:
    with zipfile.ZipFile(io.BytesIO(small_bundle())) as whole:
        header, *rows = whole.read("users.csv").decode().splitlines()
    names = header.split(",")
    (row,) = [dict(zip(names, one.split(","), strict=True)) for one in rows if TEACHER in one]
    tess = staff(importing, f"{row['givenName']} {row['familyName']}", TEACHER, SchoolRole.TEACHER)
    before = as_it_is(importing, tess)

    def changed(table: bytes, old: str, new: str) -> bytes:
        is_users = b"givenName" in table.splitlines()[0]
        return table.replace(old.encode(), new.encode()) if is_users else table

    importing.bring(small_bundle())
    for old, new in ((row["familyName"], "Indringer"), (row["email"], "in@elders.example")):
        importing.bring(in_zip(small_bundle(), lambda one: changed(one, old, new)))  # noqa: B023 - used at once
        assert as_it_is(importing, tess) == before, new
    without = in_zip(
        small_bundle(),
        lambda one: b"".join(
            line for line in one.splitlines(keepends=True) if TEACHER.encode() not in line
        ),
    )
    importing.bring(without)
    assert as_it_is(importing, tess)[-1] is PersonState.ACTIVE
    assert (SchoolRole.TEACHER, None) in roles_of(importing, tess)


FORMULAS = ("=cmd|'/C calc'!A0", "+1+cmd|' /C x'!A0", "-2+3+cmd|x", "@SUM(1)")


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_comes_out_of_no_download_alive(importing: Importing, cell: str) -> None:
    run = bring(
        importing,
        sheet(
            f"Leerlingnummer;Naam;Toets 1;Datum;{cell}",
            f"S1;{cell};7;99-99-2026;{cell}",
            f"{cell};Jan;8;99-99-2026;x",
        ),
    )
    with unit_of_work(importing.engine, school_id=importing.school.id, writes=False) as session:
        _, body = bad_rows(session, session.get_one(ImportRun, (run.school_id, run.id)))
    text = body.decode("utf-8-sig")
    assert f"'{cell}" in text
    cells = [one.strip('"') for line in text.splitlines() for one in line.split(";")]
    assert [one for one in cells if one[:1] in set("=+@-\t")] == []


def test_a_moodle_that_claims_everybodys_number_changes_nobody(
    importing: Importing, settings: Settings, moodle: Moodle
) -> None:
    know_people(importing, moodle)
    staff(importing, "Ilse Kramer", "A1", SchoolRole.ADMINISTRATOR)
    before = importing.contents()
    for number, user in enumerate(moodle.enrolled[2]):
        claimed = "A1" if number % 2 else AYLIN
        user.update(
            idnumber=claimed, fullname="Ilse Kramer", firstname="Ilse", email="x@elders.example"
        )
    options = {"courses": "2", "people": "make"}
    run = Pulling(importing, settings, moodle, options=options).pull()
    assert run.state is RunState.APPLIED
    after = importing.contents()
    for table in ("people", "roles", "plans", "places", "memberships", "activity"):
        assert after[table] == before[table], table
    assert set(importing.read(sa.select(ParkedPerson.why).distinct())) == {("person.number_twice",)}


def test_a_moodle_says_nothing_of_an_administrators_name_address_or_role(
    importing: Importing, settings: Settings, moodle: Moodle
) -> None:
    ilse = staff(importing, "Ilse Kramer", "A1", SchoolRole.ADMINISTRATOR)
    before = as_it_is(importing, ilse)
    (first, *_) = moodle.enrolled[2]
    moodle.enrolled = {2: [first], 5: []}
    first.update(idnumber="A1", fullname="Ilse Kramer", firstname="Ilse", email="x@elders.example")
    options = {"courses": "2", "people": "make"}
    pulling = Pulling(importing, settings, moodle, options=options)
    pulling.pull()
    first.update(fullname="Eva Wil", firstname="Eva")
    pulling.pull()
    assert as_it_is(importing, ilse) == before
    assert (SchoolRole.ADMINISTRATOR, None) in roles_of(importing, ilse)


# Systems


def test_the_key_of_a_source_goes_to_no_other_server_and_is_shown_nowhere(
    app: Flask,
    world: World,
    ours: Importing,
    moodle: Moodle,
    settings: Settings,
    superuser_engine: sa.Engine,
    capfd: pytest.CaptureFixture[str],
) -> None:
    pulling = Pulling(ours, settings, moodle)
    run = pulling.pull()
    assert pulling.source is not None
    address = f"/school/sources/{pulling.source.id}"
    visit = Visit(app, world.administrator)
    form = {"url": "https://elders.example", "cadence": "nightly", "match_on": "number"}
    answer = visit.submit(address, address, form)
    assert answer.status_code == 422
    assert "Geef ook de sleutel" in unescape(answer.get_data(as_text=True))
    ((source,),) = ours.read(sa.select(ImportSource))
    assert source.url == moodle.url
    pages = [visit.get(one) for one in (address, "/school/sources", f"/school/imports/{run.id}")]
    pages += [visit.get("/school"), visit.get(f"/api/imports/{run.id}")]
    moodle.token = "other"
    assert pulling.pull().state is RunState.FAILED
    with superuser_engine.connect() as connection:
        table = sa.select(sa.text("*")).select_from
        pages += [
            str(connection.execute(table(sa.text(name))).all())
            for name in ("import_source", "import_run", "import_issue", "audit_event")
        ]
    out, err = capfd.readouterr()
    assert TOKEN not in "".join(pages) + out + err


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://school.nl",
        "http://169.254.169.254/latest/meta-data",
        "http://moodle.school.nl",
        "https://moodle.school.nl@169.254.169.254",
        "//school.nl",
        "https://school.nl/\r\nHost: x",
        "https://scho\u0000ol.nl",
    ],
)
def test_an_address_that_is_no_web_address_is_not_taken(url: str) -> None:
    with pytest.raises(Invalid):
        checked_url(url)


@pytest.mark.parametrize("is_demo", [True, False])
@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest",
        "https://[::ffff:169.254.169.254]/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
    ],
)
def test_no_address_inside_the_network_is_asked(url: str, is_demo: bool) -> None:
    with pytest.raises(Unavailable) as refused:
        Rest(url=url, allow_loopback=is_demo, wait=lambda _: None).get("")
    assert refused.value.code in {"source.not_public", "source.unreachable"}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "https://localhost:9/", "https://[::1]:9/", "https://127.1:9/"]
)
def test_a_name_that_leads_to_this_computer_is_not_asked_outside_the_demo(url: str) -> None:
    with pytest.raises(Unavailable) as refused:
        Rest(url=url, allow_loopback=False, wait=lambda _: None).get("")
    assert refused.value.code == "source.not_public"


def test_options_have_a_size(importing: Importing, settings: Settings) -> None:
    at = utc_now()
    for options in ({"courses": "1," * 200_000}, {f"x{n}": "y" for n in range(10_000)}):
        with (
            unit_of_work(importing.engine, school_id=importing.school.id) as session,
            pytest.raises(Invalid),
        ):
            source_list.add_source(
                session,
                by=None,
                school=importing.school,
                kind="moodle",
                name=NAME,
                url="https://moodle.school.nl",
                secret=TOKEN,
                cadence=Cadence.BY_HAND,
                match_on=MatchOn.NUMBER,
                options=options,
                encryption_keys=settings.encryption_keys,
                at=at,
            )
    assert importing.count(ImportSource) == 0


# What is of another school


def test_what_is_of_another_school_is_not_there(
    app: Flask, world: World, engine: sa.Engine, moodle: Moodle, settings: Settings, tmp_path: Any
) -> None:
    with unit_of_work(engine, school_id=world.elsewhere.school_id) as session:
        elsewhere = session.get_one(School, world.elsewhere.school_id)
    theirs = importing_in(engine, elsewhere, tmp_path)
    run = bring(theirs, sheet("Leerlingnummer;Naam;Toets 1;Datum", "S1;Jan Bos;7;2-11-2026"))
    pulling = Pulling(theirs, settings, moodle)
    pulling.start()
    assert pulling.source is not None
    ((parked,),) = theirs.read(sa.select(ParkedPerson.id))
    visit = Visit(app, world.administrator)
    ids = {"run": run.id, "source": pulling.source.id, "parked": parked, "nobody": uuid4()}
    token = visit.token("/school/sources")
    for path in (
        "/school/imports/{run}",
        "/school/sources/{source}",
        "/school/parked/{parked}",
        "/api/imports/{run}",
        "/api/imports/{run}/bad-rows",
        "/api/parked-people/{parked}",
    ):
        for one in ids.values():
            visit.get(path.format(run=one, source=one, parked=one), 404)
    for path in (
        "/school/imports/{run}/apply",
        "/school/imports/{run}/discard",
        "/school/sources/{source}",
        "/school/sources/{source}/pull",
        "/school/sources/{source}/pause",
        "/school/sources/{source}/resume",
        "/school/parked/{parked}",
        "/school/parked/{parked}/undo",
        "/school/parked/take-up",
    ):
        form = {"csrf_token": token, "nobody": "yes", "digest": "x", "source": str(ids["source"])}
        answer = visit.send(path.format(**ids), form)
        assert answer.status_code in {303, 404}, path
        assert answer.status_code == 404 or path.endswith("take-up"), path
    with unit_of_work(engine, school_id=elsewhere.id, writes=False) as session:
        still = session.get_one(ParkedPerson, (elsewhere.id, parked))
        source = session.get_one(ImportSource, (elsewhere.id, ids["source"]))
        assert (still.decided_at, source.paused_at) == (None, None)


def test_a_repair_that_names_a_run_of_another_school_repairs_nothing(
    world: World, ours: Importing, engine: sa.Engine, tmp_path: Any
) -> None:
    rows = ("Leerlingnummer;Naam;Toets 1;Datum", "S1;Jan Bos;veel;2-11-2026")
    theirs = bring(ours, sheet(*rows))
    with unit_of_work(engine, school_id=world.elsewhere.school_id) as session:
        elsewhere = session.get_one(School, world.elsewhere.school_id)
    other = importing_in(engine, elsewhere, tmp_path)
    reason = f";Reden (Leerspoor {theirs.id.hex})"
    run = bring(other, sheet(rows[0] + reason, "S1;Jan Bos;7;2-11-2026;2: x"))
    assert (run.retry_of_id, run.state) == (None, RunState.APPLIED)
    assert run.source_id != theirs.source_id


# Files and what is said of them


def test_a_zip_of_ten_thousand_files_is_refused() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as made:
        for number in range(10_000):
            made.writestr(f"{number}.csv", b"")
    with pytest.raises(Refused) as refused:
        door.admit(body.getvalue(), file_name="x.zip", kind=None)
    assert refused.value.finding.code == "zip.too_many_files"


@pytest.mark.parametrize(
    "pattern",
    [
        "{0.__class__}", "{:06d}{0.__class__.__mro__}", "{:999999999d}", "{:06d", "{}", "{:d}",
        "{:6x}", "{!r:06d}", "{:06d}" * 2, "(a+)+$", "S{:06d}" + "x" * 100, "%s", {"a": 1}, 6,
    ],
)  # fmt: skip
def test_a_pattern_is_one_number_between_words_and_never_a_format(pattern: Any) -> None:
    with pytest.raises(Invalid):
        checked({"person_pattern": pattern, "columns": {}})
    if isinstance(pattern, str):
        assert formatted(pattern, "701") == "701"


@pytest.mark.parametrize(
    "mapping",
    [
        {"columns": {"x": {"means": "__class__"}}},
        {"columns": {"x": {"means": "result", "scale": "1-" + "9" * 1000}}},
        {"columns": {f"c{n}": {"means": "result"} for n in range(501)}},
        {"columns": [["x"]]},
        {"columns": {"x": {"means": ["result"]}}},
        {"people": ["make"]},
        {"thousands": {}},
        {"person": "x" * 201},
        ["person"],
        "person",
    ],
)
def test_a_mapping_of_another_form_is_refused_with_its_place(mapping: Any) -> None:
    with pytest.raises(Invalid):
        checked(mapping)


def test_a_source_cannot_be_named_as_what_is_not_a_sheet(importing: Importing) -> None:
    importing.bring(small_bundle())
    run = importing.preview(
        b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\n", "l.csv", options={"source": "OneRoster"}
    )
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["source.other_kind"])


def test_json_that_is_nested_or_of_no_known_kind_is_refused() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    wide = b'{"actor":' * 5_000 + b"1" + b"}" * 5_000
    for body in (deep, wide, json.dumps({"statements": [1] * 10}).encode()):
        with pytest.raises(Refused):
            door.admit(body, file_name="x.json", kind=None)
