"""How does a report come from a cluster to whoever asks? As lines of a small job's log."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cluster.settings import Settings
from engines.errors import InvalidInput, TesterError

# The page that a job is to send, in its metadata.
PAGE_FIELD: Final = "bst_page"
_PART: Final = 32_000


def page_parts(path: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """A report as the contents of events. Raises InvalidInput for any other file."""
    if not path.resolve().is_relative_to(settings.reports_folder.resolve()) or not path.is_file():
        raise InvalidInput("report", str(path), f"a page in {settings.reports_folder}")
    text = base64.b64encode(gzip.compress(path.read_bytes())).decode()
    starts = range(0, len(text), _PART)
    for number, start in enumerate(starts, 1):
        yield {"part": number, "of": len(starts), "text": text[start : start + _PART]}


def page_of(parts: Iterable[dict[str, Any]]) -> bytes:
    """The report that the contents of events hold. Raises TesterError if one is missing."""
    found = {int(part["part"]): part for part in parts}
    most = max((int(part["of"]) for part in found.values()), default=0)
    if not found or set(found) != set(range(1, most + 1)):
        raise TesterError(f"The report came incomplete, {len(found)} of {most} parts: ask again")
    return gzip.decompress(base64.b64decode("".join(found[k + 1]["text"] for k in range(most))))
