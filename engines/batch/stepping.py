"""How does somebody else decide, bar by bar? Many accounts that wait for an action each.

What an agent trains on: the same step as a backtest's, so what it learns is what it will pay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats, frozen
from engines.batch.cpu import SWEEP_TAPE, Window, spare_room
from engines.errors import InvalidInput
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.layout import Market, Tape
from engines.kernel.limits import N_MEMORY
from engines.kernel.resume import CASH, N_STATE, SIDE, resume
from engines.vectors import LANES, N_LANE_SUMS

_NO_CURVE: Final = np.zeros(0)
_NOTHING_RESTS: Final = np.zeros((0, rests.STRIDE))
_ALL_BITS: Final = 15
_LANE_SUMS: Final = (at.STAT_RETURN_SUM, at.STAT_RETURN_SQUARES, at.STAT_LOSS_SQUARES)


@dataclass(frozen=True, eq=False)
class Stepped:
    """Where accounts stand after bar `bar`: arrays with a row each, see `engines.kernel.resume`.

    Copy it (`copy`) to come back to it later.
    """

    bar: int
    states: Floats
    lots: Floats
    sums: Floats
    stats: Floats

    def copy(self) -> Stepped:
        """The same, untouched by steps to come."""
        arrays = (self.states, self.lots, self.sums, self.stats)
        return Stepped(self.bar, *(one.copy() for one in arrays))

    @property
    def equity(self) -> Floats:
        """Equity at the bar's close, (n_rows,)."""
        return self.stats[:, at.STAT_EQUITY]

    @property
    def side(self) -> Floats:
        """+1 long, −1 short, 0 flat, (n_rows,)."""
        return self.states[:, SIDE]


@dataclass(frozen=True, eq=False)
class Stepper:
    """Accounts with exits and sizes of their own over one window of bars.

    `levels` (n_columns, n_bars), `params` and `choices` as in a `DecisionTable`, a row for each
    account; the conditions of `choices` are not used, the actions take their place.
    """

    ready: Window
    levels: Floats
    params: Floats
    choices: NDArray[np.int32]
    market: Market

    def start(self, bar: int) -> Stepped:
        """Accounts that have not traded, before bar `bar`.

        Raises InvalidInput outside the bars, and for limits of trades and losses: they are the
        agent's.
        """
        if self.choices[:, at.RULES].any():
            raise InvalidInput("choices", "limits of trades or losses", "rows without any")
        if not 0 <= bar < self.ready.n_bars:
            raise InvalidInput("bar", bar, f"from 0 to {self.ready.n_bars - 1}")
        if self.choices[:, [at.ENTRY_TYPE, at.LADDER_ORDERS]].any():
            raise InvalidInput("choices", "entries that rest", "market entries: actions decide")
        n_rows, depth = len(self.params), self._depth
        return Stepped(
            bar - 1,
            np.full((n_rows, N_STATE), np.nan),
            np.zeros((n_rows * depth, at.LOT_STRIDE)),
            np.zeros((n_rows, N_LANE_SUMS * LANES)),
            np.zeros((n_rows, at.N_STATS)),
        )

    @property
    def _depth(self) -> int:
        return max(int(self.choices[:, at.PYRAMIDING].max(initial=1)), 1)

    def step(
        self, before: Stepped, actions: NDArray[np.int32], tape: Tape | None = None
    ) -> Stepped:
        """Take every account through the next bar; `before` is used up.

        `actions` (n_rows,) are bits of `engines.kernel.resume`, decided at the bar's close. A
        `tape` keeps the ledger. Raises InvalidInput for other shapes, bits or beyond the bars.
        """
        bar = before.bar + 1
        if bar >= self.ready.n_bars:
            raise InvalidInput("bar", bar, f"at most {self.ready.n_bars - 1}")
        asked = np.asarray(actions)
        if asked.shape != (len(self.params),) or ((asked < 0) | (asked > _ALL_BITS)).any():
            expected = f"{len(self.params)} numbers from 0 to {_ALL_BITS}"
            raise InvalidInput("actions", asked.tolist(), expected)
        fresh = bool(np.isnan(before.states).all())
        resume(
            self.ready.bars,
            self.ready.finer,
            self.levels,
            self.params,
            self.choices,
            self.market,
            frozen(asked, np.int32),
            bar,
            fresh,
            self._depth,
            before.states,
            before.lots,
            before.sums,
            before.stats,
            SWEEP_TAPE if tape is None else tape,
            _NOTHING_RESTS,
            np.zeros(N_MEMORY),
            self.ready.funding,
            _NO_CURVE,
            spare_room(),
        )
        return replace(before, bar=bar)

    def sums(self, after: Stepped) -> Floats:
        """Sums of the bars so far, (n_rows, N_STATS), as `engines.batch.summary` takes them."""
        stats = after.stats.copy()
        for number, slot in enumerate(_LANE_SUMS):
            lanes = after.sums[:, number * LANES : (number + 1) * LANES]
            # Added in the kernel's order.
            stats[:, slot] += np.cumsum(lanes, axis=1)[:, -1]
        stats[:, at.STAT_CASH] = after.states[:, CASH]
        return stats
