"""What do kline rows say? Bars out of the arrays of text that Bybit sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np

from actors.bybit.errors import BadAnswer
from actors.bybit.fields import Fields
from actors.bybit.transport import Question
from engines.bars import Bars, Floats, Kind, Series
from engines.errors import InvalidInput

Number = TypeVar("Number", int, float)

QUESTION: Final[dict[Kind, Question]] = {
    "last": "get_kline",
    "mark": "get_mark_price_kline",
    "index": "get_index_price_kline",
    "premium": "get_premium_index_price_kline",
}
_PRICES: Final = ("start", "open", "high", "low", "close")
_COLUMNS: Final = {"last": (*_PRICES, "volume", "turnover")}


def bars_from(series: Series, result: object) -> Bars:
    """Bars, oldest first, out of the `result` of a kline answer, unfinished ones included.

    Of inverse contracts Bybit's `volume` is in USD and its `turnover` in the coin: here volume is
    always base currency and turnover quote currency. Kinds without volume have none (turnover
    NaN). A premium index's range is widened to hold its open. Raises BadAnswer naming the field.
    """
    where = f"{series} result"
    fields = Fields(result, where)
    fields.expect("symbol", series.symbol)
    fields.expect("category", series.category)
    names = _COLUMNS.get(series.kind, _PRICES)
    texts = dict(zip(names, _columns(fields.items()[::-1], names, where), strict=False))
    columns: dict[str, object] = {"open_ms": _numbers(texts.pop("start"), int, f"{where}: start")}
    for name, values in texts.items():
        columns[name] = _numbers(values, float, f"{where}: {name}")
    if series.category == "inverse" and series.kind == "last":
        columns["volume"], columns["turnover"] = columns["turnover"], columns["volume"]
    if series.kind == "premium":
        _widen(columns)
    try:
        return Bars.from_columns(series, columns)  # type: ignore[arg-type]
    except InvalidInput as error:
        raise BadAnswer(f"{where}: {error}") from error


def joined(series: Series, pieces: list[Bars]) -> Bars:
    """Bars of consecutive pages as one. Raises BadAnswer when pages overlap or are out of order."""
    if not pieces:
        return Bars.empty(series)
    names = pieces[0].columns()
    columns: dict[str, np.typing.NDArray[np.int64] | Floats] = {
        name: np.concatenate([piece.columns()[name] for piece in pieces]) for name in names
    }
    try:
        return Bars.from_columns(series, columns)
    except InvalidInput as error:
        raise BadAnswer(f"the pages of {series} do not join: {error}") from error


def _widen(columns: dict[str, object]) -> None:
    # Bybit's premium bars open at the close before them, which their high and low leave out
    # (documented example of /v5/market/premium-index-price-kline: open below low).
    prices = np.array([columns[name] for name in _PRICES[1:]], dtype=np.float64)
    columns["high"] = prices.max(axis=0)
    columns["low"] = prices.min(axis=0)


def _columns(rows: list[object], names: tuple[str, ...], where: str) -> list[Sequence[object]]:
    """The rows' values by column; rows may hold more than the names that we know."""
    if not rows:
        return [()] * len(names)
    try:
        columns: list[Sequence[object]] = list(zip(*rows, strict=True))
    except (TypeError, ValueError) as error:
        raise BadAnswer(f"{where}: rows are not arrays of one length ({error})") from error
    if len(columns) < len(names):
        raise BadAnswer(f"{where}: a row was {rows[0]!r}, should hold {', '.join(names)}")
    return columns


def _numbers(texts: Sequence[object], number: Callable[[str], Number], where: str) -> list[Number]:
    try:
        return list(map(number, texts))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise BadAnswer(f"{where}: {error}") from error
