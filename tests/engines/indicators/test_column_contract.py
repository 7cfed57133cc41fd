"""What holds for every indicator, whatever its formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.indicators.registry import INDICATORS, Indicator, Number, compute

Floats = NDArray[np.float64]
Market = Callable[..., dict[str, Floats]]
N_BARS = 260
SEEDS = range(4)
EVERY = pytest.mark.parametrize("indicator", INDICATORS.values(), ids=list(INDICATORS))


def some_params(indicator: Indicator, seed: int) -> dict[str, Number]:
    """The defaults for seed 0, otherwise drawn from the short end of what is allowed."""
    rng = np.random.default_rng(seed)
    if seed == 0:
        return {}
    return {
        param.name: int(rng.integers(int(param.low), int(min(param.high, param.low + 12)) + 1))
        if param.kind == "int"
        else float(rng.uniform(param.low, min(param.high, 5.0)))
        for param in indicator.params
    }


def with_holes(columns: Mapping[str, Floats], seed: int, hole: float = np.nan) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    return {
        name: np.where(rng.random(len(column)) < 0.02, hole, column)
        for name, column in columns.items()
    }


def call(
    indicator: Indicator,
    inputs: Mapping[str, Floats],
    params: Mapping[str, Number],
    cuts: list[int],
) -> Floats:
    """The result of one call for each stretch between `cuts`."""
    columns = [inputs[name] for name in indicator.inputs]
    numbers = indicator.check_params(params)
    carry = np.zeros(indicator.carry)
    out = np.full((len(indicator.outputs), len(columns[0])), 7e77)
    for start, stop in pairwise(cuts):
        indicator.kernel(*columns, *numbers, carry, out, start, stop)
    return out


def assert_same_bits(left: Floats, right: Floats) -> None:
    # NaN has many bit patterns; everything else, −0 too, must agree to the bit.
    patterns = [np.where(np.isnan(one), np.nan, one).view(np.int64) for one in (left, right)]
    np.testing.assert_array_equal(patterns[0], patterns[1])


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_a_call_a_bar_gives_the_bits_of_one_call(
    indicator: Indicator, seed: int, market: Market
) -> None:
    inputs, params = with_holes(market(N_BARS, seed), seed), some_params(indicator, seed)
    whole = compute(indicator.name, inputs, params)
    assert_same_bits(call(indicator, inputs, params, list(range(N_BARS + 1))), whole)


@EVERY
def test_calls_of_any_length_give_the_bits_of_one_call(
    indicator: Indicator, market: Market
) -> None:
    inputs = with_holes(market(N_BARS), 5)
    cuts = [0, 1, 2, 40, 41, 41, 97, 200, N_BARS]
    whole = compute(indicator.name, inputs)
    assert_same_bits(call(indicator, inputs, {}, cuts), whole)


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_the_future_changes_nothing_up_to_now(
    indicator: Indicator, seed: int, market: Market
) -> None:
    inputs, params = market(N_BARS, seed), some_params(indicator, seed)
    now = int(np.random.default_rng(seed).integers(N_BARS // 2, N_BARS - 1))
    poisoned = {name: column.copy() for name, column in inputs.items()}
    for k, column in enumerate(poisoned.values()):
        column[now + 1 :] = with_holes({"x": column[now + 1 :][::-1] * 3.0 - 50.0}, k)["x"]
    known = compute(indicator.name, inputs, params)[:, : now + 1]
    assert_same_bits(compute(indicator.name, poisoned, params)[:, : now + 1], known)


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_leading_holes_only_delay(indicator: Indicator, seed: int, market: Market) -> None:
    inputs, params = market(N_BARS, seed), some_params(indicator, seed)
    delay = 3 + 5 * seed
    late = {name: np.concatenate([np.full(delay, np.nan), x]) for name, x in inputs.items()}
    delayed = compute(indicator.name, late, params)
    assert_same_bits(delayed[:, delay:], compute(indicator.name, inputs, params))
    flags = np.array(indicator.units) == "flag"
    assert (delayed[flags, :delay] == 0.0).all()
    assert np.isnan(delayed[~flags, :delay]).all()


def eventful(columns: dict[str, Floats], left: int) -> dict[str, Floats]:
    """Columns on which everything that can happen happens as early as it can."""
    peak = -np.abs(np.arange(len(columns["close"])) - float(left))
    return {**columns, "condition": np.ones(len(peak)), "tent": peak}


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_the_warm_up_is_exact(indicator: Indicator, seed: int, market: Market) -> None:
    params = some_params(indicator, seed)
    inputs = eventful(market(N_BARS, seed, flat=0.0), int(params.get("left", 10)))
    if indicator.name.startswith("pivot_high"):
        inputs["source"] = inputs["tent"]
    if indicator.name.startswith("pivot_low"):
        inputs["source"] = -inputs["tent"]
    if indicator.name == "pivot_points":
        inputs["new_session"] = np.ones(N_BARS)
    rows = compute(indicator.name, inputs, params)
    for row, output, unit in zip(rows, indicator.outputs, indicator.units, strict=True):
        if unit != "flag" and not absent_by_formula(indicator, output, params):
            first = np.flatnonzero(np.isfinite(row))[0]
            assert first == indicator.warm_up(params, output), output
    assert indicator.warm_up(params) == max(
        indicator.warm_up(params, output) for output in indicator.outputs
    )


def absent_by_formula(indicator: Indicator, output: str, params: Mapping[str, Number]) -> bool:
    """Levels that the formula of pivot points does not have."""
    last = {1: 3, 2: 4, 3: 4, 4: 1}.get(int(params.get("formula", 0)), 5)
    return indicator.name == "pivot_points" and output != "p" and int(output[1]) > last


@EVERY
def test_flags_are_never_unknown(indicator: Indicator, market: Market) -> None:
    rows = compute(indicator.name, with_holes(market(N_BARS), 3))
    flags = rows[np.array(indicator.units) == "flag"]
    assert np.isin(flags, (0.0, 1.0)).all()


@EVERY
def test_infinities_are_holes(indicator: Indicator, market: Market) -> None:
    inputs = market(N_BARS)
    holes = compute(indicator.name, with_holes(inputs, 9))
    for infinity in (np.inf, -np.inf):
        assert_same_bits(compute(indicator.name, with_holes(inputs, 9, infinity)), holes)


@EVERY
def test_a_hole_is_forgotten(indicator: Indicator, market: Market) -> None:
    inputs = market(N_BARS, flat=0.0)
    whole = np.isfinite(compute(indicator.name, inputs))
    broken = {name: column.copy() for name, column in inputs.items()}
    for column in broken.values():
        column[100:103] = np.nan
    recovered = np.isfinite(compute(indicator.name, broken))
    # By then every memory of the default parameters has been filled again.
    np.testing.assert_array_equal(recovered[:, -60:], whole[:, -60:])


@EVERY
@pytest.mark.parametrize("seed", SEEDS)
def test_no_input_makes_an_infinity(indicator: Indicator, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = np.array([0.0, 0.0, -0.0, 1.0, 1.0, -3.0, 1e-12, 1e12, 5e-324, np.nan, np.inf])
    inputs = {
        name: np.where(rng.random(N_BARS) < 0.3, 0.0, rng.choice(pool, N_BARS))
        for one in INDICATORS.values()
        for name in one.inputs
    }
    rows = compute(indicator.name, inputs, some_params(indicator, seed))
    assert not np.isinf(rows).any()


@EVERY
def test_nothing_is_written_outside_the_call(indicator: Indicator, market: Market) -> None:
    inputs = market(N_BARS)
    given = {name: column.copy() for name, column in inputs.items()}
    out = call(indicator, inputs, {}, [0, 100])
    assert (out[:, 100:] == 7e77).all()
    for name in indicator.inputs:
        np.testing.assert_array_equal(inputs[name], given[name])


@EVERY
@pytest.mark.parametrize("limit", ["low", "high"])
def test_the_memory_suffices_at_the_limits(
    indicator: Indicator, limit: str, market: Market
) -> None:
    n_bars = 6000
    inputs = with_holes(market(n_bars), 1)
    numbers = indicator.check_params({p.name: getattr(p, limit) for p in indicator.params})
    carry = np.zeros(indicator.carry + 64)
    carry[indicator.carry :] = 7e77
    out = np.empty((len(indicator.outputs), n_bars))
    columns = [inputs[name] for name in indicator.inputs]
    indicator.kernel(*columns, *numbers, carry, out, 0, n_bars)
    assert (carry[indicator.carry :] == 7e77).all()
