"""What all tests share: the real data beside the project, and one local Ray a session."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run: a new one is found by whoever looks for it, with
# HYPOTHESIS_PROFILE=default, not by whoever happens to push.
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Read by Ray's core when it is imported first.
os.environ.setdefault("RAY_AUTH_MODE", "token")
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_memory_monitor_refresh_ms", "0")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real bars and recorded cases; skips where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real bars and recorded cases is not beside the project")
    return SHARED


@pytest.fixture(scope="session")
def local_ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Ray of two cores for the whole session."""
    import ray

    # AF_UNIX paths end at 107 bytes: the folder of the session must be short.
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=300 * 2**20,
        namespace="bst",
        _temp_dir=f"/tmp/bst-test-{os.getpid()}",  # noqa: S108
    )
    yield
    ray.shutdown()
