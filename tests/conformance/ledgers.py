"""When do two results say the same? To the bit, or whole numbers exact and money to 1e-9."""

from __future__ import annotations

import numpy as np

from engines.bars import Floats
from engines.result import LEDGER, Result, Table

_EXACT = {
    "fills": ("bar", "side", "reason", "trade", "order"),
    "trades": ("number", "side", "entry_bar", "exit_bar", "reason"),
    "refusals": ("bar", "side", "reason"),
}
_PRICES = {"fills": ("price", "qty"), "trades": ("entry_price", "exit_price", "qty")}
_MONEY = {
    "fills": ("fee", "funding", "cash"),
    "trades": ("entry_fee", "exit_fee", "pnl", "pnl_fraction", "mfe", "mae"),
}
_DOUBT = ("ambiguous_exits", "pessimistic_profit", "optimistic_profit")


def assert_equal_ledgers(ours: Result, theirs: Result) -> None:
    """Two paths of one arithmetic: every column of the ledger and the equity to the bit."""
    for name in LEDGER:
        assert ours.fills[name].tolist() == theirs.fills[name].tolist(), name
    assert ours.ledger_digest == theirs.ledger_digest
    assert ours.equity.tolist() == theirs.equity.tolist()
    assert_alike(ours, theirs)


def assert_same_doubts(ours: Result, theirs: Result) -> None:
    """The exits that hang on the order inside a bar, and what the other order would bring."""
    mine, other = (one.trades["ambiguous"].tolist() for one in (ours, theirs))
    assert mine == other, "trades.ambiguous"
    for name in _DOUBT:
        one, two = (np.array([result.statistics[name]]) for result in (ours, theirs))
        _close(one, two, 1e-9, 1e-8, name)


def assert_alike(ours: Result, theirs: Result) -> None:
    """Two arithmetics: integers and reasons exact, money 1e-9 relative or 1e-8."""
    for kind, names in _EXACT.items():
        for name in names:
            mine, other = table(ours, kind)[name], table(theirs, kind)[name]
            assert mine.tolist() == other.tolist(), f"{kind}.{name}"
    for kind, names in _PRICES.items():
        for name in names:
            _close(table(ours, kind)[name], table(theirs, kind)[name], 1e-12, 0.0, name)
    for kind, names in _MONEY.items():
        for name in names:
            _close(table(ours, kind)[name], table(theirs, kind)[name], 1e-9, 1e-8, name)
    _close(ours.equity, theirs.equity, 1e-9, 1e-8, "equity")


def table(result: Result, kind: str) -> Table:
    """One table of a result by its name."""
    found: Table = getattr(result, kind)
    return found


def _close(ours: Floats, theirs: Floats, rtol: float, atol: float, name: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=name)
