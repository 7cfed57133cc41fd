"""Where do a ladder's safety orders rest? Below a long's first entry, above a short's.

Their steps count from the ladder's anchor, which is the first fill until a close moves it: the
orders not filled yet then follow. The ladder ends with its position.
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.exits import column_at, level_from
from engines.kernel.fills import refuse
from engines.kernel.layout import Account, Run
from engines.kernel.resting import rest_order, take_away
from engines.kernel.rounding import round_against
from engines.orders import Refusal

_BAD_LEVEL: Final = int(Refusal.BAD_LEVEL)


@scalar
def end_ladder(run: Run) -> None:
    """Take all safety orders away."""
    run.resting[rests.HEAD, rests.HEAD_SIDE] = 0.0
    for row in range(rests.SAFETY, len(run.resting)):
        take_away(run, row)


@scalar
def start_ladder(
    run: Run, bar: int, side: float, price: float, equity: float, signal_bar: int
) -> None:
    """A position begins at `price`: rest its safety orders, or the first few (window)."""
    end_ladder(run)
    head = run.resting[rests.HEAD]
    head[rests.HEAD_SIDE] = side
    head[rests.ANCHOR] = price
    head[rests.REFERENCE] = price
    head[rests.HEAD_EQUITY] = equity
    head[rests.HEAD_SIGNAL_BAR] = signal_bar
    head[rests.PLACED] = 0.0
    window = run.choices[at.LADDER_WINDOW]
    orders = run.choices[at.LADDER_ORDERS]
    for _ in range(min(window, orders) if window > 0 else orders):
        rest_next(run, bar)


@scalar
def rest_next(run: Run, bar: int) -> None:
    """Rest the next safety order of the ladder, if there is one left."""
    head = run.resting[rests.HEAD]
    number = int(head[rests.PLACED])
    if number >= run.choices[at.LADDER_ORDERS]:
        return
    head[rests.PLACED] += 1.0
    side = head[rests.HEAD_SIDE]
    price = step_price(run, number)
    if not price > 0.0:
        refuse(run, bar, side, _BAD_LEVEL)
        return
    row = rests.SAFETY + number
    rest_order(run, row, side, at.LIMIT_ENTRY, price, int(head[rests.HEAD_SIGNAL_BAR]))
    run.resting[row, rests.SHARE] = run.params[at.LADDER_SHARE + number]
    run.resting[row, rests.EQUITY] = head[rests.HEAD_EQUITY]


@scalar
def step_price(run: Run, number: int) -> float:
    """Price of a safety order (from 0), a limit rounded to the better (C1)."""
    head = run.resting[rests.HEAD]
    side = head[rests.HEAD_SIDE]
    column = column_at(run, at.LADDER_COLUMN, side, int(head[rests.HEAD_SIGNAL_BAR]))
    distance, tick = run.params[at.LADDER_STEP + number], run.market.tick
    kind, anchor = run.choices[at.LADDER_KIND], head[rests.ANCHOR]
    return round_against(level_from(kind, distance, column, anchor, -side, tick), side, tick)


@scalar
def safety_filled(run: Run, price: float, bar: int) -> None:
    """A safety order filled: the window moves on, pull-backs count from its price."""
    run.resting[rests.HEAD, rests.REFERENCE] = price
    if run.choices[at.LADDER_WINDOW] > 0:
        rest_next(run, bar)


@scalar
def follows_from(run: Run) -> float:
    """The close in favour at which the unfilled orders move; ±inf if they never do."""
    head = run.resting[rests.HEAD]
    side = head[rests.HEAD_SIDE]
    trail, pull_back = run.params[at.LADDER_TRAIL], run.params[at.LADDER_PULL_BACK]
    near = side * math.inf
    if trail > 0.0:
        near = head[rests.ANCHOR] * (1.0 + side * trail)
    if pull_back > 0.0:
        back = head[rests.REFERENCE] * (1.0 + side * pull_back)
        near = back if side * back < side * near else near
    return float(near)


@scalar
def followed(
    side: float, anchor: float, reference: float, trail: float, pull_back: float, close: float
) -> tuple[float, float]:
    """A ladder's anchor and reference after a close.

    Trailing keeps the anchor at most its distance behind the best close. A pull-back moves the
    anchor by as much as the close lies beyond the latest fill, which the close then stands for.
    """
    if pull_back > 0.0 and side * close >= side * reference * (1.0 + side * pull_back):
        anchor *= close / reference
        reference = close
    if trail > 0.0 and side * close > side * anchor * (1.0 + side * trail):
        anchor = close / (1.0 + side * trail)
    return anchor, reference


@scalar
def follow_close(run: Run, close: float) -> None:
    """At a close: let the unfilled safety orders follow a price that went away from them."""
    head = run.resting[rests.HEAD]
    side = head[rests.HEAD_SIDE]
    if side == 0.0 or not side * close >= side * follows_from(run):
        return
    trail, pull_back = run.params[at.LADDER_TRAIL], run.params[at.LADDER_PULL_BACK]
    head[rests.ANCHOR], head[rests.REFERENCE] = followed(
        side, head[rests.ANCHOR], head[rests.REFERENCE], trail, pull_back, close
    )
    for row in range(rests.SAFETY, len(run.resting)):
        if run.resting[row, rests.SIDE] != 0.0:
            run.resting[row, rests.PRICE] = step_price(run, row - rests.SAFETY)


@scalar
def end_with_position(run: Run, account: Account) -> None:
    """A ladder ends when its position is gone, or reversed."""
    side = run.resting[rests.HEAD, rests.HEAD_SIDE]
    if side * account.side < side * side:
        end_ladder(run)


@scalar
def ladder_band(run: Run, band: tuple[float, float]) -> tuple[float, float]:
    """A band of quiet prices (low, high), narrowed to where the ladder does not move."""
    side = run.resting[rests.HEAD, rests.HEAD_SIDE]
    if side == 0.0:
        return band
    low, high = band
    near = follows_from(run)
    return (low, min(high, near)) if side > 0.0 else (max(low, near), high)
