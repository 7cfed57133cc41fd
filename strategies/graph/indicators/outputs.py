"""What does an indicator with several outputs give? One series for each, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeVar

from strategies.graph.expressions import Condition, Series
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar

O = TypeVar("O", bound="Outputs")  # noqa: E741 (the letter every reader expects)


class Outputs:
    """The series of one indicator; they can also be unpacked in order, as in Pine."""

    outputs: ClassVar[tuple[str, ...]]

    def __iter__(self) -> Iterator[Series]:
        return iter([getattr(self, name) for name in self.outputs])


def all_outputs(
    kind: type[O], name: str, inputs: Mapping[str, Series], params: Mapping[str, Scalar]
) -> O:
    """Every output of the registry's `name`, as the fields of `kind`."""
    return kind(*(indicator(name, inputs, params, output) for output in kind.outputs))


def flag(value: Series | Condition) -> Series:
    """A condition as the series of 0 and 1 that an indicator takes."""
    return value.as_series() if isinstance(value, Condition) else value
