"""Registrations, deployments and logins (gate tables), and what a launch leaves in a school."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import (
    Base,
    Code,
    Digest,
    FreeText,
    Identifier,
    Label,
    Plain,
    Prose,
    Raw,
    Record,
    Url,
    ref,
)
from tracker.models.plan import PlanRole


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


class LoginState(Base):
    """One login on its way through the platform: used once, within ten minutes, by one browser.

    Secrets are kept as digests. `hints` is what the platform sent along, for starting again in a
    new tab; it goes with the row. A launch that came without a cookie waits as a row with
    `is_confirming`, until the page proves by Platform Storage that it is the same browser.
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
    is_confirming: Mapped[bool] = mapped_column(server_default=sa.false())
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


class Context(Record):
    """A course, or another place in the LMS, from which somebody launched us.

    Its roster is the group `group_id`. `instructors_are` is what the school confirmed its
    instructors to be to its learners; `scopes` what the platform granted for grades here.
    """

    __tablename__ = "lti_context"
    __table_args__ = (sa.UniqueConstraint("school_id", "deployment_id", "lti_id"),)

    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    lti_id: Mapped[Prose]
    title: Mapped[Label | None]
    label: Mapped[Label | None]
    group_id: Mapped[UUID | None] = ref("school_group")
    memberships_url: Mapped[Url | None]
    lineitems_url: Mapped[Url | None]
    scopes: Mapped[Prose | None]
    instructors_are: Mapped[PlanRole | None]
    confirmed_by_id: Mapped[UUID | None] = ref("person", index=False)
    confirmed_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ContextPullKind(StrEnum):
    """What is read from the LMS for a context."""

    ROSTER = "roster"
    RESULTS = "results"


class ContextPull(Record):
    """Reading a context's roster or results: due at a moment, and how the last times went.

    `held` is set when so many people would go that the school must say yes first:
    `{"closes": n, "of": m}`; `released_at` is when it said so.
    """

    __tablename__ = "lti_context_pull"
    __table_args__ = (sa.UniqueConstraint("school_id", "context_id", "kind"),)

    context_id: Mapped[UUID] = ref("lti_context", index=False)
    kind: Mapped[ContextPullKind]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]
    held: Mapped[Plain | None]
    released_at: Mapped[datetime | None]


class AccessRequestState(StrEnum):
    """What the school answered."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"


class AccessRequest(Record):
    """An instructor asks the school to see the learners of a context; answered by confirming it."""

    __tablename__ = "lti_access_request"
    __person_path__ = "person_id"

    context_id: Mapped[UUID] = ref("lti_context")
    person_id: Mapped[UUID] = ref("person")
    state: Mapped[AccessRequestState]
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = ref("person", index=False)


class GradeMode(StrEnum):
    """What a placed link tells the LMS's gradebook; off until a teacher chooses."""

    OFF = "off"
    STATUS = "status"
    PROGRESS = "progress"
    EVIDENCE = "evidence"
    LESSON = "lesson"


class ResourceLink(Record):
    """A link that a teacher placed in the LMS; `page` and `lesson_id` say what it opens.

    `lineitem_url` is the gradebook column that the platform itself tied to the link.
    `pieces` is the agreed number of pieces when `mode` is evidence.
    """

    __tablename__ = "lti_resource_link"
    __table_args__ = (sa.UniqueConstraint("school_id", "deployment_id", "lti_id"),)

    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    context_id: Mapped[UUID | None] = ref("lti_context")
    lti_id: Mapped[Prose]
    title: Mapped[Label | None]
    page: Mapped[Code | None]
    lesson_id: Mapped[UUID | None] = ref("support_lesson")
    lineitem_url: Mapped[Url | None]
    mode: Mapped[GradeMode]
    pieces: Mapped[int | None]
    chosen_by_id: Mapped[UUID | None] = ref("person", index=False)
    chosen_at: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LineItemState(StrEnum):
    """Where a gradebook column is: what is still to be told to the LMS, or how it ended."""

    WANTED = "wanted"
    CHANGED = "changed"
    ACTIVE = "active"
    REMOVING = "removing"
    GONE = "gone"
    PARKED = "parked"


class LineItem(Record):
    """A column in the LMS's gradebook for one placed link (Assignment and Grade Services 2.0).

    `due_at` is when the next step is due: telling the LMS, or looking again at the values.
    """

    __tablename__ = "lti_line_item"
    __table_args__ = (sa.Index(None, "school_id", "due_at"),)

    context_id: Mapped[UUID] = ref("lti_context")
    resource_link_id: Mapped[UUID] = ref("lti_resource_link")
    url: Mapped[Url | None]
    label: Mapped[Label]
    tag: Mapped[Code]
    maximum: Mapped[Decimal]
    state: Mapped[LineItemState]
    is_ours: Mapped[bool]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]
    created_at: Mapped[datetime]


class ScoreState(StrEnum):
    """Whether the LMS knows the latest wish, and if not, why."""

    WAITING = "waiting"
    SENT = "sent"
    SUPERSEDED = "superseded"
    INACTIVE = "inactive"
    PARKED = "parked"


class ScorePush(Record):
    """The latest score that one student's column should hold; older wishes are not sent.

    `wish` counts the wishes, `sent_wish` is the one that the LMS took; `stamped_at` is the last
    timestamp that was sent, and each next one is at least a second later.
    """

    __tablename__ = "lti_score"
    __person_path__ = "person_id"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "line_item_id", "person_id"),
        sa.Index(None, "school_id", "state", "due_at"),
    )

    line_item_id: Mapped[UUID] = ref("lti_line_item", index=False)
    person_id: Mapped[UUID] = ref("person")
    subject: Mapped[Identifier]
    value: Mapped[Decimal]
    maximum: Mapped[Decimal]
    activity_progress: Mapped[Code]
    comment: Mapped[FreeText | None]
    wish: Mapped[int]
    sent_wish: Mapped[int]
    stamped_at: Mapped[datetime | None]
    state: Mapped[ScoreState]
    due_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[Code | None]


class DeepLinkRequest(Record):
    """A teacher is choosing what to place: what the platform asked for, answered once."""

    __tablename__ = "lti_deep_link"
    __person_path__ = "person_id"

    registration_id: Mapped[UUID] = ref("lti_registration", index=False)
    deployment_id: Mapped[UUID] = ref("lti_deployment", index=False)
    context_id: Mapped[UUID | None] = ref("lti_context", index=False)
    person_id: Mapped[UUID] = ref("person")
    settings: Mapped[Raw]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class LaunchLog(Record):
    """How a launch ended, for the school's administrator: no token, no name, no person.

    `code` is "launched" or why not; `help_code` is what the page showed; `detail` a claim's name.
    """

    __tablename__ = "lti_launch"
    __table_args__ = (sa.Index(None, "school_id", "registration_id", "happened_at"),)

    registration_id: Mapped[UUID] = ref("lti_registration", index=False)
    code: Mapped[Code]
    detail: Mapped[Label | None]
    role: Mapped[Code | None]
    help_code: Mapped[Code | None]
    happened_at: Mapped[datetime]


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
