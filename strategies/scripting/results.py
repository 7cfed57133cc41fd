"""How does an event run read as a result? The same columns and statistics as a kernel's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines import reference
from engines.bars import Bars, Floats
from engines.batch.summary import statistics
from engines.event import Fill, Outcome, Trade
from engines.event.account import Refused
from engines.kernel import layout as at
from engines.kernel.layout import Market
from engines.orders import Reason, Refusal
from engines.payoff import Payoff, payoff_of
from engines.rate_history import RateHistory
from engines.result import Result, Table
from engines.spec import Spec

_NOTED: Final = (
    int(Refusal.POSITION_LIMIT),
    int(Refusal.SIDE_NOT_ALLOWED),
    int(Refusal.OPPOSITE_IGNORED),
)


def result_of(
    spec: Spec,
    outcome: Outcome,
    market: Market,
    bars: Bars,
    start: int,
    rates: RateHistory | None = None,
) -> Result:
    """The result of an event run over `bars`, begun at bar `start`.

    `market` is in quote currency; `rates` are those of the account's (G8).
    """
    worth = np.ones(len(bars)) if rates is None else rates.of_bars(bars.open_ms)
    equity, payoff = np.array(outcome.equity), payoff_of(spec.broker.profile)
    sums = _sums(outcome, equity, market, start, payoff, worth)
    figures = statistics(
        sums[None, :], market.initial_cash, bars.series.interval, spec.end_ms - spec.start_ms
    )
    refusals = outcome.refusals
    return Result(
        spec=spec,
        open_ms=bars.open_ms[start : start + len(equity)],
        equity=equity,
        fills=_fills(outcome.fills, bars),
        trades=_trades([*outcome.trades, *outcome.open], bars, market, payoff, worth),
        refusals={
            "bar": _whole([one.bar for one in refusals]),
            "time_ms": bars.open_ms[_whole([one.bar for one in refusals])],
            "side": _whole([one.side for one in refusals]),
            "reason": _whole([one.reason for one in refusals]),
            "detail": np.array([one.detail for one in refusals], dtype=np.str_),
        },
        statistics={name: float(values[0]) for name, values in figures.items()},
    )


def from_oracle(found: reference.Outcome) -> Outcome:
    """What the oracle came to, its exact money as doubles."""
    return Outcome(
        [_fill(one) for one in found.fills],
        [_trade(one) for one in found.trades],
        [_trade(one) for one in found.open],
        [float(one) for one in found.equity],
        [Refused(one.bar, one.side, one.reason, "") for one in found.refusals],
        found.doubts,
    )


def _fill(one: reference.Fill) -> Fill:
    return Fill(
        bar=one.bar,
        side=one.side,
        price=one.price,
        qty=one.qty,
        fee=float(one.fee),
        cash=float(one.cash),
        signal=one.signal,
        trade=one.trade,
        order_id=str(one.order),
        reason=one.reason,
    )


def _trade(one: reference.Trade) -> Trade:
    return Trade(
        number=one.number,
        side=one.side,
        entry_id=one.entry_id,
        entry_signal=one.entry_signal,
        exit_signal=one.exit_signal,
        entry_bar=one.entry_bar,
        exit_bar=one.exit_bar,
        entry_price=one.entry_price,
        exit_price=one.exit_price,
        qty=one.qty,
        entry_fee=float(one.entry_fee),
        exit_fee=float(one.exit_fee),
        pnl=float(one.pnl),
        reason=one.reason,
        best=one.best,
        worst=one.worst,
        mfe=float(one.mfe),
        mae=float(one.mae),
        ambiguous=one.ambiguous,
    )


def _fills(fills: list[Fill], bars: Bars) -> Table:
    bar = _whole([one.bar for one in fills])
    numbers: dict[str, int] = {}
    # Funding is no order.
    orders = [
        0
        if one.reason == int(Reason.FUNDING)
        else numbers.setdefault(one.order_id, len(numbers) + 1)
        for one in fills
    ]
    return {
        "bar": bar,
        "time_ms": bars.open_ms[bar],
        "leg": np.zeros(len(fills), dtype=np.int64),
        "side": _whole([one.side for one in fills]),
        "price": np.array([one.price for one in fills]),
        "qty": np.array([one.qty for one in fills]),
        "fee": np.array([one.fee for one in fills]),
        "funding": np.array([one.funding for one in fills]),
        "cash": np.array([one.cash for one in fills]),
        "reason": _whole([one.reason for one in fills]),
        "trade": _whole([one.trade for one in fills]),
        "order": _whole(orders),
        "order_id": np.array([one.order_id for one in fills], dtype=np.str_),
        "signal": np.array([one.signal for one in fills], dtype=np.str_),
    }


def _trades(
    trades: list[Trade], bars: Bars, market: Market, payoff: Payoff, rates: Floats
) -> Table:
    entry_bar = _whole([one.entry_bar for one in trades])
    exit_bar = _whole([one.exit_bar for one in trades])
    pnl, entry, qty = (
        np.array([getattr(one, name) for one in trades]) for name in ("pnl", "entry_price", "qty")
    )
    worth = np.array([payoff.worth(one.entry_price) for one in trades]) * rates[exit_bar]
    return {
        "number": _whole([one.number for one in trades]),
        "leg": np.zeros(len(trades), dtype=np.int64),
        "side": _whole([one.side for one in trades]),
        "entry_bar": entry_bar,
        "entry_ms": bars.open_ms[entry_bar],
        "entry_price": entry,
        "exit_bar": exit_bar,
        "exit_ms": bars.open_ms[exit_bar],
        "exit_price": np.array([one.exit_price for one in trades]),
        "qty": qty,
        "entry_fee": np.array([one.entry_fee for one in trades]),
        "exit_fee": np.array([one.exit_fee for one in trades]),
        "funding": np.array([one.funding for one in trades]),
        "pnl": pnl,
        "pnl_fraction": pnl / (worth * qty * market.contract_value),
        "mfe": np.array([one.mfe for one in trades]),
        "mae": np.array([one.mae for one in trades]),
        "reason": _whole([one.reason for one in trades]),
        "ambiguous": _whole([int(one.ambiguous) for one in trades]),
        "entry_signal": np.array([one.entry_signal for one in trades], dtype=np.str_),
        "exit_signal": np.array([one.exit_signal for one in trades], dtype=np.str_),
    }


def _whole(values: list[int]) -> np.typing.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _sums(
    outcome: Outcome, equity: Floats, market: Market, start: int, payoff: Payoff, rates: Floats
) -> Floats:
    """What the kernel keeps of a row (`engines.kernel.layout.STAT_*`), (N_STATS,)."""
    sums = np.zeros(at.N_STATS)
    _sum_equity(sums, equity, market.initial_cash)
    _sum_trades(sums, outcome.trades)
    held = np.zeros(len(equity), dtype=bool)
    for one in [*outcome.trades, *outcome.open]:
        held[one.entry_bar - start : one.exit_bar - start + 1] = True
    sums[at.STAT_BARS_HELD] = held.sum()
    fills = outcome.fills
    sums[at.STAT_CASH] = fills[-1].cash if fills else market.initial_cash
    sums[at.STAT_FUNDING] = sum(one.funding for one in fills)
    sums[at.STAT_FEES] = sum(one.fee for one in fills)
    turnover = sum(payoff.worth(one.price) * one.qty * rates[one.bar] for one in fills)
    sums[at.STAT_TURNOVER] = turnover * market.contract_value
    doubts = outcome.doubts
    # On a shared account and on ticks nobody looks into it.
    sums[at.STAT_DOUBTS], sums[at.STAT_WORSE], sums[at.STAT_BETTER] = (
        (math.nan,) * 3 if doubts is None else (doubts.exits, doubts.worse, doubts.better)
    )
    sums[at.STAT_ENTRIES] = len({one.number for one in [*outcome.trades, *outcome.open]})
    # A kernel only notes signals that found the position as they wanted it.
    sums[at.STAT_REFUSALS] = sum(one.reason not in _NOTED for one in outcome.refusals)
    return sums


def _sum_equity(sums: Floats, equity: Floats, initial_cash: float) -> None:
    curve = np.concatenate(([initial_cash], equity))
    # A ruined account earns nothing more.
    before = np.where(curve[:-1] == 0.0, 1.0, curve[:-1])
    returns = np.where(curve[:-1] == 0.0, 0.0, curve[1:] / before - 1.0)
    peak = np.maximum.accumulate(curve)
    sums[at.STAT_BARS] = len(equity)
    sums[at.STAT_EQUITY] = equity[-1]
    sums[at.STAT_PEAK] = peak[-1]
    sums[at.STAT_RETURN_SUM] = returns.sum()
    sums[at.STAT_RETURN_SQUARES] = (returns**2).sum()
    sums[at.STAT_LOSS_SQUARES] = (np.minimum(returns, 0.0) ** 2).sum()
    sums[at.STAT_EQUITY_RATIO] = (curve / peak).min()
    sums[at.STAT_DRAWDOWN] = (peak - curve).max()


def _sum_trades(sums: Floats, trades: list[Trade]) -> None:
    wins = [one.pnl for one in trades if one.pnl > 0.0]
    losses = [-one.pnl for one in trades if one.pnl < 0.0]
    long = [one for one in trades if one.side > 0]
    sums[at.STAT_TRADES] = len(trades)
    sums[at.STAT_WINS] = len(wins)
    sums[at.STAT_LOSSES] = len(losses)
    sums[at.STAT_GROSS_PROFIT] = sum(wins)
    sums[at.STAT_GROSS_LOSS] = sum(losses)
    sums[at.STAT_LARGEST_WIN] = max(wins, default=0.0)
    sums[at.STAT_LARGEST_LOSS] = max(losses, default=0.0)
    sums[at.STAT_TRADE_BARS] = sum(one.exit_bar - one.entry_bar for one in trades)
    sums[at.STAT_LONG_TRADES] = len(long)
    sums[at.STAT_LONG_WINS] = sum(one.pnl > 0.0 for one in long)
