"""How are runs recorded? One object over a database, migrated when it is opened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import create_engine, event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cluster.errors import StoreBroken
from cluster.storage.migrate import upgrade
from cluster.storage.tables import BacktestRow, StrategyRow, SweepRow

Status = Literal["running", "finished", "cancelled", "failed"]
_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True)
class StoredStrategy:
    """A strategy as the store names it."""

    digest: str
    shape_digest: str
    lineage: str
    name: str
    graph: str


@dataclass(frozen=True)
class StoredSweep:
    """A sweep as the store knows it; times are UTC ms, `spec` is JSON text."""

    digest: str
    strategy_digest: str
    strategy_name: str
    lineage: str
    owner: str
    created_ms: int
    finished_ms: int | None
    status: str
    rows: int
    trials: int
    folder: str
    spec: str


@dataclass(frozen=True)
class StoredBacktest:
    """A single run as the store knows it; `spec` is JSON text."""

    digest: str
    ledger_digest: str
    spec: str


class Store:
    """The project's store. Safe for several processes; every method is one transaction.

    Raises StoreBroken when the database cannot be reached, read or written.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        if url.startswith(_SQLITE):
            Path(url.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._engine = _engine(url)
            upgrade(self._engine)
        except SQLAlchemyError as error:
            raise StoreBroken(f"The store at {_masked(url)} cannot be opened: {error}") from error

    def begin_sweep(
        self,
        digest: str,
        strategy: StoredStrategy,
        owner: str,
        now_ms: int,
        rows: int,
        trials: int,
        folder: str,
        spec: Mapping[str, object],
    ) -> None:
        """Record that a sweep runs (again): `trials` counts its distinct evaluations."""
        with self._transaction() as session:
            self._keep_strategy(session, strategy, owner, now_ms)
            known = session.get(SweepRow, digest)
            if known is not None:
                known.status = "running"
                return
            session.add(
                SweepRow(
                    digest=digest,
                    strategy_digest=strategy.digest,
                    lineage=strategy.lineage,
                    owner=owner,
                    created_ms=now_ms,
                    finished_ms=None,
                    status="running",
                    rows=rows,
                    trials=trials,
                    folder=folder,
                    spec=json.dumps(spec),
                )
            )

    def end_sweep(self, digest: str, status: Status, now_ms: int) -> None:
        """Record how a sweep ended."""
        with self._transaction() as session:
            row = session.get_one(SweepRow, digest)
            row.status = status
            row.finished_ms = now_ms

    def keep_backtest(
        self,
        digest: str,
        strategy: StoredStrategy,
        owner: str,
        now_ms: int,
        ledger_digest: str,
        spec: Mapping[str, object],
        statistics: Mapping[str, float],
    ) -> None:
        """Record a single run; the same run again changes nothing."""
        with self._transaction() as session:
            self._keep_strategy(session, strategy, owner, now_ms)
            if session.get(BacktestRow, digest) is None:
                session.add(
                    BacktestRow(
                        digest=digest,
                        strategy_digest=strategy.digest,
                        lineage=strategy.lineage,
                        owner=owner,
                        created_ms=now_ms,
                        ledger_digest=ledger_digest,
                        spec=json.dumps(spec),
                        statistics=json.dumps(statistics),
                    )
                )

    def sweeps(self, digest_prefix: str = "") -> list[StoredSweep]:
        """Recorded sweeps, newest first, whose digest begins with `digest_prefix`."""
        query = (
            select(SweepRow, StrategyRow.name)
            .join(StrategyRow, StrategyRow.digest == SweepRow.strategy_digest)
            .where(SweepRow.digest.startswith(digest_prefix, autoescape=True))
            .order_by(SweepRow.created_ms.desc())
        )
        with self._transaction() as session:
            return [_stored(row, name) for row, name in session.execute(query)]

    def backtests(self, digest_prefix: str) -> list[StoredBacktest]:
        """Recorded single runs, newest first, whose digest begins with `digest_prefix`."""
        query = (
            select(BacktestRow)
            .where(BacktestRow.digest.startswith(digest_prefix, autoescape=True))
            .order_by(BacktestRow.created_ms.desc())
        )
        with self._transaction() as session:
            found = session.scalars(query)
            return [StoredBacktest(one.digest, one.ledger_digest, one.spec) for one in found]

    def trials_of(self, lineage: str) -> int:
        """Evaluations of a strategy's lineage so far: what asking again costs."""
        swept = select(func.coalesce(func.sum(SweepRow.trials), 0)).where(
            SweepRow.lineage == lineage
        )
        tried = select(func.count()).select_from(BacktestRow).where(BacktestRow.lineage == lineage)
        with self._transaction() as session:
            return int(session.scalar(swept) or 0) + int(session.scalar(tried) or 0)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @staticmethod
    def _keep_strategy(session: Session, strategy: StoredStrategy, owner: str, now_ms: int) -> None:
        if session.get(StrategyRow, strategy.digest) is None:
            session.add(
                StrategyRow(
                    digest=strategy.digest,
                    shape_digest=strategy.shape_digest,
                    lineage=strategy.lineage,
                    name=strategy.name,
                    owner=owner,
                    created_ms=now_ms,
                    graph=strategy.graph,
                )
            )

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise StoreBroken(f"The store at {_masked(self.url)} failed: {error}") from error


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def configure(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            # Readers do not block the writer, and a short wait beats "database is locked".
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA busy_timeout=10000")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    return engine


def _masked(url: str) -> str:
    return url if "@" not in url else "***@" + url.rsplit("@", 1)[1]


def _stored(row: SweepRow, strategy_name: str) -> StoredSweep:
    return StoredSweep(
        digest=row.digest,
        strategy_digest=row.strategy_digest,
        strategy_name=strategy_name,
        lineage=row.lineage,
        owner=row.owner,
        created_ms=row.created_ms,
        finished_ms=row.finished_ms,
        status=row.status,
        rows=row.rows,
        trials=row.trials,
        folder=row.folder,
        spec=row.spec,
    )
