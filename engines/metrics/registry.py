"""Which figures are there? Every metric by name, and what a run's are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from engines.errors import InvalidInput
from engines.metrics.account_figures import ACCOUNT_METRICS
from engines.metrics.aliases import ALIASES
from engines.metrics.benchmark_figures import BENCHMARK_METRICS
from engines.metrics.definition import SIDES, Metric
from engines.metrics.doubt_figures import DOUBT_METRICS
from engines.metrics.equity_figures import EQUITY_METRICS
from engines.metrics.material import Material
from engines.metrics.return_figures import RETURN_METRICS
from engines.metrics.side_figures import SIDE_METRICS
from engines.metrics.streaming import significant
from engines.metrics.trade_figures import TRADE_METRICS
from engines.metrics.trade_shape import SHAPE_METRICS

# Families whose figures exist of all, of long and of short trades.
SIDED: Final = {
    "Trades": TRADE_METRICS,
    "Spread, streaks and holding": SHAPE_METRICS,
    "Account as TradingView tells it": SIDE_METRICS,
}
FAMILIES: Final = {
    **SIDED,
    "Equity": EQUITY_METRICS,
    "Returns and risk": RETURN_METRICS,
    "Beside the market": BENCHMARK_METRICS,
    "Costs, margin and exposure": ACCOUNT_METRICS,
    "Order inside the bar": DOUBT_METRICS,
}
METRICS: Final = {one.name: one for family in FAMILIES.values() for one in family}
# Names of figures that differ by more than the side of their trades.
IDEAS: Final = tuple(
    one.name
    for title, family in FAMILIES.items()
    for one in family[: len(family) // (len(SIDES) if title in SIDED else 1)]
)


def metric(name: str) -> Metric:
    """A metric by its name or alias. Raises InvalidInput for neither."""
    found = METRICS.get(ALIASES.get(name, name))
    if found is None:
        raise InvalidInput("metric", name, "a name of docs/reference/metrics.md")
    return found


def figures(material: Material, names: Iterable[str] | None = None) -> dict[str, float]:
    """Metrics of a run by name, all of them unless `names` says which; 12 significant digits."""
    wanted = list(METRICS) if names is None else [metric(name).name for name in names]
    values = np.array([METRICS[name].compute(material) for name in wanted])
    with np.errstate(divide="ignore", invalid="ignore"):
        return dict(zip(wanted, significant(values).tolist(), strict=True))
