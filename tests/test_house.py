"""The rules of the house, kept by machine: routes, tables, settings, code and names."""

import ast
import importlib
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from identity.access import PUBLIC
from identity.requests import SAFE
from migrations.metadata import metadata
from settings import Settings
from tests import connected as around
from tests.browsers import ORIGIN, Browser
from tests.dumps import make_dump
from tests.servers import APPLICATION, on_postgresql
from tests.test_settings import GOOD, Asked
from tests.tracker.test_wall import GATES
from tests.world import World
from tracker.columns import NEUTRAL_TYPES, Base, Personal, SchoolOwned
from tracker.comments import add_comment
from tracker.db import new_id, unit_of_work
from tracker.models import (
    Absence,
    Attachment,
    Holiday,
    JudgementDraft,
    LessonChoice,
    LessonKind,
    Person,
    PersonRole,
    Recording,
    SchoolRole,
    Snooze,
    SupportLesson,
)
from tracker.permissions import ALLOWED, Action, Role
from tracker.progress import Measures
from tracker.questions import ask_question
from tracker.requests import ask as feedback
from tracker.shares import open_shares
from tracker.signals import Rule as SignalRule

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "web", "importers", "lti", "identity", "tracker")
TOP = ("app.py", "worker.py", "upkeep.py", "commands.py", "settings.py", "logs.py")
OWNED = {
    mapper.class_.__tablename__: mapper.class_
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, SchoolOwned)
}

# Routes


def private_rules(app: Flask) -> list[tuple[Rule, str]]:
    """Return every route and method that a stranger may not ask for."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC
        for method in sorted(rule.methods or set())
    ]


def path_of(rule: Rule, values: Mapping[str, object]) -> str:
    built = rule.build({name: str(values[name]) for name in rule.arguments}, append_unknown=False)
    assert built is not None, rule
    return built[1]


def test_every_endpoint_outside_public_gives_401_to_a_stranger(app: Flask, world: World) -> None:
    client = app.test_client()
    anything: dict[str, object] = defaultdict(new_id)
    asked = 0
    for rule, method in private_rules(app):
        answer = client.open(path_of(rule, anything), method=method, base_url=ORIGIN)
        assert answer.status_code == 401, (method, rule.rule)
        asked += 1
    assert asked > 50


def test_public_names_only_endpoints_that_there_are(app: Flask) -> None:
    assert PUBLIC - set(app.view_functions) == set()


# A URL parameter and the record of the world that it stands for. A new parameter goes here.
RECORDS: dict[str, Callable[[World, Mapping[str, UUID]], UUID]] = {
    "plan_id": lambda world, _: world.plan.id,
    "goal_id": lambda world, _: world.goal.id,
    "evidence_id": lambda world, _: world.shared.id,
    "framework_id": lambda world, _: world.framework.id,
    "attachment_id": lambda _, added: added["attachment"],
    "recording_id": lambda _, added: added["recording"],
    "run_id": lambda _, added: added["import_run"],
    "judgement_id": lambda world, _: world.judgement.id,
    "draft_id": lambda _, added: added["draft"],
    "item_id": lambda world, _: world.items[1].id,
    "request_id": lambda _, added: added["request"],
    "comment_id": lambda _, added: added["comment"],
    "question_id": lambda _, added: added["question"],
    "scale_id": lambda world, _: world.levels[0].scale_id,
    "share_id": lambda _, added: added["share"],
    "lesson_id": lambda _, added: added["lesson"],
    "choice_id": lambda _, added: added["choice"],
    "registration_id": lambda _, added: added["registration"],
    "context_id": lambda _, added: added["context"],
    "group_id": lambda world, _: world.group.id,
    "parked_id": lambda _, added: added["parked_person"],
    "source_id": lambda _, added: added["import_source"],
    "placement_id": lambda world, _: world.placement.id,
    "absence_id": lambda _, added: added["absence"],
    "snooze_id": lambda _, added: added["snooze"],
    "holiday_id": lambda _, added: added["holiday"],
    "coach_group_id": lambda _, added: added["coach_group"],
    "meaning_id": lambda _, added: added["meaning"],
    "deployment_id": lambda _, added: added["deployment"],
    "link_id": lambda _, added: added["link"],
}
# What is about one student, and so hidden from the others of the same school too.
PERSONAL = {
    "plan_id",
    "goal_id",
    "evidence_id",
    "attachment_id",
    "judgement_id",
    "draft_id",
    "recording_id",
    "request_id",
    "comment_id",
    "question_id",
    "share_id",
    "choice_id",
    "placement_id",
    "absence_id",
    "snooze_id",
}


@pytest.fixture
def added(world: World, engine: sa.Engine, superuser_engine: sa.Engine) -> dict[str, UUID]:
    """Add what the world's story leaves out: a photo, a voice, a draft, and an import run."""
    with unit_of_work(engine, school_id=world.school.id) as session:
        photo = Attachment(
            school_id=world.school.id,
            evidence_id=world.shared.id,
            name="foto.jpg",
            media_type="image/jpeg",
            size=3,
            digest="0" * 64,
            thumbnail_digest="1" * 64,
            received_at=world.at,
        )
        draft = JudgementDraft(
            school_id=world.school.id,
            plan_id=world.plan.id,
            goal_id=world.goal.id,
            by_id=world.coach.id,
            words="Nog niet klaar.",
            observed_on=world.on,
            changed_at=world.at,
        )
        voice = Recording(
            school_id=world.school.id,
            judgement_id=world.judgement.id,
            name="opname.mp3",
            media_type="audio/mpeg",
            size=3,
            digest="2" * 64,
            received_at=world.at,
        )
        session.add_all([photo, draft, voice])
        share = open_shares(session, world.shared, on=world.on)[0]
        lesson = SupportLesson(
            school_id=world.school.id,
            title="Rapporteren",
            teacher_id=world.coach.id,
            from_on=world.on,
            created_at=world.at,
        )
        session.add(lesson)
        session.flush()
        choice = LessonChoice(
            school_id=world.school.id,
            plan_id=world.plan.id,
            lesson_id=lesson.id,
            kind=LessonKind.REPEAT,
            chosen_at=world.at,
        )
        session.add(choice)
        absence, put_off, holiday = _paused(world)
        session.add_all([absence, put_off, holiday])
        connected = around.lms(session, world)
        guided, said = around.guided(session, world, world.coach), around.said(session, world)
        told = {"by": world.student, "on": world.on, "at": world.at}
        question = ask_question(session, plan=world.plan, words="Waarom?", **told)
        comment = add_comment(session, subject=question, words="Ik zocht het op.", **told)
        request = feedback(session, to=world.coach, subject=question, words=None, **told)
    kept: dict[str, Any] = {}
    with superuser_engine.begin() as connection:
        for name in ("import_source", "import_run", "parked_person"):
            row = make_dump.row_for(connection, metadata.tables[name])
            connection.execute(metadata.tables[name].insert(), row)
            kept[name] = row["id"]
    return {
        "attachment": photo.id,
        "recording": voice.id,
        "draft": draft.id,
        "question": question.id,
        "comment": comment.id,
        "request": request.id,
        "share": share.id,
        "lesson": lesson.id,
        "choice": choice.id,
        "absence": absence.id,
        "snooze": put_off.id,
        "holiday": holiday.id,
        **connected,
        "coach_group": guided["guide"],
        "meaning": said["meaning"],
        "import_run": kept["import_run"],
        "parked_person": kept["parked_person"],
        "import_source": kept["import_source"],
    }


def _paused(world: World) -> tuple[Absence, Snooze, Holiday]:
    """Return a week without the student, a signal put off until then, and a holiday."""
    week = {"from_on": world.on, "until_on": world.on + timedelta(days=7)}
    own = {"school_id": world.school.id, "created_at": world.at}
    plan = {**own, "plan_id": world.plan.id, "by_id": world.coach.id}
    return (
        Absence(**plan, **week),
        Snooze(
            **plan,
            rule=SignalRule.NOTHING_SHARED,
            until_on=week["until_on"],
            reason="Vrijdag praten we.",
        ),
        Holiday(**own, **week, name="Herfstvakantie"),
    )


@pytest.fixture
def outsider(world: World, engine: sa.Engine) -> Person:
    """Let the person of the other school be everything there."""
    person = world.elsewhere
    with unit_of_work(engine, school_id=person.school_id) as session:
        for role in set(SchoolRole) - {SchoolRole.COACH}:
            session.add(
                PersonRole(
                    school_id=person.school_id,
                    person_id=person.id,
                    role=role,
                    from_on=world.on,
                    until_on=None,
                )
            )
    return person


def with_ids(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule, method in private_rules(app):
        if rule.arguments and method not in {"HEAD", "OPTIONS"}:
            yield rule, method


def ask(browser: Browser, token: str, rule: Rule, method: str, values: Mapping[str, object]) -> Any:
    """Ask as a page or a program would; what changes something carries its CSRF token."""
    headers = {} if method in SAFE else {"X-CSRFToken": token}
    path = path_of(rule, values)
    return browser.client.open(path, method=method, base_url=ORIGIN, headers=headers)


FRESH = r'LS-[0-9A-F]{6}|"csrf_token" value="[^"]+"'


def same_answer(first: Any, second: Any, values: Mapping[str, UUID], other: object) -> bool:
    """Whether two answers tell the same, apart from the ids that were asked for.

    A help code and a CSRF token are new on each page.
    """

    def plain(answer: Any) -> str:
        text = re.sub(FRESH, "", answer.get_data(as_text=True))
        for value in (*values.values(), other):
            text = text.replace(str(value), "ID")
        return text

    return first.status_code == second.status_code and plain(first) == plain(second)


def test_every_parameter_in_a_url_stands_for_a_record_of_the_world(app: Flask) -> None:
    named = {name for rule, _ in with_ids(app) for name in rule.arguments}
    assert named - set(RECORDS) == set()
    assert {rule.rule for rule, _ in with_ids(app) if "<uuid:" not in rule.rule} == set()


def test_every_record_in_a_url_can_be_reached_by_somebody(
    app: Flask, world: World, added: dict[str, UUID]
) -> None:
    """The other tests would prove nothing with an id that leads nowhere for everybody."""
    values = {name: of(world, added) for name, of in RECORDS.items()}
    people = (world.student, world.coach, world.supervisor, world.administrator)
    browsers = [Browser(app, person) for person in people]
    reached = set()
    for rule, method in with_ids(app):
        if method == "GET" and any(
            ask(browser, "", rule, method, values).status_code != 404 for browser in browsers
        ):
            reached |= rule.arguments
    assert set(RECORDS) <= reached


@pytest.mark.parametrize("who", ["outsider", "other_student", "other_coach", "teacher"])
def test_a_url_with_somebody_elses_id_answers_as_if_it_did_not_exist(
    app: Flask,
    superuser_engine: sa.Engine,
    world: World,
    added: dict[str, UUID],
    outsider: Person,
    who: str,
) -> None:
    values = {name: of(world, added) for name, of in RECORDS.items()}
    nowhere = dict.fromkeys(RECORDS, new_id())
    browser = Browser(app, outsider if who == "outsider" else getattr(world, who))
    token = browser.csrf()
    before = everything(superuser_engine)
    asked = 0
    for rule, method in with_ids(app):
        if who != "outsider" and not rule.arguments & PERSONAL:
            continue
        there = ask(browser, token, rule, method, values)
        absent = ask(browser, token, rule, method, nowhere)
        other = nowhere["plan_id"]
        assert same_answer(there, absent, values, other), (method, rule.rule, there.status_code)
        hidden = {404} if method == "GET" else {404, 415, 422, 428}
        assert there.status_code in hidden, (method, rule.rule, there.status_code)
        asked += 1
    assert asked > 15
    assert everything(superuser_engine) == before


def everything(superuser_engine: sa.Engine) -> dict[str, Any]:
    tables: dict[str, Any] = make_dump.dump(superuser_engine)["tables"]
    return {name: held for name, held in tables.items() if name != "session"}


def test_every_action_has_roles() -> None:
    assert set(ALLOWED) == set(Action)
    for action, roles in ALLOWED.items():
        # A program sends statements because a source names it, not by a role.
        assert roles or action is Action.SEND_STATEMENTS, action
        assert all(isinstance(role, get_args(Role)) for role in roles), action


def test_every_action_is_for_something() -> None:
    used = {
        node.attr
        for path in product_files()
        if path != ROOT / "tracker" / "permissions" / "actions.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Action"
    }
    assert {action.name for action in Action} - used == set()


MEASURES = {*Measures.__dataclass_fields__, "anchor", "level", "score", "rank", "progress"}


def test_no_endpoint_sorts_people_by_how_well_they_do(app: Flask) -> None:
    for path, operations in app.extensions["openapi"]["paths"].items():
        for operation in operations.values():
            parameters = operation.get("parameters", []) if isinstance(operation, dict) else []
            for parameter in parameters:
                name, schema = parameter.get("name", ""), parameter.get("schema", {})
                words = {name, *map(str, schema.get("enum", []))}
                asked_for = {part for word in words for part in re.split(r"[^a-z]+", word.lower())}
                assert not asked_for & MEASURES, (path, name)
                assert not re.match("sort|order|rank", name) or "enum" in schema, (path, name)
    for path in product_files():
        for name in query_names(path):
            assert not re.match("sort|order|rank", name), (path, name)


# What tells how well somebody does; `place` is where a signal stands, by group, day and name.
JUDGED = {*Measures.__dataclass_fields__, "anchor", "level", "level_id", "score", "best"}
AVERAGES = {"avg", "mean", "fmean", "median", "mode", "stdev", "percentile_cont", "rank", "ntile"}
# Judgements of one thing in their own order, not people: the best of one rater, the two apart.
SORTS = {"sorted", "sort", "order_by", "max", "min"}
WITHIN_ONE_THING = {"tracker/figures.py", "tracker/progress.py", "tracker/spoor.py"}


def test_no_page_ranks_or_averages_students() -> None:
    for path in product_files():
        name = path.relative_to(ROOT).as_posix()
        for call in (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)):
            called = ast.unparse(call.func).rsplit(".", 1)[-1]
            assert called not in AVERAGES, f"{name}:{call.lineno} averages"
            if called in SORTS and name not in WITHIN_ONE_THING:
                read = {part.attr for part in ast.walk(call) if isinstance(part, ast.Attribute)}
                assert not read & JUDGED, f"{name}:{call.lineno} sorts by {read & JUDGED}"


def query_names(path: Path) -> Iterator[str]:
    """Return the names that a file reads from the query of a page."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call | ast.Subscript):
            inner = node.func if isinstance(node, ast.Call) else node.value
            if "request.args" in ast.unparse(inner):
                key = node.args[:1] if isinstance(node, ast.Call) else [node.slice]
                yield from (str(part.value) for part in key if isinstance(part, ast.Constant))


# Tables


def columns() -> list[sa.Column[Any]]:
    return [column for table in metadata.sorted_tables for column in table.columns]


def test_every_column_says_whether_it_is_about_people() -> None:
    silent = [
        str(column)
        for column in columns()
        if "personal" not in column.info and not isinstance(column.type, NEUTRAL_TYPES)
    ]
    assert silent == []


def personal(table: sa.Table) -> set[Personal]:
    return {column.info["personal"] for column in table.columns if column.info.get("personal")}


def end_of(path: str, table: sa.Table) -> sa.Column[Any]:
    """Return the column in which a path from a table ends, from reference to reference."""
    *steps, last = path.split(".")
    for step in steps:
        table = metadata.tables[named_by(table.c[step]) or step]
    return table.c[last]


def named_by(column: sa.Column[Any]) -> str | None:
    """Return the table that a column refers to, whether or not the database checks it."""
    refers: str | None = column.info.get("refers")
    return refers or next((key.column.table.name for key in column.foreign_keys), None)


def test_every_table_about_people_leads_to_the_person() -> None:
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        assert isinstance(table, sa.Table)
        path = getattr(mapper.class_, "__person_path__", None)
        if path is None:
            assert personal(table) <= {Personal.RAW}, table.name
            continue
        end = end_of(path, table)
        assert end.table.name == "person" or named_by(end) == "person", (table.name, path)


def test_raw_rows_go_with_their_run_or_in_time() -> None:
    for table in metadata.sorted_tables:
        if Personal.RAW in personal(table):
            targets = {named_by(column) for column in table.columns}
            is_of_run = "import_run" in targets or "run_id" in table.columns
            assert is_of_run or "expires_at" in table.columns, table.name


def test_every_table_is_a_gate_or_behind_the_wall() -> None:
    assert set(metadata.tables) - set(OWNED) - GATES == set()
    assert set(OWNED) & GATES == set()


@pytest.mark.parametrize("name", sorted(OWNED))
def test_every_key_and_index_behind_the_wall_begins_with_the_school(name: str) -> None:
    table = metadata.tables[name]
    lists = [
        *(index.columns for index in table.indexes),
        *(
            rule.columns
            for rule in table.constraints
            if isinstance(rule, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
        ),
    ]
    for found in lists:
        assert next(iter(found)).name == "school_id", [column.name for column in found]


@pytest.mark.parametrize("name", sorted(OWNED))
def test_every_reference_behind_the_wall_stays_in_the_school(name: str) -> None:
    for key in metadata.tables[name].foreign_key_constraints:
        target = key.referred_table
        pairs = [(part.parent.name, part.column.name) for part in key.elements]
        if target.name in OWNED:
            assert pairs[0] == ("school_id", "school_id"), pairs
            assert len(pairs) == 2, pairs
        else:
            assert target.name in GATES, pairs
            assert "school_id" in dict(pairs) or "school_id" not in target.columns, pairs


@on_postgresql
def test_every_table_behind_the_wall_is_walled_for_everybody(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
            " WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace"
        ).all()
        policies = connection.exec_driver_sql(
            "SELECT tablename, cmd, permissive, qual, with_check FROM pg_policies"
        ).all()
    walled = {name for name, is_walled in found if is_walled}
    assert walled == set(OWNED)
    assert {name for name, _ in found} - walled <= GATES | {"alembic_version"}
    assert sorted(policy.tablename for policy in policies) == sorted(OWNED)
    for policy in policies:
        assert (policy.cmd, policy.permissive) == ("ALL", "PERMISSIVE")
        assert policy.qual == policy.with_check
        assert "school_id = (NULLIF(current_setting('app.school'" in policy.qual


@on_postgresql
def test_the_applications_role_owns_nothing_and_passes_no_wall(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        role = connection.exec_driver_sql(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
            " FROM pg_roles WHERE rolname = current_user"
        ).one()
        owners = connection.exec_driver_sql(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).scalars()
        assert APPLICATION not in set(owners)
    assert tuple(role) == (APPLICATION, False, False, False, False)


# What is only ever added to.
APPENDED = (
    "audit_event",
    "conversation",
    "goal_agreement",
    "goal_closing",
    "goal_version",
    "judgement_promotion",
    "judgement_signature",
    "opportunity",
    "threshold",
)


@on_postgresql
def test_the_applications_role_has_just_the_rights_it_needs(engine: sa.Engine) -> None:
    rights = defaultdict(set)
    with engine.connect() as connection:
        for table, right in connection.exec_driver_sql(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user"
        ):
            rights[table].add(right)
    everyday = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    wanted = dict.fromkeys(metadata.tables, everyday)
    wanted |= {table: {"SELECT", "INSERT"} for table in APPENDED}
    wanted["judgement"] = everyday - {"UPDATE"}
    assert rights == wanted


# Settings, jobs, files


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    asked = Asked(GOOD)
    Settings.from_env(asked)
    page = (ROOT / "docs" / "settings.md").read_text("utf-8").split("## ")[0]
    documented = re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)
    assert sorted(documented) == sorted(asked.names)


def test_only_the_edges_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in product_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute | ast.Name)
        and ast.unparse(node) in {"os.environ", "os.getenv", "environ", "getenv"}
        and isinstance(node, ast.Attribute)
    }
    assert readers <= {"app.py", "worker.py", "commands.py"}


def test_every_job_that_is_asked_for_exists() -> None:
    jobs = set()
    for path in product_files():
        for call in calls(path, "nudge", "enqueue", "Wanted"):
            place = 1 if name_of(call) == "nudge" else 0
            jobs |= set(job_names(path, call.args[place]))
    assert jobs
    for job in jobs:
        module, _, function = job.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function, None)), job


def job_names(path: Path, node: ast.expr) -> Iterator[str]:
    """Return the job that an argument names; names that come from a list were checked there."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id.isupper():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield str(getattr(importlib.import_module(module), node.id))
    else:
        passed_on = {("app.py", "job"), ("worker.py", "wanted.job")}
        assert (path.name, ast.unparse(node)) in passed_on, (path, ast.unparse(node))


def test_every_queue_has_a_worker() -> None:
    def queues(path: Path) -> set[str]:
        return {
            str(argument.value)
            for call in calls(path, "Queue")
            for argument in call.args
            if isinstance(argument, ast.Constant)
        }

    filled = {name for path in product_files() for name in queues(path)}
    assert filled == queues(ROOT / "worker.py") != set()


def test_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text


@cache
def tracked_texts() -> dict[str, str]:
    """Return the text of every file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git, wherever it is
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = {}
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            body = path.read_bytes()
            if b"\0" not in body[:8192]:
                found[name] = body.decode("utf-8", "replace")
    return found


# In parts, so that this file does not name them either.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("cdnjs", "cloudflare"),
        ("deb", "debian"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("githubusercontent", "com"),
    )
]
MACHINE = re.compile(r"(?<![\w.$}*-])/(?:work|root|Users|home/[a-z]+)/[\w.-]")


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    for name, text in tracked_texts().items():
        assert [host for host in HOSTS if host in text] == [], name
        assert MACHINE.search(text) is None, (name, MACHINE.search(text))


UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
SOURCE = (".py", ".html", ".js", ".css", ".sh", ".md", ".toml", ".yml", ".yaml")


def test_nothing_is_left_for_later_in_the_code() -> None:
    for name, text in tracked_texts().items():
        if name.endswith(SOURCE) and name != "tests/test_house.py":
            assert UNFINISHED.search(text) is None, name


def test_every_exception_to_a_check_has_its_reason_beside_it() -> None:
    bare = re.compile(r"#\s*(?:noqa(?!: [A-Z0-9, ]+ - \w)|type: ignore(?!\[[\w, -]+\]  # \w))")
    for name, text in tracked_texts().items():
        if name.endswith(".py") and name != "tests/test_house.py":
            for number, line in enumerate(text.splitlines(), 1):
                assert bare.search(line) is None, f"{name}:{number}"


# Code


@cache
def product_files() -> tuple[Path, ...]:
    """Return the modules of the product: the rooms, what puts them together, and the demo."""
    folders = (*ROOMS, "demo", "migrations")
    return (
        *(ROOT / name for name in TOP),
        *(path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))),
    )


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def calls(path: Path, *names: str) -> list[ast.Call]:
    """Return the calls in a file of functions or methods with one of these names."""
    nodes = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
    return [node for node in nodes if name_of(node) in names]


def callers(*names: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in product_files() if calls(path, *names)}


# Where units of work are opened and clocks are read, and why there.
EDGES = {
    "app.py": "a request",
    "worker.py": "a sweep",
    "upkeep.py": "a job",
    "commands.py": "a command",
    "importers/commands.py": "a command",
    "lti/commands.py": "a command",
    "identity/links.py": "a one-use row is committed before a refusal could give it back",
    "demo/load.py": "a command",
    "demo/imports.py": "a command waits for the worker",
    "demo/seed/load.py": "a command, some hundred students in each commit",
    "importers/jobs.py": "a job",
    "importers/sweep.py": "a sweep",
    "importers/engine/held.py": "a run commits each batch with its cursor",
    "importers/engine/work.py": "a run says how it ended",
    "importers/engine/stage.py": "reading a file, batch by batch",
    "importers/engine/restage.py": "reading again, batch by batch",
    "importers/engine/twins.py": "one key twice is looked for between two steps",
    "importers/engine/remember.py": "what was told is noted, batch by batch",
    "importers/engine/opening.py": "the kept file goes with the step that read it",
    "importers/pulls/pulling.py": "a pull waits, or goes on, as the system answers",
    "importers/readers/rest.py": "until which moment a system asks us to wait",
    "importers/pulls/source_list.py": "a system is asked before it is added",
    "importers/pulls/kept_secrets.py": "a job",
    "importers/pulls/commands.py": "a command",
    "importers/pulls/timetable.py": "a sweep, and a job",
    "importers/engine/match.py": "matching, batch by batch",
    "importers/engine/follow.py": "following rosters, batch by batch",
    "importers/lti/jobs.py": "a job, and a sweep",
    "importers/lti/turns.py": "reading a course, step by step, with the LMS asked in between",
    "lti/views.py": "sign-in callbacks open a writing unit themselves",
    "lti/launching/refusing.py": "what a launch did is undone; how it ended stays to be read",
    "lti/launching/login.py": "a one-use row is committed before the answer",
    "lti/launching/launch.py": "a one-use row is committed before a refusal could give it back",
    "lti/jobs.py": "a job, and a sweep",
    "lti/keys.py": "a job",
    "lti/calling/services.py": "our signing key is read between two requests",
    "lti/connecting/joining.py": "an LMS opens it, without a session of ours",
    "lti/connecting/invites.py": "an invitation is used up before anything is fetched",
    "lti/connecting/checks.py": "what a test found is kept after the LMS was asked",
    "lti/launching/platform_keys.py": "keys that were fetched stay, whatever becomes of the launch",
}


def test_only_app_commits_and_only_edges_open_units_of_work() -> None:
    assert callers("commit") == {"app.py", "migrations/env.py"}
    opened = callers("unit_of_work", "new_session", "Session", "sessionmaker")
    assert opened - set(EDGES) == {"tracker/db.py"}


CLOCK = re.compile(r"\b(?:date|datetime)\.(?:now|utcnow|today)$|^time\.time$")


def test_only_edges_look_at_the_clock() -> None:
    lookers = callers("utc_now") | {
        str(path.relative_to(ROOT))
        for path in product_files()
        for call in calls(path, "now", "today", "utcnow", "time")
        if CLOCK.search(ast.unparse(call.func))
    }
    # It defines the clock; a page made outside a request has no other moment.
    assert lookers - set(EDGES) <= {"tracker/db.py", "web/language.py"}


def test_every_edge_is_still_an_edge() -> None:
    assert {name for name in EDGES if not (ROOT / name).exists()} == set()


CODE = re.compile(r"[a-z_]+(\.[a-z_]+)+")


def test_the_tracker_says_no_with_codes_and_never_with_sentences() -> None:
    said = []
    for path in sorted((ROOT / "tracker").rglob("*.py")):
        for call in calls(path, "Invalid", "Conflict"):
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            assert values, (path, ast.unparse(call))
            for value in values:
                if isinstance(value, ast.Call) and ast.unparse(value.func) == "dict.fromkeys":
                    value = value.args[1]  # noqa: PLW2901 - one code for several fields
                assert isinstance(value, ast.Constant), (path, ast.unparse(call))
                assert CODE.fullmatch(str(value.value)), (path, value.value)
                said.append(value.value)
    assert len(said) > 20


def test_every_test_is_a_sentence() -> None:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = node.name.split("_")[1:]
                assert len(words) >= 4, f"{path.name}: {node.name}"


def test_no_module_is_run_by_importing_it() -> None:
    """Every room can be imported in any order, without a database, a queue or an environment."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in product_files()
        if path.name not in {"__main__.py", "env.py"} and "versions" not in path.parts
    ]
    for module in modules:
        assert importlib.import_module(module.removesuffix(".__init__"))
