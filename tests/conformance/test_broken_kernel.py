"""A scalar of the kernel broken on purpose is noticed, rule by rule (without the compiler)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from engines.kernel import (
    anchors,
    day_end,
    decide,
    enter,
    execute,
    exits,
    fills,
    ladder,
    limits,
    path,
    resting,
    rounding,
    run,
    shares,
    sizing,
    step,
)
from engines.kernel import layout as at
from engines.kernel.fills import Seen
from engines.orders import Reason
from strategies.graph import BreakEven, StopLoss, TrailingStop, high, low
from tests.conformance import mutants

KERNEL = "engines.kernel"
Wrong = Callable[..., Any]


def nothing_happens(run: Any, account: Any, *rest: Any) -> Any:
    return account


def free_of_fees(right: Wrong) -> Wrong:
    return lambda *given: right(*given[:-1], given[-1]._replace(taker_fee_rate=0.0))


def without_limits(right: Wrong) -> Wrong:
    limits = {"min_notional": 0.0, "min_qty": 0.0}
    return lambda *given: right(*given[:-1], given[-1]._replace(**limits))


def never_blocked(right: Wrong) -> Wrong:
    def may_enter(run: Any, account: Any, bar: int, side: float) -> bool:
        return bool(right(run, account._replace(blocked_until=0), bar, side))

    return may_enter


def any_number_of_entries(right: Wrong) -> Wrong:
    def may_enter(run: Any, account: Any, bar: int, side: float) -> bool:
        return bool(right(run, account._replace(n_lots=0), bar, side))

    return may_enter


def long_if_both(right: Wrong) -> Wrong:
    def wanted(run: Any, signals: Any, account: Any, bar: int) -> float:
        if signals.enter_long and signals.enter_short:
            signals = signals._replace(enter_short=False)
        return float(right(run, signals, account, bar))

    return wanted


def a_bar_late(right: Wrong) -> Wrong:
    return lambda run, bitmaps, account, bar, stop: min(
        right(run, bitmaps, account, bar, stop) + 1, stop
    )


def paid_later(right: Wrong) -> Wrong:
    def open_lot(run: Any, account: Any, *rest: Any) -> Any:
        return right(run, account, *rest)._replace(cash=account.cash)

    return open_lot


def only_the_stop(right: Wrong) -> Wrong:
    return lambda run, lot, side: float(run.lots[lot, at.LOT_STOP])


def always_moved(right: Wrong) -> Wrong:
    def follow(run: Any, lot: int, side: float, bar: int) -> None:
        run.lots[lot, at.LOT_STOP_REASON] = int(Reason.STOP_LOSS)
        right(run, lot, side, bar)

    return follow


def exits_a_bar_early(right: Wrong) -> Wrong:
    return lambda run, lot, bar: bool(run.lots[lot, at.LOT_UNITS] > 0.0)


def no_time_exit(right: Wrong) -> Wrong:
    def wanted_exit(run: Any, signals: Any, account: Any, bar: int) -> int:
        reason = int(right(run, signals, account, bar))
        return 0 if reason == int(Reason.TIME_EXIT) else reason

    return wanted_exit


def slow_sizing(right: Wrong) -> Wrong:
    return lambda run, account, side, bar, price: right(run, account, side, bar, price * 1.01)


RULES: dict[str, tuple[Any, str, Callable[[Wrong], Wrong]]] = {
    "A1 the bar of a signal": (run, "next_signal", a_bar_late),
    "B1 bars that reach an exit": (path, "quiet_band", lambda _: lambda *__: (-math.inf, math.inf)),
    "B2 targets on the way up": (path, "walk_in_favour", lambda _: nothing_happens),
    "B2 stops on the way down": (path, "walk_against", lambda _: nothing_happens),
    "B3 gaps": (path, "jump_to", lambda _: nothing_happens),
    "C1 stops to the worse": (exits, "round_against", lambda _: rounding.round_in_favour),
    "C1 targets to the better": (exits, "round_in_favour", lambda _: rounding.round_against),
    "C4 slippage": (path, "market_price", lambda _: lambda raw, side, market: raw),
    "D3 pyramiding": (decide, "may_enter", any_number_of_entries),
    "D12 whole lots": (
        sizing,
        "whole_units",
        lambda right: lambda qty, market: right(qty, market) + 1.0,
    ),
    "E1 live from the fill, or later": (path, "is_live", exits_a_bar_early),
    "E2 the last target takes the rest": (
        exits,
        "place_targets",
        lambda right: (
            lambda run, *rest: right(run._replace(params=run.params * (1.0 - 1e-6)), *rest)
        ),
    ),
    "E5 the nearer of two stops": (path, "active_stop", only_the_stop),
    "E6 a stop that follows": (step, "follow_column", lambda _: lambda *__: None),
    "E8 the water mark": (path, "move_with_price", lambda _: lambda *__: None),
    "break-even": (path, "break_even", lambda _: lambda *__: None),
    "break-even never goes back": (step, "follow_column", always_moved),
    "both signals at once": (decide, "wanted_side", long_if_both),
    "cool-down": (decide, "may_enter", never_blocked),
    "time exits": (decide, "wanted_exit", no_time_exit),
    "G1 sized at the signal's close": (decide, "sized", slow_sizing),
    "G3 fees in the budget": (decide, "entry_units", free_of_fees),
    "G6 ten digits": (sizing, "round_digits", lambda _: lambda amount, digits: amount),
    "H1 commission": (path, "order_fee", lambda _: lambda *__: 0.0),
    "H5 the entry's fee at once": (execute, "open_lot", paid_later),
    "I1 margin of what is open": (sizing, "margin_held", lambda _: lambda *__: 0.0),
    "smallest orders": (decide, "check_entry", without_limits),
    "orders are given up": (resting, "give_up_entries", lambda _: lambda *__: None),
    "margin of what rested": (enter, "can_carry", lambda _: lambda *__: True),
    "ladders follow closes": (ladder, "follow_close", lambda _: lambda *__: None),
    "a ladder ends": (ladder, "end_with_position", lambda _: lambda *__: None),
    "J2 a day's last order": (day_end, "day_of_orders", lambda _: lambda *__: False),
    "J3, J4 losses": (limits, "loss_limit", lambda _: lambda *__: 0),
    "what limits refuse": (limits, "hindrance", lambda _: lambda *__: 0),
    "profits that exits ask for": (limits, "enough_profit", lambda _: lambda *__: True),
    "bounds of a size": (shares, "bounded", lambda _: lambda units, *__: units),
    "the Kelly share": (shares, "share_of_wins", lambda _: lambda fraction, *__: fraction),
    "the margin's stop": (anchors, "guard_margin", lambda _: lambda *__: None),
    "trails armed before what fills": (step, "arm_trails", lambda _: lambda *__: None),
    "K1 lots that are gone": (path, "drop_empty_lots", lambda _: nothing_happens),
    "K2 excursions": (
        fills,
        "lived_range",
        lambda _: lambda run, lot, bar, price, seen: Seen(price, price),
    ),
    "K3 equity": (step, "equity_at", lambda _: lambda account, price, market: account.cash),
}


# Corners that few random graphs reach.
CORNERS = {
    "break-even never goes back": mutants.kernel_agrees_with(
        {
            "exits": [
                StopLoss(multiple=1.0, of=high - low, follow=True),
                BreakEven(trigger_percent=0.5, offset_percent=0.1),
            ]
        },
        {},
    ),
    "trails armed before what fills": mutants.kernel_agrees_with(
        {
            "exits": [
                StopLoss(percent=9),
                TrailingStop(percent=1.0, activation_percent=0.5, anchor="last"),
            ],
            # A ladder adds by itself.
            "ladder": None,
            "pyramiding": 3,
        },
        {"fill_at": "close", "exits_from": "next_bar"},
    ),
}


def broken(rule: str) -> mutants.Break:
    """Put what is wrong wherever the kernel's modules look the scalar up."""
    home, name, wrap = RULES[rule]

    def break_it(patch: pytest.MonkeyPatch) -> None:
        mutants.in_plain_python(patch)
        mutants.everywhere(patch, KERNEL, name, wrap(getattr(home, name)))

    return break_it


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_scalar_is_noticed(rule: str) -> None:
    mutants.assert_noticed(rule, broken(rule), CORNERS.get(rule, mutants.kernel_agrees))


def test_nothing_is_noticed_when_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(RULES) >= 20
    mutants.in_plain_python(monkeypatch)
    for seed in range(20):
        mutants.kernel_agrees(seed)
        for agrees in CORNERS.values():
            agrees(seed)
