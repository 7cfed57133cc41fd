"""A scalar of the kernel broken on purpose makes it disagree with the oracle (without the JIT)."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import pytest

from engines.kernel import run as kernels
from engines.kernel.fills import Seen
from tests.engines.reference.test_broken_rules import compare

SEEDS = range(150)


def unslipped(raw: float, side: float, market: Any) -> float:
    return float(round(raw / market.tick) * market.tick)


def free_of_charge(price: float, qty: float, fee_rate: float, market: Any) -> float:
    return 0.0


def a_lot_more(qty: float, market: Any) -> float:
    return float(math.floor(qty / market.lot + 1e-9) + 1)


def nothing_happens(run: Any, account: Any, *rest: Any) -> Any:
    return account


def no_band(run: Any, account: Any, bar: int) -> tuple[float, float]:
    return -math.inf, math.inf


def only_the_exit(run: Any, lot: int, bar: int, price: float, seen: Seen) -> Seen:
    return Seen(price, price)


def stands_still(run: Any, lot: int, side: float, price: float) -> None:
    return None


def no_more_equity(account: Any, price: float, market: Any) -> float:
    return float(account.cash)


def one_bar_late(run: Any, bitmaps: Any, account: Any, bar: int, stop: int) -> int:
    return int(min(kernels.__dict__["_right_signal"](run, bitmaps, account, bar, stop) + 1, stop))


BROKEN: dict[str, tuple[str, Callable[..., Any]]] = {
    "C4 slippage": ("market_price", unslipped),
    "H1 commission": ("order_fee", free_of_charge),
    "D12 whole lots": ("whole_units", a_lot_more),
    "B2 stops and targets inside a bar": ("walk", nothing_happens),
    "B2 targets on the way up": ("walk_in_favour", nothing_happens),
    "B2 stops on the way down": ("walk_against", nothing_happens),
    "B3 gaps": ("jump_to", nothing_happens),
    "B1 bars that reach an exit": ("quiet_band", no_band),
    "K1 lots that are gone": ("drop_empty_lots", nothing_happens),
    "K2 excursions": ("lived_range", only_the_exit),
    "K3 equity": ("equity_at", no_more_equity),
    "E8 the water mark": ("move_with_price", stands_still),
    "A1 the bar of a signal": ("next_signal", one_bar_late),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_scalar_is_noticed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, wrong = BROKEN[rule]
    for kernel in (kernels.plain, kernels.bracket):
        monkeypatch.setattr(kernel, "_compiled", kernel.python)
    monkeypatch.setattr(kernels, "_right_signal", kernels.next_signal, raising=False)
    users = [
        module
        for path, module in sys.modules.items()
        if path.startswith("engines.kernel") and hasattr(module, name)
    ]
    assert users
    for module in users:
        monkeypatch.setattr(module, name, wrong)
    for seed in SEEDS:
        try:
            compare(seed)
        except (AssertionError, ArithmeticError, IndexError):
            return
    pytest.fail(f"{rule} was broken, and {len(SEEDS)} runs did not notice")
