"""What was run, by whom, from what? The project's store of strategies, sweeps and backtests.

`Store` writes and reads; `tables` says what is kept. SQLite by default, PostgreSQL by address.
"""

from cluster.storage.store import Store, StoredSweep

__all__ = ["Store", "StoredSweep"]
