"""Lists of kerntaken and werkprocessen, as Dutch Excel writes them."""

import sqlalchemy as sa

from importers.models import ImportRun, RunState
from importers.report import totals_of
from tests.importers.bundles import QUALIFICATIONS
from tests.importers.importing import Importing
from tracker.models import Framework, FrameworkItem, FrameworkItemKind

HEADER = "crebo;code;soort;kerntaak;titel"


def bring(importing: Importing, *rows: str, **options: str) -> ImportRun:
    body = "\r\n".join((HEADER, *rows)).encode()
    return importing.bring(body, "lijst.csv", options=options)


def test_ten_qualifications_come_in_with_their_kerntaken_and_werkprocessen(importing: Importing):
    run = importing.bring(QUALIFICATIONS.read_bytes(), QUALIFICATIONS.name)
    assert run.state is RunState.APPLIED
    assert importing.issues(run) == []
    assert importing.count(Framework) == 10
    kinds = importing.read(
        sa.select(FrameworkItem.kind, sa.func.count()).group_by(FrameworkItem.kind)
    )
    assert dict(tuple(row) for row in kinds) == {
        FrameworkItemKind.KERNTAAK: 29,
        FrameworkItemKind.WERKPROCES: 115,
    }
    parent = sa.orm.aliased(FrameworkItem)
    ((item, above, framework),) = importing.read(
        sa.select(FrameworkItem, parent, Framework)
        .join(parent, parent.id == FrameworkItem.parent_id)
        .join(Framework, Framework.id == FrameworkItem.framework_id)
        .where(Framework.code == "25168", FrameworkItem.code == "B1-K1-W2")
    )
    assert (item.title, above.code) == ("Neemt reserveringen aan", "B1-K1")
    assert (framework.source, framework.crebo) == ("kwalificaties", "25168")


def test_what_the_list_does_not_say_stays_unknown(importing: Importing):
    bring(importing, "25655;B1-K1;kerntaak;B1-K1;Biedt zorg")
    ((framework,),) = importing.read(sa.select(Framework))
    assert (framework.edition, framework.title, framework.level) == ("", None, None)


def test_the_uploader_may_say_it(importing: Importing):
    row = "25655;B1-K1;kerntaak;B1-K1;Biedt zorg"
    bring(importing, row, edition="2025", level="3", title="Verzorgende IG")
    ((framework,),) = importing.read(sa.select(Framework))
    assert (framework.edition, framework.title, framework.level) == ("2025", "Verzorgende IG", 3)
    bring(importing, row, edition="2026")
    assert importing.count(Framework) == 2
    assert importing.count(FrameworkItem) == 2


def test_one_level_does_not_fit_several_qualifications(importing: Importing):
    rows = ["25655;B1-K1;kerntaak;B1-K1;Zorgt", "25168;B1-K1;kerntaak;B1-K1;Bedient"]
    body = "\r\n".join((HEADER, *rows)).encode()
    run = importing.preview(body, "lijst.csv", options={"level": "3"})
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["options.one_crebo"])


def test_the_same_list_again_changes_nothing(importing: Importing):
    importing.bring(QUALIFICATIONS.read_bytes(), QUALIFICATIONS.name)
    before = importing.contents()
    again = importing.bring(QUALIFICATIONS.read_bytes(), QUALIFICATIONS.name)
    assert totals_of(again) | {"same": 0} == dict.fromkeys(totals_of(again), 0)
    assert importing.contents() == before


def test_a_list_of_one_qualification_closes_no_other(importing: Importing):
    importing.bring(QUALIFICATIONS.read_bytes(), QUALIFICATIONS.name)
    run = bring(importing, "99999;B1-K1;kerntaak;B1-K1;Iets nieuws")
    assert totals_of(run)["closed"] == 0
    assert importing.count(Framework) == 11


def test_a_werkproces_may_stand_above_its_kerntaak(importing: Importing):
    run = bring(
        importing,
        "25655;B1-K1-W1;werkproces;B1-K1;Stelt een plan op",
        "25655;B1-K1;kerntaak;B1-K1;Biedt zorg",
    )
    assert run.counts["framework_item"]["new"] == 2


def test_bad_rows_are_set_aside_with_row_and_column(importing: Importing):
    run = bring(
        importing,
        "25655;B1-K1;kerntaak;B1-K1;Biedt zorg",
        "25 655;B1-K2;kerntaak;B1-K2;Spatie",
        "25655;;kerntaak;;Zonder code",
        "25655;B1-K1-W9;werkproces;B9-K9;Zonder kerntaak",
        "25655;B1-K3;hoofdtaak;B1-K3;Andere soort",
        "25655;B1-K1-W1;werkproces;B1-K1;",
        ";;;;",
        "25655;B1-K1-W2;werkproces;B1-K1;Goed",
        f"25655;B1-K1-W3;werkproces;{'B' * 400};Naar niets",
    )
    found = {(i.row, i.letter, i.column): i.code for i in importing.issues(run)}
    assert found == {
        (3, "A", "crebo"): "crebo.form",
        (4, "B", "code"): "key.missing",
        (5, "D", "kerntaak"): "ref.unknown",
        (6, "C", "soort"): "value.unknown",
        (7, "E", "titel"): "value.missing",
        (10, "D", "kerntaak"): "ref.unknown",
    }
    assert (
        run.counts["framework_item"] | {"new": 2, "quarantined": 6}
        == (run.counts["framework_item"])
    )
