"""The bridge to the LMS (LTI 1.3)."""

from flask import Flask

from lti import views
from lti.connecting import joining
from lti.placing import placing


def init_app(app: Flask) -> None:
    """Register the routes of the bridge."""
    app.register_blueprint(views.blp)
    app.register_blueprint(joining.blp)
    app.register_blueprint(placing.blp)
