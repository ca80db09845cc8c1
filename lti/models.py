"""Registrations, deployments and logins (gate tables), and what a launch leaves in a school."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import (
    Base,
    Code,
    Digest,
    Identifier,
    Label,
    Plain,
    Prose,
    Raw,
    Record,
    Url,
    ref,
)


class Registration(Base):
    """A platform (LMS) that one school registered us with; found by issuer and client id.

    `platform_keys` is the last good key set, kid -> RSA public key; `keys_tried_at` is when the
    newest fetch began, `keys_fetched_at` and `keys_failed_at` when one ended well or badly.
    `number_claim` names the claim that the school trusts for its own person number.
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
    __table_args__ = (sa.UniqueConstraint("registration_id", "lti_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lti_registration.id"))
    lti_id: Mapped[Prose]
    state: Mapped[DeploymentState]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]


class LoginState(Base):
    """One login on its way through the platform: used once, within ten minutes, by one browser.

    Secrets are kept as digests. `hints` is what the platform sent along, for starting again in a
    new tab; it goes with the row.
    """

    __tablename__ = "lti_login_state"
    __table_args__ = (sa.Index(None, "expires_at"),)

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    nonce_digest: Mapped[Digest]
    browser_digest: Mapped[Digest]
    registration_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lti_registration.id"))
    target: Mapped[Url]
    deployment_lti_id: Mapped[Prose | None]
    storage_frame: Mapped[Label | None]
    hints: Mapped[Raw]
    expires_at: Mapped[datetime]


class LtiIdentity(Record):
    """A person as one registration knows them: issuer and sub, never an e-mail address."""

    __tablename__ = "lti_identity"
    __person_path__ = "person_id"
    __table_args__ = (sa.UniqueConstraint("school_id", "registration_id", "subject"),)

    registration_id: Mapped[UUID] = ref("lti_registration", index=False)
    subject: Mapped[Identifier]
    person_id: Mapped[UUID] = ref("person")
    created_at: Mapped[datetime]


class Context(Record):
    """A course, or another place in the LMS, from which somebody launched us."""

    __tablename__ = "lti_context"
    __table_args__ = (sa.UniqueConstraint("school_id", "deployment_id", "lti_id"),)

    deployment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("lti_deployment.id"))
    lti_id: Mapped[Prose]
    title: Mapped[Label | None]
    label: Mapped[Label | None]
    created_at: Mapped[datetime]


class KeyState(StrEnum):
    """A key is published before it signs, and stays published after."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


class Key(Base):
    """A key pair of this installation, for all its schools; `private` is encrypted."""

    __tablename__ = "lti_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kid: Mapped[Code] = mapped_column(unique=True)
    state: Mapped[KeyState]
    public: Mapped[Plain]
    private: Mapped[Prose]
    published_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
