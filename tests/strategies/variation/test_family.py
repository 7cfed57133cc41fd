"""Graphs near a strategy are strategies: checked, distinct, of its lineage, run by its kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.broker import Broker
from engines.compile import compilations
from engines.indicators.registry import INDICATORS
from engines.instrument import unrounded
from strategies.backtest import Terms, backtest, computing_path
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan, default_rows
from strategies.graph import Strategy, close, param, sma
from strategies.graph.nodes import IndicatorNode
from strategies.graph.reading import from_json
from strategies.graph.writing import to_json
from strategies.library import LIBRARY
from strategies.variation.family import Family, Limits, parts
from strategies.variation.filters import FILTERS
from strategies.variation.kin import FAMILIES, swapped, swaps_of
from tests.benchmarks.workloads import bars_of

TERMS = Terms(unrounded("ETHUSDT"), Broker())
Row = dict[str, float]


def drawn(family: Family, n_rows: int, seed: int) -> list[Row]:
    """Rows of genes that name a graph in its one way, none twice."""
    rng = np.random.default_rng(seed)
    genes = family.genes
    table = {name: rng.integers(0, most + 1, n_rows).astype(float) for name, most in genes.items()}
    kept = np.flatnonzero(family.allows(table)).tolist()
    rows = [{name: column[place] for name, column in table.items()} for place in kept]
    return list({tuple(row.values()): row for row in rows}.values())


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Bars of changing width and volume, a minute each."""
    n_bars = 6_000
    rng = np.random.default_rng(3)
    wide = np.repeat(rng.uniform(0.2, 3.0, n_bars // 100), 100)
    walk = 100.0 + np.cumsum(0.02 * wide * rng.standard_normal(n_bars))
    bars = bars_of(walk)
    reach = 0.02 * wide * rng.random(n_bars)
    high, low = np.maximum(bars.open, bars.close) + reach, np.minimum(bars.open, bars.close) - reach
    return Dataset(replace(bars, high=high, low=low, volume=10.0 * rng.random(n_bars)))


@pytest.mark.parametrize("name", LIBRARY)
def test_every_graph_is_another_strategy_of_the_same_idea(name: str) -> None:
    strategy = LIBRARY[name]()
    family = Family(strategy, Limits())
    rows = drawn(family, 150, seed=1)
    assert len(rows) > 10
    graphs = [family.graph(row) for row in rows]
    assert len({graph.strategy.digest for graph in graphs}) == len(rows)
    for graph in graphs:
        assert graph.strategy.lineage == strategy.lineage
        kernel = computing_path(graph.strategy, TERMS.broker)
        assert kernel == computing_path(strategy, TERMS.broker)
        assert from_json(to_json(graph.strategy)).digest == graph.strategy.digest
    assert family.graph({}).strategy == strategy


def test_a_swap_keeps_the_unit_and_every_parameter() -> None:
    found = {name: swaps_of(LIBRARY[name]().roots) for name in LIBRARY}
    assert sum(map(len, found.values())) > 100
    for name, swaps in found.items():
        strategy = LIBRARY[name]()
        nodes = {one.key: one for one in strategy.nodes if isinstance(one, IndicatorNode)}
        for swap in swaps:
            for key in swap.keys:
                assert swapped(nodes[key], swap.name).unit == nodes[key].unit
    family = Family(LIBRARY["sma_cross"](), Limits(swaps=1, filters=0, drops=0))
    assert family.genes == {"graph_swap_1": 20}
    for place in range(1, 21):
        graph = family.graph({"graph_swap_1": place}).strategy
        assert graph.params == family.strategy.params


def test_the_families_name_indicators_that_are_there() -> None:
    for names in FAMILIES:
        assert set(names) <= set(INDICATORS)


@pytest.mark.parametrize("filter_name", FILTERS)
def test_a_filter_only_takes_entries_away(filter_name: str, dataset: Dataset) -> None:
    strategy = LIBRARY["sma_cross"]()
    family = Family(strategy, Limits(swaps=0, filters=1, drops=0))
    place = 1 + list(FILTERS).index(filter_name)
    filtered = family.graph({"graph_filter_1": place})
    assert filtered.told == f"only {filter_name}"
    before, after = entries(strategy, dataset), entries(filtered.strategy, dataset)
    assert np.all(after & ~before == 0)
    assert 0 < np.bitwise_count(after).sum() < np.bitwise_count(before).sum()


def entries(strategy: Strategy, dataset: Dataset) -> np.typing.NDArray[np.uint64]:
    """Bits of the long and the short entry."""
    rows = default_rows(strategy, {})
    table = Plan(strategy, dataset, rows, 0.0).prepare().table(np.array([0]))
    return np.array([table.bitmaps[place] for place in table.choices[0, :2]])


def test_a_part_is_left_out_on_both_sides() -> None:
    family = Family(LIBRARY["ema_cross"](), Limits(swaps=0, filters=0))
    assert family.genes == {"graph_drop": 2}
    crossing = family.graph({"graph_drop": 2})
    assert crossing.told == "without part 2"
    strategy = crossing.strategy
    for entry, whole in (
        (strategy.enter_long, family.strategy.enter_long),
        (strategy.enter_short, family.strategy.enter_short),
    ):
        assert parts(entry) == parts(whole)[:1]
    # Without its trigger an oscillator's relation between parameters would hang in the air.
    assert Family(LIBRARY["rsi_momentum"](), Limits(0, 0)).genes == {"graph_drop": 1}


def test_a_graph_has_one_row_only() -> None:
    family = Family(LIBRARY["sma_cross"](), Limits())
    told = [
        ((0, 0, 0, 0), True), ((3, 0, 0, 0), True), ((0, 3, 0, 0), False),
        ((0, 0, 5, 2), True), ((0, 0, 2, 5), False), ((0, 0, 5, 5), False),
        # Both of the first ten swaps are of one average.
        ((2, 1, 0, 0), False), ((11, 1, 0, 0), True),
    ]  # fmt: skip
    table = {
        name: np.array([row[k] for row, _ in told], dtype=float)
        for k, name in enumerate(family.genes)
    }
    assert family.allows(table).tolist() == [allowed for _, allowed in told]


def test_rows_are_split_by_their_graphs() -> None:
    family = Family(LIBRARY["sma_cross"](), Limits(swaps=0, filters=1, drops=0))
    rows = {"graph_filter_1": np.array([3.0, 0.0, 3.0]), "fast": np.array([5.0, 6.0, 7.0])}
    found = {graph.strategy.digest: places.tolist() for graph, places in family.split(rows)}
    filtered = family.graph({"graph_filter_1": 3}).strategy
    assert found == {family.strategy.digest: [1], filtered.digest: [0, 2]}
    strategy, values = family.own({"graph_filter_1": 3.0, "fast": 7.0})
    assert strategy == filtered
    assert (values["fast"], values["filter_1_length"]) == (7.0, 100)
    assert set(values) == {one.name for one in filtered.params}


def test_filters_of_a_filtered_strategy_have_names_of_their_own() -> None:
    family = Family(LIBRARY["sma_cross"](), Limits(swaps=0, filters=1, drops=0))
    once = family.graph({"graph_filter_1": 1}).strategy
    twice = Family(once, Limits(swaps=0, filters=1, drops=0)).graph({"graph_filter_1": 2}).strategy
    assert {one.name for one in twice.params} >= {"filter_1_length", "filter_2_length"}


def test_changes_are_part_of_the_name() -> None:
    slow = param("slow", 20, low=10, high=100)
    one = Strategy("one", enter_long=close > sma(close, slow))
    wide, narrow = Family(one, Limits()).canonical(), Family(one, Limits(swaps=1)).canonical()
    assert wide != narrow
    assert Family(one, Limits()).canonical() == wide


def test_hundreds_of_graphs_need_no_compilation(dataset: Dataset) -> None:
    strategy = LIBRARY["ema_cross"]()
    family = Family(strategy, Limits())
    for name in {name for names in FAMILIES for name in names} | {"dmi", "macd", "supertrend"}:
        INDICATORS[name].kernel.build()
    backtest(strategy, {}, dataset, TERMS)
    # A session's hours and a condition's bits: primitives of which there is one each.
    for place in range(1, len(FILTERS) + 1):
        backtest(family.graph({"graph_filter_1": place}).strategy, {}, dataset, TERMS)
    built = compilations()
    for row in drawn(family, 1_500, seed=2)[:200]:
        backtest(family.graph(row).strategy, {}, dataset, TERMS)
    assert compilations() == built
