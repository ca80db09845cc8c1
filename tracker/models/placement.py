"""Bpv: learning at a company."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Code, Label, Record, ref


class Company(Record):
    """A leerbedrijf; `number` is its code at SBB (leerbedrijf-ID), by which sources know it."""

    __tablename__ = "company"
    __table_args__ = (sa.UniqueConstraint("school_id", "number"),)

    name: Mapped[Label]
    city: Mapped[Label | None]
    number: Mapped[Code | None]
    created_at: Mapped[datetime]


class Placement(Record):
    """A student's bpv at one company, until a day (exclusive); several may run at once."""

    __tablename__ = "placement"
    __person_path__ = "plan_id.student_id"

    plan_id: Mapped[UUID] = ref("learning_plan")
    company_id: Mapped[UUID] = ref("company")
    from_on: Mapped[date]
    until_on: Mapped[date]
    planned_hours: Mapped[int | None]
    created_at: Mapped[datetime]
