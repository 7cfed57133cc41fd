"""What is kept of every run? The tables of the project's store."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DIGEST = String(64)


class Base(DeclarativeBase):
    """Base of all tables."""


class StrategyRow(Base):
    """A strategy as it was when something ran it. Trials are counted along its lineage."""

    __tablename__ = "strategies"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    shape_digest: Mapped[str] = mapped_column(DIGEST, index=True)
    lineage: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(200))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    graph: Mapped[str] = mapped_column(Text)


class SweepRow(Base):
    """A sweep: what it searched, how far it got, and where its rows are."""

    __tablename__ = "sweeps"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    strategy_digest: Mapped[str] = mapped_column(ForeignKey("strategies.digest"), index=True)
    lineage: Mapped[str] = mapped_column(String(64), index=True)
    owner: Mapped[str] = mapped_column(String(200))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    finished_ms: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20))
    rows: Mapped[int] = mapped_column(Integer)
    trials: Mapped[int] = mapped_column(Integer)
    folder: Mapped[str] = mapped_column(Text)
    spec: Mapped[str] = mapped_column(Text)


class BacktestRow(Base):
    """A single run: its spec by digest, and what came out."""

    __tablename__ = "backtests"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    strategy_digest: Mapped[str] = mapped_column(ForeignKey("strategies.digest"), index=True)
    lineage: Mapped[str] = mapped_column(String(64), index=True)
    owner: Mapped[str] = mapped_column(String(200))
    created_ms: Mapped[int] = mapped_column(BigInteger)
    ledger_digest: Mapped[str] = mapped_column(DIGEST)
    spec: Mapped[str] = mapped_column(Text)
    statistics: Mapped[str] = mapped_column(Text)
