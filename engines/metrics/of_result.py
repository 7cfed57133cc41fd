"""What are the figures of a run made of? Its result as material, with what it gave away."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np

from engines.bars import Bars, Floats
from engines.metrics.material import Doubt, Material, trades_of
from engines.orders import Reason
from engines.payoff import payoff_of
from engines.result import Result, Table
from engines.spec import Spec

# Fills at a level of their own: C4 lets no slippage on them, I4 takes the price that was checked.
_UNSLIPPED: Final = (Reason.TAKE_PROFIT, Reason.OPEN, Reason.MARGIN_CALL, Reason.LIQUIDATION)


def material_of(result: Result, bars: Bars) -> Material:
    """The material of a run; `bars` are those it ran on, at least from its start on."""
    table, spec = result.trades, result.spec
    first = int(np.searchsorted(bars.open_ms, result.open_ms[0]))
    fees = table["entry_fee"] + table["exit_fee"]
    trades = trades_of({**table, "fees": fees, "slippage": _slippage(table, spec)})
    still = table["reason"] == Reason.OPEN
    return Material(
        trades.where(~still),
        trades.where(still),
        bars.rows(first, first + len(result.open_ms)),
        result.equity,
        spec.broker.initial_cash,
        float(spec.instrument.contract_value),
        spec.broker.leverage,
        payoff_of(spec.broker.profile),
        _doubt(result),
    )


def _doubt(result: Result) -> Doubt | None:
    said = [result.statistics.get(name, np.nan) for name in _DOUBT]
    return None if np.isnan(said).any() else Doubt(*said)


_DOUBT: Final = ("ambiguous_exits", "pessimistic_profit", "optimistic_profit")


def _slippage(table: Table, spec: Spec) -> Floats:
    """Money that each trade's market and stop fills gave away (C4).

    An entry counts as one unless its fee is the maker's: the ledger does not tell kinds of orders.
    """
    step = spec.broker.slippage_ticks * float(spec.instrument.tick)
    point = table["qty"] * float(spec.instrument.contract_value)
    maker = _rate(spec.broker.maker_fee_rate, spec.instrument.maker_fee_rate)
    taker = _rate(spec.broker.taker_fee_rate, spec.instrument.taker_fee_rate)
    worth = payoff_of(spec.broker.profile).worth(table["entry_price"])
    paid = table["entry_fee"] / (worth * point)
    slipped_in = (maker == taker) | (np.abs(paid - maker) >= np.abs(paid - taker))
    slipped_out = ~np.isin(table["reason"], _UNSLIPPED)
    legs = slipped_in.astype(np.float64) + slipped_out
    # A tick of an inverse contract is worth less coin the higher the price.
    tick_worth = worth * step / table["entry_price"]
    return np.asarray(point * tick_worth * legs)


def _rate(own: float | None, venue: Decimal) -> float:
    return float(venue) if own is None else own
