"""Where a whole cross account is taken away: by hand, and by asking at every price."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engines.margin import (
    Bounds,
    Holding,
    Position,
    bankruptcy_price_of,
    bounds_of,
    must_liquidate,
    total_initial,
    total_maintenance,
    unrealised,
)
from engines.margin.account import NOWHERE
from tests.engines.margin.test_margin import INVERSE, LINEAR
from tests.examples import examples

F = Fraction


def test_margins_of_an_account_add_up() -> None:
    # 1 BTC long at 50,000 with 10×, 2 BTC short at 40,000 with 20×, both marked at 45,000.
    long, short = Position(1, F(1), F(50_000), F(10)), Position(-1, F(2), F(40_000), F(20))
    held = [Holding(LINEAR, one, F(45_000)) for one in (long, short)]
    # 4,500 + 45,000 f and 4,500 + 84,000 f; 225 + 45,000 f and 450 + 84,000 f.
    fees = F(129_000) * F("0.00055")
    assert total_initial(held) == 9_000 + fees
    assert total_maintenance(held) == 675 + fees


def test_equal_sides_stand_until_their_maintenance_is_the_balance() -> None:
    # 20,000 = 0.005 × 2 P + 45,000 f + 55,000 f, f of 0.00055: P = 1,994,500.
    sides = [Position(side, F(1), F(50_000), F(10)) for side in (1, -1)]
    assert bounds_of(LINEAR, sides, F(20_000)) == Bounds(None, F(1_994_500))


def test_an_account_without_money_stands_nowhere() -> None:
    sides = [Position(side, F(1), F(50_000), F(10)) for side in (1, -1)]
    assert bounds_of(LINEAR, sides, F(0)) == NOWHERE


def test_closing_all_at_the_bankruptcy_price_leaves_nothing() -> None:
    # 2 long and 1 short at 50,000, 20,000: 20,000 + P − 50,000 − 3 P f = 0.
    sides = [Position(1, F(2), F(50_000), F(10)), Position(-1, F(1), F(50_000), F(10))]
    found = bankruptcy_price_of(LINEAR, sides, F(20_000))
    assert found == F(30_000) / (1 - 3 * F("0.00055"))


sides = st.builds(
    Position,
    side=st.just(1),
    size=st.integers(1, 60_000).map(lambda n: F(n, 1000)),
    entry=st.integers(20_000, 60_000).map(F),
    leverage=st.integers(1, 50).map(F),
)


@examples(200)
@given(
    long=sides,
    short=sides,
    both=st.booleans(),
    inverse=st.booleans(),
    cash=st.integers(1, 3_000_000).map(F),
    price=st.integers(10_000, 90_000).map(F),
)
def test_an_account_stands_exactly_between_its_bounds(
    long: Position, short: Position, both: bool, inverse: bool, cash: Fraction, price: Fraction
) -> None:
    contract = INVERSE if inverse else LINEAR
    scale = 1_000 if inverse else 1
    held = [Position(1, long.size * scale, long.entry, long.leverage)]
    if both:
        held.append(Position(-1, short.size * scale, short.entry, short.leverage))
    money = cash / 40_000 if inverse else cash
    low, high = bounds_of(contract, held, money)
    top = contract.tiers[-1].limit or F(0)
    if any(one.size * contract.rate(price) > top for one in held):
        return
    rows = [Holding(contract, one, price) for one in held]
    balance = money + sum((unrealised(contract, one, price) for one in held), F(0))
    outside = (low is not None and price <= low) or (high is not None and price >= high)
    assert must_liquidate(rows, balance) == outside
