"""Texts over the provider's real client to the stand-in carrier, in all weathers."""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import msgspec
import pytest
import structlog
from aiohttp import web
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault as Trouble
from gateway.domain.delivery import Absent, Bounced, Deferred, Expired, Fault, Finding, Sent, Unsure, pick
from gateway.domain.late import Gone, Price, Told
from gateway.domain.types import Channel, Outgoing
from outbound.sms_twilio import LOOK_BACK, STATUS_PATH, TwilioSettings, TwilioTransport, can_be_called
from tests.wiring import free_port

SID, TOKEN = "AC" + "0" * 32, "secret"
SITE = "http://127.0.0.1:9"


def text(**changes: Any) -> Outgoing:
    delivery = Outgoing(
        id=31,
        attempt=1,
        channel=Channel.SMS,
        to="+15550000002",
        text="alice: tea at four",
        queued_at=datetime.now(UTC),
        sender="+15550000001",
        segments=1,
        author="alice",
        post_id=7,
    )
    return dataclasses.replace(delivery, **changes)


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with Carrier(account_sid=SID, auth_token=TOKEN) as carrier:
        yield carrier


@asynccontextmanager
async def transport(base_url: str, public_url: str = SITE, **changes: Any) -> AsyncIterator[TwilioTransport]:
    settings = TwilioSettings(account_sid=SID, auth_token=TOKEN, base_url=base_url, timeout=5.0)
    wire = TwilioTransport(msgspec.structs.replace(settings, **changes), public_url)
    try:
        yield wire
    finally:
        await wire.close()


@asynccontextmanager
async def provider(answer: Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]) -> AsyncIterator[str]:
    """A provider that answers every request with one handler; yields its base URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def looked_up(wire: TwilioTransport, delivery: Outgoing) -> Finding:
    """What a look-up says of a delivery when no other one is known."""
    found = await wire.look_up(delivery)
    return found if isinstance(found, Deferred) else pick(found, set())


async def test_a_text_is_sent_with_its_words_sender_and_receipt_address(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        outcome = await wire.send(text(attempt=2))
    sent = carrier.messages[0]
    assert outcome == Sent(sent.sid)
    assert (sent.from_, sent.to, sent.body) == ("+15550000001", "+15550000002", "alice: tea at four")
    address = urlsplit(sent.status_callback)
    assert f"{address.scheme}://{address.netloc}{address.path}" == SITE + STATUS_PATH
    assert parse_qs(address.query) == {"delivery": ["31"], "attempt": ["2"]}


@pytest.mark.parametrize(("seconds", "asked"), [(0, None), (1, "1"), (14_400, "14400")])
async def test_the_provider_is_told_how_long_a_text_is_good_for(
    carrier: Carrier, seconds: int, asked: str | None
) -> None:
    async with transport(carrier.base_url) as wire:
        await wire.send(text(valid_for=seconds))
    assert carrier.messages[0].fields.get("ValidityPeriod") == asked


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A request to the provider, whoever made it."""

    method: str
    path: str
    fields: dict[str, str]
    login: str | None = None


class Overheard(HttpClient):
    """What the provider's own package would ask, instead of asking."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self.asked: list[Asked] = []

    def request(self, method: str, uri: str, **more: Any) -> Response:
        fields = more["data"] if method == "POST" else more["params"]
        self.asked.append(
            Asked(
                method,
                urlsplit(uri).path,
                {name: str(value) for name, value in fields.items()},
                aiohttp.encode_basic_auth(*more["auth"]),
            )
        )
        return Response(201 if method == "POST" else 200, '{"messages": []}')


@pytest.mark.parametrize(
    ("service", "sender"), [("", "+15550000001"), ("MG" + "1" * 32, "+15550000001"), ("MG" + "1" * 32, "MG" + "1" * 32)]
)
async def test_we_ask_for_what_the_providers_own_package_would_ask(service: str, sender: str) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        fields = await request.post() if request.method == "POST" else request.query
        login = request.headers.get("Authorization")
        asked.append(Asked(request.method, request.path, {k: str(v) for k, v in fields.items()}, login))
        return web.json_response({"sid": "SM1", "messages": []}, status=201)

    words = "alice: 100% & more = ünïcode 🎉\nsecond line; a+b?"
    async with provider(answer) as url, transport(url, messaging_service_sid=service) as wire:
        assert await wire.send(text(text=words, sender=sender, valid_for=14_400)) == Sent("SM1")
        await wire.look_up(text(text=words, sender=sender))

    overheard = Overheard()
    package = Client(SID, TOKEN, http_client=overheard)
    chosen = {"messaging_service_sid": service} if service else {}
    chosen |= {"from_": sender} if sender != service else {}
    receipts = f"{SITE}{STATUS_PATH}?delivery=31&attempt=1"
    package.messages.create(to="+15550000002", body=words, status_callback=receipts, validity_period=14_400, **chosen)
    package.messages.list(to="+15550000002", limit=LOOK_BACK, **({} if service else {"from_": sender}))
    assert asked == overheard.asked


async def test_any_words_arrive_as_they_were(carrier: Carrier) -> None:
    words = "alice: 100% & more = ünïcode 🎉\nsecond line; a+b?"
    async with transport(carrier.base_url) as wire:
        await wire.send(text(text=words))
    assert carrier.messages[0].body == words


async def test_a_messaging_service_sends_from_the_number_that_the_person_knows(carrier: Carrier) -> None:
    service = "MG" + "1" * 32
    async with transport(carrier.base_url, messaging_service_sid=service) as wire:
        await wire.send(text())
        found = await looked_up(wire, text())
    assert carrier.messages[0].messaging_service_sid == service
    assert carrier.messages[0].from_ == "+15550000001"
    assert found == Sent(carrier.messages[0].sid)


async def test_a_messaging_service_without_numbers_of_ours_picks_one(carrier: Carrier) -> None:
    service = "MG" + "1" * 32
    async with transport(carrier.base_url, messaging_service_sid=service) as wire:
        sent = await wire.send(text(sender=service))
        assert isinstance(sent, Sent)
        assert carrier.messages[0].messaging_service_sid == service
        assert carrier.messages[0].from_ != service
        carrier.messages[0].from_ = "+15550000077"
        assert await looked_up(wire, text(sender=service)) == sent


async def test_too_many_requests_slow_the_whole_sender_for_as_long_as_asked(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.TOO_MANY, retry_after=7)
    async with transport(carrier.base_url) as wire:
        outcome = await wire.send(text())
    assert outcome == Deferred("too many requests at once (20429)", retry_after=7.0, route_wide=True)
    assert carrier.messages == []


async def test_too_many_requests_without_a_word_of_when_have_a_wait_of_ours(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.TOO_MANY)
    async with transport(carrier.base_url) as wire:
        outcome = await wire.send(text())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert outcome.retry_after == 5.0


@pytest.mark.parametrize("trouble", [Trouble.SERVER_ERROR, Trouble.UNAVAILABLE])
async def test_a_server_error_leaves_us_unsure_and_is_not_tried_again(carrier: Carrier, trouble: Trouble) -> None:
    carrier.misbehave(trouble)
    async with transport(carrier.base_url) as wire:
        assert isinstance(await wire.send(text()), Unsure)
    assert carrier.messages == []
    assert carrier.faults.waiting == []


async def test_silence_is_cut_by_the_timeout_and_leaves_us_unsure(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.HANG, accepted=True)
    async with transport(carrier.base_url, timeout=0.2) as wire:
        async with asyncio.timeout(30):
            outcome = await wire.send(text())
        assert isinstance(outcome, Unsure)
        assert await looked_up(wire, text()) == Sent(carrier.messages[0].sid)


async def test_a_text_taken_before_the_connection_dropped_is_found_by_looking_it_up(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.DROP)
    async with transport(carrier.base_url) as wire:
        assert isinstance(await wire.send(text()), Unsure)
        assert await looked_up(wire, text()) == Sent(carrier.messages[0].sid)
    assert len(carrier.messages) == 1


async def test_a_text_lost_before_it_was_taken_is_not_found(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.DROP, accepted=False)
    async with transport(carrier.base_url) as wire:
        assert isinstance(await wire.send(text()), Unsure)
        assert await looked_up(wire, text()) == Absent()


async def test_an_answer_that_makes_no_sense_leaves_us_unsure(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.WRONG_JSON)
    async with transport(carrier.base_url) as wire:
        assert isinstance(await wire.send(text()), Unsure)
        assert await looked_up(wire, text()) == Sent(carrier.messages[0].sid)


@pytest.mark.parametrize(
    "body", ["", "null", "{}", '{"sid": 5}', '{"sid": "SM1", "date_created": 5}', "<html>", "[]", '"x"']
)
async def test_a_created_without_a_readable_message_leaves_us_unsure(body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, status=201, content_type="application/json")

    async with provider(answer) as url, transport(url) as wire:
        assert isinstance(await wire.send(text()), Unsure)


async def test_a_refused_connection_sent_nothing() -> None:
    async with transport(f"http://127.0.0.1:{free_port()}") as wire:
        outcome = await wire.send(text())
        finding = await looked_up(wire, text())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert isinstance(finding, Deferred)


async def test_wrong_credentials_lose_nothing_and_call_the_operator(carrier: Carrier) -> None:
    with structlog.testing.capture_logs() as logs:
        async with transport(carrier.base_url, auth_token="wrong") as wire:
            outcome = await wire.send(text())
            finding = await looked_up(wire, text())
    assert isinstance(outcome, Deferred)
    assert outcome.route_wide
    assert isinstance(finding, Deferred)
    assert [entry["log_level"] for entry in logs if entry.get("code") == 20003] == ["error", "error"]
    assert "+1555" not in str(logs)
    assert "wrong" not in str(logs).replace("token is wrong", "")


async def test_the_next_token_is_tried_while_tokens_are_exchanged(carrier: Carrier) -> None:
    async with transport(carrier.base_url, auth_token="old", auth_token_next=TOKEN) as wire:
        outcomes = [await wire.send(text(id=n)) for n in range(3)]
        assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Sent]
    async with transport(carrier.base_url, auth_token="old", auth_token_next="older") as wire:
        assert isinstance(await wire.send(text()), Deferred)


async def test_nothing_of_the_message_is_logged(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.WRONG_JSON)
    carrier.misbehave(Trouble.REFUSED, code=30007)
    with structlog.testing.capture_logs() as logs:
        async with transport(carrier.base_url) as wire:
            await wire.send(text())
            await wire.send(text())
    assert logs
    assert "+1555" not in str(logs)
    assert "tea" not in str(logs)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (21610, Fault.OPTED_OUT),
        (21211, Fault.ADDRESS),
        (21614, Fault.ADDRESS),
        (21635, Fault.ADDRESS),
        (21612, Fault.ROUTE),
        (21617, Fault.MESSAGE),
        (21408, Fault.SENDER),
    ],
)
async def test_a_refusal_names_whose_fault_it_is(carrier: Carrier, code: int, fault: Fault) -> None:
    carrier.misbehave(Trouble.REFUSED, code=code)
    async with transport(carrier.base_url) as wire:
        outcome = await wire.send(text())
    assert isinstance(outcome, Bounced)
    assert outcome.fault is fault
    assert str(code) in outcome.reason


async def test_a_full_queue_at_the_provider_is_waited_for(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        outcome = await wire.send(text(sender="+15005550008"))
    assert outcome == Deferred("the sender's queue at the provider is full (21611)", 900.0, route_wide=True)


@pytest.mark.parametrize(("status", "body"), [(400, '{"code": 99999}'), (400, "no json"), (418, "{}"), (302, "")])
async def test_a_refusal_that_is_not_known_is_temporary(status: int, body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, status=status, headers={"Location": "/elsewhere"})

    async with provider(answer) as url, transport(url) as wire:
        assert isinstance(await wire.send(text()), Deferred)


@pytest.mark.parametrize(
    ("given", "wait"),
    [
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("99999", 3600.0),
        ("soon", 5.0),
        ("-3", 5.0),
        ("²", 5.0),
    ],
)
async def test_retry_after_may_be_a_date_and_is_never_absurd(given: str, wait: float) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": given, "Date": "Mon, 23 Nov 2026 10:00:00 GMT"})

    async with provider(answer) as url, transport(url) as wire:
        outcome = await wire.send(text())
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == wait


async def test_a_message_that_failed_at_once_is_not_taken_for_sent() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"sid": "SM1", "status": "failed", "error_code": 30005}, status=201)

    async with provider(answer) as url, transport(url) as wire:
        outcome = await wire.send(text())
    assert isinstance(outcome, Bounced)
    assert outcome.fault is Fault.ADDRESS


async def test_a_message_is_asked_about_by_its_id_and_tells_its_state_and_price(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        sent = await wire.send(text(text="x" * 200))
        assert isinstance(sent, Sent)
        await carrier.wait_for(lambda each: each.sid == sent.remote_id and each.status == "delivered")
        assert await wire.tell(sent.remote_id) == Told("delivered", "", Price(2 * 7_900, "USD"))


async def test_a_message_that_failed_tells_its_code(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.UNDELIVERED, code=30005)
    async with transport(carrier.base_url) as wire:
        sent = await wire.send(text())
        assert isinstance(sent, Sent)
        await carrier.wait_for(lambda each: each.sid == sent.remote_id and each.status == "undelivered")
        told = await wire.tell(sent.remote_id)
    assert isinstance(told, Told)
    assert (told.status, told.error_code) == ("undelivered", "30005")


async def test_a_message_that_the_provider_does_not_know_is_gone(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        assert await wire.tell("SM" + "0" * 32) == Gone()
        assert await wire.tell("../../Accounts") == Gone()
    assert carrier.messages == []


@pytest.mark.parametrize("trouble", [Trouble.TOO_MANY, Trouble.SERVER_ERROR, Trouble.DROP, Trouble.WRONG_JSON])
async def test_a_message_that_cannot_be_asked_about_now_is_asked_about_later(
    carrier: Carrier, trouble: Trouble
) -> None:
    async with transport(carrier.base_url) as wire:
        sent = await wire.send(text())
        assert isinstance(sent, Sent)
        carrier.misbehave(trouble, times=None, look_ups=True, retry_after=7)
        told = await wire.tell(sent.remote_id)
    assert isinstance(told, Deferred)
    assert told.reason
    assert told.retry_after == 7 or trouble in (Trouble.SERVER_ERROR, Trouble.DROP, Trouble.WRONG_JSON)


async def test_a_look_up_finds_only_this_text(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        await wire.send(text())
        assert isinstance(await looked_up(wire, text()), Sent)
        assert await looked_up(wire, text(text="alice: tea at five")) == Absent()
        assert await looked_up(wire, text(to="+15550000003")) == Absent()
        assert await looked_up(wire, text(sender="+15550000009")) == Absent()
        assert await looked_up(wire, text(queued_at=datetime.now(UTC) + timedelta(minutes=5))) == Absent()


@pytest.mark.parametrize("direction", [None, "", "outbound-api", "outbound-reply"])
async def test_a_list_may_say_less_than_the_providers_own_and_dates_in_another_way(direction: str | None) -> None:
    created = datetime.now(UTC).isoformat()
    ours = {"sid": "SM1", "from": "+15550000001", "body": "alice: tea at four", "date_created": created}

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"messages": [ours | ({} if direction is None else {"direction": direction})]})

    async with provider(answer) as url, transport(url) as wire:
        assert await looked_up(wire, text()) == Sent("SM1")


@pytest.mark.parametrize("created", [None, "", "yesterday", 5, "2026-11-22T10:00:00"])
async def test_our_text_in_a_list_that_does_not_say_when_is_not_taken_for_another(created: object) -> None:
    ours = {"sid": "SM1", "direction": "outbound-api", "from": "+15550000001", "body": "alice: tea at four"}

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"messages": [ours | {"date_created": created}]})

    async with provider(answer) as url, transport(url) as wire:
        assert await wire.look_up(text()) == Deferred("the provider's list made no sense")


@pytest.mark.parametrize(
    ("code", "attempt", "excused", "finding"),
    [
        (30005, 1, 0, Bounced("the phone number is unknown or no longer in service (30005)", Fault.ADDRESS)),
        (21610, 1, 0, Bounced("the recipient has opted out at the provider (21610)", Fault.OPTED_OUT)),
        (30008, 1, 0, Absent()),
        (30008, 2, 0, Bounced("the carrier gave no reason (30008)")),
        (30008, 9, 8, Absent()),  # put off eight times, by quiet hours or the pace, and tried once
        (30003, 3, 0, Absent()),
        (30036, 1, 0, Expired("it could not be handed on within sms.validity, so it is old news (30036)")),
    ],
)
async def test_a_look_up_says_what_became_of_a_failed_text(
    carrier: Carrier, code: int, attempt: int, excused: int, finding: Absent | Bounced | Expired
) -> None:
    carrier.misbehave(Trouble.UNDELIVERED, code=code)
    async with transport(carrier.base_url) as wire:
        await wire.send(text())
        await carrier.wait_for(lambda sent: sent.status == "undelivered")
        assert await looked_up(wire, text(attempt=attempt, excused=excused)) == finding


async def test_a_text_that_was_sent_again_counts_not_its_failed_first_try(carrier: Carrier) -> None:
    carrier.misbehave(Trouble.UNDELIVERED, code=30008)
    async with transport(carrier.base_url) as wire:
        await wire.send(text())
        await carrier.wait_for(lambda sent: sent.status == "undelivered")
        again = await wire.send(text(attempt=2))
        assert await looked_up(wire, text(attempt=2)) == again


@pytest.mark.parametrize(
    "trouble", [Trouble.TOO_MANY, Trouble.SERVER_ERROR, Trouble.DROP, Trouble.HANG, Trouble.WRONG_JSON]
)
async def test_a_look_up_that_fails_is_put_off(carrier: Carrier, trouble: Trouble) -> None:
    carrier.misbehave(trouble, times=None, look_ups=True)
    async with transport(carrier.base_url, timeout=0.3) as wire:
        await wire.send(text())
        assert isinstance(await looked_up(wire, text()), Deferred)


async def test_a_hundred_texts_at_once_get_their_own_answers(carrier: Carrier) -> None:
    async with transport(carrier.base_url) as wire:
        outcomes = await asyncio.gather(*(wire.send(text(id=n, to=f"+1555000{n:04}")) for n in range(100)))
    to = {sent.sid: sent.to for sent in carrier.messages}
    assert [to[outcome.remote_id] for outcome in outcomes if isinstance(outcome, Sent)] == [
        f"+1555000{n:04}" for n in range(100)
    ]


@pytest.mark.parametrize(
    ("site", "provider_url", "usable"),
    [
        ("https://town.example", "https://api.twilio.com", True),
        ("https://town.example:8443/birdwire", "https://api.twilio.com", True),
        ("https://203.0.113.9", "http://127.0.0.1:4010", True),
        ("https://8.8.8.8", "https://api.twilio.com", True),
        ("http://127.0.0.1:8140", "http://127.0.0.1:4010", True),
        ("http://localhost:8140", "http://[::1]:4010", True),
        ("http://127.0.0.1:8140", "https://api.twilio.com", False),
        ("http://localhost:8140", "https://api.twilio.com", False),
        ("http://10.0.0.5", "https://api.twilio.com", False),
        ("https://my_town.example", "https://api.twilio.com", False),
        ("", "https://api.twilio.com", False),
        ("ftp://town.example", "https://api.twilio.com", False),
    ],
)
def test_receipts_are_asked_for_only_where_they_can_come(site: str, provider_url: str, usable: bool) -> None:
    assert can_be_called(site, provider_url) is usable


async def test_without_a_usable_address_a_text_still_goes_out(carrier: Carrier) -> None:
    async with transport(carrier.base_url, public_url="http://my_town:8140") as wire:
        assert isinstance(await wire.send(text()), Sent)
    assert carrier.messages[0].status_callback == ""


def test_settings_do_not_show_their_secrets() -> None:
    assert "secret" not in repr(TwilioSettings(account_sid=SID, auth_token="secret", auth_token_next="secret"))


async def test_many_texts_at_once_wait_for_the_provider_and_not_for_each_other() -> None:
    most, all_are_there, under_way = 150, asyncio.Event(), 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal under_way
        under_way += 1
        number = under_way
        if under_way == most:
            all_are_there.set()
        await all_are_there.wait()
        return web.json_response({"sid": f"SM{number}", "status": "queued"}, status=201)

    async with provider(answer) as base_url, transport(base_url) as wire:
        outcomes = await asyncio.gather(*(wire.send(text(id=number)) for number in range(1, most + 1)))
    assert {type(each) for each in outcomes} == {Sent}
