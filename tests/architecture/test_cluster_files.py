"""Cluster files are what Ray and Docker take; nothing here starts a machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import fillout_defaults, validate_config

ROOT = Path(__file__).parents[2]
CLUSTERS = (ROOT / "ray-cluster.yaml", ROOT / "deploy" / "ray-cluster-gcp.yaml")


@pytest.fixture(params=CLUSTERS, ids=lambda path: path.name)
def cluster(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return found


def test_ray_takes_the_cluster(cluster: dict[str, Any]) -> None:
    validate_config(fillout_defaults(cluster))


def test_ray_would_refuse_a_slip_of_the_keyboard(cluster: dict[str, Any]) -> None:
    cluster["available_node_types"]["cpu_spot"]["max_wokers"] = 3
    with pytest.raises(Exception, match="max_wokers"):
        validate_config(fillout_defaults(cluster))


def test_workers_grow_from_none_and_the_head_runs_no_tasks(cluster: dict[str, Any]) -> None:
    types = cluster["available_node_types"]
    head = types.pop(cluster["head_node_type"])
    assert head["resources"] == {"CPU": 0}
    assert all(one["min_workers"] == 0 for one in types.values())
    assert cluster["max_workers"] >= max(one["max_workers"] for one in types.values())


def test_spot_nodes_are_asked_for_as_the_provider_wants_it(cluster: dict[str, Any]) -> None:
    config = cluster["available_node_types"]["cpu_spot"]["node_config"]
    if cluster["provider"]["type"] == "aws":
        assert config["InstanceMarketOptions"] == {"MarketType": "spot"}
    else:
        assert config["scheduling"] == [{"provisioningModel": "SPOT"}]


def test_every_node_starts_with_the_token(cluster: dict[str, Any]) -> None:
    assert cluster["file_mounts"] == {"~/.ray/auth_token": "~/.ray/auth_token"}
    for kind in ("head", "worker"):
        started = [one for one in cluster[f"{kind}_start_ray_commands"] if "ray start" in one]
        assert started
        assert all(one.startswith("RAY_AUTH_MODE=token ") for one in started)


def test_both_clouds_run_the_same_commands() -> None:
    first, second = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in CLUSTERS)
    for name in ("docker", "file_mounts", "head_start_ray_commands", "worker_start_ray_commands"):
        assert first[name] == second[name], name


def test_the_image_is_built_as_hadolint_wants_it() -> None:
    tool = Path(sys.executable).with_name("hadolint")
    checked = subprocess.run(  # noqa: S603
        [tool, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_has_the_interpreter_of_the_lock_and_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^FROM python:(\S+?)-", text, re.MULTILINE)) == {"3.11"}
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "1000"
