"""Which sources is this? The digest of all rooms, so that old and new do not work on one sweep."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
ROOMS: Final = ("engines", "strategies", "cluster", "actors", "tune", "serve")
_DIGITS: Final = 12


@cache
def code_digest() -> str:
    """Twelve digits of the SHA-256 over the names and contents of all Python files."""
    content = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            content.update(f"{path.relative_to(ROOT)}\0".encode())
            content.update(path.read_bytes())
    return content.hexdigest()[:_DIGITS]
