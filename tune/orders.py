"""What has the coordinator promised to run? A file for each sweep, until it has ended."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from engines.canonical import digest_of
from tune.budget import NO_LIMIT, Budget
from tune.whole_files import disk_error

_DIGITS: Final = 16


@dataclass(frozen=True)
class Order:
    """A sweep that somebody asked for: `request` is JSON, `digest` what it has to turn out as."""

    request: Mapping[str, Any]
    owner: str
    submitted_ms: int
    digest: str | None = None
    priority: float = 1.0
    budget: Budget = NO_LIMIT

    @property
    def key(self) -> str:
        """The name of what was asked for; the same question has the same name."""
        return digest_of({"request": json.dumps(self.request, sort_keys=True)})[:_DIGITS]


class Orders:
    """A folder of orders that are open. Files appear whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, order: Order) -> None:
        """Promise a sweep. Raises DiskFull."""
        path = self._path(order.key)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(asdict(order)), encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise disk_error(path, error) from error

    def forget(self, key: str) -> None:
        """The sweep has ended, in whatever way."""
        self._path(key).unlink(missing_ok=True)

    def open(self) -> list[Order]:
        """All orders that were promised and have not ended, the oldest first."""
        found = [_read(path) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda order: (order.submitted_ms, order.key))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def _read(path: Path) -> Order:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Order(**{**told, "budget": Budget(**told["budget"])})
