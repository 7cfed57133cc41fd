"""How is money spread over symbols? Weights from their past returns, by name of the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.portfolio import optimisers

Method = Literal[
    "equal",
    "fixed",
    "inverse_volatility",
    "risk_parity",
    "hrp",
    "min_variance",
    "max_sharpe",
    "momentum",
]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
# They look at nothing that happened.
WITHOUT_PAST: Final[tuple[Method, ...]] = ("equal", "fixed")
_NONE: Final[Mapping[str, float]] = MappingProxyType({})
# What a sum of weights may exceed 1 by.
_NOISE: Final = 1e-9


class Weights(NamedTuple):
    """Shares by symbol, not below 0 and 1 at most in all; what is missing stays cash.

    `notes` say what had to be left out or done otherwise.
    """

    shares: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Allocation:
    """How money is spread. `fixed` shares are for that method; `top` is for momentum.

    `lookback_bars` returns are looked at; a share is at most `max_weight`.
    """

    method: Method = "equal"
    lookback_bars: int = 60
    top: int = 1
    fixed: Mapping[str, float] = field(default_factory=dict)
    max_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidInput("allocation.method", self.method, f"one of {', '.join(METHODS)}")
        if self.lookback_bars < 2:
            raise InvalidInput("allocation.lookback_bars", self.lookback_bars, "2 or more")
        if self.top < 1:
            raise InvalidInput("allocation.top", self.top, "1 or more")
        if not 0.0 < self.max_weight <= 1.0:
            raise InvalidInput("allocation.max_weight", self.max_weight, "above 0, at most 1")
        if bool(self.fixed) != (self.method == "fixed"):
            expected = "shares by symbol for the method fixed, and none for others"
            raise InvalidInput("allocation.weights", dict(self.fixed), expected)
        for name, share in self.fixed.items():
            if not 0.0 <= share <= self.max_weight:
                expected = f"between 0 and {self.max_weight:g}"
                raise InvalidInput(f"allocation.weights of {name}", share, expected)
        total = sum(self.fixed.values())
        if total > 1.0 + _NOISE:
            expected = "weights that add up to 1 (100 %) at most"
            raise InvalidInput("allocation.weights", f"{total:g} in all", expected)

    @property
    def needs_past(self) -> bool:
        """Whether returns are looked at."""
        return self.method not in WITHOUT_PAST

    def weights(self, returns: Mapping[str, Floats]) -> Weights:
        """Weights from the last returns (lookback_bars,) of every symbol, fractions per bar.

        A symbol that did not move is left out of methods that measure risk.
        """
        if self.method == "fixed":
            return Weights({name: self.fixed.get(name, 0.0) for name in returns})
        names, notes = list(returns), []
        if self.method in _OF_RISK:
            names = [name for name in returns if float(np.ptp(returns[name])) > 0.0]
            notes = [f"{name} did not move" for name in returns if name not in names]
        if not names:
            return Weights(dict.fromkeys(returns, 0.0), (*notes, "nothing is held"))
        table = np.stack([returns[name] for name in names], axis=1)
        shares, said = self._shares(table)
        found = dict(zip(names, shares.tolist(), strict=True))
        return Weights({name: found.get(name, 0.0) for name in returns}, (*notes, *said))

    def _shares(self, table: Floats) -> tuple[Floats, tuple[str, ...]]:
        count, most = table.shape[1], self.max_weight
        if self.method == "momentum":
            return capped(momentum(table, self.top), most), ()
        if self.method == "equal" or count == 1 or count * most <= 1.0:
            return capped(np.full(count, 1.0 / count), most), ()
        if self.method == "inverse_volatility":
            return capped(inverse_volatility(table), most), ()
        solved, problem = optimisers.solve(_OF_RISK[self.method], table, most)
        if solved is None:
            said = f"{self.method} found no weights ({problem}): inverse volatility instead"
            return capped(inverse_volatility(table), most), (said,)
        return solved, (problem,) if problem else ()


Solver = Callable[[Floats, float], Floats]
_OF_RISK: Final[Mapping[str, Solver]] = {
    "inverse_volatility": lambda table, most: inverse_volatility(table),
    "risk_parity": optimisers.risk_parity,
    "hrp": optimisers.hierarchical_risk_parity,
    "min_variance": optimisers.minimum_variance,
    "max_sharpe": optimisers.maximum_sharpe,
}


def inverse_volatility(table: Floats) -> Floats:
    """Shares in inverse proportion to the deviation of returns (n, k); none may be constant."""
    inverse = 1.0 / table.std(axis=0, ddof=1)
    return np.asarray(inverse / inverse.sum())


def momentum(table: Floats, top: int) -> Floats:
    """Equal shares for the `top` symbols by their return over all rows, if it is above zero.

    A place that no rising symbol takes stays cash. Of equal ones the first column.
    """
    grown = np.prod(1.0 + table, axis=0) - 1.0
    best = np.argsort(-grown, kind="stable")[:top]
    shares = np.zeros(table.shape[1])
    shares[best[grown[best] > 0.0]] = 1.0 / min(top, table.shape[1])
    return shares


def capped(shares: Floats, most: float) -> Floats:
    """The shares with none above `most`; what is cut off goes to the others in proportion.

    What no other can take stays out.
    """
    found = shares.copy()
    total = float(found.sum())
    for _ in range(len(found)):
        above = found > most
        if not above.any():
            break
        found[above] = most
        free = (found < most) & (found > 0.0)
        left = total - float(found[~free].sum())
        held = float(found[free].sum())
        if held == 0.0 or left <= held:
            break
        found[free] *= left / held
    return np.minimum(found, most)
