"""Bringing a database up to the schema of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config

CONFIG = Path(__file__).parent.parent / "alembic.ini"


def migrate(*, owner_url: str, application_url: str, to: str = "head") -> None:
    """Run the migrations as the tables' owner; the application's role gets its rights."""
    config = Config(str(CONFIG))
    config.attributes.update(owner_url=owner_url, application_url=application_url)
    command.upgrade(config, to)
