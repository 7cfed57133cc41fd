"""A strategy is the same after a journey through JSON, Python or another process."""

from __future__ import annotations

import json
import pickle

import jsonschema
from hypothesis import given

from strategies.graph import Strategy
from strategies.graph.python_code import python_code
from strategies.graph.reading import from_json
from strategies.graph.schema import schema
from strategies.graph.writing import to_json
from tests.examples import examples
from tests.strategies.graph.random_graphs import EVENT, strategies

VALIDATOR = jsonschema.Draft202012Validator(schema())
many = examples(150)


def run(code: str) -> Strategy:
    names: dict[str, Strategy] = {}
    exec(code, names)  # noqa: S102 (code of our own making)
    return names["strategy"]


@many
@given(strategies())
def test_json_and_back_is_the_same_strategy(strategy: Strategy) -> None:
    assert from_json(json.dumps(to_json(strategy))) == strategy


@many
@given(strategies())
def test_a_saved_document_is_saved_again_unchanged(strategy: Strategy) -> None:
    document = to_json(strategy)
    assert to_json(from_json(document)) == document


@many
@given(strategies())
def test_python_and_back_is_the_same_strategy(strategy: Strategy) -> None:
    assert run(python_code(strategy)) == strategy


@many
@given(strategies())
def test_every_document_fits_the_published_schema(strategy: Strategy) -> None:
    VALIDATOR.validate(to_json(strategy))


@examples(40)
@given(strategies())
def test_another_process_gets_the_same_strategy(strategy: Strategy) -> None:
    assert pickle.loads(pickle.dumps(strategy)) == strategy  # noqa: S301


def test_an_event_strategy_survives_json_and_python() -> None:
    assert from_json(to_json(EVENT)) == EVENT
    assert run(python_code(EVENT)) == EVENT
