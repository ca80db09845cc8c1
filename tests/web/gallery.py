"""The pages of the samples as a small application: real filters, words and headers, no database."""

import os
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import FileSystemBytecodeCache, StrictUndefined

from tests.conftest import TEMPLATES
from tests.web.samples import NOW, PAGES
from web import drawing, headers, language

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
    "identity.use_link": "/sign-in/link/<secret>",
    "identity.sign_out": "/sign-out",
    "identity.set_language": "/language",
    "student.start": "/student",
    "goals.new_goal": "/student/goals/new",
    "goals.save_edit": "/student/goals/<uuid:goal_id>/edit",
    "goals.start": "/student/goals/<uuid:goal_id>/start",
    "goals.close": "/student/goals/<uuid:goal_id>/close",
    "goals.reopen": "/student/goals/<uuid:goal_id>/reopen",
    "goal_pages.goals": "/student/goals",
    "goal_pages.goal": "/student/goals/<uuid:goal_id>",
    "plans.plans": "/student/plans",
    "plans.save_plan": "/student/plans",
    "plans.plan": "/student/plans/<uuid:plan_id>",
    "absences.absences": "/student/plans/<uuid:plan_id>/absences",
    "absences.withdraw": "/student/absences/<uuid:absence_id>/withdraw",
    "opportunities.opportunities": "/placements/<uuid:placement_id>/opportunities",
    "tailoring.plan": "/plans/<uuid:plan_id>/tailoring",
    "plans.rename": "/student/plans/<uuid:plan_id>",
    "plans.close": "/student/plans/<uuid:plan_id>/close",
    "plans.reopen": "/student/plans/<uuid:plan_id>/reopen",
    "plans.save_unit": "/student/plans/<uuid:plan_id>/units",
    "goals.edit": "/student/goals/<uuid:goal_id>/edit",
    "threads.goal": "/feedback/goals/<uuid:goal_id>",
    "feedback.start": "/feedback",
    "questions.start": "/student/questions",
    "questions.save_question": "/student/questions",
    "threads.question": "/feedback/questions/<uuid:question_id>",
    "threads.comment_on_goal": "/feedback/goals/<uuid:goal_id>/comments",
    "threads.comment_on_evidence": "/feedback/evidence/<uuid:evidence_id>/comments",
    "threads.comment_on_question": "/feedback/questions/<uuid:question_id>/comments",
    "threads.ask_about_goal": "/feedback/goals/<uuid:goal_id>/requests",
    "threads.ask_about_evidence": "/feedback/evidence/<uuid:evidence_id>/requests",
    "threads.ask_about_question": "/feedback/questions/<uuid:question_id>/requests",
    "threads.look": "/feedback/evidence/<uuid:evidence_id>/look",
    "threads.withdraw": "/feedback/comments/<uuid:comment_id>/withdraw",
    "declining.decline_request": "/feedback/requests/<uuid:request_id>/decline",
    "feedback.remind_request": "/feedback/requests/<uuid:request_id>/remind",
    "feedback.withdraw_request": "/feedback/requests/<uuid:request_id>/withdraw",
    "questions.close": "/student/questions/<uuid:question_id>/close",
    "lessons.lessons": "/student/lessons",
    "lessons.lesson": "/student/lessons/<uuid:lesson_id>",
    "lessons.choose": "/student/lessons/<uuid:lesson_id>",
    "lessons.drop": "/student/lessons/choices/<uuid:choice_id>/drop",
    "lti.storage_confirm": "/lti/storage-confirm",
    "gradebook.gradebook": "/coach/courses/<uuid:context_id>/gradebook",
    "gradebook.choose": "/coach/courses/<uuid:context_id>/gradebook",
    "gradebook.again": "/coach/courses/<uuid:context_id>/gradebook/again",
    "gradebook.remove": "/coach/courses/<uuid:context_id>/gradebook/remove",
    "teaching.lessons": "/lessons",
    "teaching.new_lesson": "/lessons/new",
    "teaching.lesson": "/lessons/<uuid:lesson_id>",
    "teaching.edit": "/lessons/<uuid:lesson_id>/edit",
    "teaching.close": "/lessons/<uuid:lesson_id>/close",
    "teaching.reopen": "/lessons/<uuid:lesson_id>/reopen",
    "teaching.confirm": "/lessons/choices/<uuid:choice_id>/confirm",
    "evidence.new_evidence": "/student/evidence/new",
    "evidence.evidence": "/student/evidence/<uuid:evidence_id>",
    "pieces.all_evidence": "/student/evidence",
    "pieces.edit": "/student/evidence/<uuid:evidence_id>/edit",
    "pieces.save_edit": "/student/evidence/<uuid:evidence_id>/edit",
    "sharing.share": "/student/evidence/<uuid:evidence_id>/share",
    "sharing.stop": "/student/evidence/<uuid:evidence_id>/stop",
    "sharing.take_back": "/student/evidence/<uuid:evidence_id>/withdraw",
    "sharing.erase_piece": "/student/evidence/<uuid:evidence_id>/erase",
    "threads.evidence": "/feedback/evidence/<uuid:evidence_id>",
    "coach.overview": "/coach",
    "courses.course": "/coach/courses/<uuid:context_id>",
    "courses.ask": "/coach/courses/<uuid:context_id>/access",
    "talk.student": "/coach/plans/<uuid:plan_id>",
    "talks.talks": "/plans/<uuid:plan_id>/talks",
    "talk.evidence": "/coach/plans/<uuid:plan_id>/evidence",
    "talk.work": "/coach/plans/<uuid:plan_id>/work",
    "talk.activity": "/coach/plans/<uuid:plan_id>/activity",
    "talk.agree": "/coach/goals/<uuid:goal_id>/agreements",
    "talk.record": "/coach/plans/<uuid:plan_id>/talks",
    "absences.declare_by_coach": "/coach/plans/<uuid:plan_id>/absences",
    "absences.withdraw_by_coach": "/coach/absences/<uuid:absence_id>/withdraw",
    "opportunities.say_by_coach": "/coach/placements/<uuid:placement_id>/opportunities",
    "snoozing.later": "/coach/plans/<uuid:plan_id>/snoozes",
    "snoozing.back": "/coach/snoozes/<uuid:snooze_id>/end",
    "judging.goal": "/judge/goals/<uuid:goal_id>",
    "judging.evidence": "/judge/evidence/<uuid:evidence_id>",
    "judging.item": "/judge/plans/<uuid:plan_id>/items/<uuid:item_id>",
    "judging.draft": "/judge/drafts/<uuid:draft_id>",
    "signing.judgement": "/judge/judgements/<uuid:judgement_id>",
    "signing.sign_judgement": "/judge/judgements/<uuid:judgement_id>/signature",
    "signing.promote_judgement": "/judge/judgements/<uuid:judgement_id>/promotion",
    "files.recording": "/files/recordings/<uuid:recording_id>",
    "scales.scales": "/school/scales",
    "scales.new_scale": "/school/scales/new",
    "scales.change": "/school/scales/<uuid:scale_id>/change",
    "scales.blind_rating": "/school/scales/blind-rating",
    "supervisor.start": "/supervisor",
    "supervisor.evidence": "/supervisor/evidence/<uuid:evidence_id>",
    "school_figures.figures": "/school/figures",
    "school_figures.without_coach": "/school/figures/without-coach",
    "school_figures.ending": "/school/figures/ending",
    "rules.rules": "/school/rules",
    "rules.save": "/school/rules",
    "rules.add": "/school/rules/holidays",
    "rules.change": "/school/rules/holidays/<uuid:holiday_id>",
    "rules.holiday": "/school/rules/holidays/<uuid:holiday_id>",
    "rules.remove": "/school/rules/holidays/<uuid:holiday_id>/remove",
    "tailoring.school": "/school/tailoring",
    "school.imports": "/school",
    "school.send_file": "/school/imports",
    "school.import_run": "/school/imports/<uuid:run_id>",
    "school.progress": "/school/imports/<uuid:run_id>/progress",
    "school.apply_import": "/school/imports/<uuid:run_id>/apply",
    "school.discard_import": "/school/imports/<uuid:run_id>/discard",
    "import_runs.history": "/school/imports",
    "import_runs.download": "/school/imports/<uuid:run_id>/bad-rows",
    "import_runs.cancel": "/school/imports/<uuid:run_id>/cancel",
    "import_columns.say": "/school/imports/<uuid:run_id>/columns",
    "import_taken_as.say": "/school/imports/<uuid:run_id>/taken-as",
    "import_runs.repair": "/school/imports/<uuid:run_id>/repair",
    "import_runs.retry": "/school/imports/<uuid:run_id>/retry",
    "import_runs.discard_rows": "/school/imports/<uuid:run_id>/bad-rows/discard",
    "sources.overview": "/school/sources",
    "sources.add": "/school/sources",
    "sources.source": "/school/sources/<uuid:source_id>",
    "sources.change": "/school/sources/<uuid:source_id>",
    "sources.pull": "/school/sources/<uuid:source_id>/pull",
    "sources.pause": "/school/sources/<uuid:source_id>/pause",
    "sources.resume": "/school/sources/<uuid:source_id>/resume",
    "groups.groups": "/school/groups",
    "groups.group": "/school/groups/<uuid:group_id>",
    "groups.confirm": "/school/groups/<uuid:group_id>",
    "groups.end": "/school/groups/<uuid:group_id>/end",
    "items.items": "/school/items",
    "items.say": "/school/items",
    "items.end": "/school/items/end",
    "parking.parked": "/school/parked",
    "parking.person": "/school/parked/<uuid:parked_id>",
    "parking.decide": "/school/parked/<uuid:parked_id>",
    "parking.undo": "/school/parked/<uuid:parked_id>/undo",
    "parking.take_up": "/school/parked/take-up",
    "lms.overview": "/school/lms",
    "lms.connection": "/school/lms/<uuid:registration_id>",
    "lms.change": "/school/lms/<uuid:registration_id>",
    "lms.switch": "/school/lms/<uuid:registration_id>/deployments",
    "lms.check": "/school/lms/<uuid:registration_id>/check",
    "lms_setup.new": "/school/lms/new",
    "lms_setup.connect": "/school/lms/new",
    "lms_setup.send_invite": "/school/lms/invites",
    "lms_courses.course": "/school/lms/courses/<uuid:context_id>",
    "lms_courses.confirm": "/school/lms/courses/<uuid:context_id>",
    "lms_courses.answer": "/school/lms/courses/<uuid:context_id>/access",
    "lms_courses.release": "/school/lms/courses/<uuid:context_id>/release",
    "lti_joining.connect": "/lti/register/<invite>",
}


@cache
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
    app.extensions["settings"] = SimpleNamespace(timezone="Europe/Amsterdam", files_url=None)
    language.init_app(app)
    drawing.init_app(app)
    headers.init_app(app)
    CSRFProtect(app)
    app.jinja_env.undefined = StrictUndefined
    if folder := os.environ.get(TEMPLATES):
        app.jinja_env.bytecode_cache = FileSystemBytecodeCache(folder)
    for endpoint, rule in ENDPOINTS.items():
        app.add_url_rule(rule, endpoint)
    app.view_functions["school.progress"] = progress
    app.add_url_rule("/samples/<page>", "sample", sample)
    return app


def progress(run_id: UUID) -> str:
    """Return what a page about a run that goes on asks for: it is as far as it was."""
    _, _, context = PAGES["import-reading"]
    return render_template("school/_progress.html", **context)


def sample(page: str) -> str:
    """Return one page; with ?frame as it stands inside an LMS."""
    role, template, context = PAGES[page]
    in_frame = "frame" in request.args
    g.now = NOW
    return render_template(
        template,
        reader={"name": READERS[role], "role": role} if role else None,
        waiting_count=2 if role else 0,
        from_lms=in_frame,
        in_frame=in_frame,
        lms_origin="https://lms.example" if in_frame else None,
        **context,
    )


def render(app: Flask, page: str, *, spoken: str = "nl", in_frame: bool = False) -> str:
    """Return the markup of one page."""
    query = "?frame=yes" if in_frame else ""
    with app.test_request_context(f"/samples/{page}{query}", headers={"Accept-Language": spoken}):
        return sample(page)
