"""A job's lines are read until somebody leaves, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from cluster.jobs import Jobs


class Endless:
    """A server that sends two lines, and then nothing for ever."""

    async def tail_job_logs(self, _job_id: str) -> AsyncIterator[str]:
        yield "first\nsec"
        yield "ond\n"
        await asyncio.sleep(1e9)


def test_a_stream_that_is_left_ends_what_it_began(caplog: pytest.LogCaptureFixture) -> None:
    jobs, asked = Jobs.__new__(Jobs), count()
    jobs._client = Endless()
    with caplog.at_level(logging.DEBUG), ThreadPoolExecutor(1) as pool:
        # A thread has no event loop of its own, as a command's has none.
        lines = pool.submit(lambda: list(jobs.lines("one", lambda: next(asked) > 8))).result(240)
    gc.collect()
    assert lines == ["first", "second"]
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
