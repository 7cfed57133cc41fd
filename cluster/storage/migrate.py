"""How does an older store become a current one? Alembic's migrations, run when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Said here too, so that a current store is opened without Alembic, which is slow to import.
NEWEST: Final = "0001"


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision; a current one is only looked at."""
    with engine.begin() as connection:
        if _revision(connection) == NEWEST:
            return
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
