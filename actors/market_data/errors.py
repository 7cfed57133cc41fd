"""What can go wrong with stored market data, sorted by what the caller should do.

TesterError
├─ InvalidInput
│   ├─ BadBars
│   │   └─ ConflictingRows   say which of two rows to keep; nothing was changed
│   └─ UnusableFile          give another file, or the option that is missing; nothing was stored
├─ CatalogError
│   ├─ DamagedFile           restore or delete the named file, then sync or import that month again
│   ├─ WriteFailed           make the named place writable; the old data is intact
│   │   └─ StorageFull       free the named number of bytes; the old data is intact
│   └─ SeriesBusy            wait for the named process
├─ SyncStopped               ask again: what had arrived is kept and not fetched twice
└─ MarketDataLost            the actor that holds bars keeps dying: see its log
"""

from __future__ import annotations

from engines.errors import BadBars, InvalidInput, TesterError


class ConflictingRows(BadBars):
    """Two rows of one moment differ. Nothing was changed."""


class UnusableFile(InvalidInput):
    """A file's content cannot be imported. Nothing was stored."""


class CatalogError(TesterError):
    """Stored market data cannot be read or written."""


class DamagedFile(CatalogError):
    """A stored file is not what was once written."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        remedy = "restore it, or delete it and sync or import that month again"
        super().__init__(f"{path} is damaged ({problem}): {remedy}")

    def __reduce__(self) -> tuple[type[DamagedFile], tuple[str, str]]:
        return type(self), (self.path, self.problem)


class WriteFailed(CatalogError):
    """New data could not be put down; what was there before is unchanged."""

    def __init__(self, path: str, n_bytes: int, problem: str) -> None:
        self.path = path
        self.n_bytes = n_bytes
        self.problem = problem
        super().__init__(f"{path} was not written ({problem}): {self._remedy()}")

    def _remedy(self) -> str:
        return "the data before this write is unchanged"

    def __reduce__(self) -> tuple[type[WriteFailed], tuple[str, int, str]]:
        return type(self), (self.path, self.n_bytes, self.problem)


class StorageFull(WriteFailed):
    """There is no room for the new data."""

    def _remedy(self) -> str:
        return f"free {self.n_bytes:,} bytes there; {super()._remedy()}"


class SyncStopped(TesterError):
    """A venue stopped answering; pieces that had arrived are stored."""


class MarketDataLost(TesterError):
    """The actor that holds bars for everybody died again and again."""


class SeriesBusy(CatalogError):
    """Another process or thread is writing the same series."""

    def __init__(self, lock_path: str, holder: str) -> None:
        self.lock_path = lock_path
        self.holder = holder
        super().__init__(f"{lock_path} is held by {holder}: wait until it has finished")

    def __reduce__(self) -> tuple[type[SeriesBusy], tuple[str, str]]:
        return type(self), (self.lock_path, self.holder)
