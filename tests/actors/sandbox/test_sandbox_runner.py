"""Starting and stopping: in a thread, as a program, with a port that is free afterwards."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from actors.sandbox.runner import running_sandbox

ROOT = Path(__file__).parents[3]
LAUNCHED = "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=D&start=0&limit=3"


def test_it_answers_inside_the_block_and_is_gone_after_it() -> None:
    before = threading.active_count()
    with running_sandbox() as url:
        assert requests.get(f"{url}/v5/market/time", timeout=10).json()["retCode"] == 0
    assert threading.active_count() == before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/v5/market/time", timeout=10)


def test_two_sandboxes_run_side_by_side_with_their_own_markets() -> None:
    with running_sandbox(seed=1) as first, running_sandbox(seed=2) as second:
        ours, other = (requests.get(url + LAUNCHED, timeout=10).json() for url in (first, second))
    assert ours["result"]["list"] != other["result"]["list"]


def test_the_same_seed_gives_the_same_bars_in_another_run() -> None:
    answers = []
    for _ in range(2):
        with running_sandbox(seed=8) as url:
            answers.append(requests.get(url + LAUNCHED, timeout=10).json()["result"])
    assert answers[0] == answers[1]


def test_a_port_can_be_chosen_and_a_taken_one_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), running_sandbox(port=port):
            pass
    with running_sandbox(port=port) as url:
        assert url.endswith(f":{port}")


def test_an_error_inside_the_block_stops_it_too() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), running_sandbox():
        raise KeyError
    assert threading.active_count() == before


def test_it_runs_as_a_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "actors.sandbox", "--port", str(port), "--seed", "8"]
    with subprocess.Popen(command, cwd=ROOT) as program:  # noqa: S603 - our own interpreter
        try:
            body = _first_answer(f"http://127.0.0.1:{port}{LAUNCHED}")
        finally:
            program.terminate()
    with running_sandbox(seed=8) as url:
        assert body == requests.get(url + LAUNCHED, timeout=10).json()["result"]


def _first_answer(url: str) -> object:
    for _ in range(100):
        try:
            return requests.get(url, timeout=10).json()["result"]
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError(url)
