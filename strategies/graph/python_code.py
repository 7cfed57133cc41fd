"""How is a strategy written in Python? Code that builds an equal graph."""

from __future__ import annotations

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Final, cast

from strategies import graph
from strategies.graph.expressions import Expression
from strategies.graph.node import Node, fields_of, is_default
from strategies.graph.nodes import Constant, Source
from strategies.graph.python_expressions import (
    Code,
    ExpressionWriter,
    bare,
    operands,
    quoted,
    shared_call,
)
from strategies.graph.scalars import Constraint, Param, Scalar
from strategies.graph.strategy import Strategy
from strategies.graph.types import MarketRef
from strategies.graph.writing import node_ids

# Longer expressions are taken apart: their longest parts become variables.
_LONGEST: Final = 80
_SHORT: Final = 20
_VOCABULARY: Final = frozenset((*graph.__all__, "open"))


def python_code(strategy: Strategy) -> str:
    """Python source that ends with `strategy = Strategy(...)`, equal to the one given.

    Parameters, other markets and shared or long expressions are variables. Node ids and the
    editor's data are not in it.
    """
    return _Writer(strategy).source()


class _Writer:
    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._taken = {*_VOCABULARY, "abs", "strategy", *keyword.kwlist}
        self._params = {one.name: self._variable(one.name) for one in strategy.params}
        refs = (one.market for one in strategy.nodes if isinstance(one, Source) and one.market)
        self._markets = {ref: self._variable(ref.symbol.lower()) for ref in dict.fromkeys(refs)}
        self._ids = node_ids(strategy)
        self._writer = ExpressionWriter(self._params, self._markets)

    def source(self) -> str:
        setting = [*self._param_lines(), *self._market_lines()]
        expressions = list(self._expression_lines())
        closing = list(self._strategy_lines())
        body = "\n\n".join("\n".join(part) for part in (setting, expressions, closing) if part)
        names = [one.id for one in ast.walk(ast.parse(body)) if isinstance(one, ast.Name)]
        used = sorted({*names} & _VOCABULARY, key=lambda name: (name[0].islower(), name))
        listed = "".join(f"    {name},\n" for name in used)
        return f"from strategies.graph import (\n{listed})\n\n{body}\n"

    def _variable(self, wanted: str) -> str:
        stem = re.sub(r"\W", "_", wanted)
        stem = f"_{stem}" if stem[:1].isdigit() else stem
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name

    def _param_lines(self) -> Iterator[str]:
        for param in self._strategy.params:
            parts = [quoted(param.name), repr(param.default), *_range(param)]
            yield f"{self._params[param.name]} = param({', '.join(parts)})"

    def _market_lines(self) -> Iterator[str]:
        for ref, variable in self._markets.items():
            yield f"{variable} = symbol({', '.join(_market(ref))})"

    def _expression_lines(self) -> Iterator[str]:
        standing = _standing(self._strategy)
        uses = Counter(one for node in standing for one in operands(node))
        uses.update(bare(root) for root in self._strategy.roots)
        calls = Counter(call for node in standing if (call := shared_call(node)) is not None)
        for node in standing:
            if not isinstance(node, Expression):
                continue
            call = shared_call(node)
            if call is not None and calls[call] > 1 and call not in self._writer.calls:
                variable = self._variable(f"{call.name}_1")
                yield f"{variable} = {self._writer.call(call)}"
                self._writer.calls[call] = variable
            yield from self._shortened(node)
            if uses[node] > 1:
                yield from self._named(node)

    def _shortened(self, node: Expression) -> Iterator[str]:
        code = self._writer.codes[node] = self._writer.write(node)
        while len(code.text) > _LONGEST:
            longest = max(operands(node), key=self._length, default=None)
            if longest is None or self._length(longest) <= _SHORT:
                break
            yield from self._named(longest)
            code = self._writer.codes[node] = self._writer.write(node)

    def _named(self, node: Node) -> Iterator[str]:
        code = self._writer.codes[node]
        # A name, an output of a variable or a value one bar ago reads as well as a variable.
        short = len(code.text) <= _SHORT and "(" not in code.text
        if not isinstance(node, Constant) and not short:
            variable = self._variable(self._ids[node])
            yield f"{variable} = {code.text}"
            self._writer.codes[node] = Code(variable)

    def _length(self, node: Node) -> int:
        """What naming `node` could save: nothing if it is a number or has a name already."""
        text = "" if isinstance(node, Constant) else self._writer.codes[node].text
        return 0 if text.isidentifier() else len(text)

    def _strategy_lines(self) -> Iterator[str]:
        strategy = self._strategy
        yield "strategy = Strategy("
        yield f"    {quoted(strategy.name)},"
        for field in fields(strategy):
            value = getattr(strategy, field.name)
            said = field.name not in ("name", "layout", "params", "lineage") and (
                field.name == "sizing" or value != field.default
            )
            if said:
                yield f"    {field.name}={self._argument(value)},"
        if strategy.lineage != strategy.shape_digest:
            yield f"    lineage={quoted(strategy.lineage)},"
        yield ")"

    def _argument(self, value: object) -> str:
        if isinstance(value, tuple):
            parts = [self._argument(one) for one in value]
            if sum(map(len, parts)) <= _LONGEST:
                return f"[{', '.join(parts)}]"
            return "[\n" + "".join(f"        {part},\n" for part in parts) + "    ]"
        if isinstance(value, Expression):
            return self._writer.codes[bare(value)].text
        if isinstance(value, Node):
            return self._called(value)
        if isinstance(value, Constraint):
            return self._constraint(value)
        if isinstance(value, str):
            return _wrapped(value)
        return repr(value) if isinstance(value, bool) else self._writer.number(cast(Scalar, value))

    def _called(self, node: Node) -> str:
        given = []
        for field in fields_of(node):
            value = getattr(node, field.name)
            if field.default is MISSING and not field.kw_only:
                given.append(self._argument(value))
            elif not is_default(field, value):
                given.append(f"{field.name}={self._argument(value)}")
        return f"{type(node).__name__}({', '.join(given)})"

    def _constraint(self, constraint: Constraint) -> str:
        left, right = (self._writer.number(one) for one in (constraint.left, constraint.right))
        # A number on the left would come back turned around.
        if isinstance(constraint.left, Param):
            return f"{left} {constraint.op} {right}"
        return f"Constraint({quoted(constraint.op)}, {left}, {right})"


def _wrapped(text: str) -> str:
    parts = re.findall(rf"(?s).{{1,{_LONGEST}}}(?:\s|$)|.{{1,{_LONGEST}}}", text)
    if len(parts) < 2:
        return quoted(text)
    return "(\n" + "".join(f"        {quoted(part)}\n" for part in parts) + "    )"


def _standing(strategy: Strategy) -> list[Node]:
    needed = {bare(root) for root in strategy.roots}
    for node in reversed(strategy.nodes):
        if node in needed:
            needed.update(operands(node))
    return [node for node in strategy.nodes if node in needed]


def _range(param: Param) -> Iterator[str]:
    if param.kind == "choice":
        yield f"choices={param.choices!r}"
        return
    yield f"low={param.low!r}"
    yield f"high={param.high!r}"
    if param.step is not None:
        yield f"step={param.step!r}"
    if param.log:
        yield "log=True"


def _market(ref: MarketRef) -> Iterator[str]:
    yield quoted(ref.symbol)
    if ref.category != "linear":
        yield quoted(ref.category)
    if ref.kind != "last":
        yield f"kind={quoted(ref.kind)}"
