"""What does a comparison with TradingView say? Share, table and differences in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from serve.commands.trade_diff import TradesDiffered
from serve.tables import TextTable
from strategies.moments import minute_text
from strategies.tradingview.diagnosis import Diagnosis, Difference
from strategies.tradingview.evidence import number_text
from strategies.tradingview.ours import OurTrade
from strategies.tradingview.trades import ExportedTrade

_LABELS: Final = {
    "entry_ms": "entry time",
    "exit_ms": "exit time",
    "entry_price": "entry price",
    "exit_price": "exit price",
    "qty": "quantity",
    "entry_signal": "entry signal",
    "exit_signal": "exit signal",
    "pnl": "profit",
}
_SIDES: Final = {1: "long", -1: "short"}


def headline(diagnosis: Diagnosis) -> str:
    """How much agrees, in a sentence."""
    agreeing, compared = diagnosis.agreeing, diagnosis.compared
    if not diagnosis.differences:
        return f"All {agreeing:,} closed trades agree."
    # Never 100 % with a difference.
    share = math.floor(diagnosis.share * 10_000) / 100
    told = f"{agreeing:,} of {compared:,} closed trades agree ({share:g} %)."
    counted = ", ".join(f"{name} {count:,}" for name, count in diagnosis.causes.items())
    return f"{told} Causes: {counted}."


def diff_table(diagnosis: Diagnosis) -> TextTable:
    """Share of the matched trades that agrees, by field."""
    rows = []
    for name in diagnosis.fields:
        share = diagnosis.share_of(name)
        text = "" if math.isnan(share) else f"{math.floor(share * 10_000) / 100:g} %"
        rows.append((_LABELS[name], text))
    return TextTable("", ("field", "agrees"), tuple(rows))


def differences_text(diagnosis: Diagnosis, most: int) -> Iterator[str]:
    """The first differences, a heading, a line a field and a sentence each."""
    for one in diagnosis.differences[:most]:
        yield ""
        yield f"{one.title}, {_when(one)}:"
        for name in one.fields:
            there, here = getattr(one.pair.theirs, name), getattr(one.pair.ours, name)
            yield f"  {_LABELS[name]}: {_shown(name, there)} there, {_shown(name, here)} here"
        yield f"  {one.cause.name}: {one.cause.sentence}"
    left = len(diagnosis.differences) - most
    if left > 0:
        yield ""
        yield f"{left:,} more differences: --first {len(diagnosis.differences)} prints all."


def as_json_values(differed: TradesDiffered) -> dict[str, Any]:
    """The whole comparison as JSON values."""
    diagnosis, used, best = differed.diagnosis, differed.clocked.used, differed.clocked.best
    return {
        "strategy": differed.strategy.name,
        "strategy_digest": differed.strategy.digest,
        "source": differed.source,
        "notes": list(differed.notes),
        "trades": len(differed.export.trades),
        "language": differed.export.language,
        "currency": differed.export.currency or None,
        "time_zone": {
            "used": used.name,
            "share": used.share,
            "sure": used.sure,
            "best": best.name,
            "best_share": best.share,
        },
        "compared": diagnosis.compared,
        "agreeing": diagnosis.agreeing,
        "share": diagnosis.share,
        "fields": {name: diagnosis.share_of(name) for name in diagnosis.fields},
        "causes": diagnosis.causes,
        "differences": [_as_json(one) for one in diagnosis.differences],
    }


def _as_json(one: Difference) -> dict[str, Any]:
    return {
        "cause": one.cause.name,
        "sentence": one.cause.sentence,
        "fields": list(one.fields),
        "theirs": _trade(one.pair.theirs),
        "ours": _trade(one.pair.ours),
    }


def _trade(trade: ExportedTrade | OurTrade | None) -> dict[str, Any] | None:
    if trade is None:
        return None
    shown = {name: getattr(trade, name) for name in ("number", "side", *_LABELS)}
    return {**shown, "side": _SIDES[trade.side]}


def _when(one: Difference) -> str:
    trade = one.pair.theirs or one.pair.ours
    return "" if trade is None else f"{_SIDES[trade.side]} at {minute_text(trade.entry_ms)} UTC"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "unknown"
    if name.endswith("_ms"):
        return minute_text(value)
    return repr(value) if isinstance(value, str) else number_text(value)
