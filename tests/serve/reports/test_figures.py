"""Figures are written by their unit, and what has no value says why."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.batch.summary import STATISTICS
from serve.reports.content import Currency
from serve.reports.figures import Shown, Tone, money, number, percent, setting, shown

USDT = Currency()


@pytest.mark.parametrize(
    ("name", "value", "text", "tone"),
    [
        ("total_return", 0.1234, "+12.34%", "gain"),
        ("total_return", -0.5, "−50.00%", "loss"),
        ("max_drawdown", 0.25, "25.00%", ""),
        ("net_profit", 1234567.891, "+1,234,567.89", "gain"),
        ("fees", 1234.5, "1,234.50", ""),
        ("sharpe", -1.5, "−1.50", "loss"),
        ("profit_factor", 1.239, "1.24", ""),
        ("trades", 1500.0, "1,500", ""),
        ("average_bars", 12.34, "12.3", ""),
        ("net_profit", 0.0, "0.00", ""),
    ],
)
def test_a_statistic_is_written_by_its_unit(name: str, value: float, text: str, tone: Tone) -> None:
    assert shown(name, value, USDT) == Shown(text, "", tone)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("name", STATISTICS)
def test_what_has_no_value_is_a_dash_that_tells_why(name: str, value: float | None) -> None:
    text, why, tone = shown(name, value, USDT)
    assert (text, tone) == ("–", "")
    assert why.startswith("No value: ")


@given(st.floats(-1e300, 1e300), st.integers(0, 8))
def test_a_number_reads_back_as_itself(value: float, digits: int) -> None:
    read = float(number(value, digits).replace(",", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=1e-2, abs=0.6 * 10**-digits)


@pytest.mark.parametrize("value", [-0.0, -1e-9, 1e-9])
def test_a_zero_has_no_sign(value: float) -> None:
    assert number(value, 2, signed=True) == "0.00"


def test_money_names_its_currency() -> None:
    assert money(-0.5, Currency("BTC", 4)) == "−0.5000 BTC"
    assert money(math.nan, USDT) == "–"


def test_percent_takes_a_fraction() -> None:
    assert percent(0.00055, 3) == "0.055%"


@pytest.mark.parametrize(
    ("value", "text"), [(20, "20"), (2.50, "2.5"), (0.1 + 0.2, "0.3"), ("ema", "ema")]
)
def test_a_setting_is_written_as_it_was_typed(value: float | str, text: str) -> None:
    assert setting(value) == text
