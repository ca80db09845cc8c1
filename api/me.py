"""Who a session or a token is."""

from typing import Any

from flask import g
from marshmallow import fields

from api.blueprint import Blueprint
from api.fields import Contract, Id, Text
from identity.access import allows
from tracker.permissions import Action, roles_of

blp = Blueprint("me", about="Who is asking")


class NamedPersonSchema(Contract):
    """A person."""

    id = Id(about="The person", example="019aab4e-1f30-7c2a-9a51-3f0a6c1d2e01")
    name = Text(longest=200, about="The name", example="Noor Bakker")


class SchoolSchema(Contract):
    """A school."""

    slug = Text(longest=64, about="The school's short name", example="meetpunt")


class MeSchema(Contract):
    """The person behind a session or a token."""

    person = fields.Nested(NamedPersonSchema)
    school = fields.Nested(SchoolSchema)
    roles = fields.List(
        Text(longest=32, about="A role", example="coach"),
        metadata={"description": "What the person is in the school today"},
    )


@blp.get("/me")
@allows(Action.SEE_SELF)
@blp.response(200, MeSchema)
def get_me() -> dict[str, Any]:
    """Tell who is asking.

    The person, the school and the roles behind this session or token. A token acts as its person.
    """
    roles = roles_of(g.session, g.person, on=g.today)
    return {"person": g.person, "school": g.school, "roles": sorted(roles)}
