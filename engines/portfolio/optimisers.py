"""Which weights does an optimiser find? skfolio's, long only and fully invested."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from engines.bars import Floats

# A solver's digits beyond these differ between machines, and smaller shares are nothing.
_DIGITS = 6


def solve(
    method: Callable[[Floats, float], Floats], table: Floats, most: float
) -> tuple[Floats | None, str]:
    """Weights (k,) from returns (n, k), and what was wrong: None with a reason if there are none.

    Warnings of the solver are told as a reason beside the weights.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = method(table, most)
        except _failures() as error:
            return None, _first_line(error)
    if not np.isfinite(found).all():
        return None, "they are not finite"
    clean = np.round(np.maximum(found, 0.0), _DIGITS)
    problems = [str(one.message) for one in told if issubclass(one.category, UserWarning)]
    return np.round(clean / clean.sum(), _DIGITS), _first_line(problems[0]) if problems else ""


def risk_parity(table: Floats, most: float) -> Floats:
    """Every symbol adds as much to the variance (Maillard, Roncalli, Teïletche 2010)."""
    from skfolio.optimization import RiskBudgeting

    return _fitted(RiskBudgeting(max_weights=most), table)


def hierarchical_risk_parity(table: Floats, most: float) -> Floats:
    """Splits along a tree of correlations, in inverse proportion to variance (López de Prado 2016).

    The tree is built by single linkage, as in the paper, with like symbols side by side.
    """
    from skfolio.cluster import HierarchicalClustering, LinkageMethod
    from skfolio.optimization import HierarchicalRiskParity
    from skfolio.seriation import HierarchicalSeriation

    tree = HierarchicalClustering(linkage_method=LinkageMethod.SINGLE)
    order = HierarchicalSeriation(hierarchical_clustering_estimator=tree)
    model = HierarchicalRiskParity(seriation_estimator=order, max_weights=most)
    return _fitted(model, table)


def minimum_variance(table: Floats, most: float) -> Floats:
    """The least variance (Markowitz 1952)."""
    from skfolio.optimization import MeanRisk

    return _fitted(MeanRisk(max_weights=most), table)


def maximum_sharpe(table: Floats, most: float) -> Floats:
    """The highest mean return over deviation, no interest on cash (Sharpe 1966)."""
    from skfolio.measures import RiskMeasure
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    if not (table.mean(axis=0) > 0.0).any():
        raise ValueError("no symbol rose")
    model = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RATIO,
        risk_measure=RiskMeasure.STANDARD_DEVIATION,
        max_weights=most,
    )
    return _fitted(model, table)


def _fitted(model: Any, table: Floats) -> Floats:
    return np.asarray(model.fit(table).weights_, dtype=np.float64)


def _failures() -> tuple[type[Exception], ...]:
    from cvxpy.error import SolverError
    from skfolio.exceptions import SkfolioError

    return SolverError, SkfolioError, ValueError


def _first_line(said: object) -> str:
    lines = str(said).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(said).__name__
