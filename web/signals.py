"""A signal in words: what a learning environment told, and nothing that it did not."""

from decimal import Decimal

from flask_babel import format_decimal, gettext, ngettext

from tracker.models import Activity, ActivityItem, ActivityKind

LONGEST = 200


def signal_words(signal: Activity, item: ActivityItem | None) -> str:
    """Return what a signal tells; empty when its title says it all."""
    match signal.kind:
        case ActivityKind.LAUNCH:
            return ""
        case ActivityKind.COMPLETION:
            told = gettext("done")
        case ActivityKind.VISIT:
            times = int(signal.value or 1)
            told = ngettext("looked at once", "looked at %(num)s times", times)
        case ActivityKind.ATTENDANCE:
            told = gettext("present") if signal.value else gettext("absent")
        case ActivityKind.PARTICIPATION:
            told = gettext("takes part")
        case ActivityKind.RESULT:
            told = _result(signal.value, item)
    return " · ".join(part for part in (told, _short(signal.text)) if part)


def _result(value: Decimal | None, item: ActivityItem | None) -> str:
    if value is None:
        return ""
    lowest, highest = (item.value_min, item.value_max) if item else (None, None)
    shown = {"value": format_decimal(value)}
    if lowest is not None and highest is not None:
        return gettext(
            "result %(value)s on a scale of %(min)s to %(max)s",
            min=format_decimal(lowest),
            max=format_decimal(highest),
            **shown,
        )
    if highest is not None:
        return gettext("result %(value)s of %(max)s", max=format_decimal(highest), **shown)
    return gettext("result %(value)s", **shown)


def _short(text: str | None) -> str:
    """Return a remark; of a long one the beginning."""
    remark = " ".join((text or "").split())
    return remark if len(remark) <= LONGEST else f"{remark[: LONGEST - 1]}…"
