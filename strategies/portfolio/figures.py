"""Which figures does an account of several symbols have? All but those of a single market."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engines.bars import Bars, Floats
from engines.metrics.material import Material, Trades
from engines.metrics.of_result import material_of
from engines.metrics.registry import figures
from engines.orders import Reason
from strategies.portfolio.results import PortfolioResult

# Any will do that are far from 1.
_OTHER_LEVELS = (0.01, 100.0)


def material_of_portfolio(result: PortfolioResult, bars: dict[str, Bars]) -> Material:
    """The material of the account; `bars` are the legs' own, by symbol."""
    whole = result.whole
    material = material_of(whole, result.bars)
    parts = [material_of(one, bars[name]) for name, one in result.legs.items()]
    still = whole.trades["reason"] == Reason.OPEN
    leg = whole.trades["leg"]
    return replace(
        material,
        closed=_slipped(material.closed, leg[~still], [one.closed for one in parts]),
        open=_slipped(material.open, leg[still], [one.open for one in parts]),
    )


def _slipped(rows: Trades, leg: np.typing.NDArray[np.int64], parts: list[Trades]) -> Trades:
    """The rows with what each leg's own tick says that slippage cost them."""
    slippage = np.zeros(len(rows))
    for number, part in enumerate(parts):
        # Rows of one leg keep their order among those of all.
        slippage[leg == number] = part.slippage
    return replace(rows, slippage=slippage)


def figures_of_portfolio(material: Material) -> dict[str, float]:
    """Every figure by name, NaN where undefined.

    Undefined are also those of prices inside bars, and those that take a quantity times the price
    of the bars: the account's bars are an index of all symbols, whose level is arbitrary. They are
    the figures that another level would change.
    """
    found = figures(material)
    others = [
        figures(replace(material, bars=_scaled(material.bars, level))) for level in _OTHER_LEVELS
    ]
    return {
        name: value
        if "intrabar" not in name and all(_same(value, other[name]) for other in others)
        else math.nan
        for name, value in found.items()
    }


def _scaled(bars: Bars, level: float) -> Bars:
    columns: dict[str, Floats] = {
        name: level * getattr(bars, name) for name in ("open", "high", "low", "close")
    }
    return Bars.from_columns(bars.series, {**bars.columns(), **columns})


def _same(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)
