"""What the pages and jobs of the bridge take from the application around them."""

from flask import current_app
from sqlalchemy import Engine

from settings import Settings


def engine() -> Engine:
    """Return the application's engine."""
    found: Engine = current_app.extensions["engine"]
    return found


def app_settings() -> Settings:
    """Return the application's settings."""
    found: Settings = current_app.extensions["settings"]
    return found
