"""Pages of the supervisor."""

from flask import Blueprint

blp = Blueprint("supervisor", __name__, url_prefix="/supervisor")
