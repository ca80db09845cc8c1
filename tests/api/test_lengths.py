"""A text may be as long on a page as in the API: what comes in one way is changed the other way."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from marshmallow import fields, validate

import web
from api import (
    attention,
    comments,
    conversations,
    goal_steps,
    goals,
    groups,
    imports,
    judgements,
    lesson_choices,
    lessons,
    limits,
    lms,
    parking,
    pieces,
    plans,
    questions,
    requests,
    scales,
    signing,
    sources,
    units,
)
from api.fields import Contract
from importers.sheet.mapping import LONGEST_NAME
from tracker.snoozes import LONGEST_REASON
from web.forms import Form

# A form -> the contracts that take the same; a field of another name there stands in NAMES.
SAME: dict[str, tuple[type[Contract], ...]] = {
    "declining.DeclineForm": (requests.DeclineSchema,),
    "evidence.EvidenceForm": (pieces.NewEvidenceSchema,),
    "goals.ClosingForm": (goal_steps.ClosingSchema,),
    "goals.EditedGoalForm": (goals.GoalWordsSchema,),
    "goals.GoalForm": (goals.GoalWordsSchema,),
    "goals.NewGoalForm": (goals.NewGoalSchema,),
    "groups.SearchForm": (groups.GroupsQuery,),
    "import_columns.ColumnsForm": (imports.UploadSchema,),
    "judging.ViewForm": (judgements.NewJudgementSchema,),
    "lessons.ChoiceForm": (lesson_choices.NewChoiceSchema,),
    "lms.SettingsForm": (lms.SettingsSchema,),
    "lms_setup.AddressForm": (lms.NewRegistrationSchema,),
    "parking.SearchForm": (parking.PeopleQuery,),
    "pieces.EditForm": (pieces.EvidenceWordsSchema,),
    "plans.NewPlanForm": (plans.NewPlanSchema,),
    "plans.PlanForm": (plans.PlanChangeSchema,),
    "plans.UnitForm": (units.NewUnitSchema,),
    "questions.QuestionForm": (questions.NewQuestionSchema,),
    "rules.HolidayForm": (limits.NewHolidaySchema,),
    "scales.ScaleForm": (scales.NewScaleSchema, scales.NewLevelSchema),
    "school.FileForm": (imports.UploadSchema,),
    "signing.ReasonForm": (signing.PromotionSchema,),
    "snoozing.LaterForm": (attention.NewSnoozeSchema,),
    "sources.NewSourceForm": (sources.NewSourceSchema,),
    "sources.SourceForm": (sources.SourceChangeSchema,),
    "supervisor.LookForm": (judgements.NewJudgementSchema,),
    "talk.TalkForm": (conversations.NewTalkSchema,),
    "teaching.LessonForm": (lessons.LessonWordsSchema,),
    "threads.AskForm": (requests.NewRequestSchema,),
    "threads.CommentForm": (comments.NewCommentSchema,),
    "threads.LookForm": (judgements.NewJudgementSchema,),
}
NAMES = {"decline_words": "words", "ask_words": "words", "q": "words"}
# Made of other fields, a choice of a list, or the page's own memory of what was read.
NO_TEXT = {
    *("anchor", "audience", "course", "level", "options", "pattern", "place", "read"),
    *("repeats", "share_with", "sign", "snapshot", "version", "is_default"),
}
OF_THE_PAGE = {"items.CourseForm", "items.EndForm", "items.MeaningForm"}  # where one was


def longest(field: Any) -> int | None:
    """Return how many letters a field takes."""
    text = field.inner if isinstance(field, fields.List) else field
    limits_ = [one.max for one in text.validators if isinstance(one, validate.Length)]
    return max((limit for limit in limits_ if limit is not None), default=None)


def texts_of_pages() -> Iterator[tuple[str, str, int]]:
    """Return each text field of each form, with its limit."""
    for module in pkgutil.iter_modules(web.__path__):
        for found in vars(importlib.import_module(f"web.{module.name}")).values():
            if not isinstance(found, type) or not issubclass(found, Form):
                continue
            if found.__module__ != f"web.{module.name}":
                continue
            for name, field in found().fields.items():
                if (limit := longest(field)) is not None and isinstance(
                    field, fields.String | fields.List
                ):
                    yield f"{module.name}.{found.__name__}", name, limit


def test_every_text_is_as_long_on_a_page_as_in_the_api() -> None:
    compared = 0
    for form, name, limit in texts_of_pages():
        if form in OF_THE_PAGE or name in NO_TEXT:
            continue
        takes = [schema().fields.get(NAMES.get(name, name)) for schema in SAME[form]]
        there = next(field for field in takes if field is not None)
        assert longest(there) == limit, (form, name)
        compared += 1
    assert compared > 50


def test_names_and_reasons_are_as_long_as_the_tracker_and_importers_keep_them() -> None:
    assert longest(attention.NewSnoozeSchema().fields["reason"]) == LONGEST_REASON
    assert longest(imports.UploadSchema().fields["source"]) == LONGEST_NAME
