"""JSON for programs: one module per noun, contract on top, handlers below."""

from flask import Flask

from api import (
    docs,
    evidence,
    files,
    frameworks,
    goals,
    imports,
    judgements,
    me,
    openapi,
    overview,
    plans,
    scales,
)
from api.errors import http_refusal as http_refusal
from api.errors import render_error as render_error

NOUNS = (me, plans, goals, evidence, files, judgements, scales, frameworks, overview, imports)


def init_app(app: Flask) -> None:
    """Register the routes of every noun and the document that describes them."""
    api = openapi.open_api(app)
    for noun in NOUNS:
        api.register_blueprint(noun.blp)
    docs.init_app(app, openapi.document(api))
