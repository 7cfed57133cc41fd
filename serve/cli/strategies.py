"""`bst strategies`: what the library holds."""

from __future__ import annotations

import click

from serve.cli.console import say, show_json, show_table
from serve.cli.options import json_option
from serve.commands.strategies import strategy_from
from serve.tables import TextTable
from strategies.graph.python_code import python_code
from strategies.graph.scalars import Param
from strategies.graph.writing import to_json
from strategies.library import LIBRARY


@click.command("strategies")
@click.argument("name", required=False)
@click.option("--code", is_flag=True, help="Print the strategy as Python.")
@json_option
def strategies_command(*, name: str | None, code: bool, as_json: bool) -> None:
    """List the library, or show one strategy: its idea, parameters and ranges.

    NAME is a name of the library or a JSON file; --json prints its graph, which can be saved,
    edited and run again.
    """
    if name is None:
        _list(as_json)
        return
    strategy = strategy_from(name)
    if as_json:
        show_json(to_json(strategy))
    elif code:
        say(python_code(strategy))
    else:
        say(f"{strategy.name}: {strategy.description}")
        rows = tuple((one.name, f"{one.default:g}", _range(one)) for one in strategy.params)
        show_table(TextTable("", ("parameter", "default", "range"), rows))


def _list(as_json: bool) -> None:
    found = {name: build() for name, build in LIBRARY.items()}
    if as_json:
        show_json(
            [
                {"name": name, "description": one.description, "digest": one.digest}
                for name, one in found.items()
            ]
        )
        return
    for name, one in found.items():
        say(f"{name:20} {one.description}")


def _range(param: Param) -> str:
    if param.kind == "choice":
        return ", ".join(f"{value:g}" for value in param.choices)
    step = "" if param.step is None else f" by {param.step:g}"
    return f"{param.low:g} to {param.high:g}{step}"
