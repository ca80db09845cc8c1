"""What people edit says which state it is in, and an edit says which state it changes (RFC 9110).

A program reads, keeps the `ETag`, and sends it back in `If-Match`. Without it an edit is refused
with 428; when somebody was first, with 412 and both texts. The tag covers what the reader sees,
or, where much changes by itself, what may be edited.
"""

from hashlib import sha256
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema

from api.errors import Refusal

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": "The `ETag` of what you read",
    "schema": {"type": "string"},
    "required": True,
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The `ETag` of what you have; 304 when it still holds",
    "schema": {"type": "string"},
}
ETAG = {"ETag": {"description": "The state you read", "schema": {"type": "string"}}}


def etag_of(schema: Schema, shown: Any) -> str:
    """Return the tag of a record as this reader sees it."""
    body = orjson.dumps(schema.dump(shown), option=orjson.OPT_SORT_KEYS)
    return f'"{sha256(body).hexdigest()[:32]}"'


def with_tag(schema: Schema, shown: Any) -> tuple[Any, dict[str, str]]:
    """Return the answer that shows a record, with its tag."""
    return shown, {"ETag": etag_of(schema, shown)}


def check_match(schema: Schema, shown: Any, sent: dict[str, Any]) -> None:
    """Raise Refusal unless `If-Match` names the state that is there now.

    The caller holds the record (`permissions.lock`), so that it stays so until the edit is saved.
    """
    tags = [tag.strip() for tag in request.headers.get("If-Match", "").split(",") if tag.strip()]
    if not tags:
        raise Refusal(428, "if_match_missing")
    if etag_of(schema, shown) not in tags:
        raise Refusal(412, "changed_meanwhile", extra={"current": schema.dump(shown), "sent": sent})


def known_to_reader(schema: Schema, shown: Any) -> Response | None:
    """Return 304 when `If-None-Match` names the state that is there now, else None."""
    tag = etag_of(schema, shown)
    if not request.if_none_match.contains_weak(tag.strip('"')):
        return None
    return Response(status=304, headers={"ETag": tag})
