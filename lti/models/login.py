"""Logins on their way through a platform (a gate table), and how launches ended."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker.columns import Base, Code, Digest, Label, Prose, Raw, Record, Url, ref


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
