"""Measure everything again: `make bench` writes docs/benchmarks.json and docs/benchmarks.md."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.cold import cold_figures
from tests.benchmarks.figures import Figure, as_json, machine, versions
from tests.benchmarks.filtered import filtered_figures
from tests.benchmarks.kernels import kernel_figures
from tests.benchmarks.ladders import ladder_figures
from tests.benchmarks.ray_overhead import overhead_figures
from tests.benchmarks.stops import stop_figures
from tests.benchmarks.surroundings import surrounding_figures

DOCS: Final = Path(__file__).parents[2] / "docs"
_HEAD: Final = """# Benchmarks

Measured by `make bench`, which writes this page and [benchmarks.json](benchmarks.json). A ratio
compares both sides in one run, by turns; that to a peer compares CPU time. The range is that of
the repetitions. Ratios fall with the number of trades: W2 sparse trades about every 170 bars,
dense about every 36.

vectorbt runs at its best: rust kernels called directly, eight columns at a time so that they stay
in the cache, memory kept instead of given back. Both sides compute moving averages beforehand in
W2, and within the measured time in W1. There our strategy is defined before, as it is for a user
who runs it again; a second row defines it anew. Prices and quantities are unrounded, fills at the
close, a fee of 0.06 % a side, all in.
"""


def main() -> None:
    """Measure, write both files, and show the table."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        found = [*kernel_figures(here), *cold_figures(here), *filtered_figures()]
        found += ladder_figures()
        found += [*stop_figures(here), *surrounding_figures(here)]
        found += overhead_figures()
        sys.stdout.write(record(found))


def record(found: list[Figure]) -> str:
    """Put figures into docs/benchmarks.json in place of older ones; returns the page of all."""
    path = DOCS / "benchmarks.json"
    kept = {one["id"]: one for one in json.loads(path.read_text(encoding="utf-8"))}
    kept |= {one.id: as_json(one) for one in found}
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n", encoding="utf-8")
    page = _page(list(kept.values()))
    (DOCS / "benchmarks.md").write_text(page, encoding="utf-8")
    return page


def _page(found: list[dict[str, Any]]) -> str:
    rows = "\n".join(_row(Figure(*(one[name] for name in Figure._fields))) for one in found)
    told = ", ".join(f"{name} {number}" for name, number in versions().items())
    heads = "| figure | value | range | against | agreement |\n|---|---|---|---|---|"
    return f"{_HEAD}\n{heads}\n{rows}\n\nMachine: {machine()}. Versions: {told}.\n"


def _row(one: Figure) -> str:
    peer = f"{one.peer} {one.peer_version}".strip()
    value = f"{one.value:g} {one.unit}"
    name = f"`{one.id}`<br>{one.meaning}"
    return f"| {name} | {value} | {one.low:g} to {one.high:g} | {peer} | {one.agreement} |"


if __name__ == "__main__":
    main()
