"""What are the figures of an export made of? Its trades as columns, on the bars of its chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.metrics.bare_list import material_from_trades
from engines.metrics.material import Columns, Material
from strategies.tradingview.trades import ExportedTrade, TradeList

_HALF_DIGIT: Final = 0.5 * 1.02
# Profits that differ by more than this from price times quantity are of another unit.
_SAME_UNIT: Final = 0.02


def material_of_export(
    listed: TradeList,
    bars: Bars,
    initial_cash: float,
    value: float | None = None,
    leverage: float = 1.0,
) -> Material:
    """The material of an export whose times are UTC (`zone.in_utc`).

    `value` is money per point and unit of quantity; None takes the one that the profits tell, 1 if
    they tell none. Fees are those that the export lists, or what its profits lack beside their
    prices. Raises InvalidInput for a `value` that the profits contradict, and for trades outside
    the bars.
    """
    closed, left = listed.closed, tuple(one for one in listed.trades if one.is_open)
    if not closed:
        raise InvalidInput("list of trades", "no closed trade", "at least one")
    point = _point_value(closed, value)
    rows = _rows(closed)
    rows |= {
        "exit_ms": np.array([_exit(one) for one in closed], dtype=np.int64),
        "exit_price": _column(closed, "exit_price"),
        "pnl": _column(closed, "pnl"),
        "fees": _fees(closed, point),
        "mfe": _column(closed, "mfe"),
        "mae": _column(closed, "mae"),
    }
    return material_from_trades(rows, bars, initial_cash, point, leverage, _still_open(left, point))


def _still_open(left: Sequence[ExportedTrade], point: float) -> Columns | None:
    if not left:
        return None
    fees = np.nan_to_num(_fees(left, point))
    return {**_rows(left), "fees": fees, "mfe": _column(left, "mfe"), "mae": _column(left, "mae")}


def signals_of_export(listed: TradeList) -> Columns:
    """Names of entries and exits, in the order of the material's closed trades, then open ones."""
    closed = listed.closed
    order = np.argsort([_exit(one) for one in closed], kind="stable")
    ordered = [closed[at] for at in order] + [one for one in listed.trades if one.is_open]
    return {
        name: np.array([getattr(one, name) for one in ordered], dtype=np.str_)
        for name in ("entry_signal", "exit_signal")
    }


def _rows(trades: Sequence[ExportedTrade]) -> dict[str, np.typing.NDArray[np.generic]]:
    return {
        "side": np.array([one.side for one in trades], dtype=np.int64),
        "entry_ms": np.array([one.entry_ms for one in trades], dtype=np.int64),
        "entry_price": _column(trades, "entry_price"),
        "qty": _column(trades, "qty"),
    }


def _column(trades: Sequence[ExportedTrade], name: str) -> Floats:
    return np.array([getattr(one, name) for one in trades], dtype=np.float64)


def _exit(trade: ExportedTrade) -> int:
    if trade.exit_ms is None:
        raise InvalidInput(f"exit of trade {trade.number}", "no time", "the time of its exit")
    return trade.exit_ms


def _moved(trades: Sequence[ExportedTrade]) -> Floats:
    """Profit of each trade by its prices, for one unit of money per point."""
    way = _column(trades, "exit_price") - _column(trades, "entry_price")
    return _column(trades, "side") * way * _column(trades, "qty")


def _point_value(trades: Sequence[ExportedTrade], said: float | None) -> float:
    """Money per point: the slope of profits over moves, whose difference fees barely change."""
    moved, profits = _moved(trades), _column(trades, "pnl")
    far = moved - moved.mean()
    told = float(far @ (profits - profits.mean()) / (far @ far)) if len(trades) > 2 else np.nan
    if said is None:
        return float(np.rint(told)) if told >= 1.5 and np.isfinite(told) else 1.0
    if np.isfinite(told) and abs(told / said - 1.0) > max(_SAME_UNIT, 5.0 / len(trades)):
        expected = f"about {told:.3g}, which the profits of the list tell"
        raise InvalidInput("contract value", said, expected)
    return said


def _fees(trades: Sequence[ExportedTrade], point: float) -> Floats:
    listed = _column(trades, "commission")
    if np.isfinite(listed).all():
        return listed
    lacking = _moved(trades) * point - _column(trades, "pnl")
    digits = np.array([10.0**-one.decimals.pnl for one in trades])
    # What half of the last printed digit explains is no fee.
    return np.where(lacking > _HALF_DIGIT * digits, lacking, 0.0)
