"""What does a request ask for? Query parameters checked and typed as Bybit's V5 does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.sandbox.exchange import Exchange, UnknownSymbol, Window
from actors.sandbox.instruments import Listing
from engines.bars import CATEGORIES, Category
from engines.errors import InvalidInput, TesterError
from engines.intervals import Interval, parse_interval

PARAMETER_ERROR: Final = 10001


class Rejected(TesterError):
    """The request is answered with an error code and Bybit's text for it."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code}: {text}")


class Query:
    """The parameters of one request against one exchange; every method may raise Rejected."""

    def __init__(self, parameters: Mapping[str, str], exchange: Exchange) -> None:
        self._parameters = parameters
        self._exchange = exchange

    def text(self, name: str) -> str:
        """The parameter's text, empty if absent."""
        return self._parameters.get(name, "")

    def category(self, default: Category | None = None, *, perpetual: bool = False) -> Category:
        """The product; with `perpetual`, spot has no such data."""
        text = self.text("category") or default
        for category in CATEGORIES:
            if text == category and not (perpetual and category == "spot"):
                return category
        raise Rejected(PARAMETER_ERROR, "Illegal category")

    def listing(self, category: Category) -> Listing:
        """The contract that `symbol` names."""
        symbol = self.text("symbol")
        if not symbol:
            raise Rejected(PARAMETER_ERROR, "params error: symbol is required")
        try:
            return self._exchange.listing(category, symbol)
        except UnknownSymbol:
            raise Rejected(PARAMETER_ERROR, "Not supported symbols") from None

    def chosen(self, category: Category) -> tuple[Listing, ...]:
        """The contract that `symbol` names, or all of the category without one."""
        if self.text("symbol"):
            return (self.listing(category),)
        return self._exchange.listings(category)

    def interval(self) -> Interval:
        """The bar length, one of Bybit's own codes."""
        text = self.text("interval")
        try:
            interval = parse_interval(text)
        except InvalidInput:
            raise Rejected(PARAMETER_ERROR, "Invalid period!") from None
        if interval != text:
            raise Rejected(PARAMETER_ERROR, "Invalid period!")
        return interval

    def period_ms(self, name: str, choices: Mapping[str, int]) -> int:
        """The step that `name` picks out of `choices`."""
        if self.text(name) not in choices:
            raise Rejected(PARAMETER_ERROR, f"params error: {name} is invalid")
        return choices[self.text(name)]

    def limit(self, default: int, maximum: int) -> int:
        """How many rows at most; more than the maximum means the maximum."""
        limit = self._whole("limit")
        if limit is None:
            return default
        if limit < 1:
            raise Rejected(PARAMETER_ERROR, "params error: limit is invalid")
        return min(limit, maximum)

    def window(self, start: str, end: str, limit: int) -> Window:
        """The rows between the parameters named `start` and `end`."""
        window = Window(self._whole(start), self._whole(end), limit)
        if (
            window.start_ms is not None
            and window.end_ms is not None
            and window.start_ms > window.end_ms
        ):
            raise Rejected(PARAMETER_ERROR, f"params error: {start} is greater than {end}")
        return window

    def _whole(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        # A millisecond timestamp has 13 digits; twice as many would overflow further on.
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise Rejected(PARAMETER_ERROR, f"params error: {name} is invalid")
        return int(text)
