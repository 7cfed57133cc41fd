"""A rule of Bybit's broken on purpose is noticed, in either engine, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from engines.broker import PositionMode, Profile
from engines.event.account import Account
from engines.event.entry_desk import EntryDesk
from engines.event.exit_desk import ExitDesk
from engines.event.order_rules import OrderRules
from engines.event.working import Working
from engines.payoff import Payoff
from engines.reference.account import Account as ExactAccount
from engines.reference.desk import Desk
from engines.reference.grid import Grid
from engines.reference.pending import Pending
from tests.engines.event.agreement import compare

SEEDS = range(120)
Broken = tuple[type, str, Any]

FEES: tuple[Profile, PositionMode] = ("bybit_linear", "one_way")
COIN: tuple[Profile, PositionMode] = ("bybit_inverse", "one_way")
HEDGE: tuple[Profile, PositionMode] = ("bybit_linear", "hedge")


def held_on_both(self: Account, side: int, reduce_only: bool = False) -> float:
    return self.held(-side)


def admits_all(self: OrderRules, order: Any, *_: Any) -> Any:
    return order


def opens(self: EntryDesk, command: Any, side: int, sequence: int) -> Any:
    yield from self._place(command, side, sequence, 1.0, 0.0, 0.0)
    return True


RULES: dict[str, tuple[tuple[Profile, PositionMode], Broken]] = {
    "a limit always makes": (FEES, (OrderRules, "is_taker", lambda self, one, touch: touch.slips)),
    "a limit always takes": (FEES, (OrderRules, "is_taker", lambda self, one, touch: True)),
    "post-only orders take": (FEES, (OrderRules, "admit", admits_all)),
    "reduce-only orders open": (FEES, (EntryDesk, "_reduce", opens)),
    "a changed limit is still the old one": (FEES, (Working, "amend", lambda *_: None)),
    "coins are worth their price": (COIN, (Payoff, "worth", lambda self, price: price)),
    "coins earn in quote": (COIN, (Payoff, "level", lambda self, price: price)),
    "an average price is the arithmetic one": (COIN, (Payoff, "price", lambda self, level: level)),
    "an entry closes the other side": (HEDGE, (Account, "closable", held_on_both)),
    "a close leaves one side alone": (
        HEDGE,
        (ExitDesk, "_close", lambda self, command, lots, side, *_: iter(())),
    ),
    "oracle: a limit always makes": (FEES, (Pending, "takes", lambda self, touch: False)),
    "oracle: reduce-only orders do nothing": (FEES, (Desk, "_reduce", lambda *_: False)),
    "oracle: coins are worth their price": (
        COIN,
        (Grid, "money", lambda self, price, units: price * units * self.value),
    ),
    "oracle: an entry closes the other side": (
        HEDGE,
        (ExactAccount, "closable", lambda self, side, reduce_only=False: self.open_on(-side)),
    ),
}


def notices(where: tuple[Profile, PositionMode]) -> bool:
    for seed in SEEDS:
        try:
            compare(seed, *where)
        except Exception:  # noqa: BLE001 - whatever a broken rule leads to is noticed
            return True
    return False


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_noticed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, (kind, name, wrong) = RULES[rule]
    monkeypatch.setattr(kind, name, wrong)
    assert notices(where)


@pytest.mark.parametrize("where", [FEES, COIN, HEDGE])
def test_nothing_is_noticed_while_all_is_whole(where: tuple[Profile, PositionMode]) -> None:
    assert not notices(where)
