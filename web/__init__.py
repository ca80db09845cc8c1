"""Pages for people: rendered here, small, and usable without any script."""

from flask import Flask

from web import (
    coach,
    courses,
    drawing,
    evidence,
    feedback,
    files,
    frame,
    goal_pages,
    goals,
    gradebook,
    groups,
    headers,
    import_columns,
    import_runs,
    items,
    judging,
    language,
    lessons,
    lms,
    lms_courses,
    lms_setup,
    parking,
    pieces,
    plans,
    questions,
    scales,
    school,
    sharing,
    signing,
    sources,
    student,
    supervisor,
    taken_as,
    teaching,
    threads,
)
from web.errors import render_error as render_error


def init_app(app: Flask) -> None:
    """Register the pages, their language, their headers and their frame."""
    language.init_app(app)
    drawing.init_app(app)
    headers.init_app(app)
    frame.init_app(app)
    for pages in (
        student,
        goals,
        goal_pages,
        plans,
        evidence,
        pieces,
        sharing,
        coach,
        courses,
        gradebook,
        judging,
        signing,
        supervisor,
        school,
        import_runs,
        import_columns,
        taken_as,
        parking,
        sources,
        groups,
        items,
        lms,
        lms_setup,
        lms_courses,
        scales,
        files,
        feedback,
        threads,
        questions,
        lessons,
        teaching,
    ):
        app.register_blueprint(pages.blp)
