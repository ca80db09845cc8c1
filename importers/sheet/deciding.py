"""Deciding what is read of a sheet, once: from its headers, its first rows and the mapping."""

from collections.abc import Mapping, Sequence
from typing import Any

from importers.issues import Finding
from importers.sheet import mapping as mappings
from importers.sheet.columns import (
    BEST_DATES,
    PEOPLE,
    Means,
    activity_of,
    is_weak_number,
    may_be_own_number,
    meaning_of,
    plain,
)
from importers.sheet.dates import read_day
from importers.sheet.draft import Draft
from importers.sheet.plan import Plan, Presence, Score
from importers.sheet.profile import Profile, of_column

NAMES = (Means.NAME, Means.GIVEN_NAME, Means.FAMILY_NAME)
# Columns of which a sheet may have many; of the others the first counts.
MANY_OF = (Means.RESULT, Means.PRESENT, Means.UNUSED)
LONGEST_SHOWN = 200
# A sheet that tells of nothing else is a list of people; with their roles it may name groups.
ONLY_PEOPLE = {*NAMES, Means.NUMBER, Means.EMAIL, Means.PREFIX, Means.ROLE}
GROUPS = {Means.GROUP, Means.GROUP_CODE}


def plan_of(
    headers: Sequence[str],
    profile: Profile,
    mapping: Mapping[str, Any],
    *,
    file: str,
    row: int,
    is_xlsx: bool,
) -> tuple[Plan, list[Finding]]:
    """Decide what is read; errors among the findings say why nothing can be.

    What the mapping says comes first; then what the headers say; then, in a table about people, a
    column that holds grades is an activity. What remains is named.
    """
    draft = Draft(headers, file, row, profile, mapping, is_xlsx)
    _name_columns(draft)
    person = _person_of(draft)
    _choose_one_of_each(draft, person)
    scores = _scores(draft, person)
    presences = _presences(draft, person)
    plan = Plan(
        told_once=_told_once(draft),
        at=draft.at,
        person=person,
        pattern=mapping.get("person_pattern"),
        makes_people=_makes_people(draft, person, scores, presences),
        scores=scores,
        presences=presences,
        day=mappings.fixed_day(mapping),
        is_snapshot=mapping.get("snapshot", False),
        repeats=mapping.get("repeats", False),
        thousands=mapping.get("thousands"),
        unneeded=frozenset(name for name, one in draft.means.items() if one is Means.UNUSED),
    )
    _tell_unused(draft, plan)
    _check_numbers(draft, plan)
    _check_whole(draft, plan)
    return plan, draft.findings


def _name_columns(draft: Draft) -> None:
    """Give every header its meaning: what the mapping says, else what the header itself says."""
    for name in draft.headers:
        draft.means[name] = meaning_of(name) if name else Means.UNUSED
        if plain(name) in PEOPLE and of_column(draft.profile, name).looks_like_keys:
            draft.means[name] = Means.NUMBER
    named = dict(draft.mapping.get("columns", {}))
    if not {Means.RESULT, Means.PRESENT} & set(draft.means.values()):
        for name, means in draft.means.items():
            # `Toets` with grades below it is the activity itself.
            if means is Means.ITEM and of_column(draft.profile, name).looks_judged:
                draft.means[name] = None
    person, day = draft.mapping.get("person"), draft.mapping.get("date")
    if person is not None:
        is_email = draft.means.get(person) is Means.EMAIL
        named.setdefault(person, {"means": Means.EMAIL if is_email else Means.NUMBER})
    if day is not None and mappings.fixed_day(draft.mapping) is None:
        named.setdefault(day, {"means": Means.DATE})
    for header, said in named.items():
        if header not in draft.means:
            draft.find("mapping.no_column", header, is_error=True)
        else:
            draft.means[header] = Means(said["means"])


def _person_of(draft: Draft) -> str | None:
    """Return the column that names people: the school's number, else an e-mail address."""
    chosen: str | None = draft.mapping.get("person")
    if chosen is not None:
        return chosen if chosen in draft.means else None
    numbers = [header for header, means in draft.means.items() if means is Means.NUMBER]
    strong = [header for header in numbers if not is_weak_number(header)]
    if len(strong) > 1:
        draft.find("column.ambiguous", strong[1], is_error=True, detail=strong[0])
    own = [
        header
        for header in numbers
        if may_be_own_number(header) and of_column(draft.profile, header).looks_like_own_numbers
    ]
    if strong or own:
        return [*strong, *own][0]
    emails = [header for header, means in draft.means.items() if means is Means.EMAIL]
    has_names = any(means in NAMES for means in draft.means.values())
    weak = [header for header in numbers if header in draft.mapping.get("columns", {}) or has_names]
    return next(iter([*emails, *weak]), None)


def _choose_one_of_each(draft: Draft, person: str | None) -> None:
    """Keep of every meaning one column; the others are not used."""
    _settle_lesson(draft, person)
    for header in _in_order(draft):
        means = draft.means[header]
        if means is None or means in MANY_OF:
            continue
        if means is Means.NUMBER and header != person:
            # A running number, beside a better key.
            draft.means[header] = Means.UNUSED if is_weak_number(header) else None
        elif means in draft.at:
            draft.means[header] = None
        else:
            draft.at[means] = header


def _in_order(draft: Draft) -> list[str]:
    """Return the headers so that the best date, and what the mapping names, come first."""
    named = draft.mapping.get("columns", {})

    def order(header: str) -> tuple[bool, bool]:
        is_other_date = draft.means[header] is Means.DATE and plain(header) not in BEST_DATES
        return (header not in named and header != draft.mapping.get("date"), is_other_date)

    return sorted(draft.headers, key=order)


def _settle_lesson(draft: Draft, person: str | None) -> None:
    """In a table about people a lesson is what they went to; else it is what the school offers."""
    items = [header for header, means in draft.means.items() if means is Means.ITEM]
    for header, means in draft.means.items():
        if means is Means.LESSON and person is not None:
            draft.means[header] = None if items else Means.ITEM


def _scores(draft: Draft, person: str | None) -> tuple[Score, ...]:
    """Return the columns of results."""
    if person is None:
        return ()
    if Means.HOURS in draft.at and not {Means.COMPANY, Means.COMPANY_NUMBER} & set(draft.at):
        draft.means[draft.at.pop(Means.HOURS)] = Means.HOURS
        hours = [header for header, means in draft.means.items() if means is Means.HOURS]
    else:
        hours = []
    results = [header for header, means in draft.means.items() if means is Means.RESULT]
    if Means.ITEM in draft.at:
        for header in results[1:]:
            draft.means[header] = None
        results = results[:1]
    found = [_score(draft, header, is_named=True) for header in results]
    titles = {score.title for score in found}
    for header in draft.headers:
        # Where a column says which activity a row is about, other numbers are about the row.
        is_free = draft.means[header] is None and Means.ITEM not in draft.at
        if is_free and of_column(draft.profile, header).looks_judged:
            score = _score(draft, header, is_named=False)
            if score.title not in titles and activity_of(header)[1] != "feedback":
                draft.means[header] = Means.RESULT
                titles.add(score.title)
                found.append(score)
    found += [
        Score(header=header, title=activity_of(header)[0], scale=None, is_hours=True)
        for header in hours
    ]
    return tuple(found)


def _score(draft: Draft, header: str, *, is_named: bool) -> Score:
    said, profile = draft.said(header), of_column(draft.profile, header)
    title, form = activity_of(header)
    is_long = is_named and Means.ITEM in draft.at
    decimal = said.get("decimal")
    if decimal is None and profile.decimal is not None:
        decimal = profile.decimal
        # In a workbook every number has a point, whatever its reader sees.
        if not draft.is_xlsx:
            draft.find("column.points", header)
    scale = said["scale"] if "scale" in said else profile.scale_of(header)
    return Score(
        header=header,
        title=said.get("item") or (None if is_long else title),
        scale="0-100" if form == "percentage" and "scale" not in said else scale,
        is_any=scale is None if "scale" in said else is_named and profile.is_free_text,
        decimal=decimal,
    )


def _presences(draft: Draft, person: str | None) -> tuple[Presence, ...]:
    """Return the columns that say who was there, one day each if their headers are days."""
    if person is None:
        return ()
    found = []
    for header, means in draft.means.items():
        said = draft.said(header)
        if means is Means.PRESENT:
            is_long = Means.ITEM in draft.at
            title = said.get("item") or (None if is_long else header)
            found.append(Presence(header=header, title=title))
        elif means is None and of_column(draft.profile, header).looks_attended:
            day = read_day(header).day
            if day is not None:
                draft.means[header] = Means.PRESENT
                found.append(Presence(header=header, title="Aanwezigheid", day=day.isoformat()))
    return tuple(found)


def _makes_people(
    draft: Draft, person: str | None, scores: Sequence[Score], presences: Sequence[Presence]
) -> bool:
    """Whether people are made: if the mapping says so, or if the sheet is a list of people."""
    if person is None or not {Means.NAME, Means.FAMILY_NAME} & set(draft.at):
        return False
    said = draft.mapping.get("people")
    if said is not None:
        return bool(said == "make")
    may_tell = ONLY_PEOPLE | GROUPS if Means.ROLE in draft.at else ONLY_PEOPLE
    return not scores and not presences and set(draft.at) <= may_tell


def _told_once(draft: Draft) -> frozenset[str]:
    """Warn once of days that a whole column writes with slashes."""
    header = draft.at.get(Means.DATE)
    if header is None or not of_column(draft.profile, header).is_slashed:
        return frozenset()
    draft.find("date.slashes", header)
    return frozenset({"date.slashes"})


def _tell_unused(draft: Draft, plan: Plan) -> None:
    """Name the columns that nothing is read of, except those that a tracker never needs."""
    told = {plan.person, *plan.at.values()}
    told |= {score.header for score in plan.scores} | {one.header for one in plan.presences}
    for header in draft.headers:
        is_unneeded = draft.means[header] is Means.UNUSED
        if header in told or is_unneeded or not of_column(draft.profile, header).filled:
            continue
        draft.find("column.unused", header)


def _check_numbers(draft: Draft, plan: Plan) -> None:
    """Point to the setting for numbers that a workbook may have bared; never guess them."""
    if plan.person is None or plan.pattern is not None or plan.is_keyed_by_email:
        return
    if not draft.is_xlsx and not is_weak_number(plan.person):
        return
    if of_column(draft.profile, plan.person).is_all_digits:
        draft.find("person.bare_numbers", plan.person)


def _check_whole(draft: Draft, plan: Plan) -> None:
    """Check that the sheet tells of something that we can take in."""
    offers = plan.has(Means.LESSON, Means.ITEM)
    if plan.person is None and not offers:
        known = ", ".join(header for header in draft.headers if header)[:LONGEST_SHOWN]
        draft.findings.append(
            Finding(code="sheet.no_person", file=draft.file, row=draft.row, detail=known)
        )
        return
    is_dated = plan.has(Means.DATE) or plan.day is not None
    needs_day = (
        bool(plan.scores)
        or plan.tells_participation
        or any(one.day is None for one in plan.presences)
    )
    if needs_day and not is_dated:
        draft.findings.append(Finding(code="sheet.no_date", file=draft.file, row=draft.row))
    if plan.has(Means.COMPANY, Means.COMPANY_NUMBER) and plan.person is not None:
        for means in (Means.FROM, Means.UNTIL):
            if means not in plan.at:
                draft.findings.append(
                    Finding(
                        code="sheet.no_period",
                        file=draft.file,
                        row=draft.row,
                        detail=means.value,
                    )
                )
