"""Which sweep of the store is meant?"""

from __future__ import annotations

from typing import Final

from cluster.settings import Settings
from cluster.storage.store import Store, StoredSweep
from engines.errors import InvalidInput

_SHOWN_DIGITS: Final = 12


def recorded_sweep(digest_prefix: str, settings: Settings) -> StoredSweep:
    """The one recorded sweep whose digest begins so; the newest for "last".

    Raises InvalidInput if there is none, or more than one.
    """
    store = Store(settings.store_url)
    found = store.sweeps("" if digest_prefix == "last" else digest_prefix)
    store.close()
    if not found:
        raise InvalidInput("sweep", digest_prefix, "the beginning of a recorded sweep's digest")
    if len(found) > 1 and digest_prefix != "last":
        names = ", ".join(one.digest[:_SHOWN_DIGITS] for one in found[:4])
        raise InvalidInput("sweep", digest_prefix, f"the beginning of one digest only: {names}")
    return found[0]
