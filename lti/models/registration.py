"""Platforms (LMSs) that schools registered us with, and where each offers us; gate tables."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Base, Code, Digest, Label, Plain, Prose, Url


class Registration(Base):
    """A platform (LMS) that one school registered us with; found by issuer and client id.

    `platform_keys` is the last good key set, kid -> RSA public key; `keys_tried_at` is when the
    newest fetch began, `keys_fetched_at` and `keys_failed_at` when one ended well or badly.
    `number_claim` names the claim that the school trusts for its own person number. `home_url` is
    where people open the LMS, when that is not the issuer's own address (Canvas): it may frame us.
    `check_result` is what the last self-test said, check -> code.
    """

    __tablename__ = "lti_registration"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "client_id"),
        # What the school's own tables refer to.
        sa.UniqueConstraint("school_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    issuer: Mapped[Url]
    client_id: Mapped[Label]
    auth_url: Mapped[Url]
    token_url: Mapped[Url]
    jwks_url: Mapped[Url]
    audience: Mapped[Url | None]
    number_claim: Mapped[Label]
    product: Mapped[Code | None]
    home_url: Mapped[Url | None]
    checked_at: Mapped[datetime | None]
    check_result: Mapped[Plain | None]
    platform_keys: Mapped[Plain | None]
    keys_tried_at: Mapped[datetime | None]
    keys_fetched_at: Mapped[datetime | None]
    keys_failed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeploymentState(StrEnum):
    """Whether launches are let in."""

    INACTIVE = "inactive"
    ACTIVE = "active"


class Deployment(Base):
    """A place where the platform offers us; inactive until the school's administrator says yes."""

    __tablename__ = "lti_deployment"
    __table_args__ = (
        sa.UniqueConstraint("registration_id", "lti_id"),
        # What the school's own tables refer to.
        sa.UniqueConstraint("school_id", "id"),
        sa.ForeignKeyConstraint(
            ["school_id", "registration_id"], ["lti_registration.school_id", "lti_registration.id"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    registration_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lti_registration.id"))
    lti_id: Mapped[Prose]
    state: Mapped[DeploymentState]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]


class Invite(Base):
    """A school's one-time invitation to an LMS to register itself (Dynamic Registration)."""

    __tablename__ = "lti_invite"
    __table_args__ = (
        sa.ForeignKeyConstraint(["school_id", "by_id"], ["person.school_id", "person.id"]),
    )

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("school.id"))
    by_id: Mapped[UUID | None]
    registration_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("lti_registration.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
