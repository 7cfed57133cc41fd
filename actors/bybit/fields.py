"""What does a field of an answer hold? Exact values out of JSON, or an error that names it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from actors.bybit.errors import BadAnswer


class Fields:
    """A JSON object whose fields are read with a type; `where` names it in errors.

    Every method raises BadAnswer naming the field. Fields that nobody reads are ignored, so an
    answer may grow.
    """

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise BadAnswer(f"{where} was {_shown(values)}, should be an object")
        self._values = values
        self._where = where

    def text(self, name: str, default: str | None = None) -> str:
        """The field's text; `default` if it is absent or null, when there is one."""
        value = self._values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self._bad(name, "a text")
        return value

    def decimal(self, name: str, default: Decimal | None = None) -> Decimal:
        """The number that the field's text writes, exactly; `default` for none or an empty text."""
        text = self._values.get(name)
        if text in (None, "") and default is not None:
            return default
        number = _decimal(text)
        if number is None:
            raise self._bad(name, "a number as text")
        return number

    def optional_decimal(self, name: str) -> Decimal | None:
        """As `decimal`, None for an absent or empty field."""
        return self.decimal(name) if self._values.get(name) not in (None, "") else None

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number, written as a number or as text."""
        number = self.decimal(name, None if default is None else Decimal(default))
        if number != int(number):
            raise self._bad(name, "a whole number")
        return int(number)

    def inner(self, name: str, *, optional: bool = False) -> Fields:
        """The object in the field; without fields if it is absent and `optional`."""
        if optional and self._values.get(name) is None:
            return Fields({}, f"{self._where}.{name}")
        return Fields(self._values.get(name), f"{self._where}.{name}")

    def items(self, name: str = "list") -> list[object]:
        """The array in the field."""
        value = self._values.get(name)
        if not isinstance(value, list):
            raise self._bad(name, "an array")
        return value

    def rows(self, name: str = "list") -> Iterator[Fields]:
        """The objects of the array in the field."""
        for number, value in enumerate(self.items(name)):
            yield Fields(value, f"{self._where}.{name}[{number}]")

    def expect(self, name: str, expected: str) -> None:
        """Make sure that the field, if it is there, says `expected`."""
        if self._values.get(name, expected) != expected:
            raise self._bad(name, repr(expected))

    def _bad(self, name: str, expected: str) -> BadAnswer:
        if name not in self._values:
            return BadAnswer(f"{self._where} has no {name}, should be {expected}")
        shown = _shown(self._values[name])
        return BadAnswer(f"{self._where}.{name} was {shown}, should be {expected}")


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
