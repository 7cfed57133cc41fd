"""The first tables: strategies, sweeps, backtests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "strategies",
        sa.Column("digest", _DIGEST, primary_key=True),
        sa.Column("shape_digest", _DIGEST, nullable=False, index=True),
        sa.Column("lineage", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("graph", sa.Text, nullable=False),
    )
    op.create_table(
        "sweeps",
        *_run_columns(),
        sa.Column("finished_ms", sa.BigInteger),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("trials", sa.Integer, nullable=False),
        sa.Column("folder", sa.Text, nullable=False),
    )
    op.create_table(
        "backtests",
        *_run_columns(),
        sa.Column("ledger_digest", _DIGEST, nullable=False),
        sa.Column("statistics", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("backtests", "sweeps", "strategies"):
        op.drop_table(name)


def _run_columns() -> list[sa.Column[object]]:
    strategy = sa.ForeignKey("strategies.digest")
    return [
        sa.Column("digest", _DIGEST, primary_key=True),
        sa.Column("strategy_digest", _DIGEST, strategy, nullable=False, index=True),
        sa.Column("lineage", sa.String(64), nullable=False, index=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
    ]
