"""What can go wrong in a search.

SweepError       base
├─ DiskFull      a part could not be written: free space and resume, finished parts are kept
├─ BudgetSpent   a limit of time, money or rows was reached; finished parts are kept
├─ CoordinatorBusy  other sources run sweeps on this cluster: wait for them or stop them
├─ CoordinatorLost  the cluster does not start the coordinator: look at its nodes
├─ NoneFits      no row meets the requirements: look at the table, ask for less
├─ NotFinished   parts are missing: go on with the sweep first
└─ ChunkFailed   a chunk failed on every try; the message tells which rows
"""

from __future__ import annotations

from engines.errors import TesterError


class SweepError(TesterError):
    """Base of the room's errors."""


class DiskFull(SweepError):
    """A part could not be written; what is finished is kept."""


class BudgetSpent(SweepError):
    """The sweep reached a limit that was set for it; what is finished is kept."""


class NotFinished(SweepError):
    """Something was asked of a sweep that has not run to its end."""


class NoneFits(SweepError):
    """No row of a sweep meets what is required of it; its table is kept."""


class ChunkFailed(SweepError):
    """A chunk failed on every try."""


class CoordinatorBusy(SweepError):
    """The coordinator runs sweeps from other sources."""


class CoordinatorLost(SweepError):
    """The coordinator could not be started."""
