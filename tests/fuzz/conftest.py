"""A house to be tried: the real daemon with its doors open and its queue unattended, on either database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from gateway import daemon
from gateway.config import load
from gateway.daemon import Listening
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import identity, joining
from gateway.service.joining import Added
from store.schema import inbox
from store.unit import Store
from tests.fuzz.trying import Depth
from tests.wiring import OUR_NUMBER

ACCOUNT, TOKEN = "AC" + "0" * 32, "token"
PUBLIC_URL = "https://birds.example"
ALICE = "+15550001001"
SOAKING = 3600
"""Seconds that one test of the long form may take."""


def pytest_configure(config: pytest.Config) -> None:
    """Runs before the tests beside this file are read."""
    Depth.soak = config.getoption("--soak")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if Depth.soak:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.timeout(SOAKING))


@dataclass
class House:
    """A daemon's doors, one person who posts, and what went wrong inside."""

    store: Store
    listening: Listening
    posting_address: str
    logged: list[Any]
    raised: list[Any]
    proper: int = 0
    kept: Any = None
    """What a test keeps here from one example to the next."""

    @property
    def mail_port(self) -> int:
        assert self.listening.mail is not None
        return self.listening.mail[1]

    @property
    def web_port(self) -> int:
        assert self.listening.web is not None
        return self.listening.web[1]

    @property
    def ops_port(self) -> int:
        return self.listening.ops[1]

    def nothing_went_wrong(self) -> None:
        """No error was logged, and none escaped, since this was last asked."""
        wrong = [entry for entry in self.logged if entry["log_level"] in ("error", "critical")] + self.raised
        self.logged.clear()
        self.raised.clear()
        assert not wrong

    async def taken(self) -> int:
        """How many messages were ever taken in."""
        async with self.store.reading() as reading:
            return (await reading.execute(select(func.count()).select_from(inbox))).scalar_one()

    async def last_taken(self) -> str:
        """The last one, as it came."""
        async with self.store.reading() as reading:
            last = select(inbox.c.raw).order_by(inbox.c.id.desc()).limit(1)
            return (await reading.execute(last)).scalar_one() or ""


@pytest.fixture
async def house(tmp_path: Path, store: Store, store_url: str, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The doors are open while the test runs. A test may ask for another mail ``protocol`` by an indirect parameter."""
    async with store.unit() as unit:
        alice = await joining.add_user(unit, "alice", now=daemon.now(), phone=ALICE)
        assert isinstance(alice, Added)
        key = await identity.key(unit, "")
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
        [site]
        public_url = "{PUBLIC_URL}"
        [store]
        url = "{store_url}"
        [web]
        port = 0
        [ops]
        port = 0
        [sms]
        provider = "twilio"
        [[sms.senders]]
        number = "{OUR_NUMBER}"
        [sms.twilio]
        account_sid = "{ACCOUNT}"
        auth_token = "{TOKEN}"
        [mail]
        domain = "birds.example"
        [mail.inbound]
        port = 0
        protocol = "{getattr(request, "param", "smtp")}"
        [limits]
        texts_per_minute = 1000000
        posts_per_hour = 1000000
        """
    )
    stop, raised = asyncio.Event(), []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: raised.append(context))
    ready: asyncio.Future[Listening] = loop.create_future()
    with capture_logs() as logged:
        roles = frozenset({"web", "inbound"})
        running = asyncio.create_task(daemon.run(load(config, {}), roles, stop, on_ready=ready.set_result))
        await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        posting = f"post+{token.make(key, Purpose.POST, alice.account_id)}@birds.example"
        yield House(store, ready.result(), posting, logged, raised)
        stop.set()
        async with asyncio.timeout(30):
            await running
