"""Which strategies have rows that can look their exits up, where rows share their signals?

Those whose exits are fixed at the entry, or trail from it, in percent: when such an exit comes
hangs on the signal and the level alone (`engines.lookup`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engines.broker import Broker
from engines.kernel.exits import WHOLE
from strategies.evaluation.names import parameter_names
from strategies.graph.exits import Exit, StopLoss, TakeProfit, TrailingStop
from strategies.graph.node import walk
from strategies.graph.scalars import Param, value_of
from strategies.graph.sizing import PercentOfEquity
from strategies.graph.strategy import Strategy

# Rows that have to share their signals for a look-up to be worth its tables.
LEAST_ALIKE: Final = 8.0


def strangers(strategy: Strategy, broker: Broker) -> tuple[str, ...]:
    """What in a strategy of the bracket kernel cannot be looked up; nothing if all can."""
    return tuple(_strangers(strategy, broker))


def _strangers(strategy: Strategy, broker: Broker) -> Iterator[str]:
    if broker.exits_from == "next_bar":
        yield "exits are live from the first close that sees a position"
    if not isinstance(strategy.sizing, PercentOfEquity):
        yield f"{strategy.sizing.kind} sizes an entry by more than the equity".replace("_", " ")
    if strategy.pyramiding != 1:
        yield "a position may grow by several entries"
    if strategy.cool_down is not None:
        yield "a cool-down hangs on the last exit"
    kinds = [type(one) for one in strategy.exits]
    for one in strategy.exits:
        if kinds.count(type(one)) > 1 or not _is_fixed(one):
            yield f"{one.kind} is more than one percentage of the price".replace("_", " ")


def _is_fixed(one: Exit) -> bool:
    if isinstance(one, TrailingStop):
        return one.distance.form == "percent" and one.activation is None
    if isinstance(one, TakeProfit):
        portion = value_of(one.portion, {}) if not isinstance(one.portion, Param) else 0.0
        return one.distance.form == "percent" and portion * 0.01 >= WHOLE
    return isinstance(one, StopLoss) and one.distance.form == "percent"


def signal_names(strategy: Strategy) -> frozenset[str]:
    """The parameters that decide when a row enters, and with how much: not those of exits alone."""
    own = set(strategy.exits)
    others = walk([one for one in strategy.roots if one not in own])
    return frozenset(name for names in parameter_names(others).values() for name in names)
