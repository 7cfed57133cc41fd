"""What is sent to a cluster? A sweep by value: whoever reads it needs no file of the sender."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cluster.code import code_digest
from engines.canonical import digest_of
from engines.errors import InvalidInput
from serve.commands.files import content_digest
from serve.commands.planning import meaning, portable
from serve.commands.requests import SweepRequest, request_from
from tune.budget import NO_LIMIT, Budget

# Bars of the user's own go along as this package, which is none of the rooms.
BARS_PACKAGE: Final = "bst_bars"
_MOST_BYTES: Final = 200 * 2**20
# Where a job's metadata holds it.
SWEEP_FIELD: Final = "bst_sweep"
# A job's metadata is an environment variable of its driver, and Linux ends those at 128 KiB.
_MOST_TEXT: Final = 90_000
_DIGITS: Final = 16


@dataclass(frozen=True)
class Submission:
    """A sweep that was checked: `request` is JSON, with a graph in place of a strategy's file.

    `bars` is the digest and name of the user's own file of bars, None where there is none.
    """

    request: Mapping[str, Any]
    strategy: str
    owner: str
    priority: float = 1.0
    budget: Budget = NO_LIMIT
    bars: str | None = None

    @property
    def key(self) -> str:
        """The name of what was asked, of which sources: the same sweep has the same name."""
        asked = json.dumps(self.request, sort_keys=True)
        return digest_of({"request": asked, "bars": self.bars, "code": code_digest()})[:_DIGITS]

    def text(self) -> str:
        """As JSON. Raises InvalidInput for a strategy that is too large to be sent."""
        told = json.dumps(asdict(self), sort_keys=True)
        if len(told) > _MOST_TEXT:
            expected = f"a request of at most {_MOST_TEXT:,} characters"
            raise InvalidInput("strategy", f"{len(told):,} characters", expected)
        return told


def submission_of(
    request: SweepRequest, owner: str, priority: float = 1.0, budget: Budget = NO_LIMIT
) -> Submission:
    """A request checked as far as it can be without bars. Raises InvalidInput naming the field."""
    if not 0 < priority < float("inf"):
        raise InvalidInput("priority", priority, "a number above 0")
    budget.check()
    strategy = meaning(request).strategy
    file = request.data.file
    bars = None
    if file is not None and file.exists():
        bars = f"{content_digest(file)}/{file.name}"
    elif file is not None and not file.is_absolute():
        expected = "a file that exists here, or the absolute path of one on the cluster"
        raise InvalidInput("data.file", str(file), expected)
    asked = portable(request, strategy)
    if bars is not None:
        # Where it lay on the sender's machine names nothing.
        asked["data"]["file"] = bars
    return Submission(asked, strategy.name, owner, priority, budget, bars)


def read_submission(text: str) -> Submission:
    """What `text` of a submission gave."""
    told = json.loads(text)
    return Submission(**{**told, "budget": Budget(**told["budget"])})


def pack_bars(file: Path, folder: Path) -> Path:
    """The user's bars as a package in `folder`. Raises InvalidInput for more than can be sent."""
    size = sum(one.stat().st_size for one in (file, *file.rglob("*")) if one.is_file())
    if size > _MOST_BYTES:
        expected = f"at most {_MOST_BYTES // 2**20} MB: put it where the cluster can read it"
        raise InvalidInput("data.file", f"{file} of {size // 2**20} MB", expected)
    package = folder / BARS_PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text('"""Bars that a user sent along."""\n', encoding="utf-8")
    _copy(file, package / file.name)
    return package


def unpacked(submission: Submission, uploads: Path) -> SweepRequest:
    """The request as it runs on the cluster, its bars laid into `uploads`, where they stay."""
    asked = dict(submission.request)
    if submission.bars is not None:
        kept = uploads / submission.bars
        if not kept.exists():
            _lay(kept)
        asked["data"] = {**asked["data"], "file": str(kept)}
    return request_from(SweepRequest, asked)


def _lay(kept: Path) -> None:
    from importlib.util import find_spec

    package = find_spec(BARS_PACKAGE)
    if package is None or package.origin is None:
        expected = "bars that came along: submit the sweep again"
        raise InvalidInput("data.file", kept.name, expected)
    kept.parent.mkdir(parents=True, exist_ok=True)
    temporary = kept.with_name(f".{kept.name}.{os.getpid()}")
    _copy(Path(package.origin).parent / kept.name, temporary)
    temporary.replace(kept)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
