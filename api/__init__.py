"""JSON for programs: one module per noun, contract on top, handlers below."""

from flask import Flask

from api import (
    activity,
    attention,
    caliper,
    candidates,
    comments,
    conversations,
    courses,
    docs,
    drafts,
    evidence,
    files,
    frameworks,
    goal_steps,
    goals,
    gradebook,
    groups,
    import_reading,
    import_steps,
    imports,
    items,
    judgements,
    lesson_choices,
    lessons,
    limits,
    lms,
    lms_launches,
    me,
    openapi,
    overview,
    parking,
    plans,
    questions,
    requests,
    scales,
    school,
    school_lists,
    shares,
    signing,
    sources,
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
    activity,
    lessons,
    lesson_choices,
    scales,
    frameworks,
    overview,
    limits,
    attention,
    school,
    school_lists,
    groups,
    imports,
    import_reading,
    import_steps,
    parking,
    sources,
    items,
    lms,
    lms_launches,
    courses,
    gradebook,
    xapi,
    caliper,
)


def init_app(app: Flask) -> None:
    """Register the routes of every noun and the document that describes them."""
    api = openapi.open_api(app)
    for noun in NOUNS:
        api.register_blueprint(noun.blp)
    docs.init_app(app, openapi.document(api))
