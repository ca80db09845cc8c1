"""Pages of the school."""

from flask import Blueprint

blp = Blueprint("school", __name__, url_prefix="/school")
