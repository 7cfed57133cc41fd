"""A sweep brings workers up where there are none, and they go when nothing is left to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.settings import Settings
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep
from tests.serve.cli.test_main_job import ROOT, free_port
from tests.serve.commands.heads import alone, head
from tests.serve.commands.test_sweep_on_ray import SMALL, sha256

_STORE_BYTES: Final = 120_000_000
_CPUS: Final = 4
# The provider knows its head by this name alone.
_HEAD: Final = "ray.head.default"
# Ray's wheel has the provider but not the file of its defaults, so that all of them are said here.
_SETTINGS: Final[dict[str, Any]] = {
    "cluster_name": "fake",
    "max_workers": 1,
    "upscaling_speed": 1.0,
    "idle_timeout_minutes": 0.1,
    "head_node_type": _HEAD,
    "available_node_types": {
        _HEAD: {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "worker": {
            "resources": {"CPU": _CPUS, "object_store_memory": _STORE_BYTES},
            "node_config": {},
            "min_workers": 0,
            "max_workers": 1,
        },
    },
    **{name: {} for name in ("auth", "docker", "file_mounts")},
    "file_mounts_sync_continuously": False,
    **{
        name: []
        for name in (
            "initialization_commands",
            "setup_commands",
            "head_setup_commands",
            "worker_setup_commands",
            "head_start_ray_commands",
            "worker_start_ray_commands",
            "cluster_synced_files",
            "rsync_exclude",
            "rsync_filter",
        )
    },
}


@pytest.fixture
def autoscaled(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A head without cores whose autoscaler starts nodes on this machine; its clients' environment.

    Ray's own AutoscalingCluster stops every Ray of the machine.
    """
    pytest.importorskip("ray.autoscaler._private.fake_multi_node.node_provider")
    port, temp = free_port(), f"/tmp/bst-scale-{os.getpid()}"  # noqa: S108 (short: sockets)
    provider = {
        "type": "fake_multinode",
        "gcs_address": f"127.0.0.1:{port}",
        "use_node_id_as_ip": True,
        "disable_node_updaters": True,
        "disable_launch_config_check": True,
    }
    config = tmp_path / "autoscaling.json"
    config.write_text(json.dumps({**_SETTINGS, "provider": provider}))
    environment = alone(RAY_FAKE_CLUSTER="1", AUTOSCALER_UPDATE_INTERVAL_S="1")
    options = ["--num-cpus=0", f"--object-store-memory={_STORE_BYTES}", f"--temp-dir={temp}"]
    options += [f"--autoscaling-config={config}"]
    try:
        with head(port, tmp_path / "head.log", environment, *options):
            yield alone(RAY_ADDRESS=f"127.0.0.1:{port}")
    finally:
        shutil.rmtree(temp, ignore_errors=True)


@pytest.mark.ray
@pytest.mark.timeout(1200)
def test_a_sweep_starts_workers_and_they_go_after_it(
    autoscaled: dict[str, str], bars_file: Callable[..., Path], tmp_path: Path, local_ray: None
) -> None:
    asked = {"strategy": "sma_cross", "data": {"file": str(bars_file())}, "space": dict(SMALL)}
    request = tmp_path / "request.json"
    request.write_text(json.dumps(asked))
    command = [sys.executable, "-m", "tests.serve.commands.autoscaled", str(request)]
    command += [str(tmp_path / "home")]
    # The head takes a while to listen.
    again = """for i in $(seq 60); do "$0" "$@" && exit 0; sleep 1; done; exit 1"""
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", again, *command],
        env=autoscaled,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1000,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["nodes"] == [1, 2, 1]
    assert told["in_flight"] == [4, 2 * _CPUS]
    calm = start_sweep(request_from(SweepRequest, asked), Settings(home=tmp_path / "calm")).result()
    assert (told["rows"], told["sha256"]) == (calm.finished.rows, sha256(calm.finished.table))
