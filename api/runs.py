"""An import as programs see it: the contract, and how answers are filled."""

from typing import Any

from flask import g
from marshmallow import fields

from api.fields import Choice, Contract, Id, Moment, Text, Whole
from importers.issues import Severity
from importers.models import ImportRun, RunState
from importers.report import report_of

MOST_ISSUES = 1000


class CountsSchema(Contract):
    """How many records an import would touch, or touched."""

    new = Whole(least=0, most=2**31, about="Not here yet", example=247)
    changed = Whole(least=0, most=2**31, about="Here, with other content", example=0)
    same = Whole(least=0, most=2**31, about="Here already", example=0)
    closed = Whole(least=0, most=2**31, about="No longer there, so ended", example=0)
    quarantined = Whole(least=0, most=2**31, about="Set aside until repaired", example=1)
    ignored = Whole(least=0, most=2**31, about="Passed over", example=0)


class IssueSchema(Contract):
    """Something that is wrong with a file or a row of it."""

    file = Text(longest=200, allow_none=True, about="Which file", example="users.csv")
    row = Whole(least=1, most=2**31, allow_none=True, about="The row as Excel shows it", example=14)
    column = Text(longest=200, allow_none=True, about="Which column", example="sourcedId")
    letter = Text(longest=64, allow_none=True, about="The column's letter", example="A")
    code = Text(longest=64, about="What is wrong, for programs", example="value.missing")
    severity = Choice(Severity, about="Whether the row is kept out", example="error")
    value = Text(longest=2000, allow_none=True, about="What was read", example="")
    message = Text(longest=500, about="What is wrong", example="This row has no sourcedId.")
    hint = Text(longest=500, about="What to do", example="Export the list again.")


class RunSchema(Contract):
    """An import with what is wrong in its file."""

    run = Id(about="The run", example="019aab4e-9000-7aaa-8bbb-000000000001")
    kind = Text(longest=64, allow_none=True, about="What the file is", example="oneroster")
    state = Choice(RunState, about="Where it stands", example="previewed")
    file_name = Text(longest=200, about="The file", example="meetpunt.zip")
    source_id = Id(
        allow_none=True, about="Its source", example="019aab4e-9000-7aaa-8bbb-000000000002"
    )
    repair_of = Id(allow_none=True, about="The import whose rows it takes up", example=None)
    started_at = Moment(about="When it was sent", example="2026-11-21T03:00:00Z")
    ended_at = Moment(allow_none=True, about="When it was done", example="2026-11-21T03:02:00Z")
    done = Whole(least=0, most=2**31, about="Rows done in its present stage", example=247)
    total = Whole(
        least=0, most=2**31, allow_none=True, about="Rows in all, once known", example=247
    )
    digest = Text(
        longest=64,
        allow_none=True,
        about="Of the preview; name it to apply what you saw",
        example="9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c7d1e4a9f2c",
    )
    counts = fields.Nested(CountsSchema)
    by_kind = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Integer()),
        metadata={"description": "The same per kind", "example": {"person": {"new": 247}}},
    )
    issues = fields.List(fields.Nested(IssueSchema))


def shown(run: ImportRun) -> dict[str, Any]:
    """Return an import as one answer tells it."""
    report = report_of(g.session, run, limit=MOST_ISSUES)
    issues = [{**issue, "severity": Severity(issue["severity"])} for issue in report["issues"]]
    return {
        **report,
        **{name: getattr(run, name) for name in ("file_name", "source_id", "started_at")},
        **{name: getattr(run, name) for name in ("ended_at", "done", "total")},
        "repair_of": run.retry_of_id,
        "run": run.id,
        "state": run.state,
        "issues": issues,
    }
