"""Random ladders: the kernel's fills are those of a second, exact body."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.orders import Reason
from engines.resampling import resample
from strategies.backtest import backtest
from strategies.graph import FixedQty, LadderOrders, StopLoss, TakeProfit
from tests.engines.golden.corpus import random_bars
from tests.examples import examples
from tests.strategies.evaluation.ladder_witness import Fill, Rules, Witness
from tests.strategies.evaluation.test_entries_and_ladders import case, fills

ANCHORS = ("entry", "average", "last")


def random_rules(rng: np.random.Generator) -> Rules:
    count = int(rng.integers(1, 7))

    def maybe(numbers: list[str]) -> Fraction | None:
        return Fraction(str(rng.choice(numbers))) if rng.random() < 0.7 else None

    return Rules(
        # Percentages that meet no grid by chance.
        [Fraction(int(one), 1000) for one in np.cumsum(rng.integers(300, 1500, count))],
        [int(one) for one in rng.integers(1, 5, count + 1)],
        int(rng.choice([0, 1, 2])),
        Fraction(str(rng.choice(["0", "0.83", "2.17"]))),
        Fraction(str(rng.choice(["0", "0.57", "1.31"]))),
        maybe(["0.37", "1.13", "3.07"]),
        str(rng.choice(ANCHORS)),
        maybe(["1.97", "4.03", "7.19"]),
        str(rng.choice(ANCHORS)),
    )


def both(seed: int) -> tuple[list[Fill], list[Fill]]:
    rng = np.random.default_rng(seed)
    bars = resample(random_bars(rng, n_bars=int(rng.integers(20, 80)) * 15), "15")
    prices = list(zip(bars.open, bars.high, bars.low, bars.close, strict=True))
    rules = random_rules(rng)
    codes = {bar: int(rng.choice([1, 2, 4])) for bar in range(len(prices)) if rng.random() < 0.15}
    exits: list[StopLoss | TakeProfit] = []
    if rules.target is not None:
        exits.append(TakeProfit(percent=float(rules.target), anchor=rules.target_anchor))  # type: ignore[arg-type]
    if rules.stop is not None:
        exits.append(StopLoss(percent=float(rules.stop), anchor=rules.stop_anchor))  # type: ignore[arg-type]
    given = case(
        prices,
        {bar: float(code) for bar, code in codes.items()},
        {"initial_cash": 1e6},
        sizing=FixedQty(sum(rules.lots) * 0.001),
        exits=exits,
        ladder=LadderOrders(
            offsets=[float(one) for one in rules.offsets],
            volumes=rules.lots[1:],
            first_volume=rules.lots[0],
            window=rules.window,
            trailing_percent=float(rules.trailing),
            pull_back_percent=float(rules.pull_back),
        ),
    )
    result = backtest(*given)
    ours = [
        (bar, round(price * 10), round(qty * 1000), reason)
        for bar, price, qty, reason in fills(result)
    ]
    ticks = [tuple(round(one * 10) for one in bar) for bar in prices]
    return ours, Witness(rules).run(ticks, codes)


@examples(150)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_kernel_fills_ladders_as_the_witness_does(seed: int) -> None:
    ours, witness = both(seed)
    assert ours == witness


def test_the_random_ladders_reach_every_kind_of_fill() -> None:
    seen = Counter(reason for seed in range(40) for *_, reason in both(seed)[1])
    wanted = (Reason.SAFETY_ORDER, Reason.STOP_LOSS, Reason.TAKE_PROFIT, Reason.REVERSAL)
    assert min(seen[reason] for reason in wanted) >= 20
