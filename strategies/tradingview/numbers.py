"""How does the file write numbers? Decimal and thousand marks, found from all of its cells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from engines.errors import InvalidInput

# Minus signs and dashes as spreadsheets and TradingView's pages write them.
_MINUS: Final = str.maketrans({"−": "-", "–": "-", "—": "-", "‒": "-", "﹣": "-", "-": "-"})
_NOTHING: Final = {"", "-", "n/a", "na", "nan", "null", "none", "∅", "#n/a"}
# Signs and codes of currencies; other letters are no part of a number.
_UNITS: Final = re.compile(r"[$€£¥₹₽₺₩₿]|^[A-Z]{2,6}(?=[\d.,+-])|(?<=\d)[A-Z]{3,6}$")
_BLANKS: Final = re.compile(r"[\s'’_]")
_BODY: Final = re.compile(r"^[+-]?\d*([.,]\d+)*[.,]?\d*([eE][+-]?\d+)?$")
_EXPONENT: Final = re.compile(r"[eE][+-]?\d+$")
EXPECTED: Final = "a number such as 1234.5, 1,234.5 or 1 234,5"


class Printed(NamedTuple):
    """A number of a cell, and how many decimals it was printed with."""

    value: float
    decimals: int


def bare(text: str) -> str:
    """The number without spaces, units and exotic signs; empty where a cell tells nothing."""
    cell = _BLANKS.sub("", text.translate(_MINUS))
    if cell.casefold() in _NOTHING:
        return ""
    body = _UNITS.sub("", cell.removesuffix("%"))
    if body.startswith("(") and body.endswith(")"):
        return "-" + body[1:-1]
    return body


def decimal_mark(cells: Iterable[str], assumed: str = ".") -> str:
    """The decimal mark of a file's numbers, "." or ",": `assumed` where no cell tells.

    Raises InvalidInput naming two cells that contradict each other.
    """
    found: dict[str, str] = {}
    for text in cells:
        mark = _mark_of(_EXPONENT.sub("", bare(text)).lstrip("+-"))
        if mark:
            found.setdefault(mark, text)
    if len(found) == 2:
        value = f"{found['.']!r} and {found[',']!r}"
        raise InvalidInput("numbers of the file", value, "written with one decimal mark")
    return next(iter(found), assumed)


def _mark_of(body: str) -> str:
    """What the decimal mark must be in this cell, empty if both would do."""
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        return "." if body.rfind(".") > body.rfind(",") else ","
    if dots + commas == 0:
        return ""
    mark, other = (".", ",") if dots else (",", ".")
    if dots + commas > 1:
        return other
    whole, _, fraction = body.partition(mark)
    # 1,234 may be a thousand, 12,34 and 0,123 and 12345,678 are no thousands.
    thousands = len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "" if thousands else mark


def number(text: str, mark: str, field: str) -> Printed:
    """The number of a cell, NaN where it tells nothing. Raises InvalidInput naming `field`."""
    body = bare(text)
    if not body:
        return Printed(float("nan"), 0)
    thousand = "," if mark == "." else "."
    plain = body.replace(thousand, "").replace(mark, ".")
    if not _BODY.match(body) or plain.count(".") > 1:
        raise InvalidInput(field, text, EXPECTED)
    try:
        value = float(plain)
    except ValueError:
        raise InvalidInput(field, text, EXPECTED) from None
    return Printed(value, _decimals(plain))


def _decimals(plain: str) -> int:
    body, _, exponent = plain.lower().partition("e")
    fraction = body.partition(".")[2]
    return max(len(fraction) - int(exponent or 0), 0)
