"""What must a row keep? Relations in words: `fast * 2 < slow`, `max_drawdown < 20%`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import add, ge, gt, le, lt, mul, sub, truediv
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput

_RELATIONS: Final[Mapping[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]]] = {
    ast.Lt: ("<", lt),
    ast.LtE: ("<=", le),
    ast.Gt: (">", gt),
    ast.GtE: (">=", ge),
}
_SUMS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
}
_PERCENT: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*%(?!\s*[\w(.])")
_EXAMPLE: Final = "a relation such as fast * 2 < slow"


@dataclass(frozen=True)
class Condition:
    """A relation between sums of named columns and numbers, `text` as it was understood."""

    text: str

    def holds(self, columns: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which rows keep it, (n_rows,); a row with NaN does not."""
        relation, left, right = self._sides(columns)
        return np.asarray(relation(left, right))

    def broken_by(self, columns: Mapping[str, Floats]) -> Floats:
        """How far rows are from keeping it, (n_rows,): 0 where they do, else above 0, at most 3."""
        keeps = self.holds(columns)
        _, left, right = self._sides(columns)
        with np.errstate(all="ignore"):
            apart = np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))
        # A tie that is not allowed is a small breach, a value that is not there a large one.
        breach = np.where(np.isfinite(apart), np.maximum(apart, 1e-9), 3.0)
        return np.where(keeps, 0.0, breach)

    def _sides(self, columns: Mapping[str, Floats]) -> tuple[Callable[[Any, Any], Any], Any, Any]:
        tree = ast.parse(self.text, mode="eval").body
        assert isinstance(tree, ast.Compare)  # noqa: S101 (`condition_of` made it)
        with np.errstate(all="ignore"):
            sides = (_value(tree.left, columns), _value(tree.comparators[0], columns))
        return _RELATIONS[type(tree.ops[0])][1], *sides


def condition_of(field: str, text: str, names: Iterable[str]) -> Condition:
    """A condition on columns of these names. Raises InvalidInput, saying what it does not know."""
    known = tuple(names)
    plain = _PERCENT.sub(lambda found: f"({found[1]} / 100)", text)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise InvalidInput(field, text, _EXAMPLE) from None
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
        raise InvalidInput(field, text, f"{_EXAMPLE}: one comparison")
    if type(tree.ops[0]) not in _RELATIONS:
        raise InvalidInput(field, text, "a relation by <, <=, > or >=")
    for side in (tree.left, tree.comparators[0]):
        _check(side, field, text, known)
    return Condition(ast.unparse(tree))


def broken_by(
    conditions: Iterable[Condition], columns: Mapping[str, Floats], n_rows: int
) -> Floats:
    """How far rows are from keeping all conditions, (n_rows,): 0 where they do."""
    return sum((one.broken_by(columns) for one in conditions), start=np.zeros(n_rows))


def _check(node: ast.expr, field: str, text: str, known: tuple[str, ...]) -> None:
    if isinstance(node, ast.Name):
        if node.id not in known:
            raise InvalidInput(field, node.id, f"one of {', '.join(known)}")
    elif isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
        _check(node.left, field, text, known)
        _check(node.right, field, text, known)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, field, text, known)
    elif not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        raise InvalidInput(field, text, "names, numbers and + - * / on both sides")


def _value(node: ast.expr, columns: Mapping[str, Floats]) -> Any:
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.BinOp):
        return _SUMS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, columns)
    assert isinstance(node, ast.Constant)  # noqa: S101 (`_check` let nothing else pass)
    return np.float64(float(node.value))  # type: ignore[arg-type]
