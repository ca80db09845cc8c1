"""JSON for programs: one module per noun, contract on top, handlers below."""

from flask import Flask

from api.errors import http_refusal as http_refusal
from api.errors import render_error as render_error


def init_app(app: Flask) -> None:
    """Register the routes of every noun and the document that describes them."""
