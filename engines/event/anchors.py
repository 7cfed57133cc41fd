"""Where do a bracket's levels lie, counted from what they are anchored to? In kernel scalars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from engines.brackets import Anchor, Bracket, Level
from engines.event.account import Account, Lot
from engines.event.levels import price_of
from engines.kernel.anchors import margin_stop
from engines.kernel.money import quantity
from engines.kernel.rounding import round_against, round_in_favour
from engines.orders import Reason

ACTIVATION: Final = "activation"
WATCH: Final = "watch"


@dataclass
class Levels:
    """The levels of one lot's bracket, as its entry and those after it left them.

    `stop` is its own stop now and `reason` why it is there, `safety` that of the position's
    margin, `break_even` where the stop may still be moved to. `at` are what arms a trail, what
    triggers break-even, and targets by number.
    """

    side: int
    stop: float | None = None
    safety: float | None = None
    break_even: float | None = None
    reason: int = int(Reason.STOP_LOSS)
    at: dict[str, float] = field(default_factory=dict)

    @property
    def due(self) -> tuple[float | None, int]:
        """The nearer of the two stops, and what the ledger says of it."""
        own, safety = self.stop, self.safety
        if safety is not None and (own is None or self.side * safety > self.side * own):
            return safety, int(Reason.SAFETY_CLOSE)
        return own, self.reason

    def move_stop(self, stop: float) -> bool:
        """Another own stop, unless break-even is better; whether it moved (E6)."""
        moved = self.reason == Reason.BREAK_EVEN and self.stop is not None
        if moved and self.side * stop <= self.side * (self.stop or 0.0):
            return False
        self.stop, self.reason = stop, int(Reason.STOP_LOSS)
        return True


def measure(levels: Levels, bracket: Bracket, lot: Lot, account: Account, anew: bool) -> None:
    """Put a bracket's levels where the position wants them; all of them for a fresh lot.

    Later only those move that are not measured from the lot's own fill.
    """
    ruler = _Ruler(account, lot)
    if bracket.stop is not None and (anew or bracket.stop_anchor != "entry"):
        levels.move_stop(ruler.worse(bracket.stop, bracket.stop_anchor, -1.0))
    said = bracket.activation
    if said is not None and (anew or bracket.activation_anchor != "entry"):
        levels.at[ACTIVATION] = ruler.better(said, bracket.activation_anchor)
    if anew or bracket.break_even_anchor != "entry":
        _measure_break_even(levels, bracket, ruler)
    for number, target in enumerate(bracket.targets, 1):
        if anew or target.anchor != "entry":
            levels.at[str(number)] = ruler.better(target.level, target.anchor)
    if bracket.safety is not None:
        market, side = account.market, float(lot.side)
        raw = margin_stop(ruler.base("average"), side, bracket.safety, market)
        levels.safety = float(round_against(raw, side, market.tick))


def _measure_break_even(levels: Levels, bracket: Bracket, ruler: _Ruler) -> None:
    """An offset that does not lie behind what triggers it moves nothing."""
    anchor, trigger = bracket.break_even_anchor, bracket.break_even
    if trigger is None and bracket.after_target:
        trigger = bracket.targets[bracket.after_target - 1].level
    if trigger is None:
        return
    level, mark = ruler.worse(bracket.offset, anchor, 1.0), ruler.better(trigger, anchor)
    levels.break_even = level if levels.side * level < levels.side * mark else None
    if bracket.break_even is not None:
        levels.at[WATCH] = mark


class _Ruler:
    """Measures levels of a lot from one of the three anchors."""

    def __init__(self, account: Account, lot: Lot) -> None:
        self._account = account
        self._lot = lot

    def base(self, anchor: Anchor) -> float:
        """The price that a distance counts from."""
        mine = [lot for lot in self._account.lots if lot.side == self._lot.side]
        if anchor == "entry":
            return self._lot.price
        return mine[-1].price if anchor == "last" else self._average(mine)

    def worse(self, level: Level, anchor: Anchor, direction: float) -> float:
        """A stop: in favour (+1) or against (−1) of the base, rounded to the worse (C1)."""
        market, side = self._account.market, float(self._lot.side)
        raw = price_of(level, self.base(anchor), direction * side, market)
        return float(round_against(raw, side, market.tick))

    def better(self, level: Level, anchor: Anchor) -> float:
        """A target, or what arms something, rounded to the better (C1)."""
        market, side = self._account.market, float(self._lot.side)
        raw = price_of(level, self.base(anchor), side, market)
        return float(round_in_favour(raw, side, market.tick))

    def _average(self, lots: list[Lot]) -> float:
        """Average entry price of what is open on the lot's side (K5)."""
        market, payoff = self._account.market, self._account.payoff
        units, cost = 0.0, 0.0
        for lot in lots:
            units += lot.units
            cost += payoff.level(lot.price) * quantity(lot.units, market) * market.contract_value
        return payoff.price(cost / (quantity(units, market) * market.contract_value))


def targets_of(levels: Levels) -> Iterator[tuple[str, float]]:
    """Targets by number, as parts of a bracket are named, with their prices."""
    return ((part, level) for part, level in levels.at.items() if part.isdigit())
