"""What was tried? A line for every evaluation of a chunk, so that none is computed twice unseen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tune.sweep_spec import Chunk
from tune.whole_files import disk_error

FILE: Final = "attempts.jsonl"
What = Literal["began", "kept", "lost"]


@dataclass(frozen=True)
class Tried:
    """How often a chunk was begun, kept, and known to be lost with its worker."""

    began: int
    kept: int
    lost: int


class Attempts:
    """The journal of one sweep's folder; lines are only ever added.

    A chunk that began and has no other line was in flight when the one who wrote it died.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def note(self, what: What, chunk: Chunk, seconds: float = 0.0) -> None:
        """Add a line. Raises DiskFull."""
        line = {"what": what, "chunk": chunk.digest, "rows": chunk.n_rows}
        if what == "kept":
            line["seconds"] = round(seconds, 4)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise disk_error(self._path, error) from error

    def by_chunk(self) -> dict[str, Tried]:
        """What was tried, by the chunks' digests."""
        counts: Counter[tuple[str, str]] = Counter(
            (line["chunk"], line["what"]) for line in self._lines()
        )
        names = dict.fromkeys(chunk for chunk, _ in counts)
        kinds = ("began", "kept", "lost")
        return {name: Tried(*(counts[name, what] for what in kinds)) for name in names}

    def seconds(self) -> float:
        """Seconds of work in the chunks that were kept."""
        return sum(float(line.get("seconds", 0.0)) for line in self._lines())

    def _lines(self) -> Iterator[dict[str, str]]:
        if not self._path.exists():
            return
        for text in self._path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(text)
            except json.JSONDecodeError:
                # The last line of a writer that was killed.
                continue
