"""The pages of docs/reference that follow from the code: `python -m tests.serve.reference`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engines.metrics.registry import ALIASES, FAMILIES, METRICS
from serve.cli import bst
from serve.commands.requests import BacktestRequest, SweepRequest
from strategies.graph.schema import schema

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
WIDTH = 100
METRICS_PAGE = (
    "{count} figures of a run. `bst backtest --json` gives them under `metrics`, the report under "
    "*All metrics*, a notebook by `result.metrics()`. A figure that is undefined is left empty "
    "(null), never 0. Fractions are fractions: 0.05 is 5 %.\n\n"
    "Days and months are UTC and end at their last close. Drawdowns *at closes* use equity with "
    "open profit, *closed* ones the equity of closed trades, *intrabar* ones each trade's worst "
    "point; the fees of an entry are in all three."
)


def pages() -> dict[str, str]:
    """Text of every generated page, by file name."""
    requests = {"backtest": BacktestRequest, "sweep": SweepRequest}
    schemas = {name: kind.model_json_schema() for name, kind in requests.items()}
    schemas["strategy"] = schema()
    texts = {
        f"{name}.schema.json": json.dumps(found, indent=1) + "\n" for name, found in schemas.items()
    }
    return {**texts, "cli.md": f"# Command line\n\n{_commands()}", "metrics.md": _metrics()}


def _metrics() -> str:
    heads = "| metric | unit | better | formula | source | needs |\n|-|-|-|-|-|-|"
    better = {1: "more", -1: "less", 0: "neither"}
    parts = [f"# Metrics\n\n{METRICS_PAGE.format(count=len(METRICS))}"]
    for title, family in FAMILIES.items():
        rows = [
            f"| `{one.name}` | {one.unit} | {better[one.better]} | {_cell(one.formula)} "
            f"| {one.source} | {', '.join(one.needs)} |"
            for one in family
        ]
        parts.append("\n".join([f"## {title}\n", heads, *rows]))
    aliases = [f"| `{name}` | `{target}` |" for name, target in sorted(ALIASES.items())]
    parts.append("\n".join(["## Other names\n", "| name | is |\n|-|-|", *aliases]))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _commands() -> str:
    told: list[tuple[tuple[str, ...], click.Command]] = [(("bst",), bst)]
    told += [(("bst", name), command) for name, command in bst.commands.items()]
    data = bst.commands["data"]
    assert isinstance(data, click.Group)
    told += [(("bst", "data", name), command) for name, command in data.commands.items()]
    return "\n".join(_help(words, command) for words, command in told)


def _help(words: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=" ".join(words),
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    context.terminal_width = WIDTH
    return f"## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
