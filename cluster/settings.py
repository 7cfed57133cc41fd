"""Where are we, and as whom? Settings from the environment, read once at start."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from engines.errors import InvalidInput

VenueName = Literal["sandbox", "mainnet", "testnet", "demo"]
DASHBOARD: Final = "http://127.0.0.1:8265"
VENUES: Final[tuple[VenueName, ...]] = get_args(VenueName)


@dataclass(frozen=True)
class Settings:
    """What the surroundings decide; every function further in receives plain values.

    `home` holds bars, results, reports and the project's store. `ray_address` of None means a
    local Ray, started on demand, `database_url` of None SQLite in `home`, and `sandbox_url` of
    None a sandbox inside the process that asks it. Without `mlflow_uri` nothing is logged
    to MLflow. `jobs_address` is the dashboard of the cluster that takes jobs.
    """

    home: Path
    venue: VenueName = "sandbox"
    owner: str = "local"
    database_url: str | None = None
    ray_address: str | None = None
    workers: int | None = None
    sandbox_url: str | None = None
    mlflow_uri: str | None = None
    jobs_address: str = DASHBOARD

    def bars_folder(self, source: str) -> Path:
        """The catalog of market data of one source: a venue's name, or "imported".

        Sources never share a catalog: synthetic bars must not pass for real ones.
        """
        return self.home / "market_data" / source

    def file_folder(self, digest: str) -> Path:
        """The catalog made of one user's file, by the digest of its content."""
        return self.home / "files" / digest

    @property
    def results_folder(self) -> Path:
        """Parts and tables of sweeps, named by digests."""
        return self.home / "results"

    @property
    def reports_folder(self) -> Path:
        """HTML reports."""
        return self.home / "reports"

    @property
    def store_url(self) -> str:
        """SQLAlchemy address of the project's store."""
        return self.database_url or f"sqlite:///{self.home / 'store.sqlite'}"


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from BST_* and other tools' own variables, as `Settings` names them.

    Raises InvalidInput naming the variable that cannot be used.
    """
    found = os.environ if environment is None else environment
    venue = found.get("BST_VENUE", "sandbox")
    if venue not in VENUES:
        raise InvalidInput("BST_VENUE", venue, f"one of {', '.join(VENUES)}")
    home = Path(found.get("BST_HOME", "~/.bst")).expanduser().absolute()
    mlflow_uri = found.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home / 'mlflow.sqlite'}"
    return Settings(
        home=home,
        venue=venue,
        owner=found.get("BST_OWNER") or getpass.getuser(),
        database_url=found.get("DATABASE_URL") or None,
        ray_address=found.get("RAY_ADDRESS") or None,
        workers=_workers(found.get("BST_WORKERS")),
        sandbox_url=found.get("BST_SANDBOX_URL") or None,
        mlflow_uri=None if mlflow_uri == "off" else mlflow_uri,
        jobs_address=found.get("RAY_API_SERVER_ADDRESS") or DASHBOARD,
    )


def _workers(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise InvalidInput("BST_WORKERS", text, "a whole number of processes, 1 or more")
    return int(text)
