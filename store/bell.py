"""The bell between daemons: what one commits on PostgreSQL, the others hear by NOTIFY.

A hint and nothing more: workers look by themselves every second, so a bell that is not heard costs a second.
"""

import asyncio
from typing import Any

import structlog
from sqlalchemy import text

from store.trouble import trouble
from store.unit import BELL, Store

log = structlog.get_logger(__name__)

_CHECK = 30.0
"""Seconds between looks whether the listening connection is still there."""

_PATIENCE = 2.0
"""Seconds before a lost one is made anew."""


async def hear(store: Store) -> None:
    """Ring the store's bell whenever another daemon rings its own. Returns at once on SQLite, else never."""
    if store.is_sqlite:
        return

    def on_notify(*_: Any) -> None:
        store.ring()

    while True:
        try:
            async with store.listening() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.add_listener(BELL, on_notify)
                store.ring()
                try:
                    while True:
                        await asyncio.sleep(_CHECK)
                        await connection.execute(text("SELECT 1"))
                finally:
                    await driver.remove_listener(BELL, on_notify)
        except trouble() as error:
            log.warning("bell not heard", error=type(error).__name__)
            await asyncio.sleep(_PATIENCE)
