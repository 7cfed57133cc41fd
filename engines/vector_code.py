"""How are vectors of eight doubles written in LLVM's language? Pieces of the vector primitives.

A processor executes them with whatever width it has. `engines.vectors`, `engines.spans` and
`engines.words` put them together.
"""

from __future__ import annotations

from typing import Any, Final

LANES: Final = 8


def vector(width: int = LANES) -> Any:
    """The type of so many doubles."""
    from llvmlite import ir

    return ir.VectorType(ir.DoubleType(), width)


def eight(value: float) -> Any:
    """The same number in eight lanes."""
    from llvmlite import ir

    return ir.Constant(vector(), [value] * LANES)


def lanes(*numbers: int) -> Any:
    """Lane numbers of a shuffle."""
    from llvmlite import ir

    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), list(numbers))


def int32(value: int) -> Any:
    """A constant of 32 bits."""
    from llvmlite import ir

    return ir.Constant(ir.IntType(32), value)


def int64(value: int) -> Any:
    """A constant of 64 bits."""
    from llvmlite import ir

    return ir.Constant(ir.IntType(64), value)


def address(builder: Any, pointer: Any, index: Any, width: int = LANES) -> Any:
    """The address of so many doubles from `index` on."""
    return builder.bitcast(builder.gep(pointer, [index]), vector(width).as_pointer())


def spread(builder: Any, value: Any, width: int = LANES) -> Any:
    """A value in every lane."""
    from llvmlite import ir

    nothing = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    first = builder.insert_element(nothing, value, int32(0))
    return builder.shuffle_vector(first, nothing, lanes(*[0] * width))


def inside(builder: Any, count: Any) -> Any:
    """Which of eight lanes are among the first `count`."""
    from llvmlite import ir

    numbers = ir.Constant(ir.VectorType(ir.IntType(64), LANES), list(range(LANES)))
    return builder.icmp_signed("<", numbers, spread(builder, count))


def masked_load(builder: Any, pointer: Any, wanted: Any, other: float = 1.0) -> Any:
    """The lanes that are wanted, `other` elsewhere; memory outside is not touched."""
    from llvmlite import ir

    kind = vector()
    types = [pointer.type, ir.IntType(32), wanted.type, kind]
    name = f"llvm.masked.load.v{LANES}f64.p0"
    known = builder.module.globals.get(name)
    load = known or ir.Function(builder.module, ir.FunctionType(kind, types), name)
    return builder.call(load, [pointer, int32(8), wanted, eight(other)])


def eight_from(builder: Any, column: Any, bar: Any, wanted: Any = None) -> Any:
    """The values of eight bars from `bar` on, or of those that are wanted."""
    pointer = address(builder, column, bar)
    if wanted is None:
        return builder.load(pointer, align=8)
    return masked_load(builder, pointer, wanted)


def extreme(builder: Any, values: Any, order: str) -> Any:
    """The one of eight lanes that is before all others in an order, "<" or ">"."""
    for distance in (4, 2, 1):
        moved = lanes(*(lane ^ distance for lane in range(LANES)))
        other = builder.shuffle_vector(values, values, moved)
        values = nearer(builder, values, other, order)
    return builder.extract_element(values, int32(0))


def nearer(builder: Any, one: Any, other: Any, order: str) -> Any:
    """Of two values, lane by lane, the one that comes before in an order."""
    return builder.select(builder.fcmp_ordered(order, one, other), one, other)


def together(builder: Any, *values: Any) -> Any:
    """Values of one type as the tuple that numba takes them for."""
    from llvmlite import ir

    found = ir.Constant(ir.ArrayType(values[0].type, len(values)), ir.Undefined)
    for place, value in enumerate(values):
        found = builder.insert_value(found, value, place)
    return found


def bits_of(builder: Any, flags: Any, width: int) -> Any:
    """Flags of so many lanes as an integer, lane 0 the lowest bit."""
    from llvmlite import ir

    return builder.bitcast(flags, ir.IntType(width))


def lowest_bit(builder: Any, bits: Any) -> Any:
    """Number of the lowest set bit of an integer that is not zero, 64 bits."""
    from llvmlite import ir

    word = builder.zext(bits, ir.IntType(64)) if bits.type.width < 64 else bits
    return builder.cttz(word, ir.Constant(ir.IntType(1), 1))
