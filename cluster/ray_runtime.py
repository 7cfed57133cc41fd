"""Which Ray runs our tasks? The cluster at an address, or a local one started on demand."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cluster.errors import ClusterUnreachable

NAMESPACE: Final = "bst"
_ROOT: Final = Path(__file__).parents[1]
# Ray reserves 30 % of the memory for objects by default; a sweep shares bars and columns only.
_OBJECT_STORE_BYTES: Final = 512 * 2**20
# Not needed there, or of this machine alone.
_LEFT_HERE: Final = ("tests", "docs", ".git", ".venv", "data", "build", "site", ".*_cache")
# A job's driver is told by this variable where its cluster is and what it was submitted with;
# its code has been uploaded.
IN_JOB: Final = "RAY_JOB_CONFIG_JSON_ENV_VAR"


@dataclass(frozen=True)
class Runtime:
    """The Ray that is attached: where, and how many tasks it runs at once."""

    address: str
    cpus: int
    started_here: bool


@contextmanager
def ray_session(
    address: str | None = None,
    cpus: int | None = None,
    object_store_bytes: int = _OBJECT_STORE_BYTES,
) -> Iterator[Runtime]:
    """Attach to the Ray at `address`, or start one here; stop only what was started.

    A Ray that this process is attached to already is used as it is. Raises ClusterUnreachable.
    """
    _prepare_environment(address)
    import ray

    if ray.is_initialized():
        yield _runtime(started_here=False)
        return
    _attach(address, cpus, object_store_bytes)
    try:
        yield _runtime(started_here=address is None)
    finally:
        ray.shutdown()


def _prepare_environment(address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None and "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules:
        # Ray listens on all interfaces: a token of this run alone keeps others out, and is set
        # before ray is imported because its core reads it then.
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _attach(address: str | None, cpus: int | None, object_store_bytes: int) -> None:
    import ray

    common: dict[str, Any] = {"namespace": NAMESPACE, "log_to_driver": False, "logging_level": 40}
    try:
        if address is None:
            ray.init(
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                object_store_memory=object_store_bytes,
                _node_ip_address="127.0.0.1",
                # Sockets below it must fit into 107 bytes: the default of the machine is short.
                _temp_dir=str(Path(tempfile.gettempdir()) / f"bst-ray-{os.getuid()}"),
                **common,
            )
        else:
            ray.init(
                address=address,
                runtime_env=None if IN_JOB in os.environ else uploaded_code(),
                **common,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = "a local Ray" if address is None else f"the Ray cluster at {address}"
        raise ClusterUnreachable(f"{where} cannot be reached: {error}") from error


def uploaded_code() -> dict[str, Any]:
    """The environment of tasks and jobs that run from our sources, which travel along."""
    return {"working_dir": str(_ROOT), "excludes": list(_LEFT_HERE)}


def _runtime(*, started_here: bool) -> Runtime:
    import ray

    context = ray.get_runtime_context()
    cpus = int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
    return Runtime(context.gcs_address, cpus, started_here)
