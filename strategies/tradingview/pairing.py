"""Which trade do these rows tell? One of the entry and one of the exit, or a single one."""

from __future__ import annotations

from typing import Final

from engines.errors import InvalidInput
from strategies.tradingview.rows import Row, Sheet
from strategies.tradingview.trades import Decimals, ExportedTrade
from strategies.tradingview.words import OPEN, plain

_HOUR_MS: Final = 3_600_000
_FIGURES: Final = (
    "pnl", "pnl_percent", "mfe", "mfe_percent", "mae", "mae_percent", "cumulative_pnl",
    "cumulative_percent", "value", "commission",
)  # fmt: skip


def trade_of(sheet: Sheet, entry: Row, leave: Row | None, number: int) -> ExportedTrade:
    """The trade of these rows. Raises InvalidInput naming the cell that cannot be."""
    one_row = sheet.header.one_row
    prices = ("entry_price", "exit_price") if one_row else ("price", "price")
    times = ("entry_time", "exit_time") if one_row else ("time", "time")
    signals = ("entry_signal", "exit_signal") if one_row else ("signal", "signal")
    is_open = _is_open(sheet, leave, signals[1], times[1])
    entered = sheet.positive(entry, prices[0])
    left = sheet.number(leave, prices[1])
    if leave is not None and not is_open:
        left = sheet.positive(leave, prices[1])
    qty = sheet.number(entry, "qty")
    figures = {name: sheet.number(leave or entry, name) for name in _FIGURES}
    side = sheet.side(entry)
    if leave is not None and sheet.side(leave) != side:
        raise leave.wrong("type", "the side of its entry")
    entry_ms = sheet.time(entry, times[0])
    exit_ms = sheet.times.get((leave.place, times[1])) if leave is not None else None
    # A clock that is set back at the end of summer shows an hour twice.
    late_ms = entry_ms - _HOUR_MS if sheet.wall_clock else entry_ms
    if leave is not None and exit_ms is not None and exit_ms < late_ms:
        raise leave.wrong(times[1], f"no earlier than the entry, {entry.text(times[0])}")
    if "qty" in sheet.header.places and not qty.value > 0.0:
        raise entry.wrong("qty", "a number above zero")
    return ExportedTrade(
        number=_number(sheet, entry, number),
        side=side,
        qty=qty.value,
        entry_ms=entry_ms,
        entry_price=entered.value,
        exit_ms=exit_ms,
        exit_price=left.value,
        entry_signal=entry.text(signals[0]),
        exit_signal=leave.text(signals[1]) if leave is not None else "",
        is_open=is_open,
        duration_bars=sheet.number(leave or entry, "duration_bars").value,
        decimals=Decimals(entered.decimals, left.decimals, qty.decimals, figures["pnl"].decimals),
        **{name: printed.value for name, printed in figures.items()},
    )


def _number(sheet: Sheet, row: Row, place: int) -> int:
    return sheet.whole(row, "number") if "number" in sheet.header.places else place


def _is_open(sheet: Sheet, leave: Row | None, signal: str, time: str) -> bool:
    """Had the trade not ended when the list was made (A8)?

    An exit of a strategy may be called "Open" too: only the list's last moment is its end.
    """
    if leave is None:
        return True
    if "status" in sheet.header.places:
        return plain(leave.text("status")) == "open"
    ended = sheet.times.get((leave.place, time))
    if ended is None:
        return True
    if signal not in sheet.header.places or plain(leave.text(signal)) not in OPEN:
        return False
    return ended == max(sheet.times.values())


def check_numbers(trades: list[ExportedTrade]) -> None:
    """Raise InvalidInput for a number that two trades share."""
    seen: set[int] = set()
    for one in trades:
        if one.number in seen:
            raise InvalidInput("number of a trade", one.number, "a number of its own")
        seen.add(one.number)
