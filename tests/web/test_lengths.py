"""What may be written on a page may be written through the API, and the other way round."""

import json
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, validate

from web.evidence import EvidenceForm
from web.goals import GoalForm
from web.judging import ViewForm
from web.lessons import ChoiceForm
from web.plans import NewPlanForm, UnitForm
from web.questions import QuestionForm
from web.rules import HolidayForm
from web.scales import ScaleForm
from web.snoozing import LaterForm
from web.talk import TalkForm
from web.threads import AskForm, CommentForm

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
SCHEMAS: dict[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))["components"]["schemas"]
SAME = [
    (NewPlanForm, "title", "NewPlan", "title"),
    (UnitForm, "title", "NewUnit", "title"),
    *((GoalForm, name, "NewGoal", name) for name in ("title", "question", "success", "approach")),
    (EvidenceForm, "text", "NewEvidence", "text"),
    (ViewForm, "words", "NewJudgement", "words"),
    (ViewForm, "words", "NewDraft", "words"),
    (AskForm, "ask_words", "NewRequest", "words"),
    (CommentForm, "words", "NewComment", "words"),
    (QuestionForm, "words", "NewQuestion", "words"),
    (TalkForm, "words", "NewTalk", "words"),
    (LaterForm, "reason", "NewSnooze", "reason"),
    (ChoiceForm, "reason", "NewChoice", "reason"),
    (ScaleForm, "name", "NewScale", "name"),
    (HolidayForm, "name", "NewHoliday", "name"),
]


@pytest.mark.parametrize(
    ("form", "field", "schema", "name"), SAME, ids=[f"{s}.{n}" for _, _, s, n in SAME]
)
def test_a_page_takes_as_long_a_text_as_the_api(
    form: type[Schema], field: str, schema: str, name: str
) -> None:
    checks = form().fields[field].validators
    longest = [check.max for check in checks if isinstance(check, validate.Length)]
    assert longest == [SCHEMAS[schema]["properties"][name]["maxLength"]]
