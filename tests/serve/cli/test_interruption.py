"""Ctrl-C in a terminal: what is finished stays, and the sweep goes on from it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SWEEP = (
    "sweep",
    "sma_cross",
    "--axis",
    "fast=5:60:2",
    "--axis",
    "slow=60:200:2",
    "--set",
    "stop=2",
)


@pytest.mark.ray
def test_ctrl_c_keeps_finished_parts_and_resume_goes_on(
    home: Path, tmp_path: Path, bars_file: Callable[..., Path]
) -> None:
    bst = str(Path(sys.executable).with_name("bst"))
    # A Ray of its own, as a user's command starts one: not that of the session.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment = {**kept, "BST_HOME": str(home)}
    command = [bst, *SWEEP, "--file", str(bars_file(150_000, 1)), "--interval", "1"]
    log = tmp_path / "log"
    with log.open("w") as told:
        # The terminal sends the signal to the whole group.
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=told, stderr=told, start_new_session=True
        )
        try:
            wait_for_parts(process, home, log)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(timeout=240) == 130, log.read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert "Stopped; finished parts are kept: bst sweep --resume last" in log.read_text()
    before = times_of_parts(home)
    resumed = subprocess.run(  # noqa: S603
        [bst, "sweep", "--resume", "last", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(resumed.stdout)
    assert 0 < said["computed"] < said["rows"]
    after = times_of_parts(home)
    assert before == {path: after[path] for path in before}


def times_of_parts(home: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in home.rglob("parts/*.parquet")}


def wait_for_parts(process: subprocess.Popen[bytes], home: Path, log: Path) -> None:
    deadline = time.monotonic() + 120.0
    while not times_of_parts(home):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    assert not re.search(r"Traceback", log.read_text())
