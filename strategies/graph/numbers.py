"""Is this a number that can be used? Checks with messages that name the field."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines.errors import InvalidInput

Number = int | float
_NUMBERS: Final = (int, float, np.integer, np.floating)


def is_number(value: object) -> bool:
    """Whether `value` is a real number; true and false are not."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def finite_number(field: str, value: object) -> float:
    """Return `value` as a float without negative zero. Raises InvalidInput naming `field`."""
    if isinstance(value, _NUMBERS) and not isinstance(value, bool):
        try:
            number = float(value) + 0.0
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise InvalidInput(field, value, "a finite number")


def whole_number(field: str, value: object) -> int:
    """Return `value` as an int; 20.0 counts as whole. Raises InvalidInput naming `field`."""
    number = finite_number(field, value)
    if number != math.floor(number) or abs(number) > 2**53:
        raise InvalidInput(field, value, "a whole number")
    return int(number)


def plain(number: float) -> Number:
    """20 for 20.0, other numbers as they are: one spelling for each value."""
    return int(number) if number == math.floor(number) and abs(number) <= 2**53 else number
