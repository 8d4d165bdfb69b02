"""The key that an instance's secret addresses, feeds and sessions are made with."""

import hashlib
import secrets

from store import facts
from store.unit import Unit

_FACT = "key"


async def key(unit: Unit, configured: str) -> bytes:
    """32 bytes: from the configured ``[site] secret_key``, or else made once and kept in the database.

    Changing it makes every secret address, feed and session that was handed out worthless. Of several daemons that
    start at once on an empty database, all get the key of the first.
    """
    if not configured:
        await facts.add(unit, _FACT, secrets.token_hex(32))
        configured = await facts.get(unit, _FACT) or ""
    return hashlib.sha256(configured.encode()).digest()
