"""What people do on pages, programs do by the API: each action of a page beside its operation.

A page whose form has no operation here fails, and so does a row of a form that is gone.
"""

import pytest
from flask import Flask

from identity.access import action_of

# By nature without an operation: signing in is what a token is instead of.
OURSELVES = "it is about the browser's own session"
OF_LMS = "an LMS shows it, inside its own page and for its own launch"

# The action of a page -> the operations that do the same; the first has the same right.
SAME: dict[str, tuple[str, ...]] = {
    # The coach
    "courses.ask": ("ask_for_access",),
    "gradebook.choose": ("choose_link_mode",),
    "gradebook.again": ("retry_link",),
    "gradebook.remove": ("remove_link_column",),
    "talk.agree": ("agree_with_goal",),
    "talk.record": ("create_talk",),
    "snoozing.later": ("create_snooze",),
    "snoozing.back": ("take_back_snooze",),
    "opportunities.say": ("create_opportunity",),
    "opportunities.say_by_coach": ("create_opportunity",),
    "absences.declare_by_coach": ("create_absence",),
    "absences.withdraw_by_coach": ("withdraw_declared_absence",),
    # Looking and judging
    "judging.judge_evidence": ("create_judgement", "create_draft"),
    "judging.judge_goal": ("create_judgement", "create_draft"),
    "judging.judge_item": ("create_judgement", "create_draft"),
    "judging.save_again": ("change_draft", "send_draft", "remove_draft"),
    "signing.promote_judgement": ("promote_judgement",),
    "signing.sign_judgement": ("sign_judgement",),
    "supervisor.look": ("create_judgement", "create_draft"),
    # Asking each other
    "declining.decline_request": ("decline_request",),
    "feedback.remind_request": ("remind_about_request",),
    "feedback.withdraw_request": ("withdraw_request",),
    "threads.ask_about_evidence": ("create_request",),
    "threads.ask_about_goal": ("create_request",),
    "threads.ask_about_question": ("create_request",),
    "threads.comment_on_evidence": ("comment_on_evidence",),
    "threads.comment_on_goal": ("comment_on_goal",),
    "threads.comment_on_question": ("comment_on_question",),
    "threads.look": ("create_judgement",),
    "threads.withdraw": ("take_back_comment",),
    # The student
    "absences.declare": ("create_absence",),
    "absences.withdraw": ("withdraw_declared_absence",),
    "evidence.save_evidence": ("create_evidence",),
    "goals.close": ("close_goal",),
    "goals.reopen": ("reopen_goal",),
    "goals.save_edit": ("replace_goal",),
    "goals.save_goal": ("create_goal",),
    "goals.start": ("start_goal",),
    "lessons.choose": ("choose_plan_lesson",),
    "lessons.drop": ("take_back_lesson_choice",),
    "pieces.save_edit": ("replace_evidence",),
    "plans.close": ("change_plan",),
    "plans.rename": ("change_plan",),
    "plans.reopen": ("change_plan",),
    "plans.save_plan": ("create_plan",),
    "plans.save_unit": ("create_unit",),
    "questions.close": ("close_own_question",),
    "questions.save_question": ("create_question", "question_becomes_goal"),
    "sharing.erase_piece": ("delete_evidence",),
    "sharing.share": ("create_share",),
    "sharing.stop": ("delete_share",),
    "sharing.take_back": ("delete_shares",),
    # Support lessons
    "teaching.close": ("close_lesson",),
    "teaching.confirm": ("confirm_lesson_choice",),
    "teaching.reopen": ("reopen_lesson",),
    "teaching.save_edit": ("replace_lesson",),
    "teaching.save_lesson": ("create_lesson",),
    # The administrator: imports
    "import_columns.say": ("read_import_again",),
    "import_runs.cancel": ("cancel_import",),
    "import_runs.discard_rows": ("discard_bad_rows",),
    "import_runs.repair": ("create_import",),
    "import_runs.retry": ("retry_import",),
    "import_taken_as.say": ("take_import_as", "get_reading"),
    "parking.decide": ("decide_parked",),
    "parking.take_up": ("take_up_rows",),
    "parking.undo": ("undo_parked",),
    "school.apply_import": ("apply_import",),
    "school.discard_import": ("discard_import",),
    "school.send_file": ("create_import",),
    "sources.add": ("create_source",),
    "sources.change": ("replace_source",),
    "sources.pause": ("pause_source",),
    "sources.pull": ("pull_source",),
    "sources.resume": ("resume_source",),
    "items.end": ("end_item_meaning",),
    "items.say": ("say_what_items_are_about",),
    # The administrator: people, rules and the LMS
    "groups.confirm": ("confirm_guide",),
    "groups.end": ("end_guide",),
    "rules.add": ("create_holiday",),
    "rules.change": ("create_holiday", "take_back_holiday"),
    "rules.remove": ("take_back_holiday",),
    "rules.save": ("change_thresholds",),
    "scales.blind_rating": ("change_blind_rating",),
    "scales.save_change": ("create_scale_version",),
    "scales.save_scale": ("create_scale",),
    "lms.change": ("change_registration",),
    "lms.check": ("check_registration",),
    "lms.switch": ("switch_deployment",),
    "lms_setup.connect": ("create_registration",),
    "lms_setup.send_invite": ("create_invite",),
    "lms_courses.answer": ("answer_access_request",),
    "lms_courses.confirm": ("confirm_course", "end_course_confirmation"),
    "lms_courses.release": ("release_course_roster",),
}
NONE: dict[str, str] = {
    "identity.demo_sign_in": OURSELVES,
    "identity.set_language": OURSELVES,
    "identity.sign_out": OURSELVES,
    "identity.use_link": OURSELVES,
    "lti.launch": OF_LMS,
    "lti.login": OF_LMS,
    "lti.login_registration": OF_LMS,
    "lti.storage_confirm": OF_LMS,
    "lti_joining.connect": OF_LMS,
    "lti_placing.place": OF_LMS,
}
# A page that only shows -> the operations that tell the same facts.
SHOWN: dict[str, tuple[str, ...]] = {
    # The student
    "absences.absences": ("list_absences",),
    "evidence.evidence": ("get_evidence", "list_versions", "list_judgements"),
    "evidence.new_evidence": ("list_goals", "get_plan"),
    "evidence.sent": ("get_evidence",),
    "feedback.start": ("list_requests",),
    "files.attachment": ("get_attachment",),
    "files.recording": ("get_recording",),
    "files.thumbnail": ("get_thumbnail",),
    "goal_pages.goal": ("get_goal", "list_goal_versions", "list_judgements"),
    "goal_pages.goals": ("list_goals",),
    "goals.edit": ("get_goal",),
    "goals.new_goal": ("list_framework_items", "list_units"),
    "lessons.lesson": ("get_lesson", "list_plan_lessons"),
    "lessons.lessons": ("list_plan_lessons",),
    "opportunities.opportunities": ("list_opportunities",),
    "pieces.all_evidence": ("list_evidence",),
    "pieces.edit": ("get_evidence",),
    "plans.plan": ("get_plan", "list_units"),
    "plans.plans": ("list_plans",),
    "questions.start": ("list_questions",),
    "student.start": ("list_plans", "list_requests", "get_overview", "list_activity"),
    "tailoring.plan": ("get_plan_tailoring",),
    "talks.talks": ("list_talks",),
    # The coach, the supervisor and the teacher
    "coach.overview": ("get_overview",),
    "courses.course": ("list_course_students", "get_access_request", "get_overview"),
    "gradebook.gradebook": ("list_placed_links",),
    "judging.draft": ("get_draft",),
    "judging.evidence": ("get_evidence", "list_scales_of_plan", "list_drafts"),
    "judging.goal": ("get_goal", "list_scales_of_plan", "list_drafts"),
    "judging.item": ("list_framework_items", "list_scales_of_plan", "list_drafts"),
    "signing.judgement": ("get_judgement",),
    "supervisor.done": ("get_evidence",),
    "supervisor.evidence": ("get_evidence", "list_scales_of_plan"),
    "supervisor.start": ("list_requests", "list_evidence", "list_opportunities"),
    "talk.activity": ("list_activity",),
    "talk.evidence": ("list_evidence", "list_judgements"),
    "talk.student": ("get_plan", "list_talks", "list_judgements", "get_overview"),
    "talk.work": ("list_framework_items", "list_judgements", "get_overview"),
    "teaching.edit": ("get_lesson",),
    "teaching.lesson": ("get_lesson", "list_lesson_choices"),
    "teaching.lessons": ("list_lessons",),
    "teaching.new_lesson": ("list_lessons",),
    "threads.evidence": ("get_evidence", "list_comments_on_evidence", "list_candidates"),
    "threads.goal": ("get_goal", "list_comments_on_goal", "list_candidates"),
    "threads.question": ("get_question", "list_comments_on_question", "list_candidates"),
    # The administrator
    "groups.group": ("get_group", "list_possible_guides", "get_outcome"),
    "groups.groups": ("list_groups",),
    "import_runs.download": ("download_bad_rows",),
    "import_runs.history": ("list_imports",),
    "items.items": ("list_item_courses", "list_items", "get_meaning"),
    "lms.connection": ("get_registration", "list_refusals", "get_deployment"),
    "lms.overview": ("list_registrations", "list_courses", "list_refusals", "list_twins"),
    "lms_courses.course": ("get_course",),
    "lms_setup.new": ("list_registrations",),
    "parking.parked": ("list_parked", "list_sources"),
    "parking.person": ("get_parked", "search_for_parked"),
    "rules.holiday": ("list_holidays",),
    "rules.rules": ("get_thresholds", "list_holidays"),
    "scales.change": ("list_scales",),
    "scales.new_scale": ("list_scales",),
    "scales.scales": ("list_scales", "get_blind_rating"),
    "school.import_run": ("get_import", "get_reading", "get_preview"),
    "school.imports": ("list_imports", "list_sources", "list_parked"),
    "school.progress": ("get_import",),
    "school_figures.ending": ("list_placements_ending",),
    "school_figures.figures": ("get_school_figures",),
    "school_figures.without_coach": ("list_plans_without_coach",),
    "sources.overview": ("list_sources",),
    "sources.source": ("get_source", "list_imports"),
    "tailoring.school": ("get_school_tailoring",),
}
NOT_SHOWN: dict[str, str] = {
    "identity.link": OURSELVES,
    "identity.sign_in": OURSELVES,
    "identity.start": OURSELVES,
    "lti.jwks": OF_LMS,
    "lti.launch": OF_LMS,
    "lti.login": OF_LMS,
    "lti.login_registration": OF_LMS,
    "lti.storage_confirm": OF_LMS,
    "lti_joining.ask": OF_LMS,
    "lti_placing.pick": OF_LMS,
    "operation.live": "it is about the process",
    "operation.ready": "it is about the process",
    "static": "it is a file",
}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


def pages_with(app: Flask, *methods: str) -> set[str]:
    """Return the endpoints of pages that answer one of these methods."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/api/") and (rule.methods or set()) & set(methods)
    }


def operations(app: Flask) -> dict[str, str]:
    """Return the method of each operation of the API, by its name."""
    return {
        operation["operationId"]: method.upper()
        for item in app.extensions["openapi"]["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }


@pytest.mark.parametrize(
    ("methods", "same", "none"),
    [(CHANGES, SAME, NONE), ({"GET"}, SHOWN, NOT_SHOWN)],
    ids=["what is done", "what is shown"],
)
def test_a_program_can_do_and_read_what_each_page_does_and_shows(
    app: Flask, methods: set[str], same: dict[str, tuple[str, ...]], none: dict[str, str]
) -> None:
    pages = pages_with(app, *methods)
    assert pages - set(same) - set(none) == set(), "a page without its operation"
    assert (set(same) | set(none)) - pages == set(), "no such page any more"
    known = operations(app)
    assert {name for names in same.values() for name in names} - set(known) == set()
    for page, names in same.items():
        assert (known[names[0]] == "GET") == (methods == {"GET"}), page


def test_an_operation_has_the_right_of_its_page(app: Flask) -> None:
    methods = operations(app)
    endpoints = {
        name: endpoint
        for endpoint in app.view_functions
        if endpoint.startswith("api-") and (name := endpoint.partition(".")[2]) in methods
    }
    for page, (name, *_) in SAME.items():
        of_page = action_of(app, page, "POST")
        assert of_page is not None, page
        assert of_page == action_of(app, endpoints[name], methods[name]), (page, name)
