"""Pages of the administrator: connecting an LMS, by its own registration or by hand."""

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from lti.connecting import connections
from settings import Settings
from tracker.errors import Conflict, Invalid
from tracker.permissions import Action, require
from web.forms import CODES, Filled, Form, fill, words
from web.lms_kinds import KINDS, ours

blp = Blueprint("lms_setup", __name__, url_prefix="/school/lms")
LONGEST_URL, LONGEST_ID, LONGEST_CLIENT = 2000, 255, 200
OF_LMS = ("issuer", "auth_url", "token_url", "jwks_url")


class AddressForm(Form):
    """What an administrator copies from the LMS."""

    product = fields.String(
        required=True,
        validate=validate.OneOf(tuple(KINDS), error="not_a_choice"),
        error_messages=CODES,
    )
    issuer = words(LONGEST_URL)
    client_id = words(LONGEST_CLIENT)
    deployment = words(LONGEST_ID, required=False)
    auth_url = words(LONGEST_URL)
    token_url = words(LONGEST_URL)
    jwks_url = words(LONGEST_URL)
    audience = words(LONGEST_URL, required=False)
    home_url = words(LONGEST_URL, required=False)


@blp.get("/new")
@allows(Action.CONNECT_LMS)
def new() -> str:
    """Let an administrator choose a kind of LMS, and show its steps."""
    require(g.session, g.person, Action.CONNECT_LMS, on=g.today)
    product = request.args.get("lms", "")
    if product not in KINDS:
        return render_template("school/lms_choose.html", kinds=KINDS)
    return _new_page(product, Filled(dict(KINDS[product].usual)))


@blp.post("/new")
@allows(Action.CONNECT_LMS)
def connect() -> Response | tuple[str, int]:
    """Keep the addresses of an LMS that was set up by hand."""
    filled = fill(AddressForm(), request.form)
    if not filled.errors:
        data = filled.data
        try:
            registration = connections.connect(
                g.session,
                by=g.person,
                school=g.school,
                addresses={name: data[name] for name in OF_LMS},
                client_id=data["client_id"],
                deployment_lti_id=data["deployment"],
                audience=data["audience"],
                product=data["product"],
                home_url=data["home_url"],
                allow_loopback=_settings().is_demo,
                on=g.today,
                at=g.now,
            )
            flash(gettext("Connected. Switch it on when you are ready."), "ok")
            return redirect(url_for("lms.connection", registration_id=registration.id), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
        except Conflict as refusal:
            filled.errors["client_id"] = refusal.code
    product = filled.values.get("product", "")
    return _new_page(product if product in KINDS else "other", filled), 422


def _new_page(product: str, filled: Filled) -> str:
    return render_template(
        "school/lms_new.html",
        product=product,
        kind=KINDS[product],
        ours=ours(KINDS[product], _settings().public_url),
        values=filled.values,
        errors=filled.sentences(),
    )


@blp.post("/invites")
@allows(Action.CONNECT_LMS)
def send_invite() -> str:
    """Make an invitation and show its address, this once."""
    product = request.form.get("product", "")
    kind = KINDS.get(product, KINDS["other"])
    secret = connections.send_invite(g.session, by=g.person, school=g.school, on=g.today, at=g.now)
    return render_template(
        "school/lms_invite.html",
        kind=kind,
        address=f"{_settings().public_url}/lti/register/{secret}",
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
