"""Who is asking: sessions, API tokens, demo sign-in; whoever is not known gets nothing."""

from flask import Flask

from identity import requests, views


def init_app(app: Flask) -> None:
    """Identify every request before it reaches a room."""
    requests.init_app(app)
    app.register_blueprint(views.blp)
