"""Reading what programs send: strictly, so that a body means one thing or is refused."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import marshmallow
from flask import Request
from webargs.flaskparser import FlaskParser

from api.errors import Refusal, by_path
from api.fields import Flag, Many
from importers.readers import jsonl

DEEPEST = 20
JSON = "application/json"
MULTIPART = "multipart/form-data"
FILES = "files"
FLAGS = {"true": True, "false": False}


class Parser(FlaskParser):
    """webargs, made strict: only what is declared, in the content type it is declared in."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs' declaration
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": marshmallow.RAISE,
    }
    __location_map__ = dict(  # noqa: RUF012 - webargs' declaration
        FlaskParser.__location_map__, multipart="load_multipart", json_or_multipart="load_either"
    )

    def load_json(self, req: Request, _schema: marshmallow.Schema) -> Any:
        """Read a JSON body."""
        if req.mimetype != JSON:
            raise Refusal(415, "wrong_content_type")
        body = req.get_data()
        # A body that does not say its length is cut at the limit, without a word.
        if req.max_content_length is not None and len(body) >= req.max_content_length:
            raise Refusal(413, "too_large")
        return read_json(body)

    def load_querystring(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Read the query; a name given twice is refused."""
        return _single(req.args, schema)

    def load_multipart(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Read the fields of a form with files; the handler takes the files themselves."""
        if req.mimetype != MULTIPART:
            raise Refusal(415, "wrong_content_type")
        unknown = [name for name in req.files if name != FILES]
        if unknown:
            raise Refusal(422, "invalid", by_path({name: ["unknown_field"] for name in unknown}))
        return _single(req.form, schema)

    def load_either(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Read a JSON body, or a form with files."""
        if req.mimetype == MULTIPART:
            return self.load_multipart(req, schema)
        return self.load_json(req, schema)

    def handle_error(
        self,
        error: marshmallow.ValidationError,
        req: Request,  # noqa: ARG002 - webargs' signature
        schema: marshmallow.Schema,  # noqa: ARG002 - webargs' signature
        *,
        error_status_code: int | None,  # noqa: ARG002 - webargs' signature
        error_headers: Mapping[str, str] | None,  # noqa: ARG002 - webargs' signature
    ) -> NoReturn:
        """Refuse with the codes per field; webargs put them under the place they were read from."""
        fields: dict[str, list[str]] = {}
        for errors in error.messages_dict.values():
            fields.update(by_path(errors))
        raise Refusal(422, "invalid", fields)


def _single(values: Any, schema: marshmallow.Schema) -> dict[str, Any]:
    """Return text values by name: lists where the schema has them, true and false for flags."""
    found: dict[str, Any] = {}
    for name in values:
        field = schema.fields.get(name)
        given = values.getlist(name)
        if isinstance(field, Many):
            found[name] = given
        elif len(given) > 1:
            raise Refusal(422, "invalid", by_path({name: ["repeated"]}))
        elif isinstance(field, Flag):
            found[name] = FLAGS.get(given[0], given[0])
        else:
            found[name] = given[0]
    return found


def read_json(body: bytes) -> Any:
    """Read JSON of UTF-8 (RFC 8259) whose names are unique and whose depth is bounded."""
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError:
        raise Refusal(422, "invalid", {"body": ["too_deep"]}) from None
    except ValueError:
        raise Refusal(400, "bad_json") from None
    _check_depth(value)
    return value


def let_in(told: Any) -> Any:
    """Return what a program of a source sent as it may be kept: no BSN, nothing unstorable."""
    try:
        return jsonl.parse(jsonl.cleaned(json.dumps(told).encode()))
    except jsonl.NotJson:
        raise Refusal(400, "bad_json") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        doubles = {name: ["duplicate_key"] for name in found if times[name] > 1}
        raise Refusal(422, "invalid", by_path(doubles))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
    if any(isinstance(inner, dict | list) for inner in level):
        raise Refusal(422, "invalid", {"body": ["too_deep"]})


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
