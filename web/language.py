"""The language of the pages, and days and moments in the school's words."""

from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Flask, current_app, g, request
from flask import session as cookie
from flask_babel import Babel, format_decimal, get_domain, get_locale, gettext, ngettext
from markupsafe import Markup

LANGUAGES = ("nl", "en")
NO_SIGN = 1000  # below it a number is written alike everywhere
TRANSLATIONS = Path(__file__).parent / "translations"

# The catalogue of the page that is being rendered: a page asks for hundreds of sentences, and
# finding out its language again for each was a tenth of its time.
_catalogue: ContextVar[NullTranslations] = ContextVar("catalogue")


def init_app(app: Flask) -> None:
    """Choose the language per request and give templates their filters."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=language, default_locale="nl")
    app.jinja_env.filters.update(
        day=day,
        day_short=day_short,
        month=month,
        moment=moment,
        ago_days=ago_days,
        initials=initials,
    )
    app.jinja_env.globals.update(language=language, _=_told, gettext=_told, ngettext=_counted)
    app.context_processor(_bind)


def _bind() -> dict[str, Any]:
    """Look the catalogue of a page up, once for each page that is rendered."""
    _catalogue.set(get_domain().get_translations())
    return {}


def _told(text: str, /, **values: Any) -> Markup:
    """Return a sentence of a template in the language of its page; values are escaped."""
    catalogue = _catalogue.get()
    if values:
        return Markup(catalogue.gettext(text)) % values  # noqa: S704 - our own words
    return _plain(catalogue, text)


@lru_cache(maxsize=8192)
def _plain(catalogue: NullTranslations, text: str) -> Markup:
    return Markup(catalogue.gettext(text)) % {}  # noqa: S704 - our own words


def _counted(one: str, many: str, count: int, /, **values: Any) -> Markup:
    """Return a sentence with a number (`num`) in it, written as in this language: 1.300."""
    told = _catalogue.get().ngettext(one, many, count)
    shown = count if -NO_SIGN < count < NO_SIGN else format_decimal(count)
    return Markup(told) % {"num": shown, **values}  # noqa: S704 - our own words


def language() -> str:
    """Return what this browser chose, else the person, else what the browser asks for."""
    chosen = cookie.get("language") or getattr(g.get("person"), "locale", None)
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(LANGUAGES, default="nl")


def day(value: date) -> str:
    """Return '19 november', with the year when it is another one."""
    form = "d MMMM" if value.year == _today().year else "d MMMM y"
    return _dated(value, form, get_locale().language)


def day_short(value: date) -> str:
    """Return '19 nov', with the year when it is another one."""
    form = "d MMM" if value.year == _today().year else "d MMM y"
    return _dated(value, form, get_locale().language).replace(".", "")


def month(value: date) -> str:
    """Return 'november 2026'."""
    return _dated(value, "MMMM y", get_locale().language)


@lru_cache(maxsize=4096)
def _dated(value: date, form: str, locale: str) -> str:
    """Return a day in words; many things happen on one day."""
    return format_date(value, form, locale=locale)


def moment(value: datetime) -> str:
    """Return 'vandaag 6.10 uur', 'gisteren 14.00 uur' or '12 november 9.12 uur'."""
    local = value.astimezone(ZoneInfo(_timezone()))
    clock = format_time(local, gettext("H:mm"), locale=get_locale())
    if local.date() == _today():
        return gettext("today %(clock)s", clock=clock)
    if local.date() == _today() - timedelta(days=1):
        return gettext("yesterday %(clock)s", clock=clock)
    return gettext("%(day)s %(clock)s", day=day(local.date()), clock=clock)


def ago_days(value: date) -> str:
    """Return 'vandaag', 'gisteren' or '5 dagen geleden'."""
    days = (_today() - value).days
    if days <= 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    return ngettext("%(num)d day ago", "%(num)d days ago", days)


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def _timezone() -> str:
    school = g.get("school")
    return str(school.timezone if school else current_app.extensions["settings"].timezone)


def _today() -> date:
    today: date | None = g.get("today")
    if today is not None:
        return today
    now: datetime = g.get("now") or datetime.now(UTC)
    return now.astimezone(ZoneInfo(_timezone())).date()
