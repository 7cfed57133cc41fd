"""Every figure that users knew by a name is here under that name or an alias of it."""

from __future__ import annotations

import pytest

from engines.metrics.aliases import ALIASES
from engines.metrics.definition import SIDES
from engines.metrics.registry import METRICS, metric
from engines.metrics.tradingview import PERFORMANCE, RATIOS, SHEETS, TRADES_ANALYSIS, sides_of

# predecessor.md 2.1: the 189 fields of PerformanceMetrics.
FIELDS = """
net_profit net_profit_pct gross_profit gross_profit_pct gross_loss gross_loss_pct total_commission
buy_hold_return buy_hold_return_pct total_return annual_return sharpe_ratio sortino_ratio
sharpe_samples calmar_ratio sqn stability kelly_percent kelly_percent_long kelly_percent_short
open_trades max_drawdown max_drawdown_value avg_drawdown avg_drawdown_value
max_drawdown_duration_days max_runup max_runup_value avg_runup avg_runup_value total_trades
quick_reversals winning_trades losing_trades win_rate profit_factor avg_win avg_win_value avg_loss
avg_loss_value avg_win_loss_ratio payoff_ratio largest_win largest_win_value largest_loss
largest_loss_value avg_trade avg_trade_pct avg_trade_value avg_bars_in_trade avg_bars_in_winning
avg_bars_in_losing exposure_time avg_trade_duration_hours max_contracts_held max_consecutive_wins
max_consecutive_losses recovery_factor expectancy expectancy_ratio best_trade worst_trade cagr
cagr_long cagr_short volatility open_pnl open_pnl_pct ulcer_index long_trades short_trades
long_winning_trades short_winning_trades long_pnl short_pnl long_pnl_pct short_pnl_pct
long_win_rate short_win_rate long_losing_trades short_losing_trades long_gross_profit
long_gross_profit_pct long_gross_loss long_gross_loss_pct long_net_profit long_profit_factor
long_avg_win long_avg_win_value long_avg_win_pct long_avg_loss long_avg_loss_value
long_avg_loss_pct long_avg_trade long_avg_trade_value long_avg_trade_pct short_gross_profit
short_gross_profit_pct short_gross_loss short_gross_loss_pct short_net_profit short_profit_factor
short_avg_win short_avg_win_value short_avg_win_pct short_avg_loss short_avg_loss_value
short_avg_loss_pct short_avg_trade short_avg_trade_value short_avg_trade_pct recovery_long
recovery_short max_drawdown_intrabar max_drawdown_intrabar_value max_runup_intrabar
max_runup_intrabar_value account_size_required return_on_account_size avg_margin_used
max_margin_used margin_efficiency margin_calls avg_runup_duration_bars avg_drawdown_duration_bars
largest_win_pct_of_gross largest_loss_pct_of_gross strategy_outperformance
net_profit_to_largest_loss avg_profit_pct avg_loss_pct breakeven_trades total_slippage
closed_trades avg_bars_in_winning_long avg_bars_in_winning_short avg_bars_in_losing_long
avg_bars_in_losing_short avg_bars_in_long avg_bars_in_short avg_win_long avg_win_short
avg_loss_long avg_loss_short avg_trade_long avg_trade_short long_breakeven_trades
short_breakeven_trades long_largest_win long_largest_loss short_largest_win short_largest_loss
long_largest_win_value long_largest_loss_value short_largest_win_value short_largest_loss_value
long_payoff_ratio short_payoff_ratio long_commission short_commission long_max_consec_wins
long_max_consec_losses short_max_consec_wins short_max_consec_losses max_drawdown_duration_bars
sharpe_long sharpe_short sortino_long sortino_short calmar_long calmar_short long_expectancy
short_expectancy long_largest_win_pct short_largest_win_pct long_largest_loss_pct
short_largest_loss_pct long_largest_win_pct_of_gross short_largest_win_pct_of_gross
long_largest_loss_pct_of_gross short_largest_loss_pct_of_gross long_return_on_capital
short_return_on_capital long_return_on_account_size short_return_on_account_size
long_net_profit_to_largest_loss short_net_profit_to_largest_loss
"""
# predecessor.md 2.2: keys of calculate_all that are not among the fields.
KEYS = """
avg_win_pct expectancy_pct expectancy_pct_ratio long_avg_bars long_avg_win_bars long_avg_loss_bars
short_avg_bars short_avg_win_bars short_avg_loss_bars
"""
# predecessor.md 2.3: names found elsewhere.
ELSEWHERE = """
final_equity total_return_pct win_rate_pct max_drawdown_abs avg_drawdown_pct max_drawdown_duration
recovery_time drawdown_start_bar drawdown_end_bar annualized_return annualized_return_pct
volatility_pct var_95 var_99 cvar_95 downside_deviation risk_reward_ratio kelly_criterion
avg_trade_duration max_trade_duration min_trade_duration total_long_trades total_short_trades
current_streak max_win_streak max_loss_streak omega_ratio information_ratio treynor_ratio cvar_99
alpha beta correlation tracking_error excess_return win_rate_vs_benchmark up_capture down_capture
sharpe_stability return_consistency commission_drag slippage_drag funding_drag morning_return
loss_rate tail_ratio gain_to_pain upside_potential trades_per_month avg_drawdown_duration sqn
"""
# No figures: sharpe_method (a word, told by the formula of tradingview_sharpe), pnl_distribution
# (a histogram), rolling_sharpe, rolling_volatility, rolling_max_drawdown (`periods.rolling`).
# Of a sweep, not of a run: pbo, dsr (engines.statistics); gt_score, pareto_balance and
# composite_quality, whose formulas nobody wrote down.


@pytest.mark.parametrize("names", [FIELDS, KEYS, ELSEWHERE], ids=["fields", "keys", "elsewhere"])
def test_the_predecessors_names_are_understood(names: str) -> None:
    unknown = [name for name in names.split() if ALIASES.get(name, name) not in METRICS]
    assert unknown == []


def test_a_name_of_one_side_leads_to_a_figure_of_that_side() -> None:
    for name, target in ALIASES.items():
        for side in ("long", "short"):
            if name.startswith(f"{side}_") or name.endswith(f"_{side}"):
                assert target.startswith(f"{side}_"), name


def test_no_alias_hides_a_metric() -> None:
    assert not set(ALIASES) & set(METRICS)
    assert metric("sqn").name == "system_quality"


def test_every_row_of_tradingviews_report_has_its_figures() -> None:
    assert (len(PERFORMANCE), len(TRADES_ANALYSIS), len(RATIOS)) == (31, 17, 4)
    for rows in SHEETS.values():
        assert len({row.label for row in rows}) == len(rows)
        for row in rows:
            assert row.value or row.percent
            for side in SIDES if row.sides else SIDES[:1]:
                assert all(name in METRICS for name in row.metrics(side) if name), row.label
            assert sides_of(row)[0] == ""


def test_money_stands_under_money_and_percent_under_percent() -> None:
    for rows in SHEETS.values():
        for row in rows:
            if row.percent:
                assert METRICS[row.percent].unit in ("fraction", "ratio"), row.label
            if row.value and row.percent:
                assert METRICS[row.value].unit == "quote", row.label
