"""An empty town with its carrier and mailbox, on a PostgreSQL that daemons can share."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.demo.carrier import Carrier
from gateway.demo.mailbox import Mailbox
from gateway.web.listening import listening
from store.unit import Store
from tests.daemons.running import Proxy, Town
from tests.wiring import OUR_NUMBER, settings

HASTE = """\
timeout = 2
[delivery]
lease = "4s"
look_up_after = "1s"
poll = "1s"
[limits]
texts_per_minute = 100000
posts_per_hour = 100000
[log]
level = "info"
format = "json"
"""
"""Settings that let what a daemon left behind be taken up soon."""


@pytest.fixture
async def town(tmp_path: Path, store: Store, store_url: str) -> AsyncIterator[Town]:
    async with aiohttp.ClientSession() as http, Mailbox() as mailbox:
        proxy = Proxy(http)
        async with (
            listening(proxy.app(), "127.0.0.1", 0) as (_, port),
            Carrier(
                account_sid="AC" + "0" * 32,
                auth_token="token",
                numbers=[OUR_NUMBER],
                webhook_url=f"http://127.0.0.1:{port}/hooks/twilio/message",
            ) as carrier,
        ):
            words = settings(store_url, carrier, mailbox, port, patience=2) + HASTE
            words = words.replace("[store]", "[store]\nconnections = 3")  # so that all fit into the tests' server
            found = Town(tmp_path, store, carrier, mailbox, http, proxy, words)
            yield found
            for daemon in found.daemons:
                if daemon.process.returncode is None:
                    await daemon.is_killed()
