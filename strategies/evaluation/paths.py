"""Which kernel computes a strategy's rows, at which bars does it stop, and why?

The kernel with the least that has all a strategy uses: a function of strategy and rules alone, and
part of a run's name. Every kernel goes from event to event; what an event is follows from the
strategy too. A sweep whose rows share their signals looks exits up instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from engines.broker import Broker
from strategies.evaluation.alike import LEAST_ALIKE, strangers
from strategies.evaluation.rows import AT_CLOSES, has_rules
from strategies.graph.exits import (
    BreakEven,
    OnlyInProfit,
    StopLoss,
    TimeExit,
    TrailingStop,
    measures_whole,
)
from strategies.graph.sizing import Kelly, VolatilityTarget
from strategies.graph.strategy import Strategy

PLAIN: Final = "plain"
BRACKET: Final = "bracket"
FULL: Final = "full"
LOOKUP: Final = "lookup"


class Path(NamedTuple):
    """A kernel, what asks for it, and the bars that it looks at one by one."""

    kernel: str
    because: tuple[str, ...]
    stops_at: tuple[str, ...]


def path_of(strategy: Strategy, broker: Broker, alike: float = 1.0) -> Path:
    """How the strategy's rows are computed under the broker's rules.

    So many rows of a sweep are `alike`: they share their signals.
    """
    stops = tuple(_stops(strategy, broker))
    full = [*_full_of(strategy)]
    if broker.funding != "none":
        full.append("funding is paid while a position is open")
    if full:
        return Path(FULL, tuple(full), stops)
    resting = tuple(_resting(strategy))
    if resting:
        return _of_exits(strategy, broker, resting, stops, alike)
    return Path(PLAIN, ("nothing rests in the market: orders fill at an open or a close",), stops)


def _of_exits(
    strategy: Strategy,
    broker: Broker,
    resting: tuple[str, ...],
    stops: tuple[str, ...],
    alike: float,
) -> Path:
    """The path of rows whose exits rest in the market, and nothing else."""
    if alike < LEAST_ALIKE:
        return Path(BRACKET, resting, stops)
    against = strangers(strategy, broker)
    if against:
        told = (f"{one}, so that exits cannot be looked up" for one in against)
        return Path(BRACKET, (*resting, *told), stops)
    shared = f"{alike:,.0f} rows share their signals and differ in percentages of their exits"
    return Path(LOOKUP, (*resting, shared), ())


def rests_exits(strategy: Strategy) -> bool:
    """Whether anything rests in the market while a position is open."""
    return any(_resting(strategy))


def needs_full(strategy: Strategy) -> bool:
    """Whether its rows take the kernel that has every rule; the others leave out what costs time.

    Beside what rests that is whatever looks at the account's past or profit when it decides.
    """
    return any(_full_of(strategy))


def _resting(strategy: Strategy) -> Iterator[str]:
    for one in strategy.exits:
        if not isinstance(one, AT_CLOSES):
            yield f"{_named(one)} rests in the market"


def _full_of(strategy: Strategy) -> Iterator[str]:
    told = (
        (strategy.entry, "rests in the market until the price comes"),
        (strategy.ladder, "has orders that rest in the market"),
        (strategy.size_limits, "bounds every entry by the equity"),
        (strategy.limits, "counts trades and losses"),
        (strategy.re_entry, "remembers the side that was left"),
    )
    for node, does in told:
        if node is not None:
            yield f"{_named(node)} {does}"
    if has_rules(strategy) and strategy.limits is None and strategy.re_entry is None:
        yield "clock exit closes by the clock"
    if isinstance(strategy.sizing, (Kelly, VolatilityTarget)):
        yield f"{_named(strategy.sizing)} sizes an entry by what came before"
    for one in strategy.exits:
        if measures_whole(one):
            yield f"{_named(one)} hangs on the position as a whole"
        if isinstance(one, OnlyInProfit) or _waits_for_profit(one):
            yield f"{_named(one)} asks for a profit"


def _waits_for_profit(one: Any) -> bool:
    return isinstance(one, TimeExit) and one.min_profit_percent is not None


def _stops(strategy: Strategy, broker: Broker) -> Iterator[str]:
    yield "a condition that may change the position"
    if strategy.entry is not None or strategy.ladder is not None:
        yield "a price that a resting entry waits for"
    if any(_resting(strategy)):
        yield "a price that an exit waits for"
    for told, holds in _STOPS.items():
        if any(holds(one) for one in strategy.exits):
            yield told
    if has_rules(strategy):
        yield "a limit, the end of a day, or the clock"
    if broker.exits_from == "next_bar" and any(_resting(strategy)):
        yield "the first close that sees a position: its exits are live from there"
    if broker.funding != "none":
        yield "a settlement of funding"


def _named(node: Any) -> str:
    return str(node.kind).replace("_", " ")


_STOPS: Final[dict[str, Callable[[Any], bool]]] = {
    "a new best price, which a trailing stop follows": lambda one: isinstance(one, TrailingStop),
    "the price that moves the stop to break-even": lambda one: isinstance(one, BreakEven),
    "every held bar, as the stop follows its series": lambda one: (
        isinstance(one, StopLoss) and one.follow
    ),
    "the last bar that a position may last": lambda one: isinstance(one, TimeExit),
}
