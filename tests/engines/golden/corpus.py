"""The golden ledgers' corpus: the certificate's, by its names."""

from engines.certificate.corpus import (
    LEVEL_KINDS,
    START_MS,
    Case,
    case,
    random_bars,
    random_broker,
    random_distance,
    random_exits,
    random_instrument,
    random_level,
    random_levels,
    random_table,
)

__all__ = [
    "LEVEL_KINDS",
    "START_MS",
    "Case",
    "case",
    "random_bars",
    "random_broker",
    "random_distance",
    "random_exits",
    "random_instrument",
    "random_level",
    "random_levels",
    "random_table",
]
