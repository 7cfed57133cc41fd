"""TradingView's exported strategies as a user ports them: event strategies in Pine's words.

What the descriptions beside the exports say, and no trade.
"""

from __future__ import annotations

from engines.commands import Properties
from strategies.graph import (
    atr,
    bollinger,
    change,
    close,
    ema,
    high,
    highest,
    low,
    lowest,
    macd,
    open,
    rsi,
    sma,
    supertrend,
)
from strategies.scripting import EventStrategy, Now

EURUSD_TICK = 0.00001


class Macd(EventStrategy):
    """delta = macd − signal crosses zero."""

    def setup(self) -> None:
        delta = macd(close).histogram
        self.up, self.down = delta.crosses_above(0), delta.crosses_below(0)

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("MacdLE", "long")
        if now[self.down]:
            now.entry("MacdSE", "short")


class Rsi(EventStrategy):
    """RSI leaves its oversold or overbought zone."""

    def setup(self) -> None:
        line = rsi(close, 14)
        self.up, self.down = line.crosses_above(30), line.crosses_below(70)

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("RsiLE", "long")
        if now[self.down]:
            now.entry("RsiSE", "short")


class BarUpDn(EventStrategy):
    """A bar that opens beyond the last close and goes on."""

    properties = Properties(qty_type="percent_of_equity", qty_value=10)

    def setup(self) -> None:
        self.up = (close > open) & (open > close[1])
        self.down = (close < open) & (open < close[1])

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("BarUp", "long")
        if now[self.down]:
            now.entry("BarDn", "short")


class Supertrend(EventStrategy):
    """Turns with the supertrend."""

    properties = Properties(qty_type="percent_of_equity", qty_value=15)

    def setup(self) -> None:
        turn = change(supertrend(10, 3.0).direction)
        self.up, self.down = turn < 0, turn > 0

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("My Long Entry Id", "long")
        if now[self.down]:
            now.entry("My Short Entry Id", "short")


class RunningAverage:
    """An average as Pine keeps it: what leaves is taken off a running sum before what comes.

    Two averages that are equal but for this sum's last bits cross or not as it falls out.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.values: list[float] = []
        self.sum = 0.0

    def next(self, value: float) -> float:
        """The average with one more value, NaN until there are enough."""
        self.values.append(value)
        if len(self.values) > self.length:
            self.sum = self.sum - self.values.pop(0) + value
        else:
            self.sum += value
        return self.sum / self.length if len(self.values) == self.length else float("nan")


class FuturesQm(EventStrategy):
    """Two averages cross; compared exactly, as this script's averages were."""

    def setup(self) -> None:
        self.averages = RunningAverage(10), RunningAverage(30)
        self.before = float("nan")

    def on_bar(self, now: Now) -> None:
        quick, lazy = (average.next(now.close) for average in self.averages)
        gap, before = quick - lazy, self.before
        self.before = gap
        if gap > 0.0 and before <= 0.0:
            now.entry("L", "long")
        if gap < 0.0 and before >= 0.0:
            now.entry("S", "short")


class BarMagnifier(EventStrategy):
    """A bracket around the close, called once with the entry."""

    properties = Properties(qty_value=0.01)

    def setup(self) -> None:
        quick, lazy = sma(close, 3), sma(close, 10)
        self.up, self.down = quick.crosses_above(lazy), quick.crosses_below(lazy)

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("Long", "long")
            now.exit("XL", "Long", limit=now.close + 1500, stop=now.close - 1000)
        if now[self.down]:
            now.entry("Short", "short")
            now.exit("XS", "Short", limit=now.close - 1500, stop=now.close + 1000)


class Bollinger(EventStrategy):
    """Stop entries at the bands, one cancels the other."""

    def setup(self) -> None:
        bands = bollinger(close, 20, 2.0)
        self.upper, self.lower = bands.upper, bands.lower
        self.buy = close.crosses_above(bands.lower)
        self.sell = close.crosses_below(bands.upper)

    def on_bar(self, now: Now) -> None:
        group = {"oca_name": "BollingerBands", "oca_type": "cancel"}
        if now[self.buy]:
            now.entry("BBandLE", "long", stop=now[self.lower], **group)
        else:
            now.cancel("BBandLE")
        if now[self.sell]:
            now.entry("BBandSE", "short", stop=now[self.upper], **group)
        else:
            now.cancel("BBandSE")


class ChannelBreakout(EventStrategy):
    """Stop entries a tick beyond the channel of five bars, re-priced at every close."""

    def setup(self) -> None:
        self.top, self.bottom = highest(high, 5), lowest(low, 5)

    def on_bar(self, now: Now) -> None:
        if now.bar_index >= 5:
            now.entry("ChBrkLE", "long", stop=now[self.top] + EURUSD_TICK)
        now.entry("ChBrkSE", "short", stop=now[self.bottom] - EURUSD_TICK)


class Keltner(EventStrategy):
    """Stop entries beyond the bar that crossed its channel."""

    def setup(self) -> None:
        self.middle = ema(close, 20)
        width = 2.0 * atr(10)
        self.over = close.crosses_above(self.middle + width)
        self.under = close.crosses_below(self.middle - width)
        self.buy = self.sell = 0.0

    def on_bar(self, now: Now) -> None:
        if now[self.over]:
            self.buy = now.high + EURUSD_TICK
        if now[self.under]:
            self.sell = now.low - EURUSD_TICK
        if self.buy and (now.close < now[self.middle] or now.high >= self.buy):
            now.cancel("KltChLE")
        if now[self.over]:
            now.entry("KltChLE", "long", stop=self.buy)
        if self.sell and (now.close > now[self.middle] or now.low <= self.sell):
            now.cancel("KltChSE")
        if now[self.under]:
            now.entry("KltChSE", "short", stop=self.sell)


class SlippageBasic(EventStrategy):
    """A long and a short at fixed bars."""

    def on_bar(self, now: Now) -> None:
        if now.bar_index == 10:
            now.entry("Long", "long", comment="Long Entry")
        if now.bar_index == 20:
            now.close_entry("Long", comment="Long Exit")
        if now.bar_index == 40:
            now.entry("Short", "short", comment="Short Entry")
        if now.bar_index == 50:
            now.close_entry("Short", comment="Short Exit")


class SlippageDirection(EventStrategy):
    """Turns round every ten bars."""

    def on_bar(self, now: Now) -> None:
        turn, rest = divmod(now.bar_index - 20, 10)
        if now.bar_index < 20 or rest:
            return
        if turn % 2 == 0:
            now.entry("Long", "long", comment=f"Flip to Long #{turn}")
        else:
            now.entry("Short", "short", comment=f"Flip to Short #{turn}")


class SlippagePyramiding(EventStrategy):
    """Three entries, left at once."""

    properties = Properties(qty_type="percent_of_equity", qty_value=10, pyramiding=3)

    def on_bar(self, now: Now) -> None:
        if now.bar_index in (20, 25, 30):
            number = (now.bar_index - 15) // 5
            now.entry(f"Long {number}", "long", comment=f"Entry #{number}")
        if now.bar_index == 40:
            now.close_all(comment="Close All Positions")


class SlippageLimit(EventStrategy):
    """Limit entries half a percent away, stops one percent from the average price."""

    def setup(self) -> None:
        quick, lazy = sma(close, 10), sma(close, 20)
        self.up, self.down = quick.crosses_above(lazy), quick.crosses_below(lazy)

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            level = now.close * 0.995
            now.entry("Long Limit", "long", limit=level, comment=f"Limit Long @ {short(level)}")
        if now[self.down]:
            level = now.close * 1.005
            now.entry("Short Limit", "short", limit=level, comment=f"Limit Short @ {short(level)}")
        stop = now.position_avg_price * (0.99 if now.position_size > 0 else 1.01)
        side = "Long" if now.position_size > 0 else "Short"
        if now.position_size:
            for entry in ("Limit", "Market"):
                now.exit(f"{side} Stop", f"{side} {entry}", stop=stop, comment="Stop Exit")


def short(price: float) -> str:
    """Pine's "#.##"."""
    return f"{price:.2f}".rstrip("0").rstrip(".")


PORTED = {
    "pyne_macd": Macd,
    "pyne_rsi": Rsi,
    "pyne_barupdn": BarUpDn,
    "pyne_supertrend": Supertrend,
    "pyne_futures_qm": FuturesQm,
    "pyne_bar_magnifier": BarMagnifier,
    "pyne_bollinger": Bollinger,
    "pyne_channelbreakout": ChannelBreakout,
    "pyne_keltner": Keltner,
    "pyne_slippage_basic": SlippageBasic,
    "pyne_slippage_direction": SlippageDirection,
    "pyne_slippage_pyramiding": SlippagePyramiding,
    "pyne_slippage_limit": SlippageLimit,
}
