"""Costs, margin and exposure a second time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.basics import DAY_MS, YEAR, Row, average, ratio
from tests.engines.metrics.second_opinion.sides import Walked


def account_figures(
    m: Material, rows: list[Row], still: list[Row], walked: Walked
) -> dict[str, float]:
    fees, funding = (math.fsum(getattr(row, name) for row in rows) for name in ("fees", "funding"))
    slipped = math.fsum(row.slippage for row in (*rows, *still))
    won = math.fsum(row.pnl for row in rows if row.pnl > 0)
    traded = math.fsum((row.entry + row.exit) * row.qty for row in rows) * m.value
    days = (int(m.close_ms[-1]) - int(m.open_ms[0])) / DAY_MS
    equity = m.equity.tolist()
    shares = [margin / money for margin, money in zip(walked.margins, equity, strict=True)]
    turns = 0
    for row, after in pairwise(rows):
        step = max((row.exit_ms - row.entry_ms) // max(row.bars, 1), 1)
        turns += after.side != row.side and 0 <= after.entry_ms - row.exit_ms <= 2 * step

    def entered(low: int, high: int) -> float:
        return math.fsum(row.pnl for row in rows if low <= moment(row.entry_ms).hour < high)

    weekend = math.fsum(row.pnl for row in rows if moment(row.entry_ms).weekday() >= 5)
    return {
        "initial_cash": m.initial_cash,
        "costs": fees + funding,
        "cost_share": ratio(fees + funding, won + fees + funding),
        "cost_per_trade": ratio(fees + funding, len(rows)),
        "slippage": slipped,
        "fee_drag": fees / m.initial_cash,
        "funding_drag": funding / m.initial_cash,
        "slippage_drag": slipped / m.initial_cash,
        "fee_rate": ratio(fees, traded),
        "turnover_a_year": traded * YEAR / days / m.initial_cash,
        "trades_per_month": len(rows) / (days * 12 / YEAR),
        "trades_per_day": len(rows) / days,
        "average_exposure": average(shares) * m.leverage,
        "max_exposure": max(shares) * m.leverage,
        "average_margin_share": average(shares),
        "max_margin_share": max(shares),
        "lowest_free_margin": min(
            money - margin for money, margin in zip(equity, walked.margins, strict=True)
        ),
        "return_while_exposed": ratio(equity[-1] / m.initial_cash - 1, walked.used / len(m.close)),
        "longest_flat_days": flat_days(m, [*rows, *still], len(still)),
        "quick_reversals": turns,
        "night_profit": entered(0, 6),
        "morning_profit": entered(6, 12),
        "afternoon_profit": entered(12, 18),
        "evening_profit": entered(18, 24),
        "weekend_profit": weekend,
    }


def moment(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def flat_days(m: Material, rows: list[Row], n_open: int) -> float:
    longest = now = 0
    for place, time_ms in enumerate(m.open_ms.tolist()):
        begun = [row for row in rows if row.entry_ms <= time_ms]
        over = [row for row in rows[: len(rows) - n_open] if row.exit_ms < time_ms]
        free = len(begun) == len(over)
        now = now + int(m.close_ms[place] - time_ms) if free else 0
        longest = max(longest, now)
    return longest / DAY_MS
