"""The Serve application answers on a real port of a real Ray."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
import ray
from ray import serve as ray_serve

from engines.spec import ENGINE_SEMANTICS
from serve.app import app

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def address(local_ray: None) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray_serve.start(http_options={"host": "127.0.0.1", "port": port})
    ray_serve.run(app, name="bst")
    yield f"http://127.0.0.1:{port}"
    ray_serve.shutdown()  # type: ignore[no-untyped-call]


def test_health_tells_versions_and_the_cluster(address: str) -> None:
    answer = httpx.get(f"{address}/health", timeout=30.0)
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "ok"
    assert told["versions"]["ray"] == ray.__version__
    assert told["versions"]["engine"] == str(ENGINE_SEMANTICS)
    assert told["cluster"]["nodes"] == 1
    assert told["cluster"]["cpus"] == 2.0
    # The replica itself takes no core away from sweeps.
    assert told["cluster"]["cpus_free"] == 2.0


def test_other_paths_are_not_found(address: str) -> None:
    assert httpx.get(f"{address}/healthz", timeout=30.0).status_code == 404
