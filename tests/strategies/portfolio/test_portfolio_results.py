"""A run on one account as results: the parts make the whole, and the name is of everything."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.broker import BYBIT_LINEAR
from engines.commands import Properties
from engines.errors import InvalidInput
from engines.instrument import Instrument
from engines.intervals import Interval
from engines.metrics.of_result import material_of
from engines.metrics.registry import figures
from engines.portfolio.allocation import Allocation
from engines.resampling import resample
from engines.risk import Limits
from strategies.allocation import Policy, Schedule
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph import close, sma
from strategies.portfolio import (
    PortfolioLeg,
    PortfolioResult,
    PortfolioTerms,
    backtest_portfolio,
)
from strategies.portfolio.figures import figures_of_portfolio, material_of_portfolio
from strategies.scripting import EventStrategy, Now, backtest_script

HOUR_MS = 3_600_000
TERMS = PortfolioTerms(BYBIT_LINEAR)
EQUAL = PortfolioTerms(BYBIT_LINEAR, Policy(Allocation("equal"), Schedule("weekly")))


class Cross(EventStrategy):
    """Long above an average, short below."""

    parameters: ClassVar = {"length": 12}
    properties = Properties(qty_type="percent_of_equity", qty_value=20)

    def setup(self) -> None:
        self.average = sma(close, int(self["length"]))

    def on_bar(self, now: Now) -> None:
        now.entry("E", "long" if now.close > now[self.average] else "short")


def walk(symbol: str, seed: int, hours: int = 600, first: int = 0) -> Bars:
    rng = np.random.default_rng(seed)
    closes = np.round(100.0 + np.cumsum(rng.normal(0.0, 0.4, hours)), 1)
    opens = np.append(closes[:1], closes[:-1])
    columns = {
        "open": opens,
        "high": np.maximum(opens, closes) + 0.2,
        "low": np.minimum(opens, closes) - 0.2,
        "close": closes,
    }
    times = {"open_ms": HOUR_MS * np.arange(first, first + hours)}
    return Bars.from_columns(Series("linear", symbol, "60"), {**times, **columns})


def leg(
    symbol: str,
    seed: int,
    strategy: EventStrategy | None = None,
    interval: Interval = "60",
    value: str = "1",
    first: int = 0,
) -> PortfolioLeg:
    bars = resample(walk(symbol, seed, first=first), interval)
    grid = Instrument("linear", symbol, Decimal("0.1"), Decimal("0.01"), quote="USDT",
                      contract_value=Decimal(value))  # fmt: skip
    return PortfolioLeg(Dataset(bars), grid, strategy)


def three() -> list[PortfolioLeg]:
    return [
        leg("AAA", 1, Cross()),
        leg("BBB", 2, Cross(length=24), "240"),
        leg("CCC", 3, Cross(), value="2", first=100),
    ]


@pytest.fixture(scope="module")
def mixed() -> PortfolioResult:
    """Three legs: one on a longer interval, one with another contract value, listed late."""
    return backtest_portfolio(three(), TERMS)


def test_the_parts_make_the_whole(mixed: PortfolioResult) -> None:
    whole, legs = mixed.whole, list(mixed.legs.values())
    cash = whole.spec.broker.initial_cash
    np.testing.assert_allclose(whole.equity - cash, mixed.contributions.sum(axis=1), atol=1e-6)
    for name in ("trades", "entries", "fees", "turnover", "gross_profit", "gross_loss"):
        parts = sum(one.statistics[name] for one in legs)
        assert whole.statistics[name] == pytest.approx(parts, rel=1e-9), name
    assert len(whole.fills["bar"]) == sum(len(one.fills["bar"]) for one in legs)
    assert whole.fills["cash"][-1] == pytest.approx(
        whole.equity[-1] - sum(one.statistics["open_profit"] for one in legs), rel=1e-9
    )


def test_rows_know_their_legs_symbols_and_own_times(mixed: PortfolioResult) -> None:
    fills, trades = mixed.whole.fills, mixed.whole.trades
    names = np.array(list(mixed.legs))
    np.testing.assert_array_equal(names[fills["leg"]], fills["symbol"])
    for name, one in mixed.legs.items():
        own = fills["symbol"] == name
        np.testing.assert_array_equal(fills["time_ms"][own], one.fills["time_ms"])
        np.testing.assert_array_equal(fills["price"][own], one.fills["price"])
        mine = trades["symbol"] == name
        np.testing.assert_allclose(np.sort(trades["pnl"][mine]), np.sort(one.trades["pnl"]))
        np.testing.assert_allclose(
            np.sort(trades["pnl_fraction"][mine]), np.sort(one.trades["pnl_fraction"])
        )
    closed = trades["exit_signal"] != "Open"
    assert (np.diff(trades["exit_bar"][closed]) >= 0).all()
    # A number is one entry of one leg.
    pairs = {
        (n, s) for n, s in zip(trades["number"].tolist(), trades["symbol"].tolist(), strict=True)
    }
    assert len({number for number, _ in pairs}) == len(pairs)
    assert set(fills["trade"][fills["trade"] >= 0].tolist()) == {number for number, _ in pairs}


def test_the_account_lives_on_every_close(mixed: PortfolioResult) -> None:
    bars = mixed.bars
    assert str(bars.series) == "linear/PORTFOLIO/60/last"
    assert len(bars) == len(mixed.whole.equity) == 700
    # Holding all in equal parts: the late one stands for cash until it is listed.
    first = [one.open_ms[0] for one in mixed.legs.values()]
    assert first[2] == 100 * HOUR_MS
    a, b, c = (one for one in three())
    grown = [x.dataset.bars.close[-1] / x.dataset.bars.open[0] for x in (a, b, c)]
    assert bars.close[-1] == pytest.approx(100.0 * np.mean(grown))
    assert bars.open[0] == 100.0


def test_metrics_of_the_account_and_of_the_legs(mixed: PortfolioResult) -> None:
    whole = figures(material_of(mixed.whole, mixed.bars))
    assert whole["total_return"] == pytest.approx(mixed.whole.statistics["total_return"])
    parts = [
        figures(material_of(one, given.dataset.bars))
        for one, given in zip(mixed.legs.values(), three(), strict=True)
    ]
    assert whole["total_return"] == pytest.approx(sum(one["total_return"] for one in parts))


def test_figures_of_a_single_market_are_left_out_of_the_whole() -> None:
    legs = three()
    slipping = replace(TERMS, broker=replace(BYBIT_LINEAR, slippage_ticks=1.0))
    found = backtest_portfolio(legs, slipping)
    bars = {one.symbol: one.dataset.bars for one in legs}
    material = material_of_portfolio(found, bars)
    whole = figures_of_portfolio(material)
    # Quantity × the price of an index, whose level is arbitrary.
    for name in ("max_margin", "average_exposure", "intrabar_drawdown", "lowest_free_margin"):
        assert np.isnan(whole[name]), name
        assert np.isfinite(figures(material)[name]), name
    # What needs no price, or only how it moved, is there.
    for name in ("total_return", "profit_factor", "beta", "fees", "daily_sharpe"):
        assert np.isfinite(whole[name]), name
    parts = [figures(material_of(one, bars[name]))["slippage"] for name, one in found.legs.items()]
    assert whole["slippage"] == pytest.approx(sum(parts))
    assert whole["slippage"] > 100.0


def test_a_portfolio_of_one_is_the_single_run() -> None:
    only = leg("AAA", 1, Cross())
    found = backtest_portfolio([only], TERMS)
    terms = Terms(only.instrument, BYBIT_LINEAR)
    single = backtest_script(Cross(), only.dataset, terms)
    for name in ("bar", "price", "qty", "fee", "reason", "trade"):
        np.testing.assert_array_equal(found.whole.fills[name], single.fills[name])
    np.testing.assert_allclose(found.whole.fills["cash"], single.fills["cash"], rtol=1e-12)
    # Of one account's legs, exits in doubt are not counted.
    unknown = {"ambiguous_exits", "pessimistic_profit", "optimistic_profit"}
    for name, value in single.statistics.items():
        if name in unknown:
            continue
        assert found.whole.statistics[name] == pytest.approx(value, rel=1e-9, nan_ok=True), name
        assert found.legs["AAA"].statistics[name] == pytest.approx(value, rel=1e-6, nan_ok=True)


def test_the_order_in_which_legs_are_written_changes_nothing(mixed: PortfolioResult) -> None:
    turned = backtest_portfolio(three()[::-1], TERMS)
    assert turned.whole.spec.digest == mixed.whole.spec.digest
    assert turned.whole.ledger_digest == mixed.whole.ledger_digest
    np.testing.assert_array_equal(turned.market_correlation, mixed.market_correlation)


def test_the_name_is_of_everything_that_decides() -> None:
    legs = [leg("AAA", 1), leg("BBB", 2)]
    base = backtest_portfolio(legs, EQUAL).whole.spec.digest
    policy = EQUAL.policy
    assert policy is not None
    others = [
        replace(EQUAL, policy=replace(policy, keep_cash=0.02)),
        replace(EQUAL, policy=replace(policy, schedule=Schedule("weekly", threshold=0.5))),
        replace(EQUAL, policy=replace(policy, allocation=Allocation("momentum"))),
        replace(EQUAL, limits=Limits(max_open_positions=5)),
        replace(EQUAL, broker=replace(BYBIT_LINEAR, leverage=2.0)),
    ]
    names = {backtest_portfolio(legs, one).whole.spec.digest for one in others}
    assert len(names | {base}) == 6
    assert backtest_portfolio(legs, EQUAL).whole.spec.digest == base


def test_a_range_is_traded_and_what_lies_before_is_seen() -> None:
    legs = [leg("AAA", 1), leg("BBB", 2)]
    policy = Policy(Allocation("inverse_volatility", 100), Schedule("never"))
    start_ms, end_ms = 200 * HOUR_MS, 300 * HOUR_MS
    found = backtest_portfolio(legs, replace(TERMS, policy=policy), start_ms, end_ms)
    # 200 closes are known at the first traded one: it need not wait for its look-back.
    assert found.rebalances[0].time_ms == start_ms + HOUR_MS
    assert (found.whole.open_ms[0], len(found.whole.equity)) == (start_ms, 100)
    assert found.whole.spec.end_ms == end_ms


def test_correlations_are_those_of_common_closes() -> None:
    legs = [leg("AAA", 1), leg("BBB", 2, first=50), leg("SAME", 1)]
    found = backtest_portfolio(legs, EQUAL)
    table = found.market_correlation
    assert table[0, 2] == pytest.approx(1.0)
    a, b = (one.dataset.bars for one in legs[:2])
    common = a.close[50:], b.close[: len(a) - 50]
    first, second = (np.diff(one) / one[:-1] for one in common)
    assert table[0, 1] == table[1, 0] == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert found.profit_correlation.shape == (3, 3)


def test_legs_with_and_without_strategies_are_not_mixed() -> None:
    with pytest.raises(InvalidInput, match="BBB has none"):
        backtest_portfolio([leg("AAA", 1, Cross()), leg("BBB", 2)], TERMS)
    with pytest.raises(InvalidInput, match="allocation was None"):
        backtest_portfolio([leg("AAA", 1)], TERMS)
    with pytest.raises(InvalidInput, match=r"legs.interval was '240, 60'"):
        backtest_portfolio([leg("AAA", 1), leg("BBB", 2, interval="240")], EQUAL)
    drift = replace(EQUAL, policy=Policy(schedule=Schedule("weekly", threshold=0.1)))
    with pytest.raises(InvalidInput, match=r"allocation.threshold was 0.1"):
        backtest_portfolio([leg("AAA", 1, Cross())], drift)


def test_shares_scale_what_strategies_risk() -> None:
    legs = [leg("AAA", 1, Cross()), leg("BBB", 2, Cross())]
    fixed = Policy(Allocation("fixed", fixed={"AAA": 1.0, "BBB": 0.0}), Schedule("never"))
    found = backtest_portfolio(legs, replace(TERMS, policy=fixed))
    alone = backtest_portfolio(legs[:1], TERMS)
    assert len(found.legs["BBB"].fills["bar"]) == 0
    np.testing.assert_array_equal(found.legs["AAA"].fills["qty"], alone.legs["AAA"].fills["qty"])
