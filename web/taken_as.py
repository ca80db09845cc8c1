"""Pages of the administrator: what a kept table was taken for, and taking it otherwise."""

from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from importers import runs
from importers.door.otherwise import may_be_another, take_otherwise
from tracker.errors import Conflict, Invalid
from tracker.permissions import Action
from web.forms import CODES, Form, fill
from web.read_as import SIGNS
from web.run_page import run_page

blp = Blueprint("import_taken_as", __name__, url_prefix="/school/imports")


class TakenForm(Form):
    """What the table is, and what stands between its columns."""

    kind = fields.String(required=True, error_messages=CODES)
    sign = fields.String(
        load_default=None,
        validate=validate.OneOf([*SIGNS, "other"], error="not_a_choice"),
        error_messages=CODES,
    )


@blp.post("/<uuid:run_id>/taken-as")
@allows(Action.RUN_IMPORT)
def say(run_id: UUID) -> Response | str | tuple[str, int]:
    """Show the first rows of a table taken so; or have all of it read again."""
    run = runs.find_run(g.session, run_id, person=g.person, on=g.today)
    filled = fill(TakenForm(), request.form)
    if filled.errors:
        return run_page(run, taken=filled), 422
    if "look" in request.form and may_be_another(run):
        return run_page(run, taken=filled)
    try:
        take_otherwise(
            g.session,
            by=g.person,
            run=run,
            store=current_app.extensions["store"],
            kind=filled.data["kind"],
            delimiter=SIGNS.get(filled.data["sign"]),
            on=g.today,
            at=g.now,
        )
    except Conflict:
        flash(gettext("This file can no longer be read again. Send it once more."), "error")
    except Invalid as refusal:
        g.session.refresh(run)
        filled.refuse(refusal)
        return run_page(run, taken=filled), 422
    return redirect(url_for("school.import_run", run_id=run_id), 303)
