"""One account, several symbols, worked out by hand: what comes first, and who is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from engines.commands import Close, Command, Entry, Exit
from engines.errors import InvalidInput, MissingData
from engines.legs import Leg
from engines.orders import Refusal
from engines.risk import Limits
from engines.risk_rules import RiskRules
from tests.engines.portfolio.conftest import Play, leg_of
from tests.engines.reference.conftest import Bar

Plan = Mapping[int, Sequence[Command]]
FLAT: Bar = (100.0, 100.0, 100.0, 100.0)
NO_MARGIN, OPEN, CORRELATED, HEAT = (
    int(Refusal.NO_MARGIN),
    int(Refusal.OPEN_POSITIONS),
    int(Refusal.CORRELATED_POSITIONS),
    int(Refusal.PORTFOLIO_HEAT),
)


def buys(symbol: str, qty: float, bar: int = 0, bars: int = 3) -> Leg:
    return leg_of(symbol, [FLAT] * bars, {bar: [Entry("L", "long")]}, qty_value=qty)


def test_of_two_entries_at_one_time_the_first_name_gets_the_margin(play: Play) -> None:
    # 1,000 buy 6 at 100; the other's 6 would need 1,200 in all.
    said = play([buys("BBB", 6.0), buys("AAA", 6.0)])
    assert said.order() == [("AAA", "L")]
    assert said.refused("BBB") == [(1, NO_MARGIN, "L")]
    said = play([buys("BBB", 4.0), buys("AAA", 6.0)])
    assert said.order() == [("AAA", "L"), ("BBB", "L")]


def test_an_exit_of_one_makes_room_for_the_entry_of_another_at_the_same_time(play: Play) -> None:
    # ZZZ leaves at minute 3, when AAA, whose name comes first, wants its margin.
    leaves: Plan = {0: [Entry("L", "long")], 2: [Close("L")]}
    zzz = leg_of("ZZZ", [FLAT] * 4, leaves, qty_value=9.0)
    said = play([buys("AAA", 9.0, bar=2, bars=4), zzz])
    assert said.order() == [("ZZZ", "L"), ("ZZZ", "Close entry(s) order L"), ("AAA", "L")]
    assert said.refused("AAA") == []


def test_a_stop_inside_the_bar_makes_room_too(play: Play) -> None:
    # In one minute ZZZ falls through its stop and AAA rises through its entry: the exit first.
    fall: Bar = (100.0, 100.0, 90.0, 90.0)
    rise: Bar = (100.0, 110.0, 100.0, 110.0)
    zzz = leg_of("ZZZ", [FLAT, FLAT, fall], {0: [Entry("L", "long"), Exit("X", "L", stop=95.0)]},
                 qty_value=9.0)  # fmt: skip
    aaa = leg_of("AAA", [FLAT, FLAT, rise], {1: [Entry("L", "long", stop=105.0)]}, qty_value=1.0)
    said = play([aaa, zzz])
    assert said.order() == [("ZZZ", "L"), ("ZZZ", "X"), ("AAA", "L")]
    # While ZZZ is worth 900 of 1,000, one at 105 is too much; of the 955 after its stop it is not.
    assert said.rows[1].cash == pytest.approx(955.0)
    assert said.equity[-1] == pytest.approx(955.0 + 5)


def test_profit_of_one_is_margin_for_another(play: Play) -> None:
    up: Bar = (100.0, 200.0, 100.0, 200.0)
    high: Bar = (200.0, 200.0, 200.0, 200.0)
    winner = leg_of("WIN", [FLAT, up, high, high], {0: [Entry("L", "long")]}, qty_value=5.0)
    said = play([buys("AAA", 5.0, bar=1, bars=4), winner])
    # 1,500 of equity carry 1,000 of WIN and 500 of AAA, not a cent more.
    assert said.order() == [("WIN", "L"), ("AAA", "L")]
    said = play([buys("AAA", 5.01, bar=1, bars=4), winner])
    assert said.refused("AAA") == [(2, NO_MARGIN, "L")]


def test_sizes_of_a_share_are_of_the_whole_account(play: Play) -> None:
    up: Bar = (100.0, 120.0, 100.0, 120.0)
    high: Bar = (120.0, 120.0, 120.0, 120.0)
    winner = leg_of("WIN", [FLAT, up, high], {0: [Entry("L", "long")]}, qty_value=5.0)
    half = leg_of("AAA", [FLAT] * 3, {1: [Entry("L", "long")]}, qty_type="percent_of_equity",
                  qty_value=25.0)  # fmt: skip
    said = play([winner, half])
    assert [(row.symbol, row.qty) for row in said.rows] == [("WIN", 5.0), ("AAA", 2.75)]


def test_funding_then_liquidation_then_exits_then_entries(play: Play) -> None:
    # At minute 2 all at once: AAA pays 0.5 % on 90 at 100 = 45 of funding, BBB's short of 50 opens
    # at 100.9 and has lost 45; CCC leaves by its order; DDD enters.
    rates = {0: 0.0, 1: 0.0, 2: 0.005}
    aaa = leg_of("AAA", [FLAT] * 3, {0: [Entry("L", "long")]}, qty_value=90.0, funding=rates,
                 instrument={"funding_interval_minutes": 1})  # fmt: skip
    jump: Bar = (100.9, 100.9, 100.9, 100.9)
    none = {0: 0.0}
    bbb = leg_of("BBB", [FLAT, FLAT, jump], {0: [Entry("S", "short")]}, qty_value=50.0,
                 funding=none)  # fmt: skip
    ccc = leg_of("CCC", [FLAT] * 3, {0: [Entry("L", "long")], 1: [Close("L")]}, qty_value=10.0,
                 funding=none)  # fmt: skip
    ddd = leg_of("DDD", [FLAT] * 3, {1: [Entry("L", "long")]}, qty_value=1.0, funding=none)
    said = play([ddd, ccc, bbb, aaa], margin_mode="cross", funding="history", leverage=100.0,
                initial_cash=320.0)  # fmt: skip
    # Maintenance 0.5 % of 9,000, 5,045 and 1,000: 75.2. Equity 320 − 45 − 45 = 230.
    assert said.order()[3:] == [("AAA", "funding"), ("CCC", "Close entry(s) order L"), ("DDD", "L")]
    # With 155 less it is 75: AAA, the first name, is taken at its mark, and the rest stands.
    said = play([ddd, ccc, bbb, aaa], margin_mode="cross", funding="history", leverage=100.0,
                initial_cash=165.0)  # fmt: skip
    assert said.order()[3:] == [
        ("AAA", "funding"),
        ("AAA", "Liquidation"),
        ("CCC", "Close entry(s) order L"),
        ("DDD", "L"),
    ]
    taken = said.rows[4]
    assert (taken.price, taken.qty) == (100.0, 90.0)
    assert taken.cash == pytest.approx(120.0)


def test_the_last_position_is_taken_over_where_the_account_is_empty(play: Play) -> None:
    # 10 long at 100 with 100 of cash: bankrupt at 90. Maintained down to 90 / 0.995.
    fall: Bar = (100.0, 100.0, 85.0, 85.0)
    aaa = leg_of("AAA", [FLAT, FLAT, fall], {0: [Entry("L", "long")]}, qty_value=10.0)
    said = play([aaa, buys("BBB", 1.0, bar=5)], margin_mode="cross", leverage=20.0,
                initial_cash=100.0)  # fmt: skip
    assert [(row.signal, row.price) for row in said.rows] == [("L", 100.0), ("Liquidation", 90.0)]
    assert said.equity[-1] == pytest.approx(0.0, abs=1e-9)


def test_isolated_positions_fall_alone(play: Play) -> None:
    # Margin 100 of 10 at 100 with ten times: taken over at 90, whatever the account has left.
    fall: Bar = (100.0, 100.0, 85.0, 85.0)
    aaa = leg_of("AAA", [FLAT, FLAT, fall], {0: [Entry("L", "long")]}, qty_value=10.0)
    said = play([aaa, buys("BBB", 10.0)], margin_mode="isolated", leverage=10.0)
    assert said.order() == [("AAA", "L"), ("BBB", "L"), ("AAA", "Liquidation")]
    assert said.equity[-1] == pytest.approx(900.0)


def test_a_loss_of_one_calls_margin_for_the_account(play: Play) -> None:
    # 500 + 500 carried by 1,000. AAA loses 250 and is worth 250: equity 750 carries 750. A tick
    # more is more than there is: AAA, which moved, sells four times the missing quantity.
    fall: Bar = (100.0, 100.0, 50.0, 50.0)
    said = play([leg_of("AAA", [FLAT, FLAT, fall], {0: [Entry("L", "long")]}, qty_value=5.0),
                 buys("BBB", 5.0)])  # fmt: skip
    assert said.order() == [("AAA", "L"), ("BBB", "L")]
    rises: Bar = (100.0, 110.0, 100.0, 110.0)
    short = leg_of("AAA", [FLAT, FLAT, rises], {0: [Entry("S", "short")]}, qty_value=5.0)
    said = play([short, buys("BBB", 5.0)])
    # Equity 950, carried 550 + 500: 100 are missing, 0.9 of AAA; 4 × 0.9 = 3.6 are bought.
    assert [(row.symbol, row.signal, row.qty) for row in said.rows[2:]] == [
        ("AAA", "Margin call", 3.6)
    ]


def test_legs_of_different_intervals_meet_in_one_order_of_time(play: Play) -> None:
    # The hour's stop at 95 was met at some unknown minute: until 01:00 nobody knows.
    hour: Bar = (100.0, 100.0, 90.0, 100.0)
    plan: Plan = {0: [Entry("L", "long"), Exit("X", "L", stop=95.0)]}
    slow = leg_of("SLOW", [FLAT, hour, FLAT], plan, interval="60", qty_value=9.0)
    fast = leg_of("FAST", [FLAT] * 9, {5: [Entry("L", "long")], 6: [Entry("M", "long")]},
                  interval="15", qty_value=9.0)  # fmt: skip
    said = play([slow, fast])
    assert said.order()[:2] == [("SLOW", "L"), ("SLOW", "X")]
    # FAST's order of 01:30 found no margin, that of 01:45 neither; both before 02:00.
    assert said.refused("FAST") == [(6, NO_MARGIN, "L"), (7, NO_MARGIN, "M")]
    assert said.close_ms == [60_000 * 15 * k for k in [*range(1, 10), 12]]


def test_a_leg_in_a_gap_keeps_its_last_price(play: Play) -> None:
    aaa = leg_of("AAA", [FLAT, FLAT, (120.0,) * 4], {0: [Entry("L", "long")]}, at=[0, 1, 5],
                 qty_value=5.0)  # fmt: skip
    said = play([aaa, buys("BBB", 1.0, bars=6)])
    assert said.close_ms == [60_000 * k for k in range(1, 7)]
    assert said.equity == [1_000.0] * 5 + [1_100.0]


def test_a_symbol_that_is_listed_late_joins_later(play: Play) -> None:
    late = leg_of("NEW", [FLAT] * 3, {0: [Entry("L", "long")]}, at=[3, 4, 5], qty_value=1.0)
    said = play([buys("OLD", 2.0, bars=4), late])
    assert [(row.symbol, row.bar, row.cash) for row in said.rows] == [
        ("OLD", 1, 1_000.0),
        ("NEW", 1, 1_000.0),
    ]
    assert said.close_ms == [60_000 * k for k in range(1, 7)]


def test_no_more_positions_than_the_limit(play: Play) -> None:
    legs = [buys(name, 1.0) for name in ("CCC", "BBB", "AAA")]
    said = play(legs, limits=Limits(max_open_positions=2))
    assert said.order() == [("AAA", "L"), ("BBB", "L")]
    assert said.refused("CCC") == [(1, OPEN, "L")]


WAVE = [100.0, 101.0, 99.0, 102.0, 98.0, 103.0, 103.0, 103.0]


def moving(symbol: str, factor: float, side: str) -> Leg:
    closes = [100.0 + factor * (one - 100.0) for one in WAVE]
    bars: list[Bar] = [(one, one, one, one) for one in closes]
    return leg_of(symbol, bars, {6: [Entry("E", side)]}, qty_value=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "side", "refused"),
    [(1.0, "long", True), (-1.0, "long", False), (-1.0, "short", True), (1.0, "short", False)],
    ids=["alike", "opposed", "opposed and against", "alike and against"],
)
def test_positions_that_move_together_count_as_one_risk(
    play: Play, other: float, side: str, refused: bool
) -> None:
    limits = Limits(max_correlated_positions=1, correlation=0.9, correlation_bars=5)
    said = play([moving("AAA", 1.0, "long"), moving("BBB", other, side)], limits=limits)
    assert said.refused("BBB") == ([(7, CORRELATED, "E")] if refused else [])


def test_heat_is_what_the_stops_leave_to_lose(play: Play) -> None:
    # AAA risks 5 × 10 = 50, BBB 5 × 5 = 25: 7.5 % of 1,000.
    def risks(symbol: str, stop: float) -> Leg:
        plan: Plan = {0: [Entry("L", "long"), Exit("X", "L", stop=stop)]}
        return leg_of(symbol, [FLAT] * 3, plan, qty_value=5.0)

    legs = [risks("AAA", 90.0), risks("BBB", 95.0)]
    assert play(legs, limits=Limits(portfolio_heat_limit=0.075)).refused("BBB") == []
    said = play(legs, limits=Limits(portfolio_heat_limit=0.074))
    assert said.refused("BBB") == [(1, HEAT, "L")]
    # Without a stop it is the margin: 5 × 100.
    naked = [buys("AAA", 5.0)]
    assert play(naked, limits=Limits(portfolio_heat_limit=0.5)).refused("AAA") == []
    assert play(naked, limits=Limits(portfolio_heat_limit=0.49)).refused("AAA") != []


def test_legs_that_cannot_share_an_account_are_named(play: Play) -> None:
    with pytest.raises(InvalidInput, match=r"AAA twice.*each symbol once"):
        play([buys("AAA", 1.0), buys("AAA", 1.0)])
    with pytest.raises(InvalidInput, match="legs was 'none'"):
        play([])
    euro = leg_of("EUR", [FLAT] * 2, instrument={"quote": "EUR"})
    dollar = leg_of("USD", [FLAT] * 2, instrument={"quote": "USDT"})
    with pytest.raises(InvalidInput, match=r"quote currency was 'EUR, USDT'"):
        play([euro, dollar])


def test_a_hole_in_one_symbols_funding_is_an_error() -> None:
    from engines.portfolio import simulate
    from tests.engines.portfolio.test_closed_forms import broker

    grid = {"funding_interval_minutes": 1}
    leg = leg_of("AAA", [FLAT] * 6, funding={0: 0.0, 4: 0.0}, instrument=grid)
    with pytest.raises(MissingData, match="funding of AAA is missing"):
        simulate([leg], broker(funding="history"))


@pytest.mark.parametrize(
    "said", [{"calc_on_order_fills": True}, {"risk": RiskRules(max_cons_loss_days=1)}]
)
def test_what_legs_do_not_do_is_refused_not_ignored(said: dict[str, Any]) -> None:
    from engines.portfolio import simulate
    from tests.engines.portfolio.test_closed_forms import broker

    with pytest.raises(InvalidInput, match="properties of AAA"):
        simulate([leg_of("AAA", [FLAT] * 2, {}, **said)], broker())


def test_one_bar_is_enough(play: Play) -> None:
    assert play([leg_of("AAA", [FLAT])]).equity == [1_000.0]
