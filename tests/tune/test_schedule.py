"""Sweeps share the cluster by the time that each had, and lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidInput
from tests.examples import examples
from tune.schedule import MOST_LOSSES, Schedule
from tune.sweep_spec import Chunk


def chunks(sweep: str, count: int) -> list[Chunk]:
    return [Chunk(0, place, place + 1, f"{sweep}{place}") for place in range(count)]


def shares(seconds: dict[str, float], priorities: dict[str, float], slots: int) -> dict[str, float]:
    """Seconds of work that each sweep got while all of them had chunks left."""
    schedule = Schedule()
    for name, priority in priorities.items():
        schedule.add(name, chunks(name, 2_000), priority)
    had = dict.fromkeys(priorities, 0.0)
    running: list[tuple[float, str, Chunk]] = []
    now_s = 0.0
    while sum(had.values()) < 400.0:
        while len(running) < slots:
            taken = schedule.take()
            assert taken is not None
            running.append((now_s + seconds[taken[0]], *taken))
        running.sort(key=lambda one: one[0])
        now_s, name, chunk = running.pop(0)
        schedule.kept(name, chunk, seconds[name])
        had[name] += seconds[name]
    return had


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_two_sweeps_get_equal_time_however_long_their_chunks(slots: int) -> None:
    had = shares({"a": 0.5, "b": 2.0}, {"a": 1.0, "b": 1.0}, slots)
    assert had["a"] == pytest.approx(had["b"], rel=0.15)


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_time_is_shared_by_priority(slots: int) -> None:
    had = shares({"a": 1.0, "b": 1.0}, {"a": 3.0, "b": 1.0}, slots)
    assert had["a"] == pytest.approx(3.0 * had["b"], rel=0.15)


def test_a_later_sweep_neither_waits_for_the_earlier_nor_starves_it() -> None:
    schedule = Schedule()
    schedule.add("early", chunks("early", 100))
    for _ in range(50):
        taken = schedule.take()
        assert taken is not None
        schedule.kept(*taken, 1.0)
    schedule.add("late", chunks("late", 100))
    order = []
    for _ in range(10):
        taken = schedule.take()
        assert taken is not None
        order.append(taken[0])
        schedule.kept(*taken, 1.0)
    assert order.count("late") == 5


@examples(50)
@given(st.data())
def test_every_chunk_is_kept_once_however_often_it_was_lost(data: st.DataObject) -> None:
    schedule = Schedule()
    wanted = {("a", one.digest) for one in chunks("a", 7)}
    wanted |= {("b", one.digest) for one in chunks("b", 5)}
    schedule.add("a", chunks("a", 7))
    schedule.add("b", chunks("b", 5), 2.0)
    kept: list[tuple[str, str]] = []
    losses = dict.fromkeys(wanted, 0)
    flying: list[tuple[str, Chunk]] = []
    while flying or len(kept) < len(wanted):
        if (taken := schedule.take()) is not None:
            flying.append(taken)
        sweep, chunk = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
        name = (sweep, chunk.digest)
        if losses[name] < MOST_LOSSES - 1 and data.draw(st.booleans()):
            losses[name] += 1
            assert schedule.lost(sweep, chunk)
        else:
            schedule.kept(sweep, chunk, 1.0)
            kept.append(name)
    assert sorted(kept) == sorted(wanted)
    assert schedule.idle("a")
    assert schedule.idle("b")


def test_a_chunk_that_is_always_lost_is_given_up() -> None:
    schedule = Schedule()
    schedule.add("a", chunks("a", 1))
    tries = []
    while (taken := schedule.take()) is not None:
        tries.append(schedule.lost(*taken))
    assert tries == [True] * (MOST_LOSSES - 1) + [False]


def test_a_priority_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="priority was 0"):
        Schedule().add("a", chunks("a", 1), 0.0)
