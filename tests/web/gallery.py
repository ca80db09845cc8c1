"""The pages of the samples as a small application: real filters, words and headers, no database."""

from pathlib import Path
from types import SimpleNamespace

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from tests.web.samples import NOW, PAGES
from web import headers, language

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "web" / "translations" / "nl" / "LC_MESSAGES" / "messages.po"
READERS = {
    "student": "Amira Bouzian",
    "coach": "Joost van Dalen",
    "supervisor": "Marja Postma",
    "administrator": "Ilse Kramer",
}
# The addresses that pages lead to: endpoint -> rule.
ENDPOINTS = {
    "identity.start": "/",
    "identity.sign_in": "/sign-in",
    "identity.demo_sign_in": "/sign-in/demo",
    "identity.sign_out": "/sign-out",
    "identity.set_language": "/language",
    "student.start": "/student",
    "goals.new_goal": "/student/goals/new",
    "evidence.new_evidence": "/student/evidence/new",
    "evidence.evidence": "/student/evidence/<uuid:evidence_id>",
    "coach.overview": "/coach",
    "coach.student": "/coach/plans/<uuid:plan_id>",
    "coach.judge_goal": "/coach/goals/<uuid:goal_id>/judgements",
    "supervisor.start": "/supervisor",
    "supervisor.evidence": "/supervisor/evidence/<uuid:evidence_id>",
    "school.imports": "/school",
    "school.send_file": "/school/imports",
    "school.import_run": "/school/imports/<uuid:run_id>",
    "school.apply_import": "/school/imports/<uuid:run_id>/apply",
    "school.discard_import": "/school/imports/<uuid:run_id>/discard",
}


def catalogue() -> Catalog:
    """Return the Dutch texts."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="nl")


def make_gallery() -> Flask:
    """Return an application that serves each sample at /samples/<page>."""
    with CATALOGUE.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue())
    app = Flask("gallery", root_path=str(ROOT / "web"))
    app.config["SECRET_KEY"] = "of these tests only"
    app.extensions["settings"] = SimpleNamespace(timezone="Europe/Amsterdam")
    language.init_app(app)
    headers.init_app(app)
    CSRFProtect(app)
    app.jinja_env.undefined = StrictUndefined
    for endpoint, rule in ENDPOINTS.items():
        app.add_url_rule(rule, endpoint)
    app.add_url_rule("/samples/<page>", "sample", sample)
    return app


def sample(page: str) -> str:
    """Return one page; with ?frame as it stands inside an LMS."""
    role, template, context = PAGES[page]
    in_frame = "frame" in request.args
    g.now = NOW
    return render_template(
        template,
        reader={"name": READERS[role], "role": role} if role else None,
        in_frame=in_frame,
        lms_origin="https://lms.example" if in_frame else None,
        **context,
    )


def render(app: Flask, page: str, *, spoken: str = "nl", in_frame: bool = False) -> str:
    """Return the markup of one page."""
    query = "?frame=yes" if in_frame else ""
    with app.test_request_context(f"/samples/{page}{query}", headers={"Accept-Language": spoken}):
        return sample(page)
