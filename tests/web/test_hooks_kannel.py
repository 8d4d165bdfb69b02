"""Kannel's calls over real HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from inbound.sms_kannel import Door
from store.unit import Store
from tests.web.test_hooks import Office

SECRET = "a-long_secret-1234"
MESSAGE = "id=a1&from=%2B15550000001&to=15550009999&charset=UTF-8&coding=0&udh=&text=hi+there"
STATUS = "delivery=7&attempt=2&type=1&answer="


class Caller:
    def __init__(self, session: aiohttp.ClientSession, url: str, office: Office) -> None:
        self.session, self.url, self.office = session, url, office

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(URL(f"{self.url}/hooks/kannel{path}", encoded=True)) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def caller(tmp_path, site: Site) -> AsyncIterator[Caller]:
    office, store = Office(), Store(f"sqlite:///{tmp_path}/unused.db")
    door = Door(SECRET, [], ["+15550009999"])
    deps = WebDeps(store, site, office, office.record, lambda: datetime(2026, 11, 22, tzinfo=UTC), kannel=door)
    async with listening(build_app(deps), "127.0.0.1", 0) as (host, port), aiohttp.ClientSession() as session:
        yield Caller(session, f"http://{host}:{port}", office)
    await store.close()


async def test_a_text_is_taken_and_answered_with_nothing(caller: Caller) -> None:
    assert await caller.get(f"/{SECRET}/message?{MESSAGE}") == (200, "")
    [message] = caller.office.messages
    assert (message.source, message.remote_id, message.to, message.text) == ("kannel", "a1", "+15550009999", "hi there")
    assert await caller.get(f"/{SECRET}/status?{STATUS}") == (200, "")
    assert caller.office.receipts[0].delivery_id == 7


@pytest.mark.parametrize("path", ["/message?" + MESSAGE, "/status?" + STATUS, "/wrong/message?" + MESSAGE])
async def test_who_does_not_know_the_secret_is_not_heard(caller: Caller, path: str) -> None:
    assert (await caller.get(path))[0] == 403
    assert not caller.office.messages
    assert not caller.office.receipts


async def test_a_fault_of_ours_is_503_and_one_of_theirs_400_and_no_secret_is_logged(caller: Caller) -> None:
    with capture_logs() as logs:
        assert (await caller.get(f"/{SECRET}/message?x=1"))[0] == 400
        assert (await caller.get(f"/{SECRET}/status?delivery=1"))[0] == 400
        assert (await caller.get(f"/{SECRET}/message?" + "&".join(["x=1"] * 200)))[0] == 400
        caller.office.broken = True
        assert (await caller.get(f"/{SECRET}/message?{MESSAGE}"))[0] == 503
        assert (await caller.get(f"/{SECRET}/status?{STATUS}"))[0] == 503
    assert len(logs) == 5
    assert SECRET not in str(logs)
    assert "hi there" not in str(logs)
