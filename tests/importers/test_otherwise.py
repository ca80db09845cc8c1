"""A kept table is taken for another kind, or apart by another sign; nothing is sent anew."""

import pytest

from importers.door.otherwise import kinds_of, look_otherwise, take_otherwise
from importers.issues import Severity
from importers.models import ImportRun, RunState
from tests.importers.importing import Importing
from tracker.db import unit_of_work, utc_now
from tracker.errors import Conflict, Invalid
from tracker.models import FrameworkItem
from tracker.people import today_at

PEOPLE = b"Leerlingnummer;Naam\r\nS1;Jan Bos\r\n"
# More commas than bars: so it is taken apart at the commas.
BARS = (
    "Leerlingnummer|Lokaal|Plan|Datum|Opmerking\r\n"
    "S1|123|7|2-11-2026|goed, snel, net, rustig, stil\r\n"
)
LIST = b"crebo;soort;code;kerntaak;titel\r\n25655;kerntaak;B1-K1;;Zorg verlenen\r\n"


def take(importing: Importing, run: ImportRun, kind: str, sign: str | None = None) -> ImportRun:
    at = utc_now()
    with unit_of_work(importing.engine, school_id=importing.school.id) as session:
        take_otherwise(
            session,
            by=None,
            run=session.merge(run),
            store=importing.store,
            kind=kind,
            delimiter=sign,
            on=today_at(importing.school, at),
            at=at,
        )
    return importing.work(run)


def test_a_table_is_taken_apart_by_the_sign_that_people_name(importing: Importing):
    importing.bring(PEOPLE, "mensen.csv")
    mapping = {"person": "Leerlingnummer|Lokaal|Plan|Datum|Opmerking"}
    body = (BARS.replace("Opmerking", "Opmerking,a,b,c,d")).encode()
    run = importing.preview(body, "cijfers.csv", kind="sheet", options={"mapping": mapping})
    assert run.layout["dialect"]["cijfers.csv"]["delimiter"] == ","
    sample = look_otherwise(run, importing.store, "|")
    assert sample.headers[:4] == ("Leerlingnummer", "Lokaal", "Plan", "Datum")
    again = take(importing, run, "sheet", "|")
    assert again.state is RunState.PREVIEWED
    assert again.counts["result"]["new"] == 1
    assert again.sample is not None
    assert again.sample["tables"][0]["rows"][1][:4] == ["S1", "123", "7", "2-11-2026"]
    importing.apply(again)
    with pytest.raises(Conflict, match=r"import\.not_correctable"):
        take(importing, again, "sheet", ";")


def test_a_table_is_taken_for_another_kind_that_it_may_be(importing: Importing):
    run = importing.preview(LIST, "lijst.csv")
    assert kinds_of(look_otherwise(run, importing.store)) == ["kwalificaties", "sheet"]
    as_sheet = take(importing, run, "sheet")
    assert (as_sheet.kind, as_sheet.counts.get("framework_item")) == ("sheet", None)
    back = take(importing, as_sheet, "kwalificaties")
    assert importing.codes(back, Severity.ERROR) == []
    importing.apply(back)
    assert importing.count(FrameworkItem) == 1


@pytest.mark.parametrize(
    ("kind", "sign", "field"),
    [
        ("duo_ro", None, "kind"),
        ("case", None, "kind"),
        ("x", None, "kind"),
        ("sheet", "#", "sign"),
        ("sheet", "|", "sign"),
    ],
)
def test_what_it_cannot_be_is_refused_and_nothing_changes(
    importing: Importing, kind: str, sign: str | None, field: str
):
    run = importing.preview(LIST, "lijst.csv")
    with pytest.raises(Invalid) as refusal:
        take(importing, run, kind, sign)
    assert list(refusal.value.fields) == [field]
    assert importing.again(run).preview_digest == run.preview_digest
