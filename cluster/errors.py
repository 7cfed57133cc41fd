"""What can go wrong where things run and are kept.

ClusterError           base
├─ StoreBroken         the project's store cannot be read or written; nothing was recorded
├─ ResultBroken        a stored result is damaged; delete the named file and run again
├─ ClusterUnreachable  no Ray answers; start one or leave RAY_ADDRESS unset
└─ ClusterRefused      the token is missing or wrong, or the cluster asks for none
"""

from __future__ import annotations

from engines.errors import TesterError


class ClusterError(TesterError):
    """Base of the room's errors."""


class StoreBroken(ClusterError):
    """The project's store cannot be read or written."""


class ResultBroken(ClusterError):
    """A stored result is damaged."""


class ClusterUnreachable(ClusterError):
    """No Ray cluster answers at the address."""


class ClusterRefused(ClusterError):
    """The cluster does not take the token, there is none, or it asks for none."""
