"""Pages of the coach."""

from flask import Blueprint

blp = Blueprint("coach", __name__, url_prefix="/coach")
