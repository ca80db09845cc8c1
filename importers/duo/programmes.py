"""The programmes in a file of DUO that the school holds no qualification of; nothing is guessed."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from importers.duo.overview import Overview
from importers.issues import Finding, Severity
from importers.source import Source
from tracker.models import Framework, School

MOST_NAMED = 20


def missing_frameworks(session: Session, source: Source, *, school: School) -> Iterator[Finding]:
    """Warn about crebo codes without a framework; of another kind of source nothing is asked."""
    if not isinstance(source, Overview):
        return
    crebos = source.crebos()
    held = session.scalars(
        sa.select(Framework.crebo).where(
            Framework.school_id == school.id, Framework.crebo.in_(crebos)
        )
    )
    missing = sorted(crebos - set(held))
    if missing:
        more = f" +{len(missing) - MOST_NAMED}" if len(missing) > MOST_NAMED else ""
        yield Finding(
            code="duo.no_framework",
            severity=Severity.WARNING,
            detail=", ".join(missing[:MOST_NAMED]) + more,
        )
