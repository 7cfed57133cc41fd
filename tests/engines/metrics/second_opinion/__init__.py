"""Every metric a second time: plain loops over lists, written from the formulas alone."""

from __future__ import annotations

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.account import account_figures
from tests.engines.metrics.second_opinion.basics import rows_of
from tests.engines.metrics.second_opinion.doubt import doubt_figures
from tests.engines.metrics.second_opinion.equity import equity_figures
from tests.engines.metrics.second_opinion.market import benchmark_figures
from tests.engines.metrics.second_opinion.returns import return_figures
from tests.engines.metrics.second_opinion.sides import side_figures, walk
from tests.engines.metrics.second_opinion.trades import trade_figures


def second_opinion(m: Material) -> dict[str, float]:
    """All metrics of a run by name."""
    rows, still = rows_of(m.closed), rows_of(m.open)
    walked = walk(m, rows, still)
    found: dict[str, float] = {}
    for prefix, side in (("", 0), ("long_", 1), ("short_", -1)):
        mine = [row for row in rows if side in (0, row.side)]
        left = [row for row in still if side in (0, row.side)]
        own = trade_figures(mine, m) | side_figures(m, mine, left, walked, rows)
        found |= {prefix + name: value for name, value in own.items()}
    found |= equity_figures(m) | return_figures(m) | benchmark_figures(m, rows, still)
    return found | account_figures(m, rows, still, walked) | doubt_figures(m)
