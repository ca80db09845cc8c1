"""Who somebody is to a platform."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from tracker.columns import Identifier, Record, ref


class LtiIdentity(Record):
    """A person as one registration knows them: issuer and sub, never an e-mail address."""

    __tablename__ = "lti_identity"
    __person_path__ = "person_id"
    __table_args__ = (sa.UniqueConstraint("school_id", "registration_id", "subject"),)

    registration_id: Mapped[UUID] = ref("lti_registration", index=False)
    subject: Mapped[Identifier]
    person_id: Mapped[UUID] = ref("person")
    created_at: Mapped[datetime]
