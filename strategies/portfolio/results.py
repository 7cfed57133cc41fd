"""How does a run on one account read? The whole as one result, and what each leg brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engines import event
from engines.bars import Bars, Floats
from engines.kernel.market import market_for
from engines.legs import Leg
from engines.portfolio import Outcome
from engines.result import Result
from engines.risk import common_returns, correlation
from engines.spec import Spec
from strategies.allocation import Rebalance
from strategies.portfolio.rows import Rows
from strategies.portfolio.timeline import timeline_of
from strategies.scripting.results import result_of


@dataclass(frozen=True, eq=False)
class PortfolioResult:
    """A run on one account with everything kept.

    `whole` is the account: its `leg` columns number the symbols of `legs`, its bars those of
    `bars`, whose prices are those of holding all symbols in equal parts. `legs` by symbol: their
    `equity` is the initial cash and what the leg brought; their fills' `cash` is the account's.
    `contributions` (n_closes, n_legs), quote currency, add up to the account's profit at every
    close. `market_correlation` is that of the symbols' returns between common closes,
    `profit_correlation` that of what the legs brought from close to close, both
    (n_legs, n_legs), NaN where one does not vary.
    """

    whole: Result
    bars: Bars
    legs: Mapping[str, Result]
    contributions: Floats
    market_correlation: Floats
    profit_correlation: Floats
    rebalances: tuple[Rebalance, ...] = ()


def result_of_portfolio(
    spec: Spec,
    specs: Sequence[Spec],
    legs: Sequence[Leg],
    outcome: Outcome,
    rebalances: tuple[Rebalance, ...],
) -> PortfolioResult:
    """The result of a run of `legs`, by symbol, whose own specs are `specs`."""
    close_ms = np.array(outcome.close_ms, dtype=np.int64)
    bars = timeline_of(legs, close_ms)
    whole = _whole(spec, legs, outcome, bars)
    found = {
        leg.symbol: _leg(one, leg, outcome.legs[leg.symbol])
        for leg, one in zip(legs, specs, strict=True)
    }
    brought = np.array(outcome.brought)
    changes = np.diff(brought, axis=0, prepend=0.0)
    return PortfolioResult(
        whole=whole,
        bars=bars,
        legs=found,
        contributions=brought,
        market_correlation=_market_correlation(legs),
        profit_correlation=_matrix(changes),
        rebalances=rebalances,
    )


def _whole(spec: Spec, legs: Sequence[Leg], outcome: Outcome, bars: Bars) -> Result:
    """The account as one run over its own closes; rows know their symbols and their bars' opens."""
    rows = Rows(legs, outcome, bars)
    market = market_for(spec.broker, spec.instrument)
    joined = event.Outcome(rows.fills, rows.closed, rows.left, outcome.equity, rows.refused)
    result = result_of(spec, joined, market, bars, 0)
    fills, trades, refusals = rows.labelled(result)
    turnover = float(sum(fills["price"] * fills["qty"] * rows.values(fills["leg"])))
    return replace(
        result,
        fills=fills,
        trades=trades,
        refusals=refusals,
        statistics={**result.statistics, "turnover": turnover},
    )


def _leg(spec: Spec, leg: Leg, outcome: event.Outcome) -> Result:
    market = market_for(spec.broker, leg.instrument)
    result = result_of(spec, outcome, market, leg.bars, leg.traded[0])
    # The cash beside its fills is the account's: what is open cannot be told from it.
    still = sum(one.pnl + one.entry_fee + one.funding for one in outcome.open)
    return replace(result, statistics={**result.statistics, "open_profit": float(still)})


def _market_correlation(legs: Sequence[Leg]) -> Floats:
    """Of every pair over the closes that both have, while they are traded."""
    bars = [leg.bars.rows(leg.traded[0], leg.traded[-1] + 1) for leg in legs]
    found = np.ones((len(legs), len(legs)))
    for i, one in enumerate(bars):
        for k in range(i):
            _, returns = common_returns([one, bars[k]])
            known = len(returns) > 1
            value = correlation(returns[:, 0], returns[:, 1]) if known else float("nan")
            found[i, k] = found[k, i] = value
    return found


def _matrix(columns: Floats) -> Floats:
    count = columns.shape[1]
    found = np.ones((count, count))
    for i in range(count):
        for k in range(i):
            found[i, k] = found[k, i] = correlation(columns[:, i], columns[:, k])
    return found
