"""TradingView's exported strategies as scripts: what their descriptions say, and no trade."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engines.bars import Bars, Floats
from engines.commands import Cancel, Close, CloseAll, Command, Entry, Exit
from engines.indicators.registry import compute
from engines.script import View

# Two numbers this close are equal in Pine (rule M12).
TOLERANCE = 1e-10
TICK = 1e-5
Logic = Callable[[View], Iterable[Command]]


@dataclass(frozen=True)
class Steps:
    """A script made of one function of what it sees."""

    logic: Logic

    def on_close(self, view: View) -> Iterable[Command]:
        return self.logic(view)


def above(a: Floats, b: Floats | float) -> np.typing.NDArray[np.bool_]:
    """Where `a` crosses above `b`."""
    gap = a - b
    crossed = np.zeros(len(a), dtype=bool)
    crossed[1:] = (gap[1:] > TOLERANCE) & (gap[:-1] <= TOLERANCE)
    return crossed


def sma(bars: Bars, length: int) -> Floats:
    column: Floats = compute("sma", {"source": bars.close}, {"length": length})[0]
    return column


def crossing(
    up: np.typing.NDArray[np.bool_], down: np.typing.NDArray[np.bool_], long: str, short: str
) -> Logic:
    """Market entries on two conditions."""

    def logic(view: View) -> Iterator[Command]:
        if up[view.bar]:
            yield Entry(long, "long")
        if down[view.bar]:
            yield Entry(short, "short")

    return logic


def macd(bars: Bars) -> Logic:
    delta = compute("macd", {"source": bars.close})[2]
    return crossing(above(delta, 0.0), above(-delta, 0.0), "MacdLE", "MacdSE")


def rsi(bars: Bars) -> Logic:
    column = compute("rsi", {"source": bars.close}, {"length": 14})[0]
    return crossing(above(column, 30.0), above(-column, -70.0), "RsiLE", "RsiSE")


def bar_up_down(bars: Bars) -> Logic:
    before = np.append(np.nan, bars.close[:-1])
    up = (bars.close > bars.open) & (bars.open > before)
    down = (bars.close < bars.open) & (bars.open < before)
    return crossing(up, down, "BarUp", "BarDn")


def supertrend(bars: Bars) -> Logic:
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    direction = compute("supertrend", columns, {"factor": 3.0, "length": 10})[1]
    change = np.diff(direction, prepend=np.nan)
    return crossing(change < 0, change > 0, "My Long Entry Id", "My Short Entry Id")


def futures(bars: Bars) -> Logic:
    quick, lazy = sma(bars, 10), sma(bars, 30)
    return crossing(above(quick, lazy), above(lazy, quick), "L", "S")


def magnified(bars: Bars) -> Logic:
    quick, lazy = sma(bars, 3), sma(bars, 10)
    up, down = above(quick, lazy), above(lazy, quick)

    def logic(view: View) -> Iterator[Command]:
        close = float(bars.close[view.bar])
        if up[view.bar]:
            yield Entry("Long", "long")
            yield Exit("XL", "Long", limit=close + 1500, stop=close - 1000)
        if down[view.bar]:
            yield Entry("Short", "short")
            yield Exit("XS", "Short", limit=close - 1500, stop=close + 1000)

    return logic


def bollinger(bars: Bars) -> Logic:
    middle = sma(bars, 20)
    width = 2.0 * compute("stdev", {"source": bars.close}, {"length": 20})[0]
    upper, lower = middle + width, middle - width
    buy, sell = above(bars.close, lower), above(upper, bars.close)

    def logic(view: View) -> Iterator[Command]:
        group = {"oca_name": "BollingerBands", "oca_type": "cancel"}
        for name, side, now, level in (
            ("BBandLE", "long", buy, lower),
            ("BBandSE", "short", sell, upper),
        ):
            if now[view.bar]:
                yield Entry(name, side, stop=float(level[view.bar]), **group)  # type: ignore[arg-type]
            else:
                yield Cancel(name)

    return logic


def channel_breakout(bars: Bars) -> Logic:
    columns = {"high": bars.high, "low": bars.low}
    highest = compute("highest", {"source": columns["high"]}, {"length": 5})[0]
    lowest = compute("lowest", {"source": columns["low"]}, {"length": 5})[0]

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        if bar >= 5:
            yield Entry("ChBrkLE", "long", stop=float(highest[bar]) + TICK)
        # Before there is a lowest price its stop is na, and the order goes to the market.
        yield Entry("ChBrkSE", "short", stop=float(lowest[bar]) - TICK)

    return logic


def keltner(bars: Bars) -> Logic:
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    middle = compute("ema", {"source": bars.close}, {"length": 20})[0]
    width = 2.0 * compute("atr", columns, {"length": 10})[0]
    upper, lower = middle + width, middle - width
    crosses_up, crosses_down = above(bars.close, upper), above(lower, bars.close)
    latched = {"buy": 0.0, "sell": 0.0}

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        high, low, close = (float(column[bar]) for column in (bars.high, bars.low, bars.close))
        if crosses_up[bar]:
            latched["buy"] = high + TICK
        if crosses_down[bar]:
            latched["sell"] = low - TICK
        if latched["buy"] and (close < middle[bar] or high >= latched["buy"]):
            yield Cancel("KltChLE")
        if crosses_up[bar]:
            yield Entry("KltChLE", "long", stop=latched["buy"])
        if latched["sell"] and (close > middle[bar] or low <= latched["sell"]):
            yield Cancel("KltChSE")
        if crosses_down[bar]:
            yield Entry("KltChSE", "short", stop=latched["sell"])

    return logic


def slippage_basic(bars: Bars) -> Logic:
    def logic(view: View) -> Iterator[Command]:
        if view.bar == 10:
            yield Entry("Long", "long", comment="Long Entry")
        if view.bar == 20:
            yield Close("Long", comment="Long Exit")
        if view.bar == 40:
            yield Entry("Short", "short", comment="Short Entry")
        if view.bar == 50:
            yield Close("Short", comment="Short Exit")

    return logic


def slippage_direction(bars: Bars) -> Logic:
    def logic(view: View) -> Iterator[Command]:
        turn, rest = divmod(view.bar - 20, 10)
        if view.bar < 20 or rest:
            return
        if turn % 2 == 0:
            yield Entry("Long", "long", comment=f"Flip to Long #{turn}")
        else:
            yield Entry("Short", "short", comment=f"Flip to Short #{turn}")

    return logic


def slippage_pyramiding(bars: Bars) -> Logic:
    def logic(view: View) -> Iterator[Command]:
        if view.bar in (20, 25, 30):
            number = (view.bar - 15) // 5
            yield Entry(f"Long {number}", "long", comment=f"Entry #{number}")
        if view.bar == 40:
            yield CloseAll(comment="Close All Positions")

    return logic


def short(price: float) -> str:
    """Pine's "#.##"."""
    return f"{price:.2f}".rstrip("0").rstrip(".")


def slippage_limit(bars: Bars) -> Logic:
    quick, lazy = sma(bars, 10), sma(bars, 20)
    up, down = above(quick, lazy), above(lazy, quick)

    def logic(view: View) -> Iterator[Command]:
        close = float(bars.close[view.bar])
        if up[view.bar]:
            level = close * 0.995
            named = f"Limit Long @ {short(level)}"
            yield Entry("Long Limit", "long", limit=level, comment=named)
        if down[view.bar]:
            level = close * 1.005
            yield Entry(
                "Short Limit", "short", limit=level, comment=f"Limit Short @ {short(level)}"
            )
        average = view.position_avg_price
        for side, name, share in ((1, "Long", 0.99), (-1, "Short", 1.01)):
            if side * view.position_size > 0:
                for entry in ("Limit", "Market"):
                    names = f"{name} Stop", f"{name} {entry}"
                    yield Exit(*names, stop=average * share, comment="Stop Exit")

    return logic


SCRIPTS: dict[str, Callable[[Bars], Logic]] = {
    "pyne_macd": macd,
    "pyne_rsi": rsi,
    "pyne_barupdn": bar_up_down,
    "pyne_supertrend": supertrend,
    "pyne_futures_qm": futures,
    "pyne_bar_magnifier": magnified,
    "pyne_bollinger": bollinger,
    "pyne_channelbreakout": channel_breakout,
    "pyne_keltner": keltner,
    "pyne_slippage_basic": slippage_basic,
    "pyne_slippage_direction": slippage_direction,
    "pyne_slippage_pyramiding": slippage_pyramiding,
    "pyne_slippage_limit": slippage_limit,
}
