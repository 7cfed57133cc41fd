"""Which figures are there? Every metric by name, and what a run's are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from engines.errors import InvalidInput
from engines.metrics.account_figures import ACCOUNT_METRICS
from engines.metrics.benchmark_figures import BENCHMARK_METRICS
from engines.metrics.definition import Metric
from engines.metrics.equity_figures import EQUITY_METRICS
from engines.metrics.material import Material
from engines.metrics.streaming import significant
from engines.metrics.trade_figures import TRADE_METRICS

FAMILIES: Final = {
    "Trades": TRADE_METRICS,
    "Equity and risk": EQUITY_METRICS,
    "Beside the market": BENCHMARK_METRICS,
    "Account, costs and margin": ACCOUNT_METRICS,
}
METRICS: Final = {one.name: one for family in FAMILIES.values() for one in family}
# Names that users know from elsewhere.
ALIASES: Final = {
    "total_trades": "trades",
    "closed_trades": "trades",
    "total_commission": "fees",
    "commission_paid": "fees",
    "percent_profitable": "win_rate",
    "avg_trade": "average_trade",
    "expectancy": "average_trade",
    "expected_payoff": "average_trade",
    "avg_win": "average_win",
    "avg_loss": "average_loss",
    "avg_win_loss_ratio": "payoff_ratio",
    "risk_reward_ratio": "payoff_ratio",
    "sqn": "system_quality",
    "kelly_percent": "kelly",
    "kelly_criterion": "kelly",
    "long_pnl": "long_net_profit",
    "short_pnl": "short_net_profit",
    "best_trade": "largest_win",
    "worst_trade": "largest_loss",
    "max_win_streak": "max_consecutive_wins",
    "max_loss_streak": "max_consecutive_losses",
    "avg_bars_in_trade": "average_bars",
    "avg_bars_in_winning": "average_bars_winning",
    "avg_bars_in_losing": "average_bars_losing",
    "annual_return": "cagr",
    "annualized_return": "cagr",
    "calmar_ratio": "calmar",
    "sharpe_ratio": "daily_sharpe",
    "sortino_ratio": "daily_sortino",
    "omega_ratio": "omega",
    "treynor_ratio": "treynor",
    "open_pnl": "open_profit",
    "exposure_time": "exposure",
    "buy_hold_return": "buy_and_hold_profit",
    "buy_hold_return_pct": "buy_and_hold_return",
    "strategy_outperformance": "outperformance",
    "max_contracts_held": "max_contracts",
    "avg_margin_used": "average_margin",
    "max_margin_used": "max_margin",
    "account_size_required": "account_size",
    "return_on_capital": "net_profit_fraction",
    "commission_drag": "fee_drag",
}


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
