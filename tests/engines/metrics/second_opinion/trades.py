"""Figures of trades a second time, row by row."""

from __future__ import annotations

import math
import statistics
from itertools import groupby

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.basics import NAN, Row, average, ratio, rows_of


def streak(rows: list[Row], sign: int) -> int:
    best = now = 0
    for row in rows:
        now = now + 1 if row.pnl * sign > 0 else 0
        best = max(best, now)
    return best


def trade_figures(rows: list[Row], m: Material) -> dict[str, float]:
    won = [row.pnl for row in rows if row.pnl > 0]
    lost = [-row.pnl for row in rows if row.pnl < 0]

    def share(row: Row) -> float:
        return row.pnl / (row.entry * row.qty * m.value + row.entry_fee)

    shares_won = [share(row) for row in rows if row.pnl > 0]
    shares_lost = [-share(row) for row in rows if row.pnl < 0]
    hours = [(row.exit_ms - row.entry_ms) / 3.6e6 for row in rows]
    count, profit = len(rows), math.fsum(row.pnl for row in rows)
    up, down = math.fsum(won), math.fsum(lost)
    payoff = ratio(average(won), average(lost)) if won and lost else NAN
    rate = ratio(len(won), count)
    spread = statistics.stdev([row.pnl for row in rows]) if count > 1 else NAN
    return {
        "trades": count,
        "winning_trades": len(won),
        "losing_trades": len(lost),
        "breakeven_trades": count - len(won) - len(lost),
        "win_rate": rate,
        "loss_rate": ratio(len(lost), count),
        "net_profit": profit,
        "net_profit_fraction": profit / m.initial_cash,
        "gross_profit": up,
        "gross_profit_fraction": up / m.initial_cash,
        "gross_loss": down,
        "gross_loss_fraction": down / m.initial_cash,
        "profit_factor": ratio(up, down),
        "average_trade": average([row.pnl for row in rows]),
        "average_trade_fraction": average([share(row) for row in rows]),
        "median_trade": statistics.median([row.pnl for row in rows]) if rows else NAN,
        "average_win": average(won),
        "average_win_fraction": average(shares_won),
        "average_loss": average(lost),
        "average_loss_fraction": average(shares_lost),
        "payoff_ratio": payoff,
        "expectancy_ratio": ratio(average([row.pnl for row in rows]), average(lost)),
        "largest_win": max(won, default=NAN),
        "largest_win_fraction": max(shares_won, default=NAN),
        "largest_loss": max(lost, default=NAN),
        "largest_loss_fraction": max(shares_lost, default=NAN),
        "largest_win_share": ratio(max(won, default=NAN), up),
        "largest_loss_share": ratio(max(lost, default=NAN), down),
        "net_profit_to_largest_loss": ratio(profit, max(lost, default=NAN)),
        "average_bars": average([row.bars for row in rows]),
        "average_bars_winning": average([row.bars for row in rows if row.pnl > 0]),
        "average_bars_losing": average([row.bars for row in rows if row.pnl < 0]),
        "average_hours": average(hours),
        "longest_hours": max(hours, default=NAN),
        "shortest_hours": min(hours, default=NAN),
        "max_consecutive_wins": streak(rows, 1),
        "max_consecutive_losses": streak(rows, -1),
        "fees": math.fsum(row.fees for row in rows),
        "funding": math.fsum(row.funding for row in rows),
        "average_mfe": average([row.mfe for row in rows]),
        "average_mae": average([row.mae for row in rows]),
        "exit_efficiency": ratio(profit, math.fsum(row.mfe for row in rows)),
        "kelly": rate - (1 - rate) / payoff if payoff else NAN,
        "system_quality": ratio(math.sqrt(count) * average([row.pnl for row in rows]), spread)
        if count > 1
        else NAN,
        **shape_figures(rows, m),
        "turnover": math.fsum((row.entry + row.exit) * row.qty for row in rows) * m.value,
    }


def outlier_rows(rows: list[Row], m: Material) -> list[Row]:
    every = [row.pnl / (row.entry * row.qty * m.value + row.entry_fee) for row in rows_of(m.closed)]
    if len(every) < 2:
        return []
    middle, spread = average(every), statistics.stdev(every)
    return [
        row
        for row in rows
        if abs(row.pnl / (row.entry * row.qty * m.value + row.entry_fee) - middle) > 2 * spread
    ]


def wald_wolfowitz(rows: list[Row]) -> float:
    signs = [row.pnl > 0 for row in rows if row.pnl != 0]
    n, won = len(signs), sum(signs)
    lost = n - won
    if not won or not lost or n < 3:
        return NAN
    runs = len(list(groupby(signs)))
    expected = 1 + 2 * won * lost / n
    variance = (expected - 1) * (expected - 2) / (n - 1)
    return ratio(runs - expected, math.sqrt(variance))


def shape_figures(rows: list[Row], m: Material) -> dict[str, float]:
    won, lost = [row for row in rows if row.pnl > 0], [row for row in rows if row.pnl < 0]
    profits, shares = (
        [row.pnl for row in rows],
        [row.pnl / (row.entry * row.qty * m.value + row.entry_fee) for row in rows],
    )
    lost_shares = [row.pnl / (row.entry * row.qty * m.value + row.entry_fee) for row in lost]
    bars = [float(row.bars) for row in rows]

    def hours(some: list[Row]) -> float:
        return average([(row.exit_ms - row.entry_ms) / 3.6e6 for row in some])

    stretches = [(sign, len(list(some))) for sign, some in groupby(rows, lambda r: sign_of(r.pnl))]
    ranked = sorted((row.pnl for row in won), reverse=True)
    far = outlier_rows(rows, m)
    return {
        "bars_in_trades": average([one + 1 for one in bars]),
        "bars_in_winning_trades": average([row.bars + 1.0 for row in won]),
        "bars_in_losing_trades": average([row.bars + 1.0 for row in lost]),
        "median_bars": statistics.median(bars) if bars else NAN,
        "longest_bars": max(bars, default=NAN),
        "shortest_bars": min(bars, default=NAN),
        "average_hours_winning": hours(won),
        "average_hours_losing": hours(lost),
        "profit_per_bar": ratio(math.fsum(profits), math.fsum(one + 1 for one in bars)),
        "profit_deviation": statistics.stdev(profits) if len(rows) > 1 else NAN,
        "profit_skewness": third_moment(profits),
        "trade_sharpe": ratio(average(shares), statistics.stdev(shares)) if len(rows) > 1 else NAN,
        "median_win": statistics.median([row.pnl for row in won]) if won else NAN,
        "median_loss": -statistics.median([row.pnl for row in lost]) if lost else NAN,
        "expectancy_fraction_ratio": ratio(average(shares), -average(lost_shares)),
        "outliers": len(far),
        "outlier_profit": math.fsum(row.pnl for row in far),
        "profit_without_best": math.fsum(sorted(profits)[:-1] if won else profits),
        "best_tenth_share": ratio(math.fsum(ranked[: math.ceil(len(ranked) / 10)]), sum(ranked)),
        "average_win_streak": average([float(n) for sign, n in stretches if sign > 0]),
        "average_loss_streak": average([float(n) for sign, n in stretches if sign < 0]),
        "current_streak": stretches[-1][0] * stretches[-1][1] if stretches else 0,
        "streak_score": wald_wolfowitz(rows),
        "best_mfe": max((row.mfe for row in rows), default=NAN),
        "worst_mae": min((row.mae for row in rows), default=NAN),
        "average_mfe_losing": average([row.mfe for row in lost]),
        "average_mae_winning": average([row.mae for row in won]),
        "edge_ratio": ratio(math.fsum(row.mfe for row in rows), -math.fsum(r.mae for r in rows)),
        "average_giveback": average([row.mfe - row.pnl for row in rows]),
    }


def sign_of(value: float) -> int:
    return (value > 0) - (value < 0)


def third_moment(values: list[float]) -> float:
    if len(values) < 2:
        return NAN
    middle, spread = average(values), statistics.pstdev(values)
    return ratio(average([(one - middle) ** 3 for one in values]), spread**3)
