"""Retries: only what may pass is asked again, a bounded number of times, with pauses."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from actors.bybit.errors import BadAnswer, Refused, Throttled, Unreachable, VenueError
from actors.bybit.retries import Retries
from actors.clock import ManualClock


def failing(*failures: VenueError) -> tuple[Callable[[], str], list[int]]:
    """A question that fails as given, then answers; and how often it was asked."""
    left = list(failures)
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        if left:
            raise left.pop(0)
        return "answer"

    return ask, asked


def test_an_answer_is_passed_on_at_once() -> None:
    clock = ManualClock(0)
    ask, asked = failing()
    assert Retries(clock).run(ask) == "answer"
    assert (len(asked), clock.now_ms()) == (1, 0)


def test_back_off_doubles_and_jitter_adds_at_most_a_quarter() -> None:
    clock = ManualClock(0)
    ask, asked = failing(*[Unreachable("down")] * 4)
    assert Retries(clock, attempts=5, seed=1).run(ask) == "answer"
    assert len(asked) == 5
    bare = 500 + 1000 + 2000 + 4000
    assert bare <= clock.now_ms() <= bare * 1.25


def test_the_same_seed_waits_the_same_time() -> None:
    waited = []
    for seed in (3, 3, 4):
        clock = ManualClock(0)
        Retries(clock, seed=seed).run(failing(*[Unreachable("down")] * 3)[0])
        waited.append(clock.now_ms())
    assert waited[0] == waited[1] != waited[2]


def test_throttling_is_waited_out_until_its_reset_time() -> None:
    clock = ManualClock(5_000)
    ask, asked = failing(Throttled("slow down", until_ms=17_000))
    assert Retries(clock, seed=1).run(ask) == "answer"
    assert len(asked) == 2
    assert 17_000 <= clock.now_ms() <= 20_000


def test_a_reset_time_in_the_past_still_pauses() -> None:
    clock = ManualClock(5_000)
    ask, _ = failing(Throttled("slow down", until_ms=1))
    assert Retries(clock, seed=1).run(ask) == "answer"
    assert clock.now_ms() >= 5_500


def test_a_ban_is_not_sat_out() -> None:
    clock = ManualClock(0)
    ask, asked = failing(Throttled("banned", until_ms=600_000))
    with pytest.raises(Throttled) as caught:
        Retries(clock).run(ask)
    assert caught.value.until_ms == 600_000
    assert (len(asked), clock.now_ms()) == (1, 0)


@pytest.mark.parametrize("error", [Refused("no", 10001), BadAnswer("nonsense")])
def test_what_cannot_pass_is_not_asked_again(error: VenueError) -> None:
    clock = ManualClock(0)
    ask, asked = failing(error)
    with pytest.raises(type(error)):
        Retries(clock).run(ask)
    assert (len(asked), clock.now_ms()) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [Unreachable("host down"), Throttled("host down", until_ms=10)],
    ids=lambda e: type(e).__name__,
)
def test_giving_up_tells_the_cause_and_the_attempts(error: VenueError) -> None:
    ask, asked = failing(*[error] * 9)
    with pytest.raises(type(error), match=r"host down; gave up after 3 attempts"):
        Retries(ManualClock(0), attempts=3).run(ask)
    assert len(asked) == 3


@pytest.mark.parametrize(
    "error", [Refused("no", 10001), Throttled("wait", 99), Unreachable("down"), BadAnswer("odd")]
)
def test_errors_survive_a_process_border(error: VenueError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
