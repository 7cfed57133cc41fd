"""How is a Ray head started for a test, and how is it gone for certain afterwards?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.serve.cli.test_main_job import free_port


def alone(**more: str) -> dict[str, str]:
    """This process's environment without its Ray, with a token and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return kept | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": os.environ["RAY_AUTH_TOKEN"],
        "RAY_USAGE_STATS_ENABLED": "0",
        "MLFLOW_TRACKING_URI": "off",
        **more,
    }


@contextmanager
def head(port: int, log: Path, environment: dict[str, str], *options: str) -> Iterator[None]:
    """A head at `port`, killed at the end with everything that it started.

    Ray gives its own processes 30 s: on a machine that is busier than that it is started again.
    """
    ray = str(Path(sys.executable).with_name("ray"))
    # Its other listeners have ports of their own, which another Ray here may have taken.
    command = [ray, "start", "--head", "--block", f"--port={port}", "--include-dashboard=false"]
    command += [f"--dashboard-agent-listen-port={free_port()}"]
    command += [f"--ray-client-server-port={free_port()}", *options]
    again = """while :; do "$0" "$@"; sleep 1; done"""
    with log.open("a") as file:
        process = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", again, *command],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    started = psutil.Process(process.pid)
    try:
        yield
    finally:
        for one in [started, *started.children(recursive=True)]:
            # Some end by themselves when their parent does.
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait(60)
