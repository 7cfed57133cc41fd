"""What do machines cost? A user's list of node kinds, read from a file."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from pydantic import Field

from engines.errors import InvalidInput
from serve.commands.requests import Model, request_from
from tune.node_plan import NodeKind


class NodeKindRequest(Model):
    """A kind of machine: its cores, and the price of an hour."""

    name: str = Field(min_length=1)
    cores: int = Field(ge=1)
    price: float = Field(ge=0, allow_inf_nan=False)
    most: int = Field(default=100, ge=1)
    speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class PriceList(Model):
    """All kinds that can be had."""

    kinds: tuple[NodeKindRequest, ...] = Field(min_length=1)


def read_prices(path: Path) -> tuple[NodeKind, ...]:
    """The node kinds of a YAML or JSON file, a list. Raises InvalidInput naming the field."""
    try:
        text = path.read_text(encoding="utf-8")
        said = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise InvalidInput("--prices", str(path), f"a file that can be read ({error})") from error
    except (UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise InvalidInput("--prices", str(path), f"YAML or JSON ({error})") from None
    listed = request_from(PriceList, {"kinds": said}).kinds
    return tuple(NodeKind(**one.model_dump()) for one in listed)
