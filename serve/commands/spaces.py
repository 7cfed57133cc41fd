"""Which rows does a sweep request mean? Its axes, the strategy's own ranges, and what is fixed."""

from __future__ import annotations

from engines.errors import InvalidInput
from serve.commands.requests import AxisRequest, Number, SweepRequest
from strategies.graph.scalars import Param
from strategies.variation.family import Family
from tune.space import Axis, Space


def space_from(request: SweepRequest, family: Family) -> tuple[Space, dict[str, Number]]:
    """The space that is searched, and the parameters that are fixed.

    Parameters that the request does not mention are searched over their own ranges; the changes
    that make a family of the strategy are axes beside them. Raises
    InvalidInput for names that do not exist and values out of range.
    """
    known = {one.name: one for one in family.strategy.params}
    for place, names in (("space", request.space), ("parameters", request.parameters)):
        for name in names:
            if name not in known:
                expected = f"one of {', '.join(known)}" if known else "left out: it has none"
                raise InvalidInput(place, name, expected)
    fixed: dict[str, Number] = {}
    axes = []
    for name, param in known.items():
        said = request.space.get(name, request.parameters.get(name))
        if isinstance(said, (int, float)):
            fixed[name] = param.checked(said)
        else:
            axes.append(_own_axis(param) if said is None else _axis(param, said))
    axes += [
        Axis(name, "choice", values=tuple(map(float, range(count + 1))))
        for name, count in family.genes.items()
    ]
    rows = request.rows or 0
    return Space(tuple(axes), request.search, rows, request.seed), fixed


def _own_axis(param: Param) -> Axis:
    if param.kind == "choice":
        return Axis(param.name, "choice", values=tuple(map(float, param.choices)))
    return Axis(
        param.name,
        param.kind,
        low=float(param.low),
        high=float(param.high),
        step=None if param.step is None else float(param.step),
        log=param.log,
    )


def _axis(param: Param, said: AxisRequest | list[Number]) -> Axis:
    if isinstance(said, list):
        if not said:
            raise InvalidInput(f"space.{param.name}", said, "at least one value")
        return Axis(param.name, "choice", values=tuple(float(param.checked(one)) for one in said))
    if param.kind == "choice":
        raise InvalidInput(f"space.{param.name}", "a range", f"values among {param.choices}")
    low, high = (float(param.checked(one)) for one in (said.low, said.high))
    step = said.step
    if param.kind == "int" and step is not None and step != round(step):
        raise InvalidInput(f"step of {param.name}", step, "a whole number")
    return Axis(param.name, param.kind, low=low, high=high, step=step, log=said.log)
