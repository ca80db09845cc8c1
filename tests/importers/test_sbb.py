"""Kwalificatiedossiers of SBB: each crebo of each dossier with its own tree."""

from pathlib import Path
from xml.etree import ElementTree

import sqlalchemy as sa

from importers.models import ImportRun, RunState
from importers.report import totals_of
from tests.importers.importing import Importing
from tracker.models import Framework, FrameworkItem, FrameworkItemKind

TREE = """<basis><basistaken><basiskerntaken>
 <kerntaak nr="B1-K1" titel="Werkt in de bediening"><basiswerkprocessen>
  <werkproces nr="B1-K1-W1" titel="Bereidt voor"/>
  <werkproces nr="B1-K1-W10" titel="Werkt met de kassa"/>
  <werkproces nr="B1-K1-W2" titel="Ontvangt gasten"/>
 </basiswerkprocessen></kerntaak></basiskerntaken></basistaken></basis>"""


def profile(crebo: str, title: str = "Gastheer", level: str = "3", code: str = "P1-K1") -> str:
    return f"""<profiel nr="{code[:2]}" titel="{title}" niveau="{level}"><creboinformatie>
 <crebo>{crebo}</crebo></creboinformatie><profielkerntaken>
 <kerntaak nr="{code}" titel="Geeft leiding"><profielwerkprocessen>
  <werkproces nr="{code}-W1" titel="Plant het werk"/>
 </profielwerkprocessen></kerntaak></profielkerntaken></profiel>"""


def dossier(
    nr: str, *profiles: str, version: str = "2025", status: str = "vastgesteld", own: str = ""
) -> str:
    crebos = f"<dossiercrebos><dossiercrebo>{own}</dossiercrebo></dossiercrebos>" if own else ""
    return f"""<dossier nr="{nr}" titel="Dossier {nr}" versie="{version}" status="{status}">
 {crebos}{TREE}<profielen>{"".join(profiles)}</profielen></dossier>"""


def file_of(*dossiers: str) -> bytes:
    inner = "".join(dossiers)
    return f'<?xml version="1.0"?><sbb><dossiers>{inner}</dossiers></sbb>'.encode()


def bring(importing: Importing, *dossiers: str) -> ImportRun:
    return importing.bring(file_of(*dossiers), "dossiers.xml")


def frameworks(importing: Importing) -> list[tuple[str, str, str | None, int | None]]:
    rows = importing.read(
        sa.select(Framework.code, Framework.edition, Framework.title, Framework.level).order_by(
            Framework.code, Framework.edition
        )
    )
    return [tuple(row) for row in rows]


def codes_of(importing: Importing, crebo: str) -> list[str]:
    rows = importing.read(
        sa.select(FrameworkItem.code)
        .join(Framework, Framework.id == FrameworkItem.framework_id)
        .where(Framework.code == crebo)
        .order_by(FrameworkItem.position)
    )
    return [code for (code,) in rows]


def test_a_crebo_has_the_basis_and_its_own_profile_in_the_order_of_the_dossier(
    importing: Importing,
):
    other = profile("25169", title="Leidinggevende", level="4", code="P2-K1")
    run = bring(importing, dossier("D1", profile("25168"), other))
    assert (run.state, importing.issues(run)) == (RunState.APPLIED, [])
    assert frameworks(importing) == [
        ("25168", "2025", "Gastheer", 3),
        ("25169", "2025", "Leidinggevende", 4),
    ]
    basis = ["B1-K1", "B1-K1-W1", "B1-K1-W10", "B1-K1-W2"]
    assert codes_of(importing, "25168") == [*basis, "P1-K1", "P1-K1-W1"]
    assert codes_of(importing, "25169") == [*basis, "P2-K1", "P2-K1-W1"]
    above = sa.orm.aliased(FrameworkItem)
    pairs = importing.read(
        sa.select(FrameworkItem.code, above.code, FrameworkItem.kind)
        .join(above, above.id == FrameworkItem.parent_id)
        .where(FrameworkItem.code == "P1-K1-W1")
    )
    assert [tuple(pair) for pair in pairs] == [("P1-K1-W1", "P1-K1", FrameworkItemKind.WERKPROCES)]


def test_a_crebo_of_the_dossier_itself_has_the_basis_and_no_level(importing: Importing):
    bring(importing, dossier("D1", profile("25168"), own="23110"))
    assert frameworks(importing)[0] == ("23110", "2025", "Dossier D1", None)
    assert "P1-K1" not in codes_of(importing, "23110")


def test_a_crebo_in_two_dossiers_is_said_and_both_are_kept_apart(importing: Importing):
    run = bring(
        importing,
        dossier("D1", profile("25168"), version="2023"),
        dossier("D2", profile("25168"), version="2025"),
    )
    assert importing.codes(run) == ["crebo.ambiguous", "crebo.ambiguous"]
    assert {issue.detail for issue in importing.issues(run)} == {"D1 2023, D2 2025"}
    assert [edition for _, edition, *_ in frameworks(importing)] == ["2023", "2025"]


def test_two_dossiers_of_one_version_are_kept_apart_by_their_number(importing: Importing):
    one = dossier("D1", profile("25168"))
    bring(importing, one, dossier("D2", profile("25168")))
    assert [edition for _, edition, *_ in frameworks(importing)] == ["2025 D1", "2025 D2"]
    bring(importing, one)
    assert len(frameworks(importing)) == 2


def test_a_crebo_in_two_profiles_of_one_dossier_is_kept_apart_too(importing: Importing):
    run = bring(importing, dossier("D1", profile("25168"), profile("25168", code="P2-K1")))
    assert set(importing.codes(run)) == {"crebo.ambiguous"}
    assert [edition for _, edition, *_ in frameworks(importing)] == ["2025 D1 P1", "2025 D1 P2"]


def test_a_new_version_is_an_edition_beside_the_old_one(importing: Importing):
    bring(importing, dossier("D1", profile("25168")))
    run = bring(importing, dossier("D1", profile("25168"), version="2026"))
    assert totals_of(run)["closed"] == 0
    assert [edition for _, edition, *_ in frameworks(importing)] == ["2025", "2026"]


def test_the_same_dossiers_again_change_nothing(importing: Importing):
    bring(importing, dossier("D1", profile("25168")))
    again = bring(importing, dossier("D1", profile("25168")))
    assert totals_of(again) | {"same": 0} == dict.fromkeys(totals_of(again), 0)


def test_a_lost_zero_is_said_and_never_guessed(importing: Importing):
    run = bring(importing, dossier("D1", profile("2516")), dossier("D2", profile("01234")))
    (issue,) = importing.issues(run)
    assert (issue.code, issue.row, issue.column, issue.value) == ("crebo.form", 1, "crebo", "2516")
    assert [code for code, *_ in frameworks(importing)] == ["01234"]


def test_what_is_odd_is_said_and_stays_unknown(importing: Importing):
    run = bring(
        importing, dossier("D1", profile("25168", level="3/4"), status="concept", version="")
    )
    assert set(importing.codes(run)) == {"level.form", "sbb.not_final"}
    assert frameworks(importing) == [("25168", "", "Gastheer", None)]


def test_a_part_without_code_or_title_is_set_aside(importing: Importing):
    body = dossier("D1", profile("25168")).replace('nr="B1-K1-W2"', 'nr=""')
    body = body.replace('titel="Plant het werk"', 'titel=""')
    run = bring(importing, body)
    assert [(i.code, i.column) for i in importing.issues(run)] == [
        ("key.missing", "nr"),
        ("value.missing", "titel"),
    ]
    assert run.counts["framework_item"]["quarantined"] == 2


def test_a_file_without_dossiers_and_one_with_a_dtd_are_refused(importing: Importing):
    empty = importing.preview(file_of(), "leeg.xml")
    assert (empty.state, importing.codes(empty)) == (RunState.REFUSED, ["sbb.no_dossiers"])
    bomb = b'<!DOCTYPE sbb [<!ENTITY a "aaaa">]>' + file_of(dossier("D1", profile("25168")))[21:]
    refused = importing.preview(bomb, "bom.xml")
    assert (refused.state, importing.codes(refused)) == (RunState.REFUSED, ["xml.dtd"])


def test_real_codes_and_titles_come_in_as_they_stand(importing: Importing, field_data: Path):
    path = field_data / "kwalificaties" / "sbb_vorm.xml"
    run = importing.bring(path.read_bytes(), path.name)
    assert (run.state, importing.issues(run)) == (RunState.APPLIED, [])
    expected = {}
    for one in ElementTree.parse(path).iter("dossier"):  # noqa: S314 - a file of our own
        crebo = one.findtext("./dossiercrebos/dossiercrebo") or ""
        expected[crebo] = [e.get("nr") for e in one.iter() if e.tag in {"kerntaak", "werkproces"}]
    assert [code for code, *_ in frameworks(importing)] == sorted(expected)
    for crebo, codes in expected.items():
        assert codes_of(importing, crebo) == codes
