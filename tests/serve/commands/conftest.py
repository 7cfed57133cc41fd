"""A Redis for the heads that are to come back."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.cli.test_main_job import free_port


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Port and password of a Redis that keeps every write."""
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port, password = free_port(), secrets.token_hex(16)
    options = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
    options += ["--appendonly", "yes", "--dir", str(tmp_path), "--save", ""]
    with (tmp_path / "redis.log").open("w") as log:
        server = subprocess.Popen([redis, *options], stdout=log)  # noqa: S603
    yield port, password
    server.terminate()
    server.wait(30)
