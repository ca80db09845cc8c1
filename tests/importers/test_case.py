"""CASE packages: a framework as a tree, in the order in which its items were meant."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from importers.models import ImportRun, RunState
from importers.report import totals_of
from tests.importers.importing import Importing
from tracker.models import Framework, FrameworkItem

TOP = "d-1"
Json = dict[str, Any]


def item(key: str, title: str | None = None, **more: str) -> Json:
    return {"identifier": key, "fullStatement": f"Item {key}" if title is None else title, **more}


def below(child: str, parent: str, number: int | None = None, kind: str = "isChildOf") -> Json:
    found: Json = {
        "originNodeURI": {"identifier": child},
        "destinationNodeURI": {"identifier": parent},
        "associationType": kind,
    }
    return found if number is None else found | {"sequenceNumber": number}


def bring(importing: Importing, items: list[Json], associations: list[Json]) -> ImportRun:
    package = {
        "CFDocument": {"identifier": TOP, "title": "Raamwerk"},
        "CFItems": items,
        "CFAssociations": associations,
    }
    return importing.bring(json.dumps(package).encode(), "raamwerk.json")


def tree(importing: Importing) -> list[tuple[str, str | None, str]]:
    above = sa.orm.aliased(FrameworkItem)
    rows = importing.read(
        sa.select(FrameworkItem.code, above.code, FrameworkItem.kind)
        .outerjoin(above, above.id == FrameworkItem.parent_id)
        .order_by(FrameworkItem.position)
    )
    return [tuple(row) for row in rows]


def test_items_stand_in_a_tree_in_the_order_of_their_numbers(importing: Importing) -> None:
    run = bring(
        importing,
        [item("b"), item("a", humanCodingScheme="A"), item("a2"), item("a1")],
        [below("b", TOP, 2), below("a", TOP, 1), below("a2", "a", 2), below("a1", "a", 1)],
    )
    assert (run.state, importing.issues(run)) == (RunState.APPLIED, [])
    assert tree(importing) == [
        ("A", None, "kerntaak"),
        ("a1", "A", "werkproces"),
        ("a2", "A", "werkproces"),
        ("b", None, "werkproces"),
    ]
    ((framework,),) = importing.read(sa.select(Framework))
    assert (framework.source, framework.code, framework.title) == ("case", TOP, "Raamwerk")
    assert (framework.edition, framework.level, framework.crebo) == ("", None, None)


def test_the_same_package_again_changes_nothing(importing: Importing) -> None:
    told = [item("a"), item("b")], [below("a", TOP), below("b", "a")]
    bring(importing, *told)
    again = bring(importing, *told)
    assert totals_of(again) | {"same": 3} == totals_of(again)
    assert sum(totals_of(again).values()) == 3


def test_what_is_missing_from_a_package_stays(importing: Importing) -> None:
    bring(importing, [item("a"), item("b")], [below("a", TOP), below("b", TOP)])
    run = bring(importing, [item("a")], [below("a", TOP)])
    assert totals_of(run)["closed"] == 0
    assert importing.count(FrameworkItem) == 2


def test_associations_of_other_kinds_are_counted_and_said(importing: Importing) -> None:
    other = [below("a", "b", kind="isRelatedTo"), below("b", "a", kind="isRelatedTo")]
    run = bring(
        importing,
        [item("a"), item("b")],
        [below("a", TOP), below("b", TOP), *other, below("a", "b", kind="ext:lijktOp")],
    )
    found = {(i.code, i.value, i.detail) for i in importing.issues(run)}
    assert found == {
        ("case.association", "isRelatedTo", "2"),
        ("case.association", "ext:lijktOp", "1"),
    }


def test_an_item_that_hangs_nowhere_stands_at_the_top_and_is_said(importing: Importing) -> None:
    run = bring(importing, [item("a"), item("b")], [below("b", "elders")])
    assert [(i.code, i.row, i.value) for i in importing.issues(run)] == [
        ("case.orphan", 1, "a"),
        ("case.orphan", 2, "b"),
    ]
    assert [above for _, above, _ in tree(importing)] == [None, None]


def test_items_in_a_circle_are_set_aside_with_what_hangs_below_them(importing: Importing) -> None:
    run = bring(
        importing,
        [item("a"), item("b"), item("c"), item("d")],
        [below("a", "b"), below("b", "a"), below("c", "a"), below("d", TOP)],
    )
    assert set(importing.codes(run)) == {"case.circle"}
    assert (
        run.counts["framework_item"] | {"new": 1, "quarantined": 3}
        == (run.counts["framework_item"])
    )


def test_an_item_in_two_places_keeps_one_and_is_said(importing: Importing) -> None:
    run = bring(
        importing,
        [item("a"), item("b"), item("c")],
        [below("a", TOP), below("b", TOP), below("c", "b"), below("c", "a")],
    )
    assert importing.codes(run) == ["case.two_parents"]
    assert ("c", "b", "werkproces") in tree(importing)


def test_a_code_that_two_items_have_is_the_code_of_neither(importing: Importing) -> None:
    same = {"humanCodingScheme": "X"}
    run = bring(
        importing,
        [item("a", **same), item("b", **same), item("c", humanCodingScheme="y" * 65)],
        [below("a", TOP), below("b", TOP), below("c", TOP)],
    )
    assert set(importing.codes(run)) == {"case.code"}
    assert [code for code, *_ in tree(importing)] == ["a", "b", "c"]


def test_items_that_say_too_little_or_too_much(importing: Importing) -> None:
    run = bring(
        importing,
        [
            item("a", ""),
            item("", "Zonder sleutel"),
            item("b", "x" * 201),
            item("b", "Nog eens"),
            item("c", "y" * 201, abbreviatedStatement="Kort"),
        ],
        [below("a", TOP), below("b", TOP), below("c", TOP)],
    )
    assert {(i.code, i.row, i.column) for i in importing.issues(run)} == {
        ("value.missing", 1, "fullStatement"),
        ("key.missing", 2, "identifier"),
        ("value.shortened", 3, "fullStatement"),
        ("key.contradictory", 4, "identifier"),
    }
    titles = importing.read(sa.select(FrameworkItem.title).order_by(FrameworkItem.position))
    assert [title for (title,) in titles] == ["x" * 200, "Kort"]


def test_a_package_without_a_document_is_refused(importing: Importing) -> None:
    body = json.dumps({"CFDocument": {}, "CFItems": [item("a")]}).encode()
    run = importing.preview(body, "raamwerk.json")
    assert (run.state, importing.codes(run)) == (RunState.REFUSED, ["case.no_document"])


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("EmptyExternalFramework", 0),
        ("SequenceNumberFramework", 2),
        ("SmartLevelFramework", None),
        ("Utf8TestFramework", 1),
    ],
)
def test_packages_of_others_come_in_as_they_hang_together(
    importing: Importing, field_data: Path, name: str, number: int | None
) -> None:
    body = (field_data / "case" / f"{name}.json").read_bytes()
    told = json.loads(body)
    run = importing.bring(body, f"{name}.json")
    assert run.state is RunState.APPLIED
    assert importing.codes(run) == (["file.no_rows"] if number == 0 else [])
    assert importing.count(FrameworkItem) == len(told["CFItems"])
    assert number is None or number == len(told["CFItems"])
    above = {
        one["originNodeURI"]["title"]: one["destinationNodeURI"]["title"]
        for one in told["CFAssociations"]
    }
    parent = sa.orm.aliased(FrameworkItem)
    rows = importing.read(
        sa.select(FrameworkItem.code, FrameworkItem.title, parent.code, parent.title)
        .outerjoin(parent, parent.id == FrameworkItem.parent_id)
        .order_by(FrameworkItem.position)
    )
    for code, title, parent_code, parent_title in rows:
        expected = above.get(title, above.get(code))
        assert expected in {parent_title, parent_code, told["CFDocument"]["title"]}
    if name == "SequenceNumberFramework":
        assert [code for code, *_ in rows] == ["SNT.2", "SNT.1"]
