"""Under whose rules do orders fill? Broker settings, with named profiles."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, Literal, get_args

from engines.bars import Category
from engines.errors import InvalidInput

Profile = Literal["tradingview", "bybit_linear", "bybit_inverse", "bybit_spot"]
FillAt = Literal["next_open", "close"]
SizeAt = Literal["signal", "fill"]
ExitsFrom = Literal["fill", "next_bar"]
MarginMode = Literal["none", "isolated", "cross"]
FundingFrom = Literal["none", "history"]
PositionMode = Literal["one_way", "hedge"]
MarkFrom = Literal["last", "history"]


@dataclass(frozen=True)
class Broker:
    """How the market treats orders.

    Rates are fractions; money is quote currency, of an inverse contract its coin.
    `taker_fee_rate` and `maker_fee_rate` of None mean the instrument's own. `fill_at` is where a
    market order of a closed bar fills (A1, A2); `size_at` the price that decides its quantity:
    the signal's close (G1), or the fill. `exits_from` tells whether exits rest from the fill on
    (E1), or from the bar after the first close that sees the position, as a script does that
    issues them while in position. `money_digits` are the significant digits that fees and
    budgets are rounded to (H4, G6); 0 leaves them exact. Two numbers at most
    `compare_tolerance` apart are equal to a strategy's comparisons, as they are in Pine (M12).
    `margin_mode` liquidates as Bybit does, by the instrument's tiers; `funding` pays it from the
    symbol's own history, or not at all. In `position_mode` "hedge" a long and a short of one symbol
    stand side by side: an entry never closes the other side. `mark_price` decides liquidations and
    funding: the bars' own, or the venue's mark price of the time.
    """

    profile: Profile = "bybit_linear"
    initial_cash: float = 10_000.0
    leverage: float = 1.0
    taker_fee_rate: float | None = None
    maker_fee_rate: float | None = None
    fee_per_contract: float = 0.0
    fee_per_order: float = 0.0
    slippage_ticks: float = 0.0
    fill_at: FillAt = "next_open"
    size_at: SizeAt = "signal"
    exits_from: ExitsFrom = "fill"
    money_digits: int = 0
    check_margin: bool = True
    compare_tolerance: float = 1e-10
    margin_mode: MarginMode = "none"
    funding: FundingFrom = "none"
    position_mode: PositionMode = "one_way"
    mark_price: MarkFrom = "last"

    def __post_init__(self) -> None:
        for name, kinds in _CHOICES.items():
            if getattr(self, name) not in kinds:
                raise InvalidInput(name, getattr(self, name), f"one of {', '.join(kinds)}")
        for name, low, high in _LIMITS:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidInput(name, value, f"between {low:g} and {high:g}")

    def canonical(self) -> dict[str, object]:
        """All settings as JSON values, for digests; later ones only where they are not neutral."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in said.items() if value != _NEUTRAL.get(name)}


# What a run was named before these settings existed, it is still named without them.
_NEUTRAL: Final[dict[str, object]] = {
    "margin_mode": "none",
    "funding": "none",
    "position_mode": "one_way",
    "mark_price": "last",
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "profile": get_args(Profile),
    "fill_at": get_args(FillAt),
    "size_at": get_args(SizeAt),
    "exits_from": get_args(ExitsFrom),
    "margin_mode": get_args(MarginMode),
    "funding": get_args(FundingFrom),
    "position_mode": get_args(PositionMode),
    "mark_price": get_args(MarkFrom),
}
_LIMITS: Final = (
    ("initial_cash", 1e-9, 1e15),
    ("leverage", 0.01, 1000.0),
    ("taker_fee_rate", -0.1, 0.5),
    ("maker_fee_rate", -0.1, 0.5),
    ("fee_per_contract", 0.0, 1e6),
    ("fee_per_order", 0.0, 1e6),
    ("slippage_ticks", 0.0, 1e6),
    ("money_digits", 0, 15),
    ("compare_tolerance", 0.0, 1.0),
)

BYBIT_LINEAR: Final = Broker()
# Money of an inverse contract is its coin.
BYBIT_INVERSE: Final = replace(BYBIT_LINEAR, profile="bybit_inverse", initial_cash=1.0)
BYBIT_SPOT: Final = replace(BYBIT_LINEAR, profile="bybit_spot")
# TradingView's strategy properties as a new script has them: no commission, 10 digits of money.
TRADINGVIEW: Final = Broker(
    "tradingview", 1_000_000.0, taker_fee_rate=0.0, maker_fee_rate=0.0, money_digits=10
)
# Bybit's rules for each category of its markets.
PROFILE_OF: Final[dict[Category, Profile]] = {
    "linear": "bybit_linear",
    "inverse": "bybit_inverse",
    "spot": "bybit_spot",
}
PROFILES: Final[dict[Profile, Broker]] = {
    broker.profile: broker for broker in (BYBIT_LINEAR, BYBIT_INVERSE, BYBIT_SPOT, TRADINGVIEW)
}
