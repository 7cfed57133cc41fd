"""Is it a matter of money? Fees, the value of a point, the account's currency, quantities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from strategies.tradingview.evidence import Cause, Evidence, grid_of, number_text, simplest
from strategies.tradingview.trades import ExportedTrade

_FEWEST: Final = 2
_OUTLIERS: Final = 0.02
_ALMOST_ALL: Final = 0.9
_STEADY: Final = 0.005


def fee(evidence: Evidence) -> Cause | None:
    """What the export's own profits lack, and which commission explains it.

    A profit is points times quantity times the value of a point, less the fees of both legs (H1
    to H3): nothing of the run here is needed.
    """
    trades = [one for one in evidence.listed.closed if not np.isnan(one.pnl + one.qty)]
    if len(trades) < _FEWEST:
        return None
    told = _Figures(evidence, trades)
    if told.explained(told.own_fees):
        return None
    return _commission(evidence, told) or _value(told) or _currency(evidence, told)


class _Figures:
    """Profits of an export beside what its prices and quantities say, (n_trades,) each."""

    def __init__(self, evidence: Evidence, trades: list[ExportedTrade]) -> None:
        broker, instrument = evidence.broker, evidence.instrument
        self.value = float(instrument.contract_value)
        self.qty = np.array([one.qty for one in trades])
        entry, leave = (
            np.array([getattr(one, name) for one in trades])
            for name in ("entry_price", "exit_price")
        )
        self.points = np.array([one.side for one in trades]) * (leave - entry) * self.qty
        self.notional = (entry + leave) * self.qty * self.value
        self.pnl = np.array([one.pnl for one in trades])
        self.tolerance = np.array([evidence.precision.money(one) for one in trades])
        # Quantities and prices are printed numbers as well.
        self.tolerance += np.abs(self.points) * 1e-9
        rate = broker.taker_fee_rate
        self.rate = float(instrument.taker_fee_rate if rate is None else rate)
        self.orders = _orders(trades)
        self.own_fees = (
            self.notional * self.rate
            + 2.0 * self.qty * broker.fee_per_contract
            + self.orders * broker.fee_per_order
        )

    @property
    def fees(self) -> Floats:
        """What is missing from the profits."""
        missing: Floats = self.points * self.value - self.pnl
        return missing

    def explained(self, fees: Floats) -> bool:
        """Do these fees explain almost all of the profits to the printed digit?"""
        return bool(np.mean(np.abs(self.fees - fees) <= self.tolerance) >= 1.0 - _OUTLIERS)

    def factor(self, base: Floats) -> float | None:
        """The simplest number that times `base` explains the fees, None if there is none."""
        low, high = (self.fees + sign * self.tolerance for sign in (-1.0, 1.0))
        usable = base > 0.0
        if not usable.any():
            return None
        lows, highs = low[usable] / base[usable], high[usable] / base[usable]
        found = simplest(
            float(np.quantile(lows, 1.0 - _OUTLIERS)), float(np.quantile(highs, _OUTLIERS))
        )
        return found if found is not None and self.explained(found * base) else None


def _orders(trades: list[ExportedTrade]) -> Floats:
    """How much of an order each trade's entry and exit are together, (n_trades,).

    What fills at one time, price and name is one order, a reversal too: its flat fee is split by
    quantity (H3).
    """
    filled: defaultdict[tuple[int | None, float, str], float] = defaultdict(float)
    for one in trades:
        for leg in _legs(one):
            filled[leg] += one.qty
    return np.array([sum(one.qty / filled[leg] for leg in _legs(one)) for one in trades])


def _legs(trade: ExportedTrade) -> tuple[tuple[int | None, float, str], ...]:
    return (
        (trade.entry_ms, trade.entry_price, trade.entry_signal),
        (trade.exit_ms, trade.exit_price, trade.exit_signal),
    )


def _commission(evidence: Evidence, told: _Figures) -> Cause | None:
    broker = evidence.broker
    models: tuple[tuple[Floats, Callable[[float], str], str], ...] = (
        (
            told.notional / 100.0,
            lambda x: f"{number_text(x)} % of the notional of each leg",
            "--taker-fee-percent {0} --maker-fee-percent {0}",
        ),
        (2.0 * told.qty, lambda x: f"{number_text(x)} a contract", "--fee-per-contract {0}"),
        (told.orders, lambda x: f"{number_text(x)} an order", "--fee-per-order {0}"),
    )
    contract, order = number_text(broker.fee_per_contract), number_text(broker.fee_per_order)
    here = f"{number_text(told.rate * 100.0)} % of it, {contract} a contract and {order} an order"
    for base, words, option in models:
        factor = told.factor(base)
        if factor is not None:
            say = option.format(number_text(factor))
            return Cause(
                "fee",
                f"A commission of {words(factor)} explains TradingView's profits to the printed "
                f"digit; here it is {here}. Say {say}.",
            )
    return None


def _value(told: _Figures) -> Cause | None:
    """The value of a point that explains the profits, with the fees as they are here."""
    usable = told.points != 0.0
    sign = np.sign(told.points[usable])
    money, points = told.pnl[usable] + told.own_fees[usable], np.abs(told.points[usable])
    lows, highs = ((money * sign + way * told.tolerance[usable]) / points for way in (-1.0, 1.0))
    if not len(points):
        return None
    found = simplest(
        float(np.quantile(lows, 1.0 - _OUTLIERS)), float(np.quantile(highs, _OUTLIERS))
    )
    if found is None or found <= 0.0:
        return None
    return Cause(
        "point value",
        f"A point is worth {number_text(found)} a contract on TradingView, here "
        f"{number_text(told.value)}. Say --contract-value {number_text(found)}.",
    )


def _currency(evidence: Evidence, told: _Figures) -> Cause | None:
    """Profits are those here times a number that moves little: a rate of exchange (G8)."""
    large = np.abs(told.points * told.value) > 100.0 * told.tolerance
    if np.count_nonzero(large) < 2 * _FEWEST:
        return None
    ratios = (told.pnl / (told.points * told.value))[large]
    low, high = (float(np.quantile(ratios, share)) for share in (0.05, 0.95))
    middle = float(np.median(ratios))
    if not 0.0 < low <= high < 2.0 * low or abs(middle - 1.0) < _STEADY:
        return None
    # A rate moves from day to day; what fees leave of a profit differs from what they add to a
    # loss.
    if float(np.median(np.abs(np.diff(ratios)))) > _STEADY * middle:
        return None
    account = evidence.listed.currency or "another currency"
    return Cause(
        "currency",
        f"TradingView's profits are between {low:.4g} and {high:.4g} times points by quantity: "
        f"its account is in {account}, converted from the symbol's currency. Not so here.",
    )


def quantity(evidence: Evidence) -> Cause | None:
    """Quantities on another step, or all of them larger by one factor."""
    both = [
        (there.qty, here.qty)
        for there, here in evidence.matched
        if there is not None and here is not None and not np.isnan(there.qty)
    ]
    if len(both) < _FEWEST:
        return None
    there, here = (np.array(column) for column in zip(*both, strict=True))
    return _other_step(evidence, there, here) or _other_size(evidence, there, here)


def _other_step(evidence: Evidence, there: Floats, here: Floats) -> Cause | None:
    step, lot = grid_of(there.tolist()), float(evidence.instrument.lot)
    coarser = step > lot and np.mean(_floored(here, step, there)) >= _ALMOST_ALL
    finer = 0.0 < step < lot and np.mean(_floored(there, lot, here)) >= _ALMOST_ALL
    if step == 0.0 or not (coarser or finer):
        return None
    return Cause(
        "quantity step",
        f"TradingView's quantities are multiples of {number_text(step)}, the lot here is "
        f"{number_text(lot)}. Say --lot {number_text(step)}.",
    )


def _floored(values: Floats, step: float, floored: Floats) -> np.typing.NDArray[np.bool_]:
    """Which values come to `floored` when cut to a step."""
    found: np.typing.NDArray[np.bool_] = (
        np.abs(np.floor(values / step + 1e-9) * step - floored) <= step * 1e-6
    )
    return found


def _other_size(evidence: Evidence, there: Floats, here: Floats) -> Cause | None:
    ratios = there / here
    middle = float(np.median(ratios))
    tolerance = float(np.median(np.abs(evidence.precision.qty(1.0) / here))) + 1e-3
    if abs(middle - 1.0) <= tolerance:
        return None
    if np.mean(np.abs(ratios - middle) <= tolerance * middle) < _ALMOST_ALL:
        return None
    return Cause(
        "size",
        f"TradingView's quantities are {middle:.4g} times those here: another order size, initial "
        "capital or leverage.",
    )
