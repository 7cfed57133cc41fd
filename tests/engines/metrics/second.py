"""Every metric a second time: plain loops over lists, written from the formulas alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from engines.metrics.material import Material, Trades
from engines.orders import Reason

NAN = float("nan")
DAY_MS = 86_400_000
YEAR = 365


class Row(NamedTuple):
    side: int
    entry_ms: int
    exit_ms: int
    bars: int
    entry: float
    exit: float
    qty: float
    pnl: float
    fees: float
    funding: float
    mfe: float
    mae: float
    reason: int


def rows_of(trades: Trades) -> list[Row]:
    money = ("entry_price", "exit_price", "qty", "pnl", "fees", "funding", "mfe", "mae")
    names = ("side", "entry_ms", "exit_ms", "bars", *money, "reason")
    columns = [getattr(trades, name).tolist() for name in names]
    return [Row(*row) for row in zip(*columns, strict=True)]


def ratio(part: float, whole: float) -> float:
    return NAN if whole == 0 or math.isnan(whole) else part / whole


def average(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else NAN


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
        return row.pnl / (row.entry * row.qty * m.value)

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
        "turnover": math.fsum((row.entry + row.exit) * row.qty for row in rows) * m.value,
    }


class Fall(NamedTuple):
    start: int
    bottom: int
    end: int | None
    depth: float
    share: float


def falls(curve: Sequence[float], sign: int = 1) -> list[Fall]:
    """Falls below the best point so far; with −1 the rises above the worst."""
    found: list[Fall] = []
    best, best_at, open_at, bottom = curve[0], 0, None, 0
    for k, now in enumerate(curve):
        if sign * now >= sign * best:
            if open_at is not None:
                depth = sign * (best - curve[bottom])
                found.append(Fall(open_at, bottom, k, depth, depth / best))
            best, best_at, open_at = now, k, None
        elif open_at is None:
            open_at, bottom = k - 1, k
        elif sign * now < sign * curve[bottom]:
            bottom = k
    if open_at is not None:
        depth = sign * (best - curve[bottom])
        found.append(Fall(open_at, bottom, None, depth, depth / best))
    assert best_at >= 0
    return found


def days_of(found: list[Fall], times: Sequence[int]) -> list[float]:
    return [
        (times[-1 if one.end is None else one.end] - times[one.start]) / DAY_MS for one in found
    ]


def changes(points: Sequence[float]) -> list[float]:
    return [after / before - 1 for before, after in pairwise(points)]


def period_ends(m: Material, values: Sequence[float], form: str) -> list[float]:
    last: dict[str, float] = {}
    for time_ms, value in zip(m.open_ms.tolist(), values, strict=True):
        last[datetime.fromtimestamp(time_ms / 1000, UTC).strftime(form)] = value
    return list(last.values())


def quantile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def line(ys: Sequence[float]) -> tuple[float, float, float]:
    """Slope, R² and error of the slope of a straight line through points one apart."""
    n = len(ys)
    mx, my = (n - 1) / 2, average(ys)
    sxx = math.fsum((x - mx) ** 2 for x in range(n))
    sxy = math.fsum((x - mx) * (y - my) for x, y in enumerate(ys))
    syy = math.fsum((y - my) ** 2 for y in ys)
    slope = sxy / sxx
    rest = math.fsum((y - my - slope * (x - mx)) ** 2 for x, y in enumerate(ys))
    return slope, ratio(sxy**2, sxx * syy), math.sqrt(rest / (n - 2) / sxx)


def equity_figures(m: Material) -> dict[str, float]:
    curve = [m.initial_cash, *m.equity.tolist()]
    times = [int(m.open_ms[0]), *m.close_ms.tolist()]
    days = changes([m.initial_cash, *period_ends(m, m.equity.tolist(), "%Y-%m-%d")])
    months = changes([m.initial_cash, *period_ends(m, m.equity.tolist(), "%Y-%m")])
    down, up = falls(curve), falls(curve, -1)
    years = (times[-1] - times[0]) / (YEAR * DAY_MS)
    growth = curve[-1] / curve[0]
    yearly = growth ** (1 / years) - 1 if growth > 0 else -1.0
    spread = statistics.stdev(days)
    short = math.sqrt(average([min(one, 0.0) ** 2 for one in days]))
    deepest = max((one.share for one in down), default=0.0)
    best, under = curve[0], []
    for now in curve:
        best = max(best, now)
        under.append(1 - now / best)
    ulcer = math.sqrt(average([one**2 for one in under]))
    logs = [math.log(one) for one in curve] if min(curve) > 0 else []
    slope, fit, error = line(logs) if logs else (NAN, NAN, NAN)
    var_95, var_99 = -quantile(days, 0.05), -quantile(days, 0.01)
    lasted = days_of(down, times)
    middle, broad = average(days), statistics.pstdev(days)
    worst = max(down, key=lambda one: one.share, default=None)
    recovered = NAN
    if worst is not None and worst.end is not None:
        recovered = (times[worst.end] - times[worst.bottom]) / DAY_MS
    average_share = average([one.share for one in down])
    return {
        "final_equity": curve[-1],
        "highest_equity": max(curve),
        "lowest_equity": min(curve),
        "total_return": growth - 1,
        "cagr": yearly,
        "volatility": spread * math.sqrt(YEAR),
        "daily_sharpe": ratio(middle, spread) * math.sqrt(YEAR),
        "daily_sortino": ratio(middle, short) * math.sqrt(YEAR),
        "downside_deviation": short * math.sqrt(YEAR),
        "max_drawdown": deepest,
        "max_drawdown_money": max((one.depth for one in down), default=0.0),
        "average_drawdown": average_share,
        "average_drawdown_money": average([one.depth for one in down]),
        "max_drawdown_days": max(lasted, default=NAN),
        "average_drawdown_days": average(lasted),
        "recovery_days": recovered,
        "time_under_water": average([float(one > 0) for one in under[1:]]),
        "max_runup": max((-one.depth / -curve[one.start] for one in up), default=0.0),
        "max_runup_money": max((one.depth for one in up), default=0.0),
        "calmar": ratio(yearly, deepest),
        "sterling": ratio(yearly, average_share),
        "recovery_factor": ratio(
            curve[-1] - curve[0], max((one.depth for one in down), default=0.0)
        ),
        "ulcer_index": ulcer,
        "ulcer_performance": ratio(yearly, ulcer),
        "pain_index": average(under),
        "pain_ratio": ratio(yearly, average(under)),
        "stability": fit,
        "k_ratio": ratio(slope, error * math.sqrt(len(curve))),
        "var_95": var_95,
        "var_99": var_99,
        "cvar_95": -average([one for one in days if one <= -var_95]),
        "cvar_99": -average([one for one in days if one <= -var_99]),
        "omega": ratio(
            math.fsum(one for one in days if one > 0), -math.fsum(one for one in days if one < 0)
        ),
        "gain_to_pain": ratio(math.fsum(months), -math.fsum(one for one in months if one < 0)),
        "tail_ratio": ratio(quantile(days, 0.95), abs(quantile(days, 0.05))),
        "skewness": average([((one - middle) / broad) ** 3 for one in days]),
        "excess_kurtosis": average([((one - middle) / broad) ** 4 for one in days]) - 3,
        "best_day": max(days),
        "worst_day": min(days),
        "average_day": middle,
        "positive_days": average([float(one > 0) for one in days]),
        "best_month": max(months),
        "worst_month": min(months),
        "average_month": average(months),
        "positive_months": average([float(one > 0) for one in months]),
    }


def benchmark_figures(m: Material, rows: list[Row]) -> dict[str, float]:
    days = changes([m.initial_cash, *period_ends(m, m.equity.tolist(), "%Y-%m-%d")])
    hold = changes([m.first_price, *period_ends(m, m.close.tolist(), "%Y-%m-%d")])
    own, theirs = average(days), average(hold)
    beta = statistics.covariance(days, hold) / statistics.variance(hold)
    alike = statistics.correlation(days, hold)
    gap = [one - other for one, other in zip(days, hold, strict=True)]
    apart = statistics.stdev(gap) * math.sqrt(YEAR)
    pairs = list(zip(days, hold, strict=True))
    earliest = min(rows, key=lambda row: row.entry_ms)
    held = m.initial_cash * (m.close.tolist()[-1] / earliest.entry - 1)
    market = m.close.tolist()[-1] / m.first_price - 1
    return {
        "buy_and_hold_return": market,
        "buy_and_hold_profit": held,
        "buy_and_hold_drawdown": max(
            one.share for one in falls([m.first_price, *m.close.tolist()])
        ),
        "outperformance": math.fsum(row.pnl for row in rows) - held,
        "excess_return": m.equity.tolist()[-1] / m.initial_cash - 1 - market,
        "alpha": (own - beta * theirs) * YEAR,
        "beta": beta,
        "correlation": alike,
        "r_squared": alike**2,
        "tracking_error": apart,
        "information_ratio": average(gap) * YEAR / apart,
        "treynor": own * YEAR / beta,
        "up_capture": ratio(
            average([one for one, other in pairs if other > 0]),
            average([other for _, other in pairs if other > 0]),
        ),
        "down_capture": ratio(
            average([one for one, other in pairs if other < 0]),
            average([other for _, other in pairs if other < 0]),
        ),
        "days_better": average([float(one > other) for one, other in pairs]),
    }


def account_figures(m: Material, rows: list[Row], still: list[Row]) -> dict[str, float]:
    cash, lows, highs = [m.initial_cash], [], []
    for row in rows:
        lows.append(max(cash) - (cash[-1] + row.mae))
        highs.append(cash[-1] + row.mfe - min(cash))
        cash.append(cash[-1] + row.pnl)
    times = [int(m.open_ms[0]), *(row.exit_ms for row in rows)]
    opens, closes = m.open_ms.tolist(), m.close.tolist()
    held, hit = [], {0: 0, 1: 0, -1: 0}
    for time_ms in opens:
        now = [row for row in rows if row.entry_ms <= time_ms < row.exit_ms]
        now += [row for row in still if row.entry_ms <= time_ms]
        held.append(math.fsum(row.qty for row in now))
        inside = [row.side for row in (*rows, *still) if row.entry_ms <= time_ms <= row.exit_ms]
        for side in hit:
            hit[side] += bool(inside) if side == 0 else side in inside
    margin = [q * p * m.value / m.leverage for q, p in zip(held, closes, strict=True)]
    realised = [
        m.initial_cash + math.fsum(row.pnl for row in rows if row.exit_ms <= time_ms)
        for time_ms in opens
    ]
    months = changes([m.initial_cash, *period_ends(m, realised, "%Y-%m")])
    excess = [one - 0.02 / 12 for one in months]
    below = math.sqrt(average([min(one, 0.0) ** 2 for one in excess]))
    down, up = falls(cash), falls(cash, -1)
    deepest, highest = max([0.0, *lows]), max([0.0, *highs])
    profit = math.fsum(row.pnl for row in rows)
    fees = math.fsum(row.fees for row in rows)
    funding = math.fsum(row.funding for row in rows)
    won = math.fsum(row.pnl for row in rows if row.pnl > 0)
    span_days = (int(m.close_ms[-1]) - opens[0]) / DAY_MS
    yearly = (m.equity.tolist()[-1] / m.initial_cash) ** (YEAR / span_days) - 1
    turns = 0
    for row, after in pairwise(rows):
        step = max((row.exit_ms - row.entry_ms) // max(row.bars, 1), 1)
        turns += after.side != row.side and 0 <= after.entry_ms - row.exit_ms <= 2 * step
    return {
        "initial_cash": m.initial_cash,
        "tradingview_sharpe": ratio(average(excess), statistics.pstdev(excess)),
        "tradingview_sortino": ratio(average(excess), below),
        "open_trades": len(still),
        "open_profit": math.fsum(row.pnl for row in still),
        "closed_drawdown": max((one.depth for one in down), default=0.0),
        "closed_drawdown_fraction": max((one.share for one in down), default=0.0),
        "closed_drawdown_average": average([one.depth for one in down]),
        "closed_drawdown_days": average([float(int(one)) for one in days_of(down, times)]),
        "closed_runup": max((one.depth for one in up), default=0.0),
        "closed_runup_average": average([one.depth for one in up]),
        "closed_runup_days": average([float(int(one)) for one in days_of(up, times)]),
        "intrabar_drawdown": deepest,
        "intrabar_drawdown_fraction": deepest / m.initial_cash,
        "intrabar_runup": highest,
        "intrabar_runup_fraction": highest / m.initial_cash,
        "return_on_drawdown": ratio(profit, deepest),
        "max_contracts": max(held),
        "max_margin": max(margin),
        "average_margin": average(margin),
        "margin_efficiency": ratio(yearly, max(margin) / m.initial_cash),
        "account_size": max(margin) + deepest,
        "return_on_account_size": ratio(profit, max(margin) + deepest),
        "margin_calls": sum(row.reason == Reason.MARGIN_CALL for row in rows),
        "liquidations": sum(row.reason == Reason.LIQUIDATION for row in rows),
        "costs": fees + funding,
        "cost_share": ratio(fees + funding, won + fees + funding),
        "fee_drag": fees / m.initial_cash,
        "funding_drag": funding / m.initial_cash,
        "cost_per_trade": ratio(fees + funding, len(rows)),
        "exposure": hit[0] / len(opens),
        "long_exposure": hit[1] / len(opens),
        "short_exposure": hit[-1] / len(opens),
        "trades_per_month": len(rows) / (span_days * 12 / YEAR),
        "quick_reversals": turns,
    }


def second_opinion(m: Material) -> dict[str, float]:
    """All metrics of a run by name."""
    rows, still = rows_of(m.closed), rows_of(m.open)
    found: dict[str, float] = {}
    for prefix, side in (("", 0), ("long_", 1), ("short_", -1)):
        mine = [row for row in rows if side in (0, row.side)]
        found |= {prefix + name: value for name, value in trade_figures(mine, m).items()}
    return found | equity_figures(m) | benchmark_figures(m, rows) | account_figures(m, rows, still)
