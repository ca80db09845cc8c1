"""Pages of the student."""

from flask import Blueprint

blp = Blueprint("student", __name__, url_prefix="/student")
