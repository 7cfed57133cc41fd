"""What can go wrong between us and the exchange, sorted by what the caller should do.

VenueError          base; the text says what was asked and what came back
├─ Refused         final: the request itself is wrong, asking again gives the same answer
├─ Throttled       wait until `until_ms`, then ask again
├─ Unreachable     ask again later: network, time-out, a fault on the exchange's side
└─ BadAnswer       report it: the answer came, and is not what it should be
"""

from __future__ import annotations

from engines.errors import TesterError


class VenueError(TesterError):
    """Base of all that a request to the exchange can end in other than an answer."""


class Refused(VenueError):
    """The exchange understood and said no; `code` is its retCode or HTTP status."""

    def __init__(self, text: str, code: int) -> None:
        self.text = text
        self.code = code
        super().__init__(text)

    def __reduce__(self) -> tuple[type[Refused], tuple[str, int]]:
        # Exceptions cross process borders by their constructor arguments.
        return type(self), (self.text, self.code)


class Throttled(VenueError):
    """Too many requests; the exchange listens again at `until_ms` (UTC milliseconds)."""

    def __init__(self, text: str, until_ms: int) -> None:
        self.text = text
        self.until_ms = until_ms
        super().__init__(text)

    def __reduce__(self) -> tuple[type[Throttled], tuple[str, int]]:
        return type(self), (self.text, self.until_ms)


class Unreachable(VenueError):
    """No answer from the exchange: whether it exists is unknown, trying again may help."""


class BadAnswer(VenueError):
    """The answer names the wrong thing, lacks a field or holds nonsense in one."""
