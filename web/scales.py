"""Pages of the administrator: the school's words for judging, and whether raters look first."""

import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from identity.access import allows
from tracker.errors import Conflict, Invalid
from tracker.lengths import MAX_TITLE
from tracker.models import Scale
from tracker.permissions import Action, find, require
from tracker.scales import (
    MOST_LEVELS,
    Level,
    add_scale,
    all_scales,
    change_scale,
    in_force,
    levels_of,
    set_blind_rating,
)
from web.forms import CODES, Filled, Form, day, fill, words
from web.words import sentence

blp = Blueprint("scales", __name__, url_prefix="/school/scales")
LEVEL_FIELDS = ("label", "description", "anchor")
LONGEST_LABEL, LONGEST_DESCRIPTION = 200, 1000  # as in the API
EMPTY_ROWS = 2


def _each(longest: int) -> fields.List[Any]:
    return fields.List(
        fields.String(
            validate=[
                validate.Length(max=longest, error="too_long"),
                validate.ContainsNoneOf("\0", error="not_a_choice"),
            ],
            error_messages=CODES,
        ),
        validate=validate.Length(max=MOST_LEVELS, error="scale.number_of_levels"),
        load_default=list,
    )


class ScaleForm(Form):
    """A scale, level by level; a row without a word is left out."""

    name = words(MAX_TITLE)
    label = _each(LONGEST_LABEL)
    description = _each(LONGEST_DESCRIPTION)
    anchor = _each(1)
    for_plans_from = day(required=False)
    is_default = words(3, required=False)


class BlindForm(Form):
    """Whether raters in the school look for themselves first."""

    blind = fields.String(
        required=True,
        validate=validate.OneOf(("yes", "no"), error="not_a_choice"),
        error_messages=CODES,
    )


@blp.get("")
@allows(Action.CHANGE_SCALES)
def scales() -> str:
    """Show the scales with their versions, and whether raters look first."""
    require(g.session, g.person, Action.CHANGE_SCALES, on=g.today)
    found = all_scales(g.session, school_id=g.school.id)
    levels = levels_of(g.session, *found)
    holding = in_force(found, starts_on=g.today)
    groups: dict[str, list[dict[str, Any]]] = {}
    for scale in reversed(found):
        groups.setdefault(scale.code, []).append(
            {
                "id": scale.id,
                "name": scale.name,
                "version": scale.version,
                "for_plans_from": scale.for_plans_from,
                "is_offered": bool(holding) and scale is holding[0],
                "is_coming": scale.is_default and (scale.for_plans_from or g.today) > g.today,
                "levels": [level for level in levels if level.scale_id == scale.id],
            }
        )
    return render_template(
        "school/scales.html",
        today=g.today,
        scales=[{**versions[0], "earlier": versions[1:]} for _, versions in sorted(groups.items())],
        blind=g.school.blind_rating,
    )


@blp.post("/blind-rating")
@allows(Action.CHANGE_SCALES)
def blind_rating() -> Response:
    """Let raters look for themselves first, or not."""
    filled = fill(BlindForm(), request.form)
    if filled.errors:
        flash(sentence(filled.errors["blind"]), "error")
    else:
        is_blind = filled.data["blind"] == "yes"
        set_blind_rating(
            g.session, by=g.person, school=g.school, blind=is_blind, on=g.today, at=g.now
        )
        flash(gettext("This holds from now on."), "ok")
    return redirect(url_for("scales.scales"), 303)


@blp.get("/new")
@allows(Action.CHANGE_SCALES)
def new_scale() -> str:
    """Ask for a scale of the school's own."""
    return _form_page(Filled({}))


@blp.post("/new")
@allows(Action.CHANGE_SCALES)
def save_scale() -> Response | tuple[str, int]:
    """Add a scale of the school's own."""
    filled = fill(ScaleForm(), request.form, lists=LEVEL_FIELDS)
    code = _code(filled.data.get("name") or "")
    return _keep(filled, partial(add_scale, code=code), thanks=gettext("The scale is there."))


@blp.get("/<uuid:scale_id>/change")
@allows(Action.CHANGE_SCALES)
def change(scale_id: UUID) -> str:
    """Ask what a scale says from a cohort on."""
    scale = find(g.session, Scale, scale_id, person=g.person, on=g.today)
    levels = levels_of(g.session, scale)
    values = {
        "name": scale.name,
        "label": [level.label for level in levels],
        "description": [level.description or "" for level in levels],
        "anchor": [str(level.anchor) for level in levels],
        "is_default": "yes" if scale.is_default else "",
    }
    return _form_page(Filled(values), scale)


@blp.post("/<uuid:scale_id>/change")
@allows(Action.CHANGE_SCALES)
def save_change(scale_id: UUID) -> Response | tuple[str, int]:
    """Add the next version of a scale, for plans that start on or after a day."""
    scale = find(g.session, Scale, scale_id, person=g.person, on=g.today)
    filled = fill(ScaleForm(), request.form, lists=LEVEL_FIELDS)
    if not filled.errors and filled.data["for_plans_from"] is None:
        filled.errors["for_plans_from"] = "required"
    thanks = gettext("The scale changes for the new cohort.")
    return _keep(filled, partial(change_scale, scale=scale), thanks=thanks, scale=scale)


def _keep(
    filled: Filled, keep: Callable[..., Scale], *, thanks: str, scale: Scale | None = None
) -> Response | tuple[str, int]:
    """Keep what the form says, or give the form back."""
    if not filled.errors:
        try:
            keep(
                g.session,
                by=g.person,
                name=filled.data["name"],
                levels=_levels(filled.data),
                is_default=filled.data["is_default"] == "yes",
                for_plans_from=filled.data["for_plans_from"],
                on=g.today,
                at=g.now,
            )
            flash(thanks, "ok")
            return redirect(url_for("scales.scales"), 303)
        except Invalid as refusal:
            filled.refuse(refusal)
        except Conflict as refusal:
            filled.errors["name"] = refusal.code
            return _form_page(filled, scale), 409
    return _form_page(filled, scale), 422


def _levels(data: dict[str, Any]) -> list[Level]:
    """Return the rows that have a word; raises Invalid for one without a step."""
    rows = list(zip(*(data[name] for name in LEVEL_FIELDS), strict=False))
    found = []
    for label, description, anchor in rows:
        if not label.strip():
            continue
        if anchor not in {"0", "1", "2", "3"}:
            raise Invalid(levels="anchor.unknown")
        found.append(Level(label.strip(), description.strip() or None, int(anchor)))
    return found


def _code(name: str) -> str:
    """Return a code made of a name: its plain letters and digits."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    parts = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "_".join(parts)[:64] or "scale"


def _form_page(filled: Filled, scale: Scale | None = None) -> str:
    require(g.session, g.person, Action.CHANGE_SCALES, on=g.today)
    sent = [filled.values.get(name, []) for name in LEVEL_FIELDS]
    rows = [dict(zip(LEVEL_FIELDS, row, strict=True)) for row in zip(*sent, strict=False) if row[0]]
    more = min(max(EMPTY_ROWS, 4 - len(rows)), MOST_LEVELS - len(rows))
    rows += [dict.fromkeys(LEVEL_FIELDS, "") for _ in range(more)]
    return render_template(
        "school/scale.html",
        scale={"id": scale.id, "name": scale.name} if scale else None,
        rows=rows,
        values=filled.values,
        errors=filled.sentences(),
    )
