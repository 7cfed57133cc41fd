"""Figures of an account a second time: realised equity, and a walk through every bar."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from engines.metrics.material import Material
from engines.orders import Reason
from tests.engines.metrics.second_opinion.basics import (
    DAY_MS,
    NAN,
    YEAR,
    Row,
    average,
    changes,
    ratio,
)


class Walked(NamedTuple):
    drawdown: float
    drawdown_base: float
    runup: float
    runup_base: float
    most: float
    margins: list[float]
    older_margins: list[float]
    used: int


def walk(m: Material, rows: list[Row], still: list[Row]) -> Walked:
    """Bar by bar: what was open before its exits, and what after them (K4, L4)."""
    cash = settled = peak = low = m.initial_cash
    fall, fall_base, rise, rise_base, most, used = 0.0, NAN, 0.0, NAN, 0.0, 0
    margins, older_margins = [], []
    opens, closes = m.open_ms.tolist(), m.close.tolist()
    tops, bottoms, starts = m.bars.high.tolist(), m.bars.low.tolist(), m.bars.open.tolist()

    def bare(row: Row, at: int, best: bool) -> float:
        price = tops[at] if (row.side > 0) == best else bottoms[at]
        leaves = row.reason != Reason.OPEN and row.exit_ms == opens[at] > row.entry_ms
        if leaves and row.exit == starts[at]:
            price = row.exit
        return float(row.side * (price - row.entry) * row.qty * m.value - row.entry_fee)

    @cache
    def nearest(row: Row, best: bool) -> float:
        stay = [k for k in range(len(opens)) if row.entry_ms <= opens[k] <= row.exit_ms]
        return max((1 if best else -1) * bare(row, k, best) for k in stay)

    def extreme(row: Row, at: int, best: bool) -> float:
        sign, seen = (1, row.mfe) if best else (-1, row.mae)
        money = sign * bare(row, at, best)
        return seen if money == nearest(row, best) else sign * min(money, sign * seen)

    def look(some: list[Row], at: int) -> None:
        nonlocal fall, fall_base, rise, rise_base, most
        if not some:
            return
        worst = cash + math.fsum(extreme(row, at, best=False) for row in some)
        best = cash + math.fsum(extreme(row, at, best=True) for row in some)
        if peak - worst > fall:
            fall, fall_base = peak - worst, peak
        if best - low > rise:
            rise, rise_base = best - low, best
        most = max(most, math.fsum(row.qty for row in some))

    for at, time_ms in enumerate(opens):
        lasting = [row for row in still if row.entry_ms <= time_ms]
        alive = [row for row in rows if row.entry_ms <= time_ms <= row.exit_ms] + lasting
        used += bool(alive)
        before = [row for row in alive if row.entry_ms < time_ms]
        look(before, at)
        gone = [row for row in before if row.reason != Reason.OPEN and row.exit_ms == time_ms]
        cash += math.fsum(row.pnl for row in gone)
        kept = [row for row in alive if row not in gone]
        older = [row for row in kept if row in before]
        settled = cash - math.fsum(row.entry_fee for row in older)
        peak, low = max(peak, settled), min(low, settled)
        low = min(low, cash - math.fsum(row.entry_fee for row in kept))
        look(kept, at)
        flash = [row for row in kept if row.reason != Reason.OPEN and row.exit_ms == time_ms]
        cash += math.fsum(row.pnl for row in flash)
        kept = [row for row in kept if row not in flash]
        settled = cash - math.fsum(row.entry_fee for row in kept)
        peak, low = max(peak, settled), min(low, settled)
        price = closes[at] * m.value / m.leverage
        margins.append(math.fsum(row.qty for row in kept) * price)
        older_margins.append(math.fsum(row.qty for row in older) * price)
    return Walked(fall, fall_base, rise, rise_base, most, margins, older_margins, used)


def phases(points: list[float]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Counted falls and rises of realised equity as (start, end), by looking at every peak (L3)."""
    n, falls, at = len(points), [], 0
    while at < n:
        back = next((k for k in range(at + 1, n) if points[k] >= points[at]), n)
        stretch = range(at, back)
        trough = min(stretch, key=lambda k: (points[k], k))
        if trough - at >= 2 or points[at] - points[trough] > 0.05 * points[at]:
            falls.append((at, trough))
        at = back
    tops = [k for k in range(n) if points[k] == max(points)]
    final = n - 1 if falls and falls[-1][0] == tops[-1] else (tops[-1] if tops else 0)
    cuts = [0, *(k for fall in falls for k in fall), final]
    rises = [
        (start, end)
        for start, end in zip(cuts[::2], cuts[1::2], strict=True)
        if end - start >= 2 and points[end] > points[start]
    ]
    return falls, rises


def of_phases(
    name: str, found: list[tuple[int, int]], money: list[float], rows: list[Row], cash: float
) -> dict[str, float]:
    sizes = [abs(money[end] - money[start]) for start, end in found]
    days = [(rows[end].exit_ms - rows[start].exit_ms) / DAY_MS for start, end in found]
    return {
        f"closed_{name}": max(sizes, default=0.0),
        f"closed_{name}_fraction": max(sizes, default=0.0) / cash,
        f"closed_{name}_average": average(sizes),
        f"closed_{name}_average_fraction": average(sizes) / cash,
        f"closed_{name}_days": float(math.floor(average(days))) if days else NAN,
    }


def excess(m: Material, rows: list[Row], still: list[Row]) -> list[float]:
    """Monthly returns beyond 2 % a year, or daily ones of a run shorter than four months (L2)."""
    stamps = [datetime.fromtimestamp(one / 1000, UTC) for one in m.open_ms.tolist()]
    for form, free in (("%Y-%m", 0.02 / 12), ("%Y-%m-%d", 0.02 / 365)):
        ends = {stamp.strftime(form): time for stamp, time in zip(stamps, m.open_ms, strict=True)}
        if form == "%Y-%m" and len(ends) < 4:
            continue
        money = [
            m.initial_cash + math.fsum(row.pnl for row in rows if row.exit_ms <= time_ms)
            for time_ms in ends.values()
        ]
        money[-1] += math.fsum(row.pnl for row in still)
        return [one - free for one in changes([m.initial_cash, *money])]
    raise AssertionError


def side_figures(
    m: Material, rows: list[Row], still: list[Row], whole: Walked, everyone: list[Row]
) -> dict[str, float]:
    """`rows` and `still` are the side's own; `whole` and `everyone` those of the run."""
    walked = walk(m, rows, still)
    money, total = [], m.initial_cash
    for row in rows:
        total += row.pnl
        money.append(total)
    profit, every = math.fsum(row.pnl for row in rows), math.fsum(row.pnl for row in everyone)
    span_days = (int(m.close_ms[-1]) - int(m.open_ms[0])) / DAY_MS
    growth = 1 + profit / m.initial_cash
    yearly = growth ** (YEAR / span_days) - 1 if growth > 0 else -1.0
    falls, rises = phases(money)
    found = of_phases("drawdown", falls, money, rows, m.initial_cash)
    found |= of_phases("runup", rises, money, rows, m.initial_cash)
    beyond = excess(m, rows, still)
    below = math.sqrt(average([min(one, 0.0) ** 2 for one in beyond]))
    unrealised = math.fsum(row.pnl + row.entry_fee for row in still)
    size = max(whole.margins) + whole.drawdown
    return found | {
        "open_trades": len(still),
        "open_profit": unrealised,
        "open_profit_fraction": unrealised / (m.initial_cash + every),
        "fees_paid": math.fsum([*(r.fees for r in rows), *(r.entry_fee for r in still)]),
        "closed_cagr": yearly,
        "tradingview_sharpe": ratio(average(beyond), statistics.pstdev(beyond)),
        "tradingview_sortino": ratio(average(beyond), below),
        "closed_calmar": ratio(yearly, found["closed_drawdown_fraction"]),
        "intrabar_drawdown": walked.drawdown,
        "intrabar_drawdown_fraction": walked.drawdown / m.initial_cash,
        "intrabar_drawdown_of_peak": walked.drawdown / walked.drawdown_base,
        "intrabar_runup": walked.runup,
        "intrabar_runup_fraction": walked.runup / m.initial_cash,
        "intrabar_runup_of_top": walked.runup / walked.runup_base,
        "return_on_drawdown": ratio(profit, whole.drawdown),
        "max_contracts": walked.most,
        "max_margin": max(walked.margins),
        "average_margin": average(walked.older_margins),
        "margin_efficiency": ratio(yearly, max(walked.margins) / m.initial_cash),
        "account_size": max(walked.margins) + walked.drawdown,
        "return_on_account_size": ratio(profit, size),
        "margin_calls": sum(row.reason == Reason.MARGIN_CALL for row in rows),
        "liquidations": sum(row.reason == Reason.LIQUIDATION for row in rows),
        "exposure": walked.used / len(m.close),
    }
