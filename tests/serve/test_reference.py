"""What the documentation says of options and fields is what the code takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.requests import BacktestRequest, Model, SweepRequest, request_from
from tests.serve.reference import FOLDER, pages

KINDS: dict[str, type[Model]] = {
    "backtest": BacktestRequest,
    "portfolio": PortfolioRequest,
    "sweep": SweepRequest,
}
# The field that only such a spec has.
TOLD_BY = {"portfolio": "legs", "sweep": "space"}
SPECS = Path(__file__).parents[2] / "docs" / "reference" / "specs.md"


@pytest.mark.parametrize(
    "name", ["cli.md", "metrics.md", *(f"{name}.schema.json" for name in KINDS)]
)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    """Write them again with `python -m tests.serve.reference`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]


def test_every_spec_of_the_page_is_valid() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", SPECS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        fields = yaml.safe_load(block)
        name = next((name for name, field in TOLD_BY.items() if field in fields), "backtest")
        request_from(KINDS[name], fields)
        schema = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
        plain = json.loads(json.dumps(fields, default=str))
        jsonschema.Draft202012Validator(schema).validate(plain)
