"""Worked by hand in tests/engines/kernel/test_doubt.py; here only passed on."""

from __future__ import annotations

import math

from engines.metrics.material import Material


def doubt_figures(m: Material) -> dict[str, float]:
    exits, low, high = (math.nan,) * 3 if m.doubt is None else m.doubt
    return {
        "ambiguous_exits": exits,
        "ambiguous_share": exits / len(m.closed) if len(m.closed) else math.nan,
        "pessimistic_profit": low,
        "optimistic_profit": high,
    }
