"""A command can be watched, cancelled and awaited."""

from __future__ import annotations

import asyncio
import threading

import pytest

from engines.errors import InvalidInput
from serve.commands.job import Cancelled, Job, Ticket


def test_a_result_is_what_the_command_returned() -> None:
    assert Job(lambda ticket: 42).result(5) == 42


def test_an_error_reaches_the_one_who_waits() -> None:
    def work(ticket: Ticket) -> None:
        raise InvalidInput("symbol", "XX", "one that exists")

    with pytest.raises(InvalidInput, match="symbol was 'XX'"):
        Job(work).result(5)


def test_a_job_can_be_awaited() -> None:
    async def wait() -> int:
        return await Job(lambda ticket: 7)

    assert asyncio.run(wait()) == 7


def test_a_cancelled_command_stops_at_its_next_report() -> None:
    reached, go_on = threading.Event(), threading.Event()

    def work(ticket: Ticket) -> None:
        for step in range(1_000_000):
            ticket.report(step, 1_000_000, "counting")
            reached.set()
            go_on.wait(5)

    job = Job(work)
    assert reached.wait(5)
    job.cancel()
    go_on.set()
    with pytest.raises(Cancelled):
        job.result(5)
    assert job.done
    assert job.progress.text == "counting"


def test_progress_tells_rate_and_time_left() -> None:
    seconds = iter([10.0, 12.0])
    ticket = Ticket(clock=lambda: next(seconds))
    ticket.report(0, 100, "rows")
    ticket.report(50, 100, "rows", best={"sharpe": 1.5})
    assert ticket.progress.per_second == 25.0
    assert ticket.progress.left_s == 2.0
    assert ticket.progress.best == {"sharpe": 1.5}


def test_a_new_stage_starts_its_own_clock() -> None:
    seconds = iter([10.0, 20.0, 21.0])
    ticket = Ticket(clock=lambda: next(seconds))
    ticket.report(5, 10, "reading")
    ticket.report(0, 4, "running")
    assert ticket.progress.left_s is None
    ticket.report(2, 4, "running")
    assert ticket.progress.per_second == 2.0
