from datetime import UTC, date, datetime
from decimal import Decimal

import sqlalchemy as sa

from importers.models import ExternalRef, ImportRow, ImportRun, ImportSource, RunState
from importers.report import totals_of
from tests.importers.bundles import BUNDLE, bundle, only, setting, table
from tests.importers.importing import Importing
from tracker.models import (
    Activity,
    ActivityItem,
    ActivitySource,
    AuditEvent,
    Group,
    GroupRole,
    LearningPlan,
    Membership,
    Person,
    PersonRole,
    PersonState,
    PlanMember,
    SchoolRole,
)


def test_a_school_of_247_people_and_729_results_comes_in(importing: Importing, meetpunt: ImportRun):
    assert meetpunt.state is RunState.APPLIED
    assert meetpunt.counts["person"]["new"] == 247
    assert meetpunt.counts["result"]["new"] == 729
    assert importing.issues(meetpunt) == []
    assert importing.count(Person) == 247
    assert importing.count(PersonRole) == 247
    assert importing.count(Group) == 3
    assert importing.count(Membership) == 274
    assert importing.count(ActivityItem) == 21
    assert importing.count(Activity) == 729
    assert importing.count(ExternalRef) == 247 + 247 + 3 + 274 + 21 + 729


def test_the_same_file_again_changes_nothing(importing: Importing, meetpunt: ImportRun):
    before = importing.contents()
    again = importing.bring(BUNDLE.read_bytes())
    assert again.state is RunState.APPLIED
    assert totals_of(again) | {"same": 0} == dict.fromkeys(totals_of(again), 0)
    assert totals_of(again)["same"] == 1521
    assert importing.contents() == before


def test_people_have_their_number_name_and_role(importing: Importing, imported: ImportRun):
    (person, role), *others = importing.read(
        sa.select(Person, PersonRole)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(Person.number == "S900002")
    )
    assert others == []
    assert (person.name, person.given_name) == ("Finn Özdemir", "Finn")
    assert person.email == "stu0002@meetpunt.example"
    assert person.state is PersonState.ACTIVE
    assert (role.role, role.from_on) == (SchoolRole.STUDENT, date(2026, 8, 31))


def test_enrolments_are_dated_memberships(importing: Importing, imported: ImportRun):
    found = importing.read(
        sa.select(Membership.role, Membership.from_on, Membership.until_on)
        .join(Person, Person.id == Membership.person_id)
        .join(Group, Group.id == Membership.group_id)
        .where(Group.code == "PR-30", Person.number == "S900001")
    )
    assert [tuple(row) for row in found] == [(GroupRole.STUDENT, date(2026, 9, 1), None)]


def test_a_result_is_a_dated_signal_on_its_own_range(importing: Importing, imported: ImportRun):
    ((activity, item, source),) = importing.read(
        sa.select(Activity, ActivityItem, ActivitySource)
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .join(ActivitySource, ActivitySource.id == Activity.source_id)
        .join(ExternalRef, ExternalRef.local_id == Activity.id)
        .where(ExternalRef.ext_id == "res-2-S900002")
    )
    assert activity.occurred_on == date(2026, 10, 1)
    assert activity.occurred_at == datetime(2026, 10, 1, 10, 0, tzinfo=UTC)
    assert activity.precision == "day"
    assert activity.value == Decimal("9.5")
    assert (item.title, item.value_max) == ("Startopdracht 1", Decimal(10))
    assert source.name == "OneRoster"
    assert source.last_import_at is not None


def test_an_import_makes_no_plan_and_gives_no_coach_a_place(
    importing: Importing, imported: ImportRun
):
    assert importing.count(LearningPlan) == 0
    assert importing.count(PlanMember) == 0


def test_a_preview_changes_nothing(importing: Importing):
    run = importing.preview(bundle())
    assert run.state is RunState.PREVIEWED
    assert totals_of(run)["new"] == 149
    for model in (Person, PersonRole, Group, Membership, ActivityItem, Activity, ExternalRef):
        assert importing.count(model) == 0
    assert importing.count(ActivitySource) == 0


def test_what_is_changed_is_changed_and_nothing_else(importing: Importing, imported: ImportRun):
    run = importing.bring(
        bundle({"users.csv": setting("S900001", familyName="Bos-Jansen", enabledUser="false")})
    )
    assert totals_of(run) == {
        "new": 0,
        "changed": 1,
        "same": 148,
        "closed": 0,
        "quarantined": 0,
        "ignored": 0,
    }
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "S900001"))
    assert person.name == f"{person.given_name} Bos-Jansen"
    assert person.state is PersonState.SUSPENDED


def test_a_changed_result_replaces_the_signal_and_the_old_one_stays_known(
    importing: Importing, imported: ImportRun
):
    importing.bring(bundle({"results.csv": setting("res-2-S900002", score="7.25")}))
    found = importing.read(
        sa.select(Activity.value, Activity.ended_at.is_(None))
        .join(ActivityItem, ActivityItem.id == Activity.item_id)
        .join(Person, Person.id == Activity.person_id)
        .join(ExternalRef, ExternalRef.local_id == ActivityItem.id)
        .where(ExternalRef.ext_id == "li-2", Person.number == "S900002")
        .order_by(Activity.id)
    )
    assert [tuple(row) for row in found] == [(Decimal("9.5"), False), (Decimal("7.25"), True)]


def test_who_is_no_longer_in_the_file_leaves_and_nothing_is_deleted(
    importing: Importing, imported: ImportRun
):
    gone = {"S900001"}
    run = importing.bring(
        bundle(
            {
                "users.csv": only(lambda row: row["sourcedId"] not in gone),
                "roles.csv": only(lambda row: row["userSourcedId"] not in gone),
                "enrollments.csv": only(lambda row: row["userSourcedId"] not in gone),
                "results.csv": only(lambda row: row["studentSourcedId"] not in gone),
            }
        )
    )
    assert run.state is RunState.APPLIED
    assert run.counts["person"]["closed"] == 1
    assert importing.count(Person) == 32
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "S900001"))
    assert person.state is PersonState.LEFT
    ends = importing.read(sa.select(Membership.until_on).where(Membership.person_id == person.id))
    assert {row.until_on for row in ends} == {importing.today()}
    roles = importing.read(sa.select(PersonRole.until_on).where(PersonRole.person_id == person.id))
    assert {row.until_on for row in roles} == {importing.today()}
    signals = importing.read(sa.select(Activity.ended_at).where(Activity.person_id == person.id))
    assert all(row.ended_at is not None for row in signals)
    assert importing.count(ExternalRef, ExternalRef.gone_at.is_not(None)) == run_total(run)


def run_total(run: ImportRun) -> int:
    return totals_of(run)["closed"]


def test_who_comes_back_is_the_same_person_again(importing: Importing, imported: ImportRun):
    ((before,),) = importing.read(sa.select(Person.id).where(Person.number == "D900001"))
    without = bundle(
        {
            "users.csv": only(lambda row: row["sourcedId"] != "D900001"),
            "roles.csv": only(lambda row: row["userSourcedId"] != "D900001"),
            "enrollments.csv": only(lambda row: row["userSourcedId"] != "D900001"),
        }
    )
    importing.bring(without)
    importing.bring(bundle())
    ((person,),) = importing.read(sa.select(Person).where(Person.number == "D900001"))
    assert person.id == before
    assert person.state is PersonState.ACTIVE
    ends = importing.read(sa.select(Membership.until_on).where(Membership.person_id == person.id))
    assert {row.until_on for row in ends} == {None}


def test_roles_of_the_lms_never_make_an_administrator(importing: Importing):
    changed = bundle({"roles.csv": setting("rol-S900001-student", role="siteAdministrator")})
    run = importing.bring(changed)
    assert run.counts["role"]["ignored"] == 1
    assert "role.ignored" in importing.codes(run)
    assert importing.count(PersonRole, PersonRole.role == SchoolRole.ADMINISTRATOR) == 0


def test_parents_and_others_without_a_place_here_do_not_come_in(importing: Importing):
    def add_parent(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [*rows, rows[0] | {"sourcedId": "P1", "identifier": "P1", "givenName": "Ouder"}]

    def add_role(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [*rows, rows[0] | {"sourcedId": "r-P1", "userSourcedId": "P1", "role": "parent"}]

    run = importing.bring(bundle({"users.csv": add_parent, "roles.csv": add_role}))
    assert run.counts["person"] | {"ignored": 1, "new": 32} == run.counts["person"]
    assert "person.other_role" in importing.codes(run)
    assert importing.count(Person, Person.number == "P1") == 0


def test_who_is_only_a_parent_from_now_on_leaves_though_nothing_else_changed(
    importing: Importing, imported: ImportRun
):
    run = importing.bring(bundle({"roles.csv": setting("rol-S900001-student", role="parent")}))
    assert run.counts["person"] | {"closed": 1, "ignored": 1} == run.counts["person"]
    ((state,),) = importing.read(sa.select(Person.state).where(Person.number == "S900001"))
    assert state is PersonState.LEFT


def test_what_was_not_handed_in_is_no_signal(importing: Importing):
    changed = setting("res-2-S900002", scoreStatus="not submitted", score="")
    run = importing.bring(bundle({"results.csv": changed}))
    assert run.counts["result"]["new"] == 46
    assert run.counts["result"]["ignored"] == 1


def test_a_score_that_is_taken_back_ends_its_signal(importing: Importing, imported: ImportRun):
    changed = setting("res-2-S900002", scoreStatus="exempt", score="")
    run = importing.bring(bundle({"results.csv": changed}))
    assert run.counts["result"]["closed"] == 1
    assert importing.count(Activity, Activity.ended_at.is_not(None)) == 1


def test_the_import_is_in_the_log_and_its_raw_rows_are_gone(
    importing: Importing, imported: ImportRun
):
    verbs = importing.read(
        sa.select(AuditEvent.verb)
        .where(AuditEvent.subject_id == imported.id)
        .order_by(AuditEvent.at)
    )
    assert [row.verb for row in verbs] == ["started import", "approved import", "applied import"]
    assert importing.count(ImportRow) == 0
    assert importing.kept_files() == []
    ((source,),) = importing.read(sa.select(ImportSource))
    assert source.last_applied_at is not None


def test_the_bundle_of_the_demo_is_what_these_tests_say_it_is():
    assert (len(table("users.csv")), len(table("results.csv"))) == (247, 729)
