"""Pages for people: rendered here, small, and usable without any script."""

from flask import Flask

from web import coach, evidence, files, frame, goals, headers, language, school, student, supervisor
from web.errors import render_error as render_error


def init_app(app: Flask) -> None:
    """Register the pages, their language, their headers and their frame."""
    language.init_app(app)
    headers.init_app(app)
    frame.init_app(app)
    for pages in (student, goals, evidence, coach, supervisor, school, files):
        app.register_blueprint(pages.blp)
