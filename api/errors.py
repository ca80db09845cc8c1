"""One shape for every refusal: `{code, status, message, errors}`."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response
from flask_babel import lazy_gettext as gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from identity.tokens import TokenOnlyReadsError
from importers import bsn

CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "wrong_content_type",
    422: "invalid",
    429: "too_many_requests",
}
MOST_ERRORS = 100
LONGEST_NAME = 100


class Refusal(HTTPException):
    """A request whose form is wrong: a status, our code, and codes per field path."""

    def __init__(
        self,
        status: int,
        code: str,
        fields: dict[str, list[str]] | None = None,
        *,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Say no; `fields` is {"goal_ids.0": ["not_an_id"]}, `extra` is told beside them."""
        super().__init__(code)
        self.code = status
        self.reason = code
        self.fields = fields or {}
        self.extra = extra or {}


def http_refusal(error: HTTPException) -> tuple[int, str, dict[str, list[str]]]:
    """Return status, our code, and codes per field, for a refusal that HTTP knows."""
    if isinstance(error, Refusal):
        return error.code or 422, error.reason, error.fields
    if isinstance(error, CSRFError):
        return 403, "csrf_missing", {}
    if isinstance(error, TokenOnlyReadsError):
        return 403, "token_only_reads", {}
    status = error.code or 500
    return status, CODES.get(status, "refused"), {}


def render_error(
    status: int, code: str, fields: dict[str, list[str]], extra: dict[str, Any]
) -> Response:
    """Return a refusal as JSON; `message` is in the caller's language.

    Names of fields may be the caller's own: a BSN among them is not told on. `extra` holds what
    people wrote, for the one who may read it.
    """
    told = bsn.drop_in(fields)
    body = {"code": code, "status": status, "message": message(code), "errors": told, **extra}
    return Response(orjson.dumps(body), status, mimetype="application/json")


def by_path(errors: Any) -> dict[str, list[str]]:
    """Return marshmallow's nested errors as codes per path, such as `goal_ids.0`.

    A path may hold a name that the caller made up, so it is cut to a length and to letters that
    can be sent; the first hundred are enough to go on with.
    """
    found: dict[str, list[str]] = {}
    _gather(errors, (), found)
    return found


def _gather(errors: Any, path: tuple[str, ...], found: dict[str, list[str]]) -> None:
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            _gather(inner, path if name == "_schema" else (*path, _shown(str(name))), found)
    elif isinstance(errors, list):
        for inner in errors:
            _gather(inner, path, found)
    elif len(found) < MOST_ERRORS:
        found.setdefault(".".join(path) or "body", []).append(errors)


def _shown(name: str) -> str:
    return name[:LONGEST_NAME].replace("\0", "?").encode("utf-8", "replace").decode()


def message(code: str) -> str:
    """Return what a code means and what to do next, in the caller's language."""
    return str(messages().get(code, gettext("This was refused.")))


def messages() -> dict[str, str]:
    """Return every code of a refusal with what it means, in the caller's language.

    Only what is shown is translated: looking up all of them took a third of a refusal's time.
    """
    return {
        "bad_request": gettext("We could not read this request. Compare it with /api/docs."),
        "bad_json": gettext("This is not JSON. Check the body and send it again."),
        "not_signed_in": gettext("Sign in first, or send a token that still works."),
        "not_allowed": gettext("You may not do this. Ask who may."),
        "token_only_reads": gettext("This token only reads. Ask for one of scope write."),
        "csrf_missing": gettext("Reload the page and try again."),
        "not_found": gettext(
            "This does not exist, or not for you. Check the address and every id you sent."
        ),
        "method_not_allowed": gettext("This address does not know that method. See /api/docs."),
        "too_large": gettext("This is too large. Send less at once."),
        "wrong_content_type": gettext("Send this with the content type that /api/docs names."),
        "invalid": gettext("Some fields are not right yet. See errors, and send it again."),
        "evidence.key_used": gettext("This key belongs to other evidence. Make a new key."),
        "evidence.withdrawn": gettext("This evidence is withdrawn. Share it again to change it."),
        "evidence.judged": gettext(
            "Somebody judged this evidence. It can be withdrawn, not erased."
        ),
        "evidence.shared": gettext("Others can see this evidence. Take it back first."),
        "if_match_missing": gettext("Read it first, and send its ETag in If-Match."),
        "changed_meanwhile": gettext(
            "Somebody was first. Compare both, read the new ETag, and send it again."
        ),
        "goal.changed": gettext("This goal changed meanwhile. Look at it again."),
        "goal.closed": gettext("This goal is closed. Reopen it first."),
        "goal.not_closed": gettext("This goal is not closed, so it goes on already."),
        "goal.not_agreed": gettext("Your coach has to agree first."),
        "plan.closed": gettext("This plan is closed. Nothing is added to it any more."),
        "judgement.of_student": gettext("A student's own view never counts for the exam."),
        "judgement.not_signed": gettext("Its writer has to sign it first."),
        "judgement.promoted": gettext("This view counts already."),
        "scale.changed": gettext("Somebody changed this scale meanwhile. Look at it again."),
        "scale.code_taken": gettext("There is a scale with this code. Choose another one."),
        "import.not_previewed": gettext("This import is no preview (any more). Look at it again."),
        "import.other_preview": gettext("The preview is another one now. Look at it again."),
        "import.not_going_on": gettext("Nothing is going on with this import."),
        "import.not_correctable": gettext("This import cannot be read again. Send the file anew."),
        "import.not_applied": gettext("This import is not applied. Look at it again."),
        "import.nothing_waits": gettext("No row of this import waits any more."),
        "import.nothing_bad": gettext("No row of this import is bad any more."),
        "xapi.invalid": gettext("A statement is not as xAPI has it. None was taken. Correct it."),
        "xapi.conflict": gettext("Another statement has this id. None was taken. Make a new id."),
        "caliper.invalid": gettext(
            "This is no envelope as Caliper has it. Nothing was taken. Correct it."
        ),
        "parked.decided": gettext("Somebody said already who this is. Undo that first."),
        "parked.not_decided": gettext("Nobody said yet who this is."),
        "import.closing_not_confirmed": gettext("Very much would close. Confirm that first."),
        "request.open_already": gettext("This person was asked already. Remind them instead."),
        "request.reminded_today": gettext("You reminded this person today. Wait until tomorrow."),
        "request.closed": gettext("This request is closed already."),
        "comment.withdrawn": gettext("This comment was taken back already."),
        "question.closed": gettext("This question is closed already."),
        "holiday.known": gettext("A holiday of these days is there already."),
        "holiday.removed": gettext("This holiday was taken back already."),
        "absence.declared_already": gettext("These days were declared already."),
        "absence.withdrawn": gettext("This absence was taken back already."),
        "snooze.ended": gettext("This speaks again already."),
        "placement.over": gettext("This placement is over. Choose one that goes on."),
        "lesson.not_on_offer": gettext("This lesson is not on offer today. Choose another one."),
        "lesson.chosen_already": gettext("You chose this lesson already. Follow it first."),
        "choice.dropped": gettext("The student took this choice back."),
        "group.of_course": gettext("This is a course of your LMS. Confirm the course instead."),
        "course.no_roster": gettext("The LMS gives no list of people for this course."),
        "course.confirmed": gettext("This course is confirmed already."),
        "course.not_confirmed": gettext(
            "This course is not confirmed, so there is nothing to end."
        ),
        "access.answered": gettext("This was answered already."),
        "roster.not_held": gettext("There is nothing to release any more."),
        "registration.of_other_school": gettext("Another school has this client id already."),
        "gradebook.not_granted": gettext(
            "Your learning environment does not let us send numbers here."
        ),
        "gradebook.not_ours": gettext(
            "This column is not ours. Remove it in your learning environment."
        ),
        "gradebook.nothing_parked": gettext("There is nothing to try again here."),
        "meaning.ended": gettext("This was ended already."),
        "source.not_pulled": gettext("This source is no system that can be read."),
        "choice.confirmed": gettext("Somebody said already that this lesson was followed."),
        "too_many_requests": gettext("Wait a moment and try again."),
        "server_error": gettext(
            "Something went wrong on our side. Nothing was saved. Try again later."
        ),
    }
