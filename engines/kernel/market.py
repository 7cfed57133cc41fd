"""What does the kernel need to know of an instrument and a broker?"""

from __future__ import annotations

from decimal import Decimal

from engines.broker import Broker
from engines.instrument import Instrument
from engines.kernel.layout import Market


def market_for(broker: Broker, instrument: Instrument) -> Market:
    """The kernel's view of an instrument under a broker's settings."""
    lot = float(instrument.lot)
    return Market(
        tick=float(instrument.tick),
        lot=lot,
        lot_unit=lot if lot > 0.0 else 1.0,
        contract_value=float(instrument.contract_value),
        min_notional=float(instrument.min_notional),
        min_qty=float(instrument.min_qty),
        initial_cash=float(broker.initial_cash),
        leverage=float(broker.leverage),
        taker_fee_rate=_rate(broker.taker_fee_rate, instrument.taker_fee_rate),
        maker_fee_rate=_rate(broker.maker_fee_rate, instrument.maker_fee_rate),
        fee_per_contract=float(broker.fee_per_contract),
        fee_per_order=float(broker.fee_per_order),
        slippage_ticks=float(broker.slippage_ticks),
        money_digits=broker.money_digits,
        fill_at_close=broker.fill_at == "close",
        size_at_fill=broker.size_at == "fill",
        exits_from_next_bar=broker.exits_from == "next_bar",
        check_margin=broker.check_margin,
        margin_at_value=broker.profile == "tradingview",
    )


def _rate(setting: float | None, own: Decimal) -> float:
    return float(own) if setting is None else float(setting)
