"""What placements become: companies that several sources know, and bpv in a student's plan."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from importers.targets.told import Columns, Occasion, Target, Told, created, day, until
from tracker.models import Company, Placement
from tracker.placements import ToldPlacement, known_companies, plans_for_placements

# How a company is called of which a source gives the number only, until another names it.
NAMELESS = "Leerbedrijf"


def _company(told: Told, _occasion: Occasion) -> Columns:
    # What a source does not say of a company is not taken away.
    known = {name: told.data[name] for name in ("name", "city") if told.data[name] is not None}
    return {"number": told.data["number"], **known}


def _name_companies(session: Session, occasion: Occasion, told: Sequence[Told]) -> list[Told]:
    """Fill in what sources do not say of companies: what is known, else a name from the number."""
    known = known_companies(
        session,
        school_id=occasion.school_id,
        numbers=[row.data["number"] for row in told if row.data["number"]],
        ids=[row.local_id for row in told],
    )
    by_number = {company.number: company for company in known if company.number}
    by_id = {company.id: company for company in known}
    named = []
    for row in told:
        company = by_number.get(row.data["number"]) or by_id.get(row.local_id)
        number = row.data["number"]
        name = company.name if company else f"{NAMELESS} {number}" if number else NAMELESS
        data = {
            **row.data,
            "name": row.data["name"] or name,
            "city": row.data["city"] or (company.city if company else None),
        }
        named.append(replace(row, data=data))
    return named


def _placement(told: Told, _occasion: Occasion) -> Columns:
    hours = told.data["planned_hours"]
    return {
        "plan_id": told.plan_id,
        "company_id": told.target_id,
        "from_on": day(told.data["from_on"]),
        "until_on": day(told.data["ended_on"] or told.data["until_on"]),
        "planned_hours": None if hours is None else int(Decimal(hours)),
    }


def _find_plans(session: Session, occasion: Occasion, told: Sequence[Told]) -> list[Told]:
    """Find in which plan each placement belongs; who has no open plan gets a draft."""
    plans = plans_for_placements(
        session,
        school_id=occasion.school_id,
        told=[
            ToldPlacement(
                id=row.local_id,
                student_id=row.person_id,
                company_id=row.target_id,
                from_on=date.fromisoformat(row.data["from_on"]),
            )
            for row in told
            if row.person_id is not None
        ],
        on=occasion.on,
        at=occasion.at,
    )
    return [replace(row, plan_id=plans[row.local_id]) for row in told]


COMPANY = Target(
    model=Company,
    columns=_company,
    first=created,
    natural=("number",),
    prepare=_name_companies,
)
PLACEMENT = Target(
    model=Placement,
    columns=_placement,
    first=created,
    natural=("plan_id", "company_id", "from_on"),
    identity=("plan_id", "company_id"),
    end=until(Placement),
    prepare=_find_plans,
)
