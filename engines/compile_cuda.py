"""How does the same Python text become code for a CUDA GPU, with the CPU's bits?

Imported only where a GPU is asked for: it needs numba-cuda. Under `NUMBA_ENABLE_CUDASIM=1` the same
kernels run as Python in numba-cuda's simulator.

Products and sums are not contracted (NVVM option `fma=0`), and `min` and `max` compare as the
CPU's do: libdevice's would answer a NaN, or a zero of the other sign, differently.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Final, get_type_hints

import numba
import numpy as np
from numba import cuda

from engines.compile import cache_folder, numba_type, recorded

SIMULATED: Final = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") == "1"
HOPPER: Final = (9, 0)
# Threads of a block, and registers of a thread: rows differ in where they trade, and small blocks
# do not wait for each other.
BLOCK: Final = 64
# Optimised while it is linked, code would be contracted after all: nvJitLink is not told `fma=0`.
_OPTIONS: Final[dict[str, bool]] = {"fastmath": False} | ({} if SIMULATED else {"lto": False})
_registered: set[Callable[..., object]] = set()

_EXTREME: Final = """
define internal double @"bst_{name}"(double %a, double %b) alwaysinline {{
    %beyond = fcmp {order} double %b, %a
    %found = select i1 %beyond, double %b, double %a
    ret double %found
}}
"""


def entry_of(body: Callable[..., None]) -> Callable[..., None]:
    """The text of a kernel in which thread t runs `body(t, inputs, room)`."""

    def entry(inputs: Any, room: Any) -> None:
        body(cuda.grid(1), inputs, room)

    return entry


class DeviceKernel:
    """`body(thread, inputs, room)`, a thread for each number below `n_threads`."""

    def __init__(self, name: str, body: Callable[..., None]) -> None:
        self.name = name
        self.body = body
        # Of the last launch, from its start to its end.
        self.seconds = 0.0
        self._launchable: Any = None

    def launch(self, n_threads: int, inputs: Any, room: Any) -> None:
        """Run on the current device and wait; arrays of both tuples lie on the device."""
        if self._launchable is None:
            if not SIMULATED:
                _register()
            self._launchable = cuda.jit(**_OPTIONS)(entry_of(self.body))
        # The simulator starts a real thread for each: no idle ones.
        block = 1 if SIMULATED else BLOCK
        started_s = time.perf_counter()
        with _exact():
            self._launchable[(n_threads + block - 1) // block, block](inputs, room)
        cuda.synchronize()
        self.seconds = time.perf_counter() - started_s

    def resources(self) -> dict[str, int]:
        """What a thread takes, as the driver tells after a launch: registers, bytes of memory.

        `fused` counts the multiply-adds on doubles in its code: there are to be none.
        """
        if SIMULATED or self._launchable is None:
            return {}
        registers = self._launchable.get_regs_per_thread().values()
        local = self._launchable.get_local_mem_per_thread().values()
        fused = sum(text.count("fma.rn.f64") for text in self._launchable.inspect_asm().values())
        return {
            "registers": max(registers),
            "local_bytes": max(local),
            "block": BLOCK,
            "fused": fused,
        }

    def ptx(self, cc: tuple[int, int] = HOPPER) -> str:
        """Assembler text for a compute capability; needs no GPU. Kept in the cache of kernels."""
        about = (self.body.__module__, self.name, version("numba-cuda"), f"sm_{cc[0]}{cc[1]}")
        file = cache_folder(self.body.__module__) / ("-".join(about) + ".ptx")
        if file.is_file():
            return file.read_text()
        text = self._compiled(cc)
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_text(text)
        draft.replace(file)
        return text

    def _compiled(self, cc: tuple[int, int]) -> str:
        _register()
        hints = get_type_hints(self.body, include_extras=True)
        kinds = tuple(numba_type(hints[name]) for name in ("inputs", "room"))
        with _exact(), _device_of(cc):
            text, _ = cuda.compile_ptx(entry_of(self.body), kinds, cc=cc, fastmath=False)
        return str(text)


def is_available() -> bool:
    """Whether kernels can be launched here: on a GPU, or in the simulator."""
    return bool(SIMULATED or cuda.is_available())


def device() -> dict[str, str]:
    """What runs the kernels: name, compute capability and versions."""
    if SIMULATED:
        return {"device": "numba-cuda simulator (no GPU)", "numba": numba.__version__}
    import numba_cuda

    found = cuda.get_current_device()
    name = found.name.decode() if isinstance(found.name, bytes) else str(found.name)
    capability = ".".join(str(part) for part in found.compute_capability)
    versions = {"numba": numba.__version__, "numba_cuda": numba_cuda.__version__}
    runtime = ".".join(str(part) for part in cuda.runtime.get_version())
    return {"device": name, "compute_capability": capability, "cuda_runtime": runtime, **versions}


def free_memory() -> int:
    """Bytes that can be allocated on the current device."""
    if SIMULATED:
        return 1 << 28
    free, _ = cuda.current_context().get_memory_info()
    return int(free)


def on_device(array: np.typing.NDArray[Any]) -> Any:
    """A copy of an array on the device."""
    return cuda.to_device(np.ascontiguousarray(array))


def room_on_device(shape: tuple[int, ...], dtype: str) -> Any:
    """Room on the device that holds anything."""
    return cuda.device_array(shape, dtype=dtype)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of a launch or an allocation says that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    return not SIMULATED and "OUT_OF_MEMORY" in str(error)


def _register() -> None:
    """Make the recorded functions known to numba-cuda, each once."""
    from numba.cuda.extending import register_jitable

    _round_as_on_cpu()
    inlined, called = recorded()
    for force, functions in ((True, inlined), (False, called)):
        for one in functions:
            if one not in _registered:
                register_jitable(forceinline=force, fastmath=False)(one)
                _registered.add(one)


def _round_as_on_cpu() -> None:
    """Give numba-cuda the roundings of numpy that it lacks; each is one exact instruction."""
    from llvmlite import ir
    from numba.cuda import ufuncs

    def code_of(name: str) -> Callable[..., Any]:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            double = ir.DoubleType()
            known = builder.module.globals.get(name)
            found = known or ir.Function(builder.module, ir.FunctionType(double, [double]), name)
            return builder.call(found, args)

        return generate

    names = ((np.floor, "__nv_floor"), (np.ceil, "__nv_ceil"), (np.rint, "__nv_rint"))
    for ufunc, name in names:
        ufuncs.ufunc_db()[ufunc] = {"d->d": code_of(name)}


@contextmanager
def _exact() -> Iterator[None]:
    """NVVM without contraction, `min` and `max` as on the CPU."""
    if SIMULATED:
        yield
        return
    from numba.cuda.cudadrv import nvvm

    plain = nvvm.compile_ir

    def compile_ir(llvmir: Any, **options: Any) -> Any:
        modules = [llvmir] if isinstance(llvmir, str) else llvmir
        return plain([_as_on_cpu(one) for one in modules], **{**options, "fma": 0})

    nvvm.compile_ir = compile_ir
    try:
        yield
    finally:
        nvvm.compile_ir = plain


def _as_on_cpu(module: str) -> str:
    for name, order in (("max", "ogt"), ("min", "olt")):
        lines = []
        for line in module.splitlines():
            if line.startswith("declare") and f'@"__nv_f{name}"(' in line:
                lines.append(_EXTREME.format(name=name, order=order))
            else:
                lines.append(line.replace(f'@"__nv_f{name}"(', f'@"bst_{name}"('))
        module = "\n".join(lines)
    return module


@contextmanager
def _device_of(cc: tuple[int, int]) -> Iterator[None]:
    """Nested functions ask the current device for its capability: answer for it."""
    from numba.cuda import dispatcher

    class Device:
        compute_capability = cc

    plain = dispatcher.get_current_device
    dispatcher.get_current_device = Device
    try:
        yield
    finally:
        dispatcher.get_current_device = plain
