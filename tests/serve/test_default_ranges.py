"""A parameter that nobody gives a range is searched over the one that its users know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from serve.commands.planning import meaning
from serve.commands.requests import SweepRequest, request_from

# Our strategy's parameter, and the block and name that the reference has for it.
SAME = {
    ("rsi_reversion", "length"): ("rsi", "period"),
    ("rsi_reversion", "oversold"): ("rsi", "oversold"),
    ("rsi_reversion", "overbought"): ("rsi", "overbought"),
    ("macd", "fast"): ("macd", "fast_period"),
    ("macd", "slow"): ("macd", "slow_period"),
    ("macd", "signal"): ("macd", "signal_period"),
    ("bollinger_breakout", "length"): ("bollinger", "period"),
    ("bollinger_breakout", "width"): ("bollinger", "std_dev"),
    ("bollinger_reversion", "length"): ("bollinger", "period"),
    ("bollinger_reversion", "width"): ("bollinger", "std_dev"),
    ("supertrend", "length"): ("supertrend", "period"),
    ("supertrend", "factor"): ("supertrend", "multiplier"),
    ("stochastic", "length"): ("stochastic", "stoch_k_length"),
    ("stochastic", "smoothing"): ("stochastic", "stoch_k_smoothing"),
    ("stochastic", "signal"): ("stochastic", "stoch_d_smoothing"),
    ("stochastic", "edge"): ("stochastic", "stoch_cross_level_long"),
    ("atr_breakout", "atr_length"): ("atr", "period"),
    ("donchian_breakout", "atr_length"): ("atr", "period"),
}


@pytest.mark.parametrize("ours", SAME, ids="-".join)
def test_a_sweep_without_a_range_has_the_known_one(ours: tuple[str, str], shared: Path) -> None:
    path = shared / "reference" / "opt_param_ranges.json"
    block, name = SAME[ours]
    known = json.loads(path.read_text(encoding="utf-8"))[block][name]
    request = request_from(SweepRequest, {"strategy": ours[0], "search": "random", "rows": 8})
    axis = next(one for one in meaning(request).space.axes if one.name == ours[1])
    assert (axis.low, axis.high) == (known["low"], known["high"])
