"""Somebody who asks a cluster for a sweep: `python -m … FILE HOME`, at RAY_ADDRESS."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cluster.settings import settings_from
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep

if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[1]).read_text())
    start_sweep(request_from(SweepRequest, asked), settings_from()).result()
