"""flask-smorest's blueprint with our manners: strict input, our refusals, nothing undeclared."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import flask_smorest
from flask import current_app, request
from marshmallow import Schema, fields

from api.errors import Refusal, by_path
from api.parsing import JSON, MULTIPART, Parser

PREFIX = "api-"
View = TypeVar("View", bound=Callable[..., Any])
BODIES = {
    "json": (JSON,),
    "multipart": (MULTIPART,),
    "json_or_multipart": (JSON, MULTIPART),
}


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest ships no types
    """The routes of one noun; a function's name is its operationId."""

    ARGUMENTS_PARSER = Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {place: kinds[0] for place, kinds in BODIES.items()}  # noqa: RUF012 - flask-smorest's declaration

    def __init__(self, noun: str, *, about: str) -> None:
        """Name the noun; `about` is one sentence for the docs."""
        super().__init__(f"{PREFIX}{noun}", __name__, url_prefix="/api", description=about)
        self.before_request(check_form)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view under its own name, tagged with the noun."""
        register = super().route(rule, tags=[self.name.removeprefix(PREFIX)], **options)

        def decorate(view: View) -> View:
            documented = self.doc(operationId=view.__name__)(view)
            registered: View = register(documented)
            return registered

        return decorate

    def arguments(self, schema: type[Schema], *, location: str = "json", **options: Any) -> Any:
        """Declare what a view takes; its example is made of the fields' examples."""
        if location in BODIES:
            options["example"] = example_of(schema())
        return super().arguments(schema, location=location, **options)

    def response(
        self,
        status_code: int,
        schema: type[Schema] | dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        """Declare what a view gives; its example is made of the fields' examples."""
        if isinstance(schema, type):
            options["example"] = example_of(schema())
        return super().response(status_code, schema, **options)


def example_of(schema: Schema) -> dict[str, Any]:
    """Return an example of a body, made of its fields' examples."""
    return {
        name: example
        for name, field in schema.fields.items()
        if (example := _example(field)) is not None
    }


def _example(field: fields.Field[Any]) -> Any:
    if "example" in field.metadata:
        return field.metadata["example"]
    if isinstance(field, fields.Nested):
        return example_of(field.schema)
    if isinstance(field, fields.List):
        return [_example(field.inner)]
    return None


def check_form() -> None:
    """Refuse a query or a body that the view does not declare, before anything is looked up."""
    declared = _declared()
    if request.args and "query" not in declared:
        unknown = {name: ["unknown_field"] for name in request.args}
        raise Refusal(422, "invalid", by_path(unknown))
    kinds = [kind for place in declared for kind in BODIES.get(place, ())]
    if request.mimetype and request.mimetype not in kinds and _has_body():
        raise Refusal(415, "wrong_content_type")


def _declared() -> set[str]:
    """Return where the view at hand takes its arguments from."""
    view = current_app.view_functions[request.endpoint or ""]
    documented: Mapping[str, Any] = getattr(view, "_apidoc", {}).get("arguments", {})
    return {parameter["in"] for parameter in documented.get("parameters", [])}


def _has_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers
