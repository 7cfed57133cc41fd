"""Run by Alembic: migrates over the connection that the store opened, or `[tool.alembic]`'s."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from cluster.settings import settings_from
from cluster.storage.tables import Base


def run() -> None:
    """Migrate over the caller's connection, or from the command line over the configured store."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(connection=connection, target_metadata=Base.metadata)
        context.run_migrations()
        return
    engine = create_engine(settings_from().store_url)
    with engine.begin() as own:
        context.configure(connection=own, target_metadata=Base.metadata)
        context.run_migrations()


run()
