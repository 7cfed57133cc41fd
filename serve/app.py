"""What answers over HTTP? The Serve application: `serve run serve.app:app`."""

from __future__ import annotations

from typing import Any

from ray import serve as ray_serve

from serve.api.health import api


@ray_serve.deployment(num_replicas=1, ray_actor_options={"num_cpus": 0})
@ray_serve.ingress(api)
class Api:
    """All routes, in one replica that needs no core of its own."""


app: Any = Api.bind()  # type: ignore[attr-defined]
