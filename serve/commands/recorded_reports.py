"""How is the page of something that ran before written again? By the beginning of its name."""

from __future__ import annotations

import json
from pathlib import Path

from cluster.settings import Settings
from cluster.storage.store import Store
from serve.commands.backtests import run_backtest
from serve.commands.job import Job, Ticket
from serve.commands.portfolio_reports import again
from serve.commands.recorded_sweeps import recorded_sweep
from serve.commands.reports import write_backtest_report, write_sweep_report
from serve.commands.requests import BacktestRequest, request_from
from serve.commands.sweeps import finished_before


def start_report(
    digest_prefix: str, settings: Settings, now_ms: int, path: Path | None = None
) -> Job[Path]:
    """Begin to write the page of a recorded sweep, or else backtest, again.

    Raises InvalidInput if nothing recorded has such a name.
    """
    store = Store(settings.store_url)
    singles = [] if digest_prefix == "last" else store.backtests(digest_prefix)
    store.close()
    if singles and not _is_sweep(digest_prefix, settings):
        spec = json.loads(singles[0].spec)
        if "portfolio" in spec:
            return again(spec["portfolio"], settings, now_ms, path)
        request = request_from(BacktestRequest, spec["request"])

        def work(ticket: Ticket) -> Path:
            done = run_backtest(request, settings, ticket)
            return write_backtest_report(done, settings, now_ms, path)

        return Job(work)
    stored = recorded_sweep(digest_prefix, settings)
    return Job(
        lambda ticket: write_sweep_report(
            finished_before(stored, settings, ticket), settings, now_ms, path
        )
    )


def _is_sweep(digest_prefix: str, settings: Settings) -> bool:
    store = Store(settings.store_url)
    found = store.sweeps(digest_prefix)
    store.close()
    return bool(found)
