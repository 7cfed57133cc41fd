"""Is it alive, and what runs it? Versions, and the nodes of the cluster."""

from __future__ import annotations

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from serve.commands.health import Cluster, cluster_state, versions

api = FastAPI(title="Bybit Strategy Tester")


class Health(BaseModel):
    """What `GET /health` answers."""

    model_config = ConfigDict(from_attributes=True)

    status: Literal["ok"] = "ok"
    versions: dict[str, str]
    cluster: Cluster


@api.get("/health")
def health() -> Health:
    """Versions of what decides results, and what the cluster has and has free."""
    return Health(versions=versions(), cluster=cluster_state())
