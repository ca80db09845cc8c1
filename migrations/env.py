"""Alembic's door: connects as the tables' owner and names the application's role."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from migrations.metadata import metadata

config = context.config


def run(connection: sa.Connection) -> None:
    """Run the steps inside one transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Any = config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = sa.create_engine(config.attributes["owner_url"])
    with engine.connect() as connected:
        run(connected)
        connected.commit()
    engine.dispose()
