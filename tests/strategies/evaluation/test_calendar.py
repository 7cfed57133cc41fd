"""Which day and week is a bar in, and which bar is the last before the clock strikes?"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.intervals import Interval, interval_ms
from engines.orders import Reason
from strategies.backtest import Terms, backtest
from strategies.evaluation.calendar import calendar_columns
from strategies.evaluation.dataset import Dataset
from strategies.graph import ClockExit, Limits, ReEntry, Strategy, close
from strategies.graph.sessions import DAYS
from tests.strategies.evaluation.test_sizes_of_graphs import TERMS

NEW_YORK = "America/New_York"


def bars(interval: Interval, start: datetime, n_bars: int) -> Bars:
    opens = int(start.timestamp() * 1000) + interval_ms(interval) * np.arange(n_bars)
    walk = np.rint(100 + np.cumsum(np.random.default_rng(5).normal(size=n_bars)))
    prices = dict.fromkeys(("open", "high", "low", "close"), walk)
    columns = {"open_ms": opens, **prices, "volume": np.ones(n_bars)}
    return Bars.from_columns(Series("linear", "ETHUSDT", interval), columns)


# Clocks in New York went forward on 2025-03-09 and back on 2025-11-02.
@pytest.mark.parametrize(
    "start", [datetime(2025, 3, 5, tzinfo=UTC), datetime(2025, 10, 29, tzinfo=UTC)]
)
@pytest.mark.parametrize("interval", ["15", "60", "240"])
def test_days_and_weeks_are_local(interval: Interval, start: datetime) -> None:
    some = bars(interval, start, 10 * 24 * 60 // int(interval))
    days, weeks, _ = calendar_columns(some, NEW_YORK, None)
    local = [datetime.fromtimestamp(ms / 1000, ZoneInfo(NEW_YORK)) for ms in some.open_ms.tolist()]
    dates = [one.date() for one in local]
    assert np.diff(days).tolist() == [(b - a).days for a, b in itertools.pairwise(dates)]
    mondays = [one - timedelta(one.weekday()) for one in dates]
    changed = [a != b for a, b in itertools.pairwise(mondays)]
    assert (np.diff(weeks) != 0).tolist() == changed


@pytest.mark.parametrize(
    ("at", "days"), [("16:00", DAYS), ("16:30", ("fri",)), ("24:00", ("sun",)), ("00:00", ("mon",))]
)
@pytest.mark.parametrize("interval", ["15", "60", "240"])
def test_the_clock_strikes_at_the_last_close_by_its_time(
    interval: Interval, at: str, days: tuple[str, ...]
) -> None:
    some = bars(interval, datetime(2025, 3, 5, tzinfo=UTC), 20 * 24 * 60 // int(interval))
    clock = ClockExit(at, days, NEW_YORK)  # type: ignore[arg-type]
    upcoming = calendar_columns(some, "UTC", clock)[2]
    struck = np.flatnonzero(upcoming == np.arange(len(some)))
    zone, expected = ZoneInfo(NEW_YORK), []
    first = datetime(2025, 3, 3, tzinfo=zone)
    for number in range(25):
        day = first + timedelta(number)
        moment = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(
            hours=int(at[:2]), minutes=int(at[3:])
        )
        late = [k for k, ms in enumerate(some.close_ms.tolist()) if ms <= moment.timestamp() * 1000]
        inside = late and moment.timestamp() * 1000 < some.close_ms[-1] + interval_ms(interval)
        if DAYS[day.weekday()] in days and inside:
            expected.append(late[-1])
    assert struck.tolist() == sorted(set(expected))


def test_a_graph_follows_its_limits() -> None:
    some = bars("15", datetime(2025, 3, 3, tzinfo=UTC), 96 * 21)
    free = Strategy(
        "free", enter_long=close > close[1], exit_long=close < close[1], direction="long"
    )
    dataset, terms = Dataset(some), Terms(TERMS.instrument, TERMS.broker)
    ruled = free.edit(
        limits=Limits(trades_per_day=3, trades_per_week=10),
        re_entry=ReEntry(5),
        exits=[ClockExit("20:00", ("fri",))],
    )
    wild, calm = (backtest(one, {}, dataset, terms) for one in (free, ruled))
    assert calm.spec.path == "full"
    entered = calm.fills["bar"][calm.fills["side"] == 1]
    assert len(wild.fills["bar"]) > 3 * len(calm.fills["bar"]) > 100
    assert np.bincount(entered // 96).max() == 3
    assert np.bincount(entered // (96 * 7)).max() == 10
    left = calm.fills["bar"][calm.fills["side"] == -1]
    for bar in entered[entered > 0]:
        before = left[left < bar]
        assert len(before) == 0 or bar - before.max() >= 5
    clock = calm.fills["bar"][calm.fills["reason"] == int(Reason.CLOCK_EXIT)]
    # Fridays at 20:00 are 80 bars into the fifth day.
    assert set((clock - 4 * 96 - 80) % (7 * 96)) <= {0}
