"""How does Python text become machine code? Here numba is named, for GPUs in `compile_cuda`.

`scalar` records a small function that runs as plain Python and inlines into kernels; `seldom` one
that is called instead, because it is long and rarely needed. `primitive` gives a function its own
instructions where the compiler finds worse ones. `kernel` turns a loop over arrays into machine
code with one signature, read from its annotations, built or loaded from the shared cache at the
first call. numba is imported when something must be built, not before (`engines.machine_code`).

No fastmath and no contraction: the order of operations is part of the contract.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Generic, ParamSpec, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from engines.machine_code import Array, MachineCode, keep_code, loaded, read_code

P = ParamSpec("P")
R = TypeVar("R")
Function = TypeVar("Function", bound=Callable[..., object])


F1 = Annotated[NDArray[np.float64], Array("float64", 1, writable=False)]
F2 = Annotated[NDArray[np.float64], Array("float64", 2, writable=False)]
I1 = Annotated[NDArray[np.int64], Array("int64", 1, writable=False)]
I2 = Annotated[NDArray[np.int64], Array("int64", 2, writable=False)]
J1 = Annotated[NDArray[np.int32], Array("int32", 1, writable=False)]
J2 = Annotated[NDArray[np.int32], Array("int32", 2, writable=False)]
U1 = Annotated[NDArray[np.uint64], Array("uint64", 1, writable=False)]
U2 = Annotated[NDArray[np.uint64], Array("uint64", 2, writable=False)]
OutF1 = Annotated[NDArray[np.float64], Array("float64", 1, writable=True)]
OutF2 = Annotated[NDArray[np.float64], Array("float64", 2, writable=True)]
OutI1 = Annotated[NDArray[np.int64], Array("int64", 1, writable=True)]
OutI2 = Annotated[NDArray[np.int64], Array("int64", 2, writable=True)]
OutF3 = Annotated[NDArray[np.float64], Array("float64", 3, writable=True)]
OutI3 = Annotated[NDArray[np.int64], Array("int64", 3, writable=True)]
OutU2 = Annotated[NDArray[np.uint64], Array("uint64", 2, writable=True)]

ENGINES: Final = Path(__file__).parent
_IMPORT: Final = re.compile(r"^\s*from (engines[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_NAME: Final = re.compile(r"\w+")
_lock = threading.RLock()
_scalars: list[Callable[..., object]] = []
_seldom: list[Callable[..., object]] = []
_primitives: list[tuple[Callable[..., object], Callable[..., Any]]] = []
_kernels: list[Kernel[..., Any]] = []
_registered: set[Callable[..., object]] = set()


def scalar(function: Function) -> Function:
    """Record `function` for inlining into kernels; it stays an ordinary Python function."""
    _scalars.append(function)
    return function


def seldom(function: Function) -> Function:
    """Record a function that kernels call now and then: one copy of it, not one a caller."""
    _seldom.append(function)
    return function


def primitive(generate: Callable[..., Any]) -> Callable[[Function], Function]:
    """Let `generate(builder, *args)` write the LLVM code of a function, arrays as data pointers.

    The decorated function says in Python what the code does, to the bit; its types are those of
    its annotations.
    """

    def record(function: Function) -> Function:
        _primitives.append((function, generate))
        return function

    return record


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Make `function`, a loop over annotated arrays and numbers, a compiled one."""
    return Kernel(function)


class Kernel(Generic[P, R]):
    """A function over arrays that compiles, or loads from the cache, at its first call.

    `python` is the same function uncompiled. A call releases the interpreter lock.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.python = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.__doc__ = function.__doc__
        # How often this process compiled it: 0 until it is built, and if the cache had it.
        self.compilations = 0
        self._compiled: Any = None
        _kernels.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        compiled = self._compiled or self.build()
        result: R = compiled(*args, **kwargs)
        return result

    def build(self) -> Callable[..., Any]:
        """Compile or load the machine code now; returns it as a function."""
        with _lock:
            if self._compiled is None:
                self._compiled = loaded(self._code(), self.python)
            built: Callable[..., Any] = self._compiled
        return built

    def _code(self) -> MachineCode:
        path = cache_folder(self.python.__module__) / f"{self.name}.o"
        found = read_code(path)
        if found is None:
            found = _compile(self.python)
            self.compilations += 1
            keep_code(path, found)
        return found


def warm_up() -> list[str]:
    """Build every kernel that is imported; returns the names of those that had to be compiled."""
    for one in _kernels:
        one.build()
    return [one.name for one in _kernels if one.compilations]


def compilations() -> int:
    """Kernels compiled by this process so far, not counting those loaded from the cache."""
    return sum(one.compilations for one in _kernels)


@cache
def sources_digest() -> str:
    """SHA-256 over the sources of `engines`: provenance of a result."""
    digest = hashlib.sha256()
    for path in sorted(ENGINES.rglob("*.py")):
        digest.update(path.relative_to(ENGINES).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_folder(module: str) -> Path:
    """Folder of what was compiled from a module, for exactly its sources, compiler and processor.

    Its sources are those that it imports from `engines`, however far down: no more of them can be
    in a kernel.
    """
    import llvmlite.binding as llvm

    parts = (
        _sources_digest(module),
        version("numba"),
        version("llvmlite"),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    base = os.environ.get("BST_CACHE", "~/.cache/bst/kernels")
    return Path(base).expanduser() / key


def sources_of(module: str) -> list[Path]:
    """The files that a module is made of: its own, and all that it imports from `engines`."""
    known, waiting = set[Path](), {_file_of(module)}
    while waiting:
        path = waiting.pop()
        known.add(path)
        waiting.update(found for found in _imported(path) if found not in known)
    return sorted(known)


@cache
def _sources_digest(module: str) -> str:
    digest = hashlib.sha256()
    for path in sources_of(module):
        digest.update("/".join(path.parts[-2:]).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file_of(module: str) -> Path:
    found = sys.modules[module].__file__
    if found is None:
        raise TypeError(f"{module} has no file: a kernel is named by its sources")
    return Path(found)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Files of `engines` that a file imports; an imported name may be a module of a package."""
    found = []
    for package, names in _IMPORT.findall(path.read_text(encoding="utf-8")):
        here = ENGINES.joinpath(*package.split(".")[1:])
        for place in (here, *(here / name for name in _NAME.findall(names))):
            found += [place.with_suffix(".py"), place / "__init__.py"]
    return tuple(one for one in dict.fromkeys(found) if one.is_file())


def _compile(function: Callable[..., object]) -> MachineCode:
    import numba

    _register_scalars()
    dispatcher = numba.njit(
        nogil=True,
        fastmath=False,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)
    dispatcher.compile(_signature(function))
    (compiled,) = dispatcher.overloads.values()
    (content, _) = compiled.library.serialize_using_object_code()[2]
    return MachineCode(compiled.fndesc.llvm_func_name, content)


def recorded() -> tuple[list[Callable[..., object]], list[Callable[..., object]]]:
    """Functions recorded so far: those to inline (primitives as Python text), those to call."""
    return [*_scalars, *(function for function, _ in _primitives)], list(_seldom)


def _register_scalars() -> None:
    from numba.extending import register_jitable

    for function, generate in _primitives:
        if function not in _registered:
            _register_primitive(function, generate)
    _inline = register_jitable(forceinline=True, fastmath=False, error_model="numpy", _nrt=False)
    _call = register_jitable(fastmath=False, error_model="numpy", _nrt=False)
    for register, functions in ((_inline, _scalars), (_call, _seldom)):
        for one in functions:
            if one not in _registered:
                register(one)
    _registered.update(_scalars, _seldom, (function for function, _ in _primitives))


def _register_primitive(function: Callable[..., object], generate: Callable[..., Any]) -> None:
    from numba import types
    from numba.core.typing import signature
    from numba.core.typing.templates import AbstractTemplate, infer_global
    from numba.extending import lower_builtin

    hints = get_type_hints(function, include_extras=True)
    result = numba_type(hints["return"])
    takes = _signature(function)

    class Typed(AbstractTemplate):  # type: ignore[misc]
        key = function

        def generic(self, args: Any, kws: Any) -> Any:
            return signature(result, *takes)

    infer_global(function, types.Function(Typed))

    @lower_builtin(function, types.VarArg(types.Any))  # type: ignore[untyped-decorator]
    def lower(context: Any, builder: Any, called: Any, args: Any) -> Any:
        values = zip(called.args, args, strict=True)
        return generate(builder, *(_plain(context, builder, kind, one) for kind, one in values))


def _plain(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """An argument of a primitive: the data pointer of an array, anything else as it is."""
    from numba import types

    if isinstance(kind, types.Array):
        return context.make_array(kind)(context, builder, value).data
    return value


def _signature(function: Callable[..., object]) -> tuple[Any, ...]:
    hints = get_type_hints(function, include_extras=True)
    return tuple(numba_type(hint) for name, hint in hints.items() if name != "return")


def numba_type(hint: Any) -> Any:
    """Numba's type for an annotation of a kernel. Raises TypeError for others."""
    from numba import types

    plain = {float: types.float64, int: types.int64, bool: types.boolean, np.uint64: types.uint64}
    if hint in plain:
        return plain[hint]
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Array):
            dtype = getattr(types, mark.dtype)
            return types.Array(dtype, mark.ndim, "C", readonly=not mark.writable)
    if issubclass(hint, tuple):
        hints = get_type_hints(hint, include_extras=True)
        members = [numba_type(member) for member in hints.values()]
        if len(set(members)) == 1:
            return types.NamedUniTuple(members[0], len(members), hint)
        return types.NamedTuple(members, hint)
    raise TypeError(f"No kernel argument can be annotated with {hint}")
