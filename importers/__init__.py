"""Pulling activity in: files and sources become records, previewed, applied, never guessed."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Nothing to register yet."""
