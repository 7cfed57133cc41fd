"""What does TradingView call it? The rows of its exported report, by sheet, with our names.

Labels, sheets and order are those of its workbook; a row's money and percent are two metrics. A row
without sides has figures of all trades alone, as there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.metrics.definition import SIDES


class Row(NamedTuple):
    """A line of TradingView's report: `value` in its unit, `percent` in the column beside it."""

    label: str
    value: str
    percent: str = ""
    sides: bool = True

    def metrics(self, side: str) -> tuple[str, str]:
        """Names of both figures of a side ("", "long_", "short_"); empty where there is none."""
        if side and not self.sides:
            return "", ""
        return self.value and side + self.value, self.percent and side + self.percent


PERFORMANCE: Final = (
    Row("Initial capital", "initial_cash", sides=False),
    Row("Open P&L", "open_profit", "open_profit_fraction"),
    Row("Net profit", "net_profit", "net_profit_fraction"),
    Row("Gross profit", "gross_profit", "gross_profit_fraction"),
    Row("Gross loss", "gross_loss", "gross_loss_fraction"),
    Row("Expected payoff", "average_trade"),
    Row("Commission paid", "fees_paid"),
    Row("Buy & hold return", "buy_and_hold_profit", "buy_and_hold_profit_fraction", sides=False),
    Row("Strategy outperformance", "outperformance", sides=False),
    Row("Max contracts held", "max_contracts"),
    Row("Annualized return (CAGR)", "", "closed_cagr"),
    Row("Return on initial capital", "", "net_profit_fraction"),
    Row("Account size required", "account_size"),
    Row("Return on account size required", "", "return_on_account_size"),
    Row("Avg margin used", "average_margin"),
    Row("Max margin used", "max_margin"),
    Row("Margin efficiency", "margin_efficiency"),
    Row("Avg equity run-up duration (close-to-close)", "closed_runup_days"),
    Row("Avg equity run-up (close-to-close)", "closed_runup_average",
        "closed_runup_average_fraction"),
    Row("Max equity run-up (close-to-close)", "closed_runup", "closed_runup_fraction"),
    Row("Max equity run-up (intrabar)", "intrabar_runup", "intrabar_runup_of_top"),
    Row("Max equity run-up as % of initial capital (intrabar)", "", "intrabar_runup_fraction"),
    Row("Avg equity drawdown duration (close-to-close)", "closed_drawdown_days"),
    Row("Avg equity drawdown (close-to-close)", "closed_drawdown_average",
        "closed_drawdown_average_fraction"),
    Row("Return of max equity drawdown", "return_on_drawdown"),
    Row("Max equity drawdown (close-to-close)", "closed_drawdown", "closed_drawdown_fraction"),
    Row("Max equity drawdown (intrabar)", "intrabar_drawdown", "intrabar_drawdown_of_peak"),
    Row("Max equity drawdown as % of initial capital (intrabar)", "",
        "intrabar_drawdown_fraction"),
    Row("Net profit as % of largest loss", "", "net_profit_to_largest_loss"),
    Row("Largest winner as % of gross profit", "", "largest_win_share"),
    Row("Largest loser as % of gross loss", "", "largest_loss_share"),
)  # fmt: skip
TRADES_ANALYSIS: Final = (
    Row("Total open trades", "open_trades"),
    Row("Total trades", "trades"),
    Row("Winning trades", "winning_trades"),
    Row("Losing trades", "losing_trades"),
    Row("Break even trades", "breakeven_trades"),
    Row("Percent profitable", "", "win_rate"),
    Row("Avg P&L", "average_trade", "average_trade_fraction"),
    Row("Avg winning trade", "average_win", "average_win_fraction"),
    Row("Avg losing trade", "average_loss", "average_loss_fraction"),
    Row("Ratio avg win / avg loss", "payoff_ratio"),
    Row("Largest winning trade", "largest_win"),
    Row("Largest winning trade percent", "", "largest_win_fraction"),
    Row("Largest losing trade", "largest_loss"),
    Row("Largest losing trade percent", "", "largest_loss_fraction"),
    Row("Avg # bars in trades", "bars_in_trades"),
    Row("Avg # bars in winning trades", "bars_in_winning_trades"),
    Row("Avg # bars in losing trades", "bars_in_losing_trades"),
)
RATIOS: Final = (
    Row("Sharpe ratio", "tradingview_sharpe"),
    Row("Sortino ratio", "tradingview_sortino"),
    Row("Profit factor", "profit_factor"),
    Row("Margin calls", "margin_calls"),
)
SHEETS: Final = {
    "Performance": PERFORMANCE,
    "Trades analysis": TRADES_ANALYSIS,
    "Risk performance ratios": RATIOS,
}
# Figures that TradingView's own report leaves empty for long and for short trades.
OF_ALL: Final = frozenset(
    {
        "open_profit",
        "account_size",
        "average_margin",
        "max_margin",
        "closed_runup_days",
        "closed_runup_average",
        "closed_runup",
        "intrabar_runup",
        "intrabar_runup_fraction",
        "closed_drawdown_days",
        "closed_drawdown_average",
        "closed_drawdown",
        "intrabar_drawdown",
        "intrabar_drawdown_fraction",
        "tradingview_sharpe",
        "tradingview_sortino",
    }
)


def sides_of(row: Row) -> tuple[str, ...]:
    """The sides that TradingView gives figures of: all of them, or only all trades together."""
    only_all = not row.sides or (row.value or row.percent) in OF_ALL
    return SIDES[:1] if only_all else SIDES
