"""The project's store: every run is recorded once, trials add up along a lineage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from cluster.errors import StoreBroken
from cluster.storage.migrate import MIGRATIONS, NEWEST
from cluster.storage.store import Store, StoredStrategy
from cluster.storage.tables import Base


def strategy(digest: str = "a", lineage: str = "line") -> StoredStrategy:
    return StoredStrategy(digest * 64, "5" * 64, lineage, "sma_cross", "{}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'deep' / 'store.sqlite'}")
    yield opened
    opened.close()


def begin(store: Store, digest: str, of: StoredStrategy, rows: int = 100) -> None:
    store.begin_sweep(digest * 64, of, "ann", 1_000, rows, rows, "folder", {"kind": "sweep"})


def test_a_sweep_is_recorded_with_its_owner_and_lineage(store: Store) -> None:
    begin(store, "1", strategy())
    store.end_sweep("1" * 64, "finished", 2_000)
    (sweep,) = store.sweeps()
    assert (sweep.owner, sweep.lineage, sweep.status) == ("ann", "line", "finished")
    assert (sweep.created_ms, sweep.finished_ms) == (1_000, 2_000)


def test_a_sweep_that_is_resumed_is_the_same_sweep(store: Store) -> None:
    begin(store, "1", strategy())
    store.end_sweep("1" * 64, "cancelled", 2_000)
    begin(store, "1", strategy())
    (sweep,) = store.sweeps()
    assert sweep.status == "running"
    assert store.trials_of("line") == 100


def test_trials_add_up_along_a_lineage(store: Store) -> None:
    begin(store, "1", strategy("a"))
    begin(store, "2", strategy("b"), rows=50)
    begin(store, "3", strategy("c", lineage="other"))
    store.keep_backtest("4" * 64, strategy("a"), "ann", 1, "f" * 64, {}, {"trades": 3.0})
    store.keep_backtest("4" * 64, strategy("a"), "ann", 1, "f" * 64, {}, {"trades": 3.0})
    assert store.trials_of("line") == 151


def test_sweeps_are_found_by_the_beginning_of_their_digest(store: Store) -> None:
    begin(store, "1", strategy())
    begin(store, "2", strategy())
    assert [sweep.digest[0] for sweep in store.sweeps("22")] == ["2"]
    assert store.sweeps("%") == []


def test_an_opened_store_keeps_what_it_had(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    first = Store(url)
    begin(first, "1", strategy())
    first.close()
    again = Store(url)
    assert len(again.sweeps()) == 1
    again.close()


def test_migrations_make_the_tables_that_the_code_declares(store: Store) -> None:
    engine = create_engine(store.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == NEWEST
    engine.dispose()


def test_the_newest_revision_is_that_of_the_scripts() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == NEWEST


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("this is text, not a database, and long enough to be looked at" * 10)
    with pytest.raises(StoreBroken, match=r"store\.sqlite cannot be opened"):
        Store(f"sqlite:///{path}")


def test_a_store_that_broke_later_says_so(store: Store) -> None:
    engine = create_engine(store.url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE sweeps"))
    engine.dispose()
    with pytest.raises(StoreBroken, match="failed"):
        store.sweeps()
