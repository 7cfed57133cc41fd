"""A scalar of resting entries or ladders broken on purpose is noticed (without the compiler)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from engines.kernel import ladder, layout, meeting, resting, walking
from tests.conformance.mutants import everywhere, in_plain_python
from tests.engines.reference.test_kernel_agrees import assert_same
from tests.engines.reference.test_resting_agrees import on_kernel, on_oracle, random_case
from tests.strategies.evaluation.test_ladder_witness import both

KERNEL = "engines.kernel"
Wrong = Callable[..., Any]


def nothing(*given: Any) -> None:
    return None


def jumped_over(level: float, direction: float, here: float, there: float) -> float:
    """Without B3: what the market is through already fills at its level."""
    return level if direction * there >= direction * level else math.nan


def last_wins(*given: Any) -> bool:
    return True


def never(*given: Any) -> bool:
    return False


def first_price(run: Any, account: Any) -> float:
    return float(run.lots[0, layout.LOT_PRICE])


def one_step_more(right: Wrong) -> Wrong:
    return lambda run, number: right(run, number) - run.market.tick


LADDERS: dict[str, tuple[str, Wrong]] = {
    "safety orders rest": ("rest_next", nothing),
    "where they rest": ("step_price", one_step_more(ladder.step_price)),
    "they follow closes": ("follow_close", nothing),
    "the window moves": ("safety_filled", nothing),
    "a ladder ends with its position": ("end_with_position", nothing),
    "exits move with every fill": ("anchor_exits", nothing),
    "the average price": ("average_price", first_price),
    "gaps": ("touch_beyond", jumped_over),
    "what is met first": ("comes_first", last_wins),
}
ENTRIES: dict[str, tuple[str, Wrong]] = {
    "entries are given up": ("give_up_entries", nothing),
    "stops become limits": ("pass_by", nothing),
    "something waits": ("anything_rests", never),
    "gaps": ("touch_beyond", jumped_over),
}


def test_the_broken_scalars_are_there() -> None:
    names = {name for name, _ in (*LADDERS.values(), *ENTRIES.values())}
    homes = (ladder, meeting, resting, walking)
    assert all(any(hasattr(home, name) for home in homes) for name in names - {"average_price"})


@pytest.mark.parametrize("rule", LADDERS)
def test_a_broken_ladder_is_noticed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch)
    everywhere(monkeypatch, KERNEL, *LADDERS[rule])
    assert any(ours != witness for ours, witness in map(both, range(200)))


@pytest.mark.parametrize("rule", ENTRIES)
def test_a_broken_entry_is_noticed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch)
    everywhere(monkeypatch, KERNEL, *ENTRIES[rule])
    assert any(differs(seed) for seed in range(200))


def differs(seed: int) -> bool:
    run, waiting = random_case(seed)
    try:
        assert_same(on_kernel(run, waiting), on_oracle(run, waiting))
    except AssertionError:
        return True
    return False
