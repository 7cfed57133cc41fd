"""Which numbers may a sweep change? Named parameters, and relations between them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, Final, Literal, NoReturn, cast, get_args

from engines.errors import InvalidInput
from strategies.graph.numbers import Number, finite_number, is_number, plain, whole_number

ParamKind = Literal["int", "float", "choice"]
Relation = Literal["<", "<=", ">", ">="]
Values = Mapping[str, Any]

PARAM_KINDS: Final[tuple[ParamKind, ...]] = get_args(ParamKind)
RELATIONS: Final[Mapping[Relation, Callable[[Any, Any], Any]]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Param:
    """A number with a name: a default, and the range that is worth trying.

    A `choice` takes one of `choices`, the others any value from `low` to `high`; `step` and `log`
    tell a search how to walk through the range. `param` makes one from its default.
    """

    name: str
    default: Number
    low: Number
    high: Number
    step: Number | None = None
    kind: ParamKind = "float"
    choices: tuple[Number, ...] = ()
    log: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            expected = "a name of letters, digits and _, such as fast_length"
            raise InvalidInput("param name", self.name, expected)
        if self.kind not in PARAM_KINDS:
            raise InvalidInput(f"param {self.name}.kind", self.kind, _one_of(PARAM_KINDS))
        if not isinstance(self.log, bool):
            raise InvalidInput(f"param {self.name}.log", self.log, "true or false")
        if self.kind == "choice":
            self._check_choices()
        else:
            self._check_range()
        object.__setattr__(self, "default", self.checked(self.default))

    def _check_choices(self) -> None:
        field = f"param {self.name}.choices"
        listed = tuple(plain(finite_number(field, value)) for value in self.choices)
        if len(set(listed)) < max(len(listed), 1):
            raise InvalidInput(field, listed, "different numbers, at least one")
        if self.step is not None or self.log:
            expected = "without step and log: its values are listed"
            raise InvalidInput(f"param {self.name}", "a choice", expected)
        self._set(choices=listed, low=min(listed), high=max(listed))

    def _check_range(self) -> None:
        if self.choices:
            raise InvalidInput(f"param {self.name}.choices", self.choices, "given to a choice only")
        low, high = self._number("low", self.low), self._number("high", self.high)
        if low > high:
            raise InvalidInput(f"param {self.name}.low", low, f"at most high, which is {high:g}")
        if self.log and low <= 0:
            raise InvalidInput(f"param {self.name}.low", low, "above 0 on a log scale")
        step = None if self.step is None else self._number("step", self.step)
        if step is not None and step <= 0:
            raise InvalidInput(f"param {self.name}.step", step, "above 0")
        self._set(low=low, high=high, step=step)

    def _number(self, part: str, value: object) -> Number:
        check = whole_number if self.kind == "int" else finite_number
        return check(f"param {self.name}.{part}", value)

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def allowed(self) -> str:
        """The values that may be taken, in words."""
        if self.kind == "choice":
            return _one_of(self.choices)
        noun = "a whole number" if self.kind == "int" else "a number"
        return f"{noun} from {self.low:g} to {self.high:g}"

    @property
    def always_whole(self) -> bool:
        """Whether every value of the parameter is a whole number."""
        listed = self.kind == "choice" and all(isinstance(value, int) for value in self.choices)
        return self.kind == "int" or listed

    def checked(self, value: object) -> Number:
        """Return `value` as this parameter's type. Raises InvalidInput if it is not allowed."""
        number = self._number("value", value) if is_number(value) else None
        if self.kind == "choice" and number in self.choices:
            return plain(float(number or 0))
        if self.kind != "choice" and number is not None and self.low <= number <= self.high:
            return number
        raise InvalidInput(f"param {self.name}", value, self.allowed)

    def __str__(self) -> str:
        return f"{self.default:g}, {self.allowed}"

    def __lt__(self, other: Param | Number) -> Constraint:
        return _related("<", self, other)

    def __le__(self, other: Param | Number) -> Constraint:
        return _related("<=", self, other)

    def __gt__(self, other: Param | Number) -> Constraint:
        return _related(">", self, other)

    def __ge__(self, other: Param | Number) -> Constraint:
        return _related(">=", self, other)


Scalar = Param | int | float


@dataclass(frozen=True)
class Constraint:
    """A relation that a row of parameters must keep, such as `fast < slow`."""

    op: Relation
    left: Scalar
    right: Scalar

    def __post_init__(self) -> None:
        if self.op not in RELATIONS:
            raise InvalidInput("where.op", self.op, _one_of(tuple(RELATIONS)))
        for side in ("left", "right"):
            value = getattr(self, side)
            if not isinstance(value, Param):
                object.__setattr__(self, side, plain(finite_number(f"where.{side}", value)))

    def __str__(self) -> str:
        return f"{_text(self.left)} {self.op} {_text(self.right)}"

    def __bool__(self) -> NoReturn:
        text = f"{self} has no truth value before its parameters have: put it into where=[...]"
        raise TypeError(text)

    def holds(self, values: Values) -> Any:
        """Whether the relation holds: a bool for numbers, an array of bools for arrays."""
        left, right = value_of(self.left, values), value_of(self.right, values)
        return RELATIONS[self.op](left, right)


def param(
    name: str,
    default: Number,
    *,
    low: Number | None = None,
    high: Number | None = None,
    step: Number | None = None,
    choices: Sequence[Number] = (),
    log: bool = False,
) -> Param:
    """A parameter: whole numbers if `default` is an int, one of `choices` if there are any.

    Raises InvalidInput naming the part that is wrong.
    """
    if choices and low is None and high is None:
        return Param(name, default, 0, 0, step, "choice", tuple(choices), log)
    if choices or low is None or high is None:
        raise InvalidInput(f"param {name}", "no clear range", "given low and high, or choices")
    if not isinstance(default, int):
        return Param(name, default, low, high, step, "float", (), log)
    for part, value in (("low", low), ("high", high), ("step", step)):
        if value is not None and finite_number(f"param {name}.{part}", value) % 1.0 != 0.0:
            expected = f"whole like the default (write {default}.0 if fractions are meant)"
            raise InvalidInput(f"param {name}.{part}", value, expected)
    return Param(name, default, low, high, step, "int", (), log)


def value_of(number: Scalar, values: Values) -> Any:
    """The parameter's value in `values`, its default if it is not there, or the number itself."""
    return values.get(number.name, number.default) if isinstance(number, Param) else number


def _related(op: Relation, left: Param, right: Param | Number) -> Constraint:
    if isinstance(right, Param) or is_number(right):
        return Constraint(op, left, right)
    # The other side may be a series, which knows how to compare itself with a parameter.
    return cast(Constraint, NotImplemented)


def _text(number: Scalar) -> str:
    return number.name if isinstance(number, Param) else f"{number:g}"


def _one_of(values: Sequence[object]) -> str:
    return "one of " + ", ".join(str(value) for value in values)


@dataclass(frozen=True)
class Range:
    """Numbers that a field accepts: from `low` (or above it, if `open_low`) to `high`."""

    low: float
    high: float = math.inf
    whole: bool = False
    open_low: bool = False

    @property
    def expected(self) -> str:
        """The range in words."""
        noun = "a whole number" if self.whole else "a number"
        if self.open_low:
            upper = f" and at most {self.high:g}" if self.high < math.inf else ""
            return f"{noun} above {self.low:g}{upper}"
        if self.high < math.inf:
            return f"{noun} from {self.low:g} to {self.high:g}"
        return f"{noun} of {self.low:g} or more"

    def checked(self, field: str, value: object) -> Scalar:
        """Return a number, or a parameter all of whose values fit. Raises InvalidInput."""
        if isinstance(value, Param):
            fits = self._holds(value.low) and self._holds(value.high)
            if not fits or (self.whole and not value.always_whole):
                text = f"param {value.name} ({value.allowed})"
                raise InvalidInput(field, text, self.expected)
            return value
        if not is_number(value):
            raise InvalidInput(field, value, f"{self.expected}, or a param")
        number = finite_number(field, value)
        if not self._holds(number) or (self.whole and number % 1.0 != 0.0):
            raise InvalidInput(field, value, self.expected)
        return int(number) if self.whole else number

    def _holds(self, number: float) -> bool:
        return self.low <= number <= self.high and not (self.open_low and number == self.low)


POSITIVE: Final = Range(0, open_low=True)
