"""What do the GPU kernels compile to for a Hopper GPU? As JSON on standard output, without a GPU.

python -m tests.engines.gpu.assembler plain bracket
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from importlib import util
from pathlib import Path
from typing import Any

from engines.batch.gpu import kernel_of

_OPERATION = re.compile(r"^\s+(?:@!?%p\d+ )?([a-z]+\d?(?:\.[a-z0-9]+)*\.f64[a-z0-9.]*)\s", re.M)
_EXTREMES = re.compile(r"^\s+(?:max|min)\.f64\s+\S+ (\S+), (\S+);", re.M)
_USED = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_REGISTERS = re.compile(r"Used (\d+) registers")


def ptxas() -> str | None:
    """The assembler of the CUDA wheels, or of the machine."""
    spec = util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for found in Path(folder).glob("cu*/bin/ptxas"):
            return str(found)
    return shutil.which("ptxas")


def about(name: str) -> dict[str, Any]:
    """Operations on doubles of a kernel, its extremes' operands, its stack and spills in bytes."""
    text = kernel_of(name).ptx()
    found: dict[str, Any] = {
        "operations": Counter(_OPERATION.findall(text)),
        "extremes": _EXTREMES.findall(text),
        "fused": len(re.findall(r"\b(?:fma|mad)\.[a-z.]*f(?:64|32)", text)),
    }
    tool = ptxas()
    if tool is None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernel.ptx")
        file.write_text(text)
        said = subprocess.run(  # noqa: S603 (the assembler that was found)
            [tool, "-v", "-arch=sm_90", str(file), "-o", f"{file}.cubin"],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
    used, registers = _USED.search(said), _REGISTERS.search(said)
    assert used is not None, said[-500:]
    assert registers is not None, said[-500:]
    return {**found, "spills": list(map(int, used.groups())), "registers": int(registers[1])}


if __name__ == "__main__":
    json.dump({name: about(name) for name in sys.argv[1:]}, sys.stdout)
