"""What the worker does for the gradebooks of a school, until nothing is due or a minute is over.

Columns first, then their values, then one score after another. Every call to the LMS happens with
no transaction open: what is due is claimed and committed before, and concluded after.
"""

import time
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from lti import keys
from lti.calling import grades
from lti.calling.services import Caller, ServiceError, caller_for
from lti.edge import app_settings, engine
from lti.gradebook import columns, pushes
from lti.gradebook.columns import Step
from lti.gradebook.gradebook import UNTOLD, switched_on
from lti.gradebook.pushes import Push
from lti.gradebook.wishes import refresh_next
from lti.launching import launch_log, login
from lti.models import LineItem, LineItemState, Registration, ScorePush, ScoreState
from tracker.db import unit_of_work, utc_now
from tracker.people import school_ids

ROTATE_JOB = "lti.jobs.rotate_keys"
DROP_JOB = "lti.jobs.drop_old"
LONGEST = 60.0  # seconds; then other work has its turn


def waiting_gradebooks(engine: sa.Engine, *, at: datetime) -> list[UUID]:
    """Return the schools with a column or a score that is due, at an LMS that is switched on."""
    with unit_of_work(engine, writes=False) as session:
        schools = school_ids(session)
    found = []
    for school_id in schools:
        of_column = sa.exists().where(
            LineItem.school_id == school_id,
            LineItem.state.in_({*UNTOLD, LineItemState.ACTIVE}),
            LineItem.due_at <= at,
            LineItem.context_id.in_(switched_on(school_id)),
        )
        # A score of a column that is not there (yet) waits for the column.
        of_score = sa.exists().where(
            ScorePush.school_id == school_id,
            ScorePush.state == ScoreState.WAITING,
            ScorePush.due_at <= at,
            LineItem.school_id == ScorePush.school_id,
            LineItem.id == ScorePush.line_item_id,
            LineItem.state == LineItemState.ACTIVE,
            LineItem.context_id.in_(switched_on(school_id)),
        )
        with unit_of_work(engine, school_id=school_id, writes=False) as session:
            if session.scalar(sa.select(sa.or_(of_column, of_score))):
                found.append(school_id)
    return found


def tell_gradebooks(school_id: str) -> None:
    """Tell the LMSs of a school what is due; what is not done now stays due."""
    school = UUID(school_id)
    stopping = current_app.extensions.get("stopping")
    ends_at = time.monotonic() + LONGEST
    while time.monotonic() < ends_at and not (stopping is not None and stopping.is_set()):
        if not (_tell_column(school) or _look_again(school) or _send_score(school)):
            return


def drop_old() -> None:
    """Delete what nobody needs any more: logins that never came back, how old launches ended."""
    with unit_of_work(engine()) as session:
        login.drop_expired(session, at=utc_now())
        schools = school_ids(session)
    for school_id in schools:
        with unit_of_work(engine(), school_id=school_id) as session:
            launch_log.drop_old(session, school_id=school_id, at=utc_now())


def rotate_keys() -> None:
    """Do what is due to our own keys: a new one signs each month, the first ones are made."""
    keys.rotate_when_due(engine(), encryption_keys=app_settings().encryption_keys, at=utc_now())


def _caller(registration_id: UUID) -> Caller:
    with unit_of_work(engine(), writes=False) as session:
        registration = session.get_one(Registration, registration_id)
    return caller_for(app_settings(), engine(), registration)


def _look_again(school_id: UUID) -> bool:
    with unit_of_work(engine(), school_id=school_id) as session:
        return refresh_next(session, school_id=school_id, at=utc_now())


def _tell_column(school_id: UUID) -> bool:
    """Tell an LMS the next step of a column; returns whether there was one."""
    with unit_of_work(engine(), school_id=school_id) as session:
        step = columns.claim_step(session, school_id=school_id, at=utc_now())
    if step is None:
        return False
    failure: ServiceError | None = None
    url = None
    try:
        url = _ask(_caller(step.registration_id), step)
    except ServiceError as error:
        failure = error
    with unit_of_work(engine(), school_id=school_id) as session:
        if failure is None:
            columns.told(session, step, url=url, at=utc_now())
        else:
            columns.not_told(session, step, failure, at=utc_now())
    return True


def _ask(caller: Caller, step: Step) -> str | None:
    """Take one step with the LMS and return the column's address; raises ServiceError."""
    at = utc_now()
    url = step.url or _made_before(caller, step, at)
    if step.state is LineItemState.REMOVING:
        if url is not None:
            grades.remove_line_item(caller, url, granted=step.granted, at=at)
        return None
    if url is not None:
        changed = grades.change_line_item(
            caller, url, granted=step.granted, label=step.label, maximum=step.maximum, at=at
        )
        return changed.url
    made = grades.create_line_item(
        caller,
        _items_url(step),
        granted=step.granted,
        label=step.label,
        maximum=step.maximum,
        tag=step.tag,
        resource_link_id=step.link_lti_id,
        at=at,
    )
    return made.url


def _made_before(caller: Caller, step: Step, at: datetime) -> str | None:
    """Find the column that an earlier try made and did not live to write down."""
    found = grades.line_items(caller, _items_url(step), granted=step.granted, at=at)
    for column in found:
        is_ours = (column.resource_link_id, column.tag) == (step.link_lti_id, step.tag)
        if is_ours and column.url not in step.others:
            return column.url
    return None


def _items_url(step: Step) -> str:
    if step.items_url is None:
        raise ServiceError("scope_missing")
    return step.items_url


def _send_score(school_id: UUID) -> bool:
    """Send the next score; returns whether there was one."""
    with unit_of_work(engine(), school_id=school_id) as session:
        push = pushes.claim(session, school_id=school_id, at=utc_now())
    if push is None:
        return False
    caller = _caller(push.registration_id)
    failure = _post(caller, push)
    if failure is not None and failure.code == "conflict":
        with unit_of_work(engine(), school_id=school_id) as session:
            again = pushes.claim_again(session, push, at=utc_now())
        if again is None:
            return True
        push = again
        failure = _post(caller, push)
    with unit_of_work(engine(), school_id=school_id) as session:
        _conclude(session, push, failure, utc_now())
    return True


def _post(caller: Caller, push: Push) -> ServiceError | None:
    """Send one score; returns why not."""
    try:
        grades.send_score(
            caller,
            push.url,
            granted=push.granted,
            user_id=push.user_id,
            value=push.value,
            maximum=push.maximum,
            activity_progress=push.activity_progress,
            comment=push.comment,
            stamped_at=push.stamp,
            at=utc_now(),
        )
    except ServiceError as error:
        return error
    return None


def _conclude(session: Session, push: Push, failure: ServiceError | None, at: datetime) -> None:
    if failure is None:
        pushes.sent(session, push, at=at)
    elif failure.code == "conflict":
        pushes.superseded(session, push, at=at)
    elif failure.code == "not_found":
        columns.gone(session, school_id=push.school_id, item_id=push.item_id)
    else:
        pushes.not_sent(session, push, failure, at=at)
