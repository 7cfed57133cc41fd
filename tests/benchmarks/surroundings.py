"""What does the rest cost? Memory of a sweep, loading five years of minutes, pages, compiling."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from actors.market_data.datasets import DatasetRequest, load_dataset
from actors.market_data.store import Catalog
from cluster.ray_runtime import ray_session
from engines.bars import Bars, Series
from tests.benchmarks.figures import Figure, figure

_FIVE_YEARS: Final = 2_628_000
_MINUTES: Final = Series("linear", "BTCUSDT", "1")
_ROUNDS: Final = 5
_FEW, _MANY = 4_096, 65_536
_PAGES: Final = 200

# Chunks of a sweep one after the other, as a worker runs them; prints its peak in KiB.
_WORKER: Final = """
import sys
from pathlib import Path
import numpy as np
from strategies.evaluation.dataset import Dataset
from tests.benchmarks.workloads import UNROUNDED, bars_of, closes, crossing
from tune.chunk import chunk_table, prepare
from tune.sweep_spec import SweepWindow
n_rows, chunk = int(sys.argv[1]), 2048
rng = np.random.default_rng(1)
fast = rng.integers(2, 100, n_rows).astype(float)
rows = {"fast": fast, "slow": fast + rng.integers(1, 200, n_rows)}
dataset = Dataset(bars_of(closes(20_000)))
bars = dataset.bars
window = SweepWindow(bars.series, dataset.digest, len(bars), UNROUNDED.instrument,
                     bars.start_ms, bars.start_ms, None, bars.end_ms)
made = prepare(crossing(), dataset, rows, UNROUNDED)
for first in range(0, n_rows, chunk):
    part = {name: values[first : first + chunk] for name, values in rows.items()}
    chunk_table(made, crossing(), part, UNROUNDED, window, first)
# Not ru_maxrss: that begins with the peak of the process that started this one.
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""
_COMPILE: Final = """
import time
import strategies.backtest
from engines.compile import warm_up
started = time.perf_counter()
warm_up()
print(time.perf_counter() - started)
"""


def surrounding_figures(folder: Path) -> list[Figure]:
    """Memory, loading and compiling, measured in this run."""
    return [_memory(), _loading(folder), _sandbox(), *_compiling(folder)]


def _memory() -> Figure:
    ratios = []
    for _ in range(3):
        few, many = (_printed(_WORKER, str(rows)) for rows in (_FEW, _MANY))
        ratios.append(many / few)
    says = f"Peak memory of a worker at {_MANY:,} rows over that at {_FEW:,} rows"
    return figure("sweep_rss", ratios, "× the memory", ("itself", "this version"), "", says)


def _loading(folder: Path) -> Figure:
    catalog = Catalog(folder / "catalog")
    bars = _five_years()
    catalog.write(bars)
    single = folder / "single.parquet"
    _one_file(bars, single)
    request = DatasetRequest(_MINUTES, None, (), None, None)
    seconds, peer = [], []
    with ray_session():
        import ray

        for round_ in range(_ROUNDS + 1):
            started = time.perf_counter()
            pq.read_table(single)
            read = time.perf_counter() - started
            started = time.perf_counter()
            ray.put(load_dataset(catalog, request))
            loaded = time.perf_counter() - started
            if round_ > 0:
                seconds.append(loaded)
                peer.append(read)
    told = f"one file of the same columns took {np.median(peer):.2f} s to read alone"
    says = "Five years of minutes out of 60 checked month files into Ray's object store, warm disk"
    name = ("pyarrow.parquet.read_table", "")
    return figure("catalog_load_2_6m", seconds, "s", name, told, says)


def _sandbox() -> Figure:
    rates = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "actors.sandbox", "--unlimited", "--port", str(port)]
    server = subprocess.Popen(command)  # noqa: S603
    try:
        with requests.Session() as session:
            # The server begins to listen when its imports are done.
            retry = Retry(total=10, connect=10, backoff_factor=0.2)
            session.mount("http://", HTTPAdapter(max_retries=retry))
            for round_ in range(_ROUNDS + 1):
                started = time.perf_counter()
                for page in range(_PAGES):
                    _ask_page(session, port, round_ * _PAGES + page)
                if round_ > 0:
                    rates.append(_PAGES / (time.perf_counter() - started))
    finally:
        server.terminate()
        server.wait()
    says = "Pages of 1,000 minute bars from the sandbox over HTTP, one after the other, all new"
    return figure("sandbox_kline_pages", rates, "pages a second", ("", ""), "", says)


def _ask_page(session: requests.Session, port: int, page: int) -> None:
    span_ms = 1_000 * 60_000
    start_ms = 1_704_067_200_000 + page * span_ms
    asked: dict[str, str | int] = {"category": "linear", "symbol": "BTCUSDT", "interval": "1"}
    asked |= {"start": start_ms, "end": start_ms + span_ms - 1, "limit": 1_000}
    url = f"http://127.0.0.1:{port}/v5/market/kline"
    answer = session.get(url, params=asked, timeout=30)
    if answer.content.count(b"],[") != 999:
        raise RuntimeError(f"the sandbox answered {answer.content[:200]!r}")


def _compiling(folder: Path) -> list[Figure]:
    cold, warm = [], []
    for round_ in range(2):
        cache = {"BST_CACHE": str(folder / f"kernels{round_}")}
        cold.append(_printed(_COMPILE, environment=cache))
        warm.append(_printed(_COMPILE, environment=cache))
    none = ("", "")
    return [
        figure("kernels_cold", cold, "s", none, "", "All kernels compiled, an empty cache"),
        figure("kernels_warm", warm, "s", none, "", "All kernels loaded from the cache"),
    ]


def _five_years() -> Bars:
    rng = np.random.default_rng(5)
    close = np.round(30_000.0 * np.exp(np.cumsum(rng.standard_normal(_FIVE_YEARS)) * 5e-4), 1)
    opened = np.append(close[:1], close[:-1])
    columns = {
        "open_ms": 1_609_459_200_000 + 60_000 * np.arange(_FIVE_YEARS),
        "open": opened,
        "high": np.round(np.maximum(opened, close) * 1.0003, 1),
        "low": np.round(np.minimum(opened, close) * 0.9997, 1),
        "close": close,
        "volume": np.round(rng.gamma(2.0, 5.0, _FIVE_YEARS), 3),
        "turnover": np.round(rng.gamma(2.0, 150_000.0, _FIVE_YEARS), 2),
    }
    return Bars.from_columns(_MINUTES, columns)


def _one_file(bars: Bars, path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table(bars.columns()), path, compression="zstd")


def _printed(code: str, *arguments: str, environment: dict[str, str] | None = None) -> float:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])
