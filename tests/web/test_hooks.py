"""The provider's webhooks over real HTTP, and the ops port beside them."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import aiohttp
import pytest
from multidict import MultiDict
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from yarl import URL

from gateway.service.receipts import Receipt
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from gateway.web.ops import build_ops_app
from inbound.message import Accepted, Inbound
from inbound.sms_twilio import Door
from store.unit import Store

ACCOUNT = "AC" + "0" * 32
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MESSAGE = {"MessageSid": "SM1", "AccountSid": ACCOUNT, "From": "+15550000001", "To": "+15550009999", "Body": "hi"}
STATUS = {"MessageSid": "SM2", "AccountSid": ACCOUNT, "MessageStatus": "delivered"}


class Office:
    """Stands where the intake and the receipts stand, and can be out of order."""

    def __init__(self) -> None:
        self.messages: list[Inbound] = []
        self.receipts: list[Receipt] = []
        self.broken = False

    async def take(self, message: Inbound) -> Accepted:
        if self.broken:
            raise OSError("disk full")
        self.messages.append(message)
        return Accepted(new=True, answer="")

    async def record(self, receipt: Receipt) -> None:
        if self.broken:
            raise OSError("disk full")
        self.receipts.append(receipt)


class Caller:
    """A provider that signs for the site's public address and calls where it listens."""

    def __init__(self, session: aiohttp.ClientSession, url: str, office: Office) -> None:
        self.session, self.url, self.office = session, url, office

    async def post(
        self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None, signed_with: str = "now"
    ) -> tuple[int, str, str]:
        signature = RequestValidator(signed_with).compute_signature("https://birds.example" + path, MultiDict(fields))
        return await self.send(path, urlencode(fields).encode(), {"X-Twilio-Signature": signature, **(headers or {})})

    async def send(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        async with self.session.post(
            URL(self.url + path, encoded=True), data=body, headers={**FORM, **headers}
        ) as answer:
            return answer.status, answer.content_type, await answer.text()


@pytest.fixture
async def caller(tmp_path_factory: pytest.TempPathFactory, site: Site) -> AsyncIterator[Caller]:
    office = Office()
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('web')}/unused.db")
    deps = WebDeps(
        store=store,
        site=site,
        intake=office,
        record=office.record,
        now=lambda: datetime(2026, 11, 22, 10, tzinfo=UTC),
        twilio=Door(site.public_url, ACCOUNT, ["now", "next"]),
    )
    async with (
        listening(build_app(deps), "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession() as session,
    ):
        yield Caller(session, f"http://{host}:{port}", office)
    await store.close()


async def test_a_signed_text_is_taken_and_answered_with_empty_twiml(caller: Caller) -> None:
    assert await caller.post("/hooks/twilio/message", MESSAGE) == (200, "text/xml", "<Response/>")
    [message] = caller.office.messages
    assert (message.remote_id, message.sender, message.to, message.text) == (
        "SM1",
        "+15550000001",
        "+15550009999",
        "hi",
    )


async def test_a_slash_at_the_end_of_the_address_loses_no_text(caller: Caller) -> None:
    assert (await caller.post("/hooks/twilio/message/", MESSAGE))[0] == 200
    assert (await caller.post("/hooks/twilio/status/", STATUS))[0] == 200
    assert len(caller.office.messages) == len(caller.office.receipts) == 1
    assert (await caller.send("/hooks/twilio/message/", b"", {}))[0] == 403


async def test_words_in_any_script_blank_fields_and_repeated_ones_come_as_they_were_sent(caller: Caller) -> None:
    words = {**MESSAGE, "Body": " a+b & 100% = \u00e9\U0001f370\r\n\x00\t ", "FromCity": "", "Strange=&": "+"}
    assert (await caller.post("/hooks/twilio/message", words))[0] == 200
    [message] = caller.office.messages
    assert message.text == words["Body"]
    assert dict(json.loads(message.raw)) == words


async def test_the_next_token_signs_as_well_as_the_present_one(caller: Caller) -> None:
    assert (await caller.post("/hooks/twilio/message", MESSAGE, signed_with="next"))[0] == 200
    assert (await caller.post("/hooks/twilio/message", MESSAGE, signed_with="last year's"))[0] == 403


async def test_the_query_is_part_of_what_is_signed_and_is_not_encoded_again(caller: Caller) -> None:
    path = "/hooks/twilio/status?delivery=7&attempt=2&x=%27%2b"
    assert await caller.post(path, STATUS) == (200, "text/xml", "<Response/>")
    [receipt] = caller.office.receipts
    assert (receipt.remote_id, receipt.status, receipt.delivery_id, receipt.attempt) == ("SM2", "delivered", 7, 2)


@pytest.mark.parametrize("path", ["/hooks/twilio/message", "/hooks/twilio/status"])
@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "bm8="}])
async def test_a_missing_or_wrong_signature_is_403(caller: Caller, path: str, headers: dict[str, str]) -> None:
    status, _, _ = await caller.send(path, urlencode({**MESSAGE, **STATUS}).encode(), headers)
    assert status == 403
    assert not caller.office.messages
    assert not caller.office.receipts


async def test_what_a_proxy_says_about_the_host_changes_nothing(caller: Caller) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Host": "evil.example"}
    assert (await caller.post("/hooks/twilio/message", MESSAGE, forwarded))[0] == 200


async def test_when_the_intake_fails_the_provider_is_told_to_come_again(caller: Caller) -> None:
    caller.office.broken = True
    with capture_logs() as logs:
        assert (await caller.post("/hooks/twilio/message", MESSAGE))[0] == 503
        assert (await caller.post("/hooks/twilio/status", STATUS))[0] == 503
    assert [(line["remote_id"], line["error"]) for line in logs] == [("SM1", "OSError"), ("SM2", "OSError")]
    assert all(line["where"].startswith("gateway/web/hooks.py:") for line in logs)
    assert "disk full" not in str(logs)
    caller.office.broken = False
    assert (await caller.post("/hooks/twilio/message", MESSAGE))[0] == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "application/json"}, 403),
        (b"x", {"Content-Type": "nonsense"}, 403),
        (b"Body=" + b"x" * 70_000, {}, 403),
        (b"Body=" + b"x" * 70_000, {"X-Twilio-Signature": "x"}, 413),
        (b"a=1&" * 2000, {"X-Twilio-Signature": "x"}, 413),
        (b"\xff\xfe=1", {}, 403),
        (b"%ff%fe=%00%ff&&&==&%", {}, 403),
        (b"%00&&==&%", {}, 403),
        (b"a=1", {"Content-Type": f"{FORM['Content-Type']}; charset=nonsense"}, 403),
        (b"a=1", {"Content-Type": f"{FORM['Content-Type']}; charset=nonsense", "X-Twilio-Signature": "x"}, 403),
        (b"a=1", {"Content-Type": f"{FORM['Content-Type']}; charset=undefined", "X-Twilio-Signature": "x"}, 403),
        (b"", {}, 403),
        (b"not zlib", {"Content-Encoding": "deflate"}, 403),
        (zlib.compress(b"x" * 20_000_000), {"Content-Encoding": "deflate"}, 403),
    ],
)
async def test_a_body_of_any_bytes_gets_a_clean_refusal(
    caller: Caller, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert (await caller.send("/hooks/twilio/message", body, headers))[0] == status
    assert (await caller.post("/hooks/twilio/message", MESSAGE))[0] == 200, "the next one works"


@pytest.mark.parametrize("path", ["/hooks/twilio/message", "/hooks/twilio/status"])
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}])
async def test_whatever_is_not_signed_is_403_and_not_even_read(
    caller: Caller, path: str, headers: dict[str, str]
) -> None:
    async with aiohttp.ClientSession() as session:
        for body in (b"", b"Body=" + b"x" * 200_000):
            async with session.post(f"{caller.url}{path}", data=body, headers=headers) as answer:
                assert answer.status == 403


async def test_a_body_that_breaks_off_gets_a_clean_refusal(caller: Caller) -> None:
    address = URL(caller.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = "POST /hooks/twilio/message HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    writer.write(f"{head}Content-Type: {FORM['Content-Type']}\r\n\r\n".encode())
    await writer.drain()
    writer.write(b"5\r\nBody=\r\nnonsense\r\n")
    async with asyncio.timeout(30):
        assert b" 400 " in await reader.readline()
    writer.close()
    assert (await caller.post("/hooks/twilio/message", MESSAGE))[0] == 200, "the next one works"


async def test_a_signed_form_that_is_no_message_is_400(caller: Caller) -> None:
    assert (await caller.post("/hooks/twilio/message", {"AccountSid": ACCOUNT}))[0] == 400
    assert (await caller.post("/hooks/twilio/status", {"AccountSid": ACCOUNT}))[0] == 400


async def test_a_webhook_is_only_posted_to(caller: Caller) -> None:
    async with caller.session.get(caller.url + "/hooks/twilio/message") as answer:
        assert answer.status == 405


async def test_leaving_lets_a_request_that_is_being_answered_finish(site: Site, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]  # pytest's factory
    entered, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Office):
        async def take(self, message: Inbound) -> Accepted:
            entered.set()
            await go_on.wait()
            return await super().take(message)

    office = Slow()
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('web')}/unused.db")
    deps = WebDeps(
        store, site, office, office.record, lambda: datetime.now(UTC), Door(site.public_url, ACCOUNT, ["now"])
    )
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        async with listening(build_app(deps), "127.0.0.1", 0) as (host, port):
            caller = Caller(session, f"http://{host}:{port}", office)
            answer = asyncio.create_task(caller.post("/hooks/twilio/message", MESSAGE))
            await entered.wait()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
        assert (await answer)[0] == 200
    await store.close()


async def test_the_ops_port_says_alive_ready_and_how_much(store: Store) -> None:
    starting, stopping = True, False
    app = build_ops_app(store, starting=lambda: starting, stopping=lambda: stopping)
    async with (
        listening(app, "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}") as session,
    ):
        async with session.get("/readyz") as answer:
            assert answer.status == 503
        starting = False
        for path in ("/healthz", "/readyz", "/metrics"):
            async with session.get(path) as answer:
                assert answer.status == 200
        assert b"python_info" in await (await session.get("/metrics")).read()
        stopping = True
        async with session.get("/readyz") as answer:
            assert answer.status == 503
        async with session.get("/healthz") as answer:
            assert answer.status == 200


async def test_a_daemon_whose_database_does_not_answer_is_alive_but_not_ready(tmp_path_factory) -> None:  # type: ignore[no-untyped-def]  # pytest's factory
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('web')}/empty.db")
    async with listening(build_ops_app(store), "127.0.0.1", 0) as (host, port), aiohttp.ClientSession() as session:
        async with session.get(f"http://{host}:{port}/readyz") as answer:
            assert answer.status == 503
        async with session.get(f"http://{host}:{port}/healthz") as answer:
            assert answer.status == 200
    await store.close()
