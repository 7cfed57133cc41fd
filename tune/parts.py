"""Where are a sweep's results? A Parquet part a chunk, named by its digest, and one table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.errors import ResultBroken
from tune.isolation import FailedRow, failed_rows, with_failed
from tune.survivors import merged
from tune.sweep_spec import Chunk, SweepSpec
from tune.whole_files import appear, disk_error, write_text

WHOLE: Final = "table.parquet"
SPEC: Final = "sweep.json"


class Parts:
    """The folder of one sweep. Files appear whole or not at all."""

    def __init__(self, results: Path, spec: SweepSpec) -> None:
        self.folder = results / spec.digest
        self.whole = self.folder / WHOLE
        self._parts = self.folder / "parts"
        self._spec = spec

    def begin(self, request: dict[str, Any]) -> None:
        """Make the folder and keep what was asked for, so that the sweep can be resumed."""
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(self._parts, error) from error
        write_text(self.folder / SPEC, json.dumps(request, indent=1, sort_keys=True))

    def path(self, chunk: Chunk) -> Path:
        """The part of a chunk."""
        return self._parts / f"{chunk.digest}.parquet"

    def finished(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """The chunks whose parts exist."""
        there = {path.name for path in self._parts.glob("*.parquet")}
        return [chunk for chunk in chunks if self.path(chunk).name in there]

    def keep(self, chunk: Chunk, table: pa.Table) -> None:
        """Write a part. Raises DiskFull; other parts are not touched."""
        appear(self.path(chunk), lambda path: _write_table(table, path))

    def read(self, chunk: Chunk) -> pa.Table:
        """A part as it was kept. Raises ResultBroken for a damaged file."""
        path = self.path(chunk)
        try:
            table = pq.read_table(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise ResultBroken(f"The part {path} cannot be read ({error}): delete it") from error
        if table.num_rows != chunk.n_rows:
            rows = f"{table.num_rows} rows, should have {chunk.n_rows}"
            raise ResultBroken(f"The part {path} has {rows}: delete it")
        return table

    def join(self, chunks: Sequence[Chunk]) -> Path:
        """Write all parts as one table, in the order of the chunks; returns its path.

        One part is in memory at a time. The same parts give the same bytes.
        """
        failed = self.failed(chunks)

        def write(path: Path) -> None:
            tables = self._tables(chunks)
            head = next(tables)
            schema = with_failed(head.schema, failed)
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                writer.write_table(head)
                for table in tables:
                    writer.write_table(table)

        appear(self.whole, write)
        return self.whole

    def failed(self, chunks: Sequence[Chunk]) -> list[FailedRow]:
        """Rows that could not be computed, in the order of the chunks."""
        schemas = (pq.read_schema(self.path(chunk)) for chunk in chunks)
        found = [row for schema in schemas for row in failed_rows(schema.metadata)]
        return list(dict.fromkeys(found))

    def _tables(self, chunks: Sequence[Chunk]) -> Iterator[pa.Table]:
        if self._spec.halving is None:
            yield from map(self.read, chunks)
            return
        for window in range(len(self._spec.windows)):
            own = [one for one in chunks if one.window == window]
            first = [one for one in own if one.first < self._spec.n_rows]
            yield from merged(map(self.read, first), map(self.read, own[len(first) :]))


def _write_table(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd")
