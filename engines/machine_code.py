"""How is a compiled kernel kept, loaded and called? As an object file, without numba.

numba is needed to make the code and takes most of a second to import; a process that finds its
kernels in the cache links them with LLVM alone. The calling convention is numba's own: a place for
the result, one for an exception, then every argument taken apart into numbers and pointers.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, get_type_hints

import numpy as np

from engines.errors import TesterError

_POINTER, _INTEGER = ctypes.c_void_p, ctypes.c_int64
_NUMBERS: Final[Mapping[Any, Any]] = {
    float: ctypes.c_double,
    int: _INTEGER,
    bool: ctypes.c_bool,
    np.uint64: ctypes.c_uint64,
}
# numba.core.callconv: 0 is success, -2 is success without a value.
_RETURNED: Final = (0, -2)


class Array(NamedTuple):
    """Marks an annotation as a C-contiguous array of `ndim` dimensions for a kernel."""

    dtype: str
    ndim: int
    writable: bool


class MachineCode(NamedTuple):
    """An object file, and the name of its function."""

    symbol: str
    content: bytes


class KernelFailed(TesterError):
    """A compiled kernel ended with an error of its own: a fault of the program."""


def read_code(path: Path) -> MachineCode | None:
    """Code that was kept at `path`; None if there is none, or not what was written."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    digest, _, symbol = head.decode(errors="replace").partition(" ")
    return MachineCode(symbol, content) if digest == _digest(content) else None


def keep_code(path: Path, code: MachineCode) -> None:
    """Write code to `path`, whole or not at all: other processes may look for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    head = f"{_digest(code.content)} {code.symbol}\n"
    partial.write_bytes(head.encode() + code.content)
    partial.replace(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def loaded(code: MachineCode, function: Callable[..., object]) -> Callable[..., None]:
    """The machine code of `function` as a Python function; a call releases the interpreter lock.

    Its arguments are those of the annotations: floats, integers, booleans, arrays of the marked
    type, and named tuples of these. Raises TypeError for others, before anything runs.
    """
    hints = get_type_hints(function, include_extras=True)
    if hints.pop("return") is not type(None):
        raise TypeError(f"{function.__qualname__} returns a value: a kernel writes into an array")
    takers = [_taker(hint, name) for name, hint in hints.items()]
    types = [kind for hint in hints.values() for kind in _types(hint)]
    entry = ctypes.CFUNCTYPE(ctypes.c_int32, _POINTER, _POINTER, *types)(_address(code))
    places = (ctypes.byref(ctypes.c_int64()), ctypes.byref(ctypes.c_void_p()))
    name = function.__qualname__

    def call(*given: Any) -> None:
        # What is given by value must live until the call is over: `given` holds it.
        flat: list[Any] = list(places)
        for take, value in zip(takers, given, strict=True):
            take(value, flat)
        status = entry(*flat)
        if status not in _RETURNED:
            raise KernelFailed(f"{name} ended with status {status}")

    return call


def _types(hint: Any) -> list[Any]:
    """The C types of one argument, taken apart."""
    if hint in _NUMBERS:
        return [_NUMBERS[hint]]
    mark = _mark(hint)
    if mark is not None:
        sizes = [_INTEGER] * 2 * mark.ndim
        return [_POINTER, _POINTER, _INTEGER, _INTEGER, _POINTER, *sizes]
    return [kind for member in _members(hint).values() for kind in _types(member)]


def _taker(hint: Any, name: str) -> Callable[[Any, list[Any]], None]:
    """What appends an argument's parts to a list."""
    if hint in _NUMBERS:
        return lambda value, flat: flat.append(value)
    mark = _mark(hint)
    if mark is not None:
        return _array_taker(mark, name)
    takers = [_taker(member, f"{name}.{field}") for field, member in _members(hint).items()]

    def take(value: Any, flat: list[Any]) -> None:
        for one, member in zip(takers, value, strict=True):
            one(member, flat)

    return take


def _array_taker(mark: Array, name: str) -> Callable[[Any, list[Any]], None]:
    dtype, ndim, writable = np.dtype(mark.dtype), mark.ndim, mark.writable
    size = dtype.itemsize

    def take(value: Any, flat: list[Any]) -> None:
        flags = value.flags
        if (
            value.dtype != dtype
            or value.ndim != ndim
            or not flags.c_contiguous
            or (writable and not flags.writeable)
        ):
            raise TypeError(f"{name} is no {mark}: {value.dtype}, {value.ndim}, {flags}")
        data = value.__array_interface__["data"][0]
        flat += (None, None, value.size, size, data, *value.shape, *value.strides)

    return take


def _mark(hint: Any) -> Array | None:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Array)), None)


def _members(hint: Any) -> dict[str, Any]:
    if not (isinstance(hint, type) and issubclass(hint, tuple)):
        raise TypeError(f"No kernel argument can be annotated with {hint}")
    return get_type_hints(hint, include_extras=True)


@cache
def _linker() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def _address(code: MachineCode) -> int:
    """Where the function lies once it is linked into this process."""
    import llvmlite.binding as llvm

    linker = _linker()
    linker.add_object_file(llvm.ObjectFileRef.from_data(code.content))
    linker.finalize_object()
    found: int = linker.get_function_address(code.symbol)
    return found
