"""What can go wrong in a search.

SweepError       base
├─ DiskFull      a part could not be written: free space and resume, finished parts are kept
├─ NotFinished   parts are missing: go on with the sweep first
└─ ChunkFailed   a chunk failed on every try; the message tells which rows
"""

from __future__ import annotations

from engines.errors import TesterError


class SweepError(TesterError):
    """Base of the room's errors."""


class DiskFull(SweepError):
    """A part could not be written; what is finished is kept."""


class NotFinished(SweepError):
    """Something was asked of a sweep that has not run to its end."""


class ChunkFailed(SweepError):
    """A chunk failed on every try."""
