"""How a sheet was understood: kept with its run as plain JSON, for people to look at."""

from typing import Any

from importers.sheet.columns import Means, meaning_of
from importers.sheet.plan import Plan


def shown(headers: tuple[str, ...], plan: Plan) -> dict[str, Any]:
    """Return what each column was taken for.

    {"columns": [{"header", "means" (None when nothing is read of it), "item", "scale"}], "day"}:
    `item` is what a column is about by itself, `day` the day that holds for the whole sheet.
    """
    return {"columns": [_column(header, plan) for header in headers if header], "day": plan.day}


def _column(header: str, plan: Plan) -> dict[str, Any]:
    told: dict[str, Any] = {"header": header, "means": None, "item": None, "scale": None}
    for score in plan.scores:
        if score.header == header:
            kind = Means.HOURS if score.is_hours else Means.RESULT
            scale = "any" if score.is_any else score.scale
            return told | {"means": kind, "item": score.title, "scale": scale}
    for presence in plan.presences:
        if presence.header == header:
            return told | {"means": Means.PRESENT, "item": presence.title}
    means = next((means for means, name in plan.at.items() if name == header), None)
    if means is None and meaning_of(header) is Means.UNUSED:
        means = Means.UNUSED
    return told | {"means": means}
