"""How do the rows of several legs become one table? By time, with symbols and common numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.event import Fill, Trade
from engines.event.account import Refused
from engines.legs import Leg
from engines.portfolio import Outcome
from engines.result import Result, Table


class Rows:
    """Fills as they happened, closed trades by their exits, at one close by symbol.

    Trades are numbered through in the order of their entries. A row's bar is the account's close
    at which its leg's bar ended; its time is that bar's own open.
    """

    def __init__(self, legs: Sequence[Leg], outcome: Outcome, bars: Bars) -> None:
        self._legs = legs
        self._numbers = {leg.symbol: number for number, leg in enumerate(legs)}
        self._places = {
            leg.symbol: np.searchsorted(bars.close_ms, leg.bars.close_ms).tolist() for leg in legs
        }
        self._trades: dict[tuple[str, int], int] = {}
        self._ledger = outcome.ledger
        self.fills = [self._fill(name, fill) for name, fill in outcome.ledger]
        found = outcome.legs.items()
        closed = [(name, one) for name, leg in found for one in leg.trades]
        left = [(name, one) for name, leg in found for one in leg.open]
        refused = [(name, one) for name, leg in found for one in leg.refusals]
        self._closed = sorted(closed, key=lambda row: self._places[row[0]][row[1].exit_bar])
        self._left = left
        self._refused = sorted(refused, key=lambda row: self._places[row[0]][row[1].bar])
        self.closed = [self._trade(name, one) for name, one in self._closed]
        self.left = [self._trade(name, one) for name, one in left]
        self.refused = [self._refusal(name, one) for name, one in self._refused]

    def _number(self, name: str, number: int) -> int:
        return self._trades.setdefault((name, number), len(self._trades))

    def _fill(self, name: str, one: Fill) -> Fill:
        trade = one.trade if one.trade < 0 else self._number(name, one.trade)
        return replace(one, bar=self._places[name][one.bar], trade=trade)

    def _trade(self, name: str, one: Trade) -> Trade:
        places = self._places[name]
        return replace(
            one,
            number=self._number(name, one.number),
            entry_bar=places[one.entry_bar],
            exit_bar=places[one.exit_bar],
        )

    def _refusal(self, name: str, one: Refused) -> Refused:
        return replace(one, bar=self._places[name][one.bar])

    def labelled(self, result: Result) -> tuple[Table, Table, Table]:
        """Fills, trades and refusals of a result of these rows, with leg, symbol and own times."""
        trades = [*self._closed, *self._left]
        fills = self._with_names(result.fills, [name for name, _ in self._ledger])
        fills["time_ms"] = self._opens([(name, one.bar) for name, one in self._ledger])
        rows = self._with_names(result.trades, [name for name, _ in trades])
        rows["entry_ms"] = self._opens([(name, one.entry_bar) for name, one in trades])
        rows["exit_ms"] = self._opens([(name, one.exit_bar) for name, one in trades])
        worth = rows["entry_price"] * rows["qty"] * self.values(rows["leg"])
        rows["pnl_fraction"] = rows["pnl"] / worth
        refusals = self._with_names(result.refusals, [name for name, _ in self._refused])
        refusals["time_ms"] = self._opens([(name, one.bar) for name, one in self._refused])
        return fills, rows, refusals

    def values(self, legs: NDArray[np.int64]) -> Floats:
        """Contract value of each row's leg."""
        own = np.array([float(leg.instrument.contract_value) for leg in self._legs])
        return np.asarray(own[legs])

    def _with_names(self, table: Table, names: list[str]) -> dict[str, NDArray[Any]]:
        leg = np.array([self._numbers[name] for name in names], dtype=np.int64)
        return {**table, "leg": leg, "symbol": np.array(names, dtype=np.str_)}

    def _opens(self, rows: list[tuple[str, int]]) -> NDArray[np.int64]:
        opens = {leg.symbol: leg.bars.open_ms for leg in self._legs}
        return np.array([opens[name][bar] for name, bar in rows], dtype=np.int64)
