"""What would a search anew before each test have chosen? The sweep again on each training part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from actors.market_data.datasets import load_dataset
from actors.market_data.store import Catalog
from cluster.settings import Settings
from engines.bars import Floats
from engines.intervals import DAY_MS
from serve.commands.job import Ticket
from serve.commands.opening import opened
from serve.commands.planning import Planned, pinned, searched
from serve.commands.requests import SweepRequest, request_from
from serve.commands.verdicts import TestedFold, Tests
from tune.budget import NO_LIMIT
from tune.chunk import parameters_of
from tune.dispatch import Dispatch
from tune.sweep import run_sweep
from tune.trials import Trials, days_of
from tune.validation import splits_of, yearly_sharpe

_PRIORITY: Final = 1.0


class Reoptimiser:
    """Searches a sweep's space before each test of its walk-forward, on `cpus` of a Ray.

    A search here is no trial of the idea: what it finds is tested, never chosen. Its parts are
    kept, so that asked again it computes nothing.
    """

    def __init__(
        self, planned: Planned, settings: Settings, ticket: Ticket, dispatch: Dispatch, cpus: int
    ) -> None:
        self._planned, self._settings, self._ticket = planned, settings, ticket
        self._dispatch, self._cpus = dispatch, cpus

    def tests(self, trials: Trials) -> Tests:
        """The tests, and the daily returns of all of them in turn."""
        found, returns = [], []
        for split in splits_of(len(trials.returns)):
            best = self._best(_span(trials, split.train))
            number = self._window(best)
            daily = self._daily(number, parameters_of(best), trials)
            start_ms, end_ms = _span(trials, split.test)
            found.append(
                TestedFold(
                    start_ms,
                    end_ms,
                    number,
                    int(best["row"]),
                    parameters_of(best),
                    yearly_sharpe(daily[split.train]),
                    yearly_sharpe(daily[split.test]),
                )
            )
            returns.append(daily[split.test])
        return Tests(tuple(found), np.concatenate(returns))

    def _best(self, span: tuple[int, int]) -> Mapping[str, Any]:
        """The best row of the search over `[start_ms, end_ms)`, all of it in sample."""
        asked = request_from(SweepRequest, pinned(self._planned))
        # The first day may begin before the bars that were traded.
        start_ms = max(span[0], min(one.start_ms for one in self._planned.spec.windows))
        data = asked.data.model_copy(update={"start": start_ms, "end": span[1]})
        # Rows of other sweeps know what came later.
        update = {"data": data, "train_percent": 100.0, "start_from": ()}
        search = searched(asked.model_copy(update=update), self._settings, self._ticket)
        with opened(search, self._settings, self._ticket, self._cpus) as sweep:
            run = sweep.run(_PRIORITY, NO_LIMIT)
            return run_sweep(run, self._dispatch, self._ticket).best[0]

    def _window(self, best: Mapping[str, Any]) -> int:
        series = [one.series for one in self._planned.spec.windows]
        pairs = [(one.symbol, one.interval) for one in series]
        return pairs.index((best["symbol"], best["interval"]))

    def _daily(self, number: int, parameters: Mapping[str, Any], trials: Trials) -> Floats:
        """Daily returns of one row over all days of the trials, (n_days,)."""
        planned = self._planned
        chart = planned.charts.charts[number].dataset
        dataset = load_dataset(Catalog(planned.charts.catalog_root), chart)
        rows = {name: np.array([float(value)]) for name, value in parameters.items()}
        terms, over = planned.spec.terms(number), planned.spec.windows[number]
        found = days_of(planned.spec.family, dataset, rows, terms, over)
        whole = np.zeros(len(trials.returns))
        whole[found.first_day - trials.first_day :][: len(found.returns)] = found.returns[:, 0]
        return whole


def _span(trials: Trials, days: np.typing.NDArray[np.int64]) -> tuple[int, int]:
    first, last = trials.first_day + int(days[0]), trials.first_day + int(days[-1])
    return first * DAY_MS, (last + 1) * DAY_MS
