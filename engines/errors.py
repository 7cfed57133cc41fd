"""What can be wrong with a request to the engines, sorted by what the caller should do.

TesterError            base of every error this product raises on purpose
├─ InvalidInput       fix the named field; nothing was done
│   └─ BadBars        fix the named row of the market data
└─ MissingData        fetch or import what is named, then ask again
"""

from __future__ import annotations


class TesterError(Exception):
    """Base of all errors of the product: its text is meant for the user."""


class InvalidInput(TesterError):
    """A field holds a value that cannot be used. Nothing was changed."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value = value
        self.expected = expected
        super().__init__(f"{field} was {value!r}, should be {expected}")

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[str, object, str]]:
        # Exceptions cross process borders by their constructor arguments.
        return type(self), (self.field, self.value, self.expected)


class BadBars(InvalidInput):
    """A row of market data is impossible (the row is named in `field`)."""


class MissingData(TesterError):
    """Bars, funding or another column that the request needs is not there."""
