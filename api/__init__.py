"""JSON for programs: one module per noun, contract on top, handlers below."""

from flask import Flask

from api import (
    attention,
    caliper,
    candidates,
    comments,
    conversations,
    docs,
    drafts,
    evidence,
    files,
    frameworks,
    goal_steps,
    goals,
    import_steps,
    imports,
    judgements,
    lesson_choices,
    lessons,
    limits,
    me,
    openapi,
    overview,
    parking,
    plans,
    questions,
    requests,
    scales,
    school,
    shares,
    signing,
    units,
    xapi,
)
from api.errors import http_refusal as http_refusal
from api.errors import render_error as render_error

NOUNS = (
    me,
    plans,
    units,
    goals,
    goal_steps,
    evidence,
    shares,
    files,
    judgements,
    drafts,
    signing,
    requests,
    candidates,
    comments,
    questions,
    conversations,
    lessons,
    lesson_choices,
    scales,
    frameworks,
    overview,
    limits,
    attention,
    school,
    imports,
    import_steps,
    parking,
    xapi,
    caliper,
)


def init_app(app: Flask) -> None:
    """Register the routes of every noun and the document that describes them."""
    api = openapi.open_api(app)
    for noun in NOUNS:
        api.register_blueprint(noun.blp)
    docs.init_app(app, openapi.document(api))
