"""Settings come from the environment once, and bad ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster.settings import settings_from
from engines.errors import InvalidInput


def test_defaults_need_no_server(tmp_path: Path) -> None:
    settings = settings_from({"BST_HOME": str(tmp_path)})
    assert settings.venue == "sandbox"
    assert settings.ray_address is None
    assert settings.store_url == f"sqlite:///{tmp_path / 'store.sqlite'}"


def test_a_database_address_replaces_the_file() -> None:
    url = "postgresql+psycopg://u:p@host/db"
    assert settings_from({"DATABASE_URL": url}).store_url == url


@pytest.mark.parametrize(
    ("name", "value"), [("BST_VENUE", "binance"), ("BST_WORKERS", "0"), ("BST_WORKERS", "two")]
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} was '{value}', should be"):
        settings_from({name: value})
