"""How much of a result hangs on the unknown order inside bars?"""

from __future__ import annotations

from typing import Final

from engines.metrics.definition import NAN, Metric
from engines.metrics.material import Material
from engines.metrics.trade_figures import over

_SOURCE: Final = "docs/design/fills.md"


def ambiguous_exits(material: Material) -> float:
    """How many exits the other order inside their bar would have changed."""
    return NAN if material.doubt is None else material.doubt.exits


def ambiguous_share(material: Material) -> float:
    """Their share of the closed trades."""
    return over(ambiguous_exits(material), float(len(material.closed)))


def pessimistic_profit(material: Material) -> float:
    """Net profit with the worse order in each of them."""
    return NAN if material.doubt is None else material.doubt.pessimistic


def optimistic_profit(material: Material) -> float:
    """Net profit with the better order in each of them."""
    return NAN if material.doubt is None else material.doubt.optimistic


DOUBT_METRICS: Final = (
    Metric(
        "ambiguous_exits",
        "count",
        -1,
        "exits whose lot would have left the bar with another worth in the other order",
        _SOURCE,
        ("trades", "bars"),
        ambiguous_exits,
    ),
    Metric(
        "ambiguous_share",
        "fraction",
        -1,
        "ambiguous_exits / closed trades",
        _SOURCE,
        ("trades", "bars"),
        ambiguous_share,
    ),
    Metric(
        "pessimistic_profit",
        "quote",
        1,
        "net profit + what the worse order would have added in each ambiguous exit",
        _SOURCE,
        ("trades", "bars"),
        pessimistic_profit,
    ),
    Metric(
        "optimistic_profit",
        "quote",
        1,
        "net profit + what the better order would have added in each ambiguous exit",
        _SOURCE,
        ("trades", "bars"),
        optimistic_profit,
    ),
)
