"""Portfolios put back to their weights: by hand, without look-ahead, the same on both engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines import portfolio, reference
from engines.bars import Bars
from engines.broker import BYBIT_LINEAR
from engines.errors import InvalidInput
from engines.legs import Leg
from engines.orders import Refusal
from engines.portfolio.allocation import METHODS, Allocation
from strategies.allocation import Policy, Rebalancer, Schedule
from tests.engines.event.agreement import EXACT, MONEY, PRICES, assert_same_rows
from tests.engines.portfolio.conftest import Play, leg_of
from tests.engines.portfolio.conftest import play as play
from tests.engines.reference.conftest import Bar


def daily(symbol: str, closes: Sequence[float], **given: Any) -> Leg:
    """Day bars that open at the close before."""
    opens = [closes[0], *closes[:-1]]
    bars: list[Bar] = [(a, max(a, b), min(a, b), b) for a, b in zip(opens, closes, strict=True)]
    return leg_of(symbol, bars, interval="D", **given)


def conductor(legs: Sequence[Leg], policy: Policy, trades: bool = True) -> Rebalancer:
    return Rebalancer(policy, {leg.symbol: leg.bars for leg in legs}, trades)


def equal(every: str = "daily", keep_cash: float = 0.0, **given: Any) -> Policy:
    given.setdefault("schedule", Schedule(every))  # type: ignore[arg-type]
    return Policy(Allocation("equal"), keep_cash=keep_cash, **given)


def test_a_rebalancing_by_hand_with_costs(play: Play) -> None:
    legs = [daily("AAA", [100.0, 120.0, 120.0]), daily("BBB", [50.0, 50.0, 50.0])]
    said = play(legs, conductor(legs, equal(keep_cash=0.02)), taker_fee_rate=0.001)
    # 98 % of 1,000 in halves: 4.9 at 100 and 9.8 at 50, 0.49 of fees each.
    first = [(row.symbol, row.side, row.qty, row.price) for row in said.rows[:2]]
    assert first == [("AAA", 1, 4.9, 100.0), ("BBB", 1, 9.8, 50.0)]
    assert said.rows[1].cash == pytest.approx(1_000 - 0.98)
    # Then 999.02 + 4.9 × 20 = 1,097.02: 537.54 each are 4.4795 at 120 and 10.7508 at 50. What is
    # sold comes first; quantities go down to the lot.
    then = [(row.symbol, row.side, round(row.qty, 9), row.price) for row in said.rows[2:4]]
    assert then == [("AAA", -1, 0.42, 120.0), ("BBB", 1, 0.95, 50.0)]
    assert said.rows[3].cash == pytest.approx(999.02 + 0.42 * 20 - 0.0504 - 0.0475)
    assert said.equity[-1] == pytest.approx(1_097.02 - 0.0979)


def test_a_drift_beyond_the_threshold_is_put_right(play: Play) -> None:
    # A half that grows by a tenth is 0.524 of the whole; by a quarter 0.556.
    legs = [daily("AAA", [100.0, 110.0, 125.0, 125.0, 125.0]), daily("BBB", [50.0] * 5)]
    policy = equal(schedule=Schedule("never", threshold=0.05))
    chief = conductor(legs, policy)
    said = play(legs, chief)
    assert [(row.symbol, row.bar, row.qty) for row in said.rows] == [
        ("AAA", 1, 5.0),
        ("BBB", 1, 10.0),
        ("AAA", 3, 0.5),
        ("BBB", 3, 1.25),
    ]
    assert [one.cause for one in chief.history] == ["start", "drift"]


def test_small_changes_are_left(play: Play) -> None:
    legs = [daily("AAA", [100.0, 101.0, 101.0]), daily("BBB", [50.0] * 3)]
    assert len(play(legs, conductor(legs, equal(keep_cash=0.01))).rows) == 4
    assert len(play(legs, conductor(legs, equal(keep_cash=0.01, min_trade=5.0))).rows) == 2


def test_without_cash_kept_a_rise_leaves_too_little_for_the_last_lot(play: Play) -> None:
    legs = [daily("AAA", [100.0, 101.0, 101.0]), daily("BBB", [50.0] * 3)]
    said = play(legs, conductor(legs, equal(keep_cash=0.0)))
    assert said.refused("BBB") == [(2, int(Refusal.NO_MARGIN), "rebalance")]


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("never", [0]),
        ("daily", list(range(95))),
        ("weekly", [0, *range(3, 95, 7)]),
        ("monthly", [0, 30, 58, 89]),
        ("quarterly", [0, 89]),
    ],
)
def test_the_calendar_is_that_of_utc(every: str, days: list[int]) -> None:
    # From Thursday 1970-01-01 on: the first Monday is day 4, whose start the close of day 3 is.
    legs = [daily("AAA", [100.0] * 95)]
    chief = conductor(legs, equal(every))
    portfolio.simulate(legs, BYBIT_LINEAR, chief)
    assert [one.time_ms // 86_400_000 - 1 for one in chief.history] == days


def test_every_so_many_bars() -> None:
    legs = [daily("AAA", [100.0] * 10)]
    chief = conductor(legs, equal(schedule=Schedule("bars", every_bars=4)))
    portfolio.simulate(legs, BYBIT_LINEAR, chief)
    assert [one.time_ms // 86_400_000 for one in chief.history] == [1, 5, 9]


def test_an_order_below_the_venues_minimum_is_refused_with_a_reason() -> None:
    grid = {"min_notional": Decimal(5)}
    legs = [
        daily("AAA", [100.0, 101.0, 101.0], instrument=grid),
        daily("BBB", [50.0] * 3, instrument=grid),
    ]
    # 0.04 of BBB are 2.
    broker = replace(BYBIT_LINEAR, initial_cash=1_000.0, taker_fee_rate=0.0)
    out = portfolio.simulate(legs, broker, conductor(legs, equal(keep_cash=0.01)))
    found = [(one.bar, one.reason, one.id) for one in out.legs["BBB"].refusals]
    assert found == [(day, int(Refusal.MIN_NOTIONAL), "rebalance") for day in (1, 2)]


def test_a_symbol_that_is_listed_late_waits_for_its_history(play: Play) -> None:
    rng = np.random.default_rng(1)

    def walk(n: int) -> list[float]:
        return [round(100.0 + one, 1) for one in np.cumsum(rng.normal(0.0, 1.0, n)).tolist()]

    old = [daily("AAA", walk(12)), daily("BBB", walk(12))]
    late = daily("NEW", walk(6), at=list(range(6, 12)))
    legs = [*old, late]
    policy = Policy(Allocation("inverse_volatility", lookback_bars=3), Schedule("daily"))
    chief = conductor(legs, policy)
    said = play(legs, chief)
    # Three returns need four closes: those of days 3 and 9.
    assert chief.history[0].time_ms == 4 * 86_400_000
    joined = [one for one in chief.history if "NEW" in one.weights]
    assert joined[0].time_ms == 10 * 86_400_000
    assert min(row.bar for row in said.rows if row.symbol == "NEW") == 4
    assert any("NEW has 1 of 4 closes" in note for one in chief.history for note in one.notes)


def test_a_symbol_in_a_gap_keeps_its_part(play: Play) -> None:
    whole = daily("AAA", [100.0, 110.0, 120.0, 120.0])
    # BBB has no bar on day 1, whose close rebalances: half of the money stays in it.
    holes = daily("BBB", [50.0, 50.0, 50.0], at=[0, 2, 3])
    chief = conductor([whole, holes], equal())
    said = play([whole, holes], chief)
    assert [(row.symbol, row.bar, round(row.qty, 9)) for row in said.rows] == [
        ("AAA", 1, 5.0),
        ("AAA", 2, 0.22),
        ("BBB", 1, 10.0),
        ("AAA", 3, 0.2),
    ]
    assert chief.history[0].weights == {"AAA": 0.5, "BBB": 0.5}
    # The order for BBB waits until day 2; at the close of day 1 its half is not AAA's.
    assert chief.history[1].weights == {"AAA": 0.5, "BBB": 0.5}
    assert chief.history[1].notes == ("BBB did not close now: its part stays",)
    assert chief.history[2].notes == ()


def test_one_symbol_without_any_movement_is_not_divided_by(play: Play) -> None:
    legs = [daily("AAA", [100.0, 101.0, 99.0, 102.0, 100.0]), daily("DOLLAR", [1.0] * 5)]
    policy = Policy(Allocation("risk_parity", lookback_bars=3), Schedule("daily"))
    chief = conductor(legs, policy)
    play(legs, chief)
    assert chief.history[0].weights == {"AAA": 1.0, "DOLLAR": 0.0}
    assert chief.history[0].notes[-1] == "DOLLAR did not move"


def test_shares_scale_the_sizes_of_the_legs_own_scripts(play: Play) -> None:
    from engines.commands import Entry

    plan = {1: [Entry("L", "long")]}
    legs = [
        replace(daily(name, [100.0] * 4, qty_type="percent_of_equity", qty_value=100.0),
                script=leg_of(name, [(1.0,) * 4], plan).script)
        for name in ("AAA", "BBB")
    ]  # fmt: skip
    policy = Policy(
        Allocation("fixed", fixed={"AAA": 0.25, "BBB": 0.5}), Schedule("never"), keep_cash=0.0
    )
    said = play(legs, conductor(legs, policy, trades=False))
    assert [(row.symbol, row.qty) for row in said.rows] == [("AAA", 2.5), ("BBB", 5.0)]


def _random_legs(seed: int, count: int) -> list[Leg]:
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0, 1.0, 80)
    legs = []
    for name in ("AAA", "BBB", "CCC", "DDD")[:count]:
        own = rng.normal(0.05, float(rng.choice([0.5, 2.0])), 80)
        closes = np.maximum(100.0 + np.cumsum(common + own), 5.0).round(1).tolist()
        kept = [day for day in range(80) if rng.random() < 0.97] if rng.random() < 0.4 else None
        days = list(range(80)) if kept is None else kept
        legs.append(daily(name, [closes[day] for day in days], at=days))
    return legs


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_both_engines_rebalance_alike(method: str, seed: int) -> None:
    legs = _random_legs(seed, 4)
    fixed = {"AAA": 0.4, "BBB": 0.1, "CCC": 0.3} if method == "fixed" else {}
    policy = Policy(
        Allocation(method, 20, top=2, fixed=fixed, max_weight=0.6),  # type: ignore[arg-type]
        Schedule("weekly", threshold=0.1),
    )
    broker = replace(BYBIT_LINEAR, taker_fee_rate=0.001, slippage_ticks=1.0)
    chief, other = conductor(legs, policy), conductor(legs, policy)
    ours = portfolio.simulate(legs, broker, chief)
    witness = reference.simulate_portfolio(legs, broker, other)
    assert len(chief.history) > 5
    assert [(one.time_ms, one.cause) for one in chief.history] == [
        (one.time_ms, one.cause) for one in other.history
    ]
    for name, leg in ours.legs.items():
        theirs = witness.legs[name]
        assert_same_rows([*leg.trades, *leg.open], [*theirs.trades, *theirs.open], EXACT, PRICES,
                         MONEY)  # fmt: skip
    np.testing.assert_allclose(ours.equity, [float(one) for one in witness.equity], rtol=1e-9)


@pytest.mark.parametrize("method", ["hrp", "momentum", "max_sharpe"])
def test_what_comes_later_changes_nothing_before(method: str) -> None:
    legs = _random_legs(11, 3)
    policy = Policy(Allocation(method, 20, top=1), Schedule("weekly"))  # type: ignore[arg-type]
    now_ms = 60 * 86_400_000

    def history(bars: Mapping[str, Bars]) -> list[Any]:
        cut = [replace(leg, bars=bars[leg.symbol]) for leg in legs]
        chief = Rebalancer(policy, bars)
        portfolio.simulate(cut, BYBIT_LINEAR, chief)
        return [one for one in chief.history if one.time_ms <= now_ms]

    def altered(bars: Bars) -> Bars:
        columns = dict(bars.columns())
        later = bars.close_ms > now_ms
        for name in ("open", "high", "low", "close"):
            columns[name] = np.where(later, columns[name] * 3.0, columns[name])
        return Bars.from_columns(bars.series, columns)

    original = {leg.symbol: leg.bars for leg in legs}
    other = {name: altered(bars) for name, bars in original.items()}
    assert history(original) == history(other)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("method", "guess", "allocation.method was 'guess'"),
        ("lookback_bars", 1, "allocation.lookback_bars was 1"),
        ("fixed", {"AAA": 0.5}, "allocation.weights.*fixed"),
        ("max_weight", 0.0, "allocation.max_weight was 0.0"),
        ("top", 0, "allocation.top was 0"),
    ],
)
def test_an_allocation_that_cannot_be_is_named(field: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Allocation(**{field: value})


def test_weights_that_add_up_to_more_than_all_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"allocation.weights was '1.2 in all'"):
        Allocation("fixed", fixed={"AAA": 0.7, "BBB": 0.5})
    kept = Allocation("fixed", fixed={"AAA": 0.3, "BBB": 0.5})
    assert kept.weights({"AAA": np.zeros(0), "BBB": np.zeros(0)}).shares == {"AAA": 0.3, "BBB": 0.5}
