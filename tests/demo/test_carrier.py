"""The stand-in carrier, tried with the provider's own client and request validator."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault
from gateway.demo.texts import count_segments

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "carrier-token"
SITE, ALICE, BOB = "+15550001000", "+15550000001", "+15550000002"


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN) as carrier:
        yield carrier


@dataclass
class Gateway:
    """A web server that notes what the carrier posts and answers what it is told to."""

    answers: list[web.Response] = field(default_factory=list)
    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.calls.append((request.raw_path, form, request.headers["X-Twilio-Signature"]))
        self.tokens.append(request.headers["I-Twilio-Idempotency-Token"])
        return self.answers.pop(0) if self.answers else web.Response(text="<Response/>", content_type="text/xml")


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/{path:.*}", gateway.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield gateway
    await runner.cleanup()


@pytest.fixture
async def client(carrier: Carrier) -> AsyncIterator[Client]:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = carrier.base_url
    yield client
    client.http_client.session.close()


async def send(client: Client, **fields: object):
    return await asyncio.to_thread(client.messages.create, **fields)


async def post(carrier: Carrier, data: dict[str, str], **kwargs) -> tuple[int, object, dict[str, str]]:
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    url = f"{carrier.base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers, **kwargs) as response:
        return response.status, await response.json(), dict(response.headers)


def form(**fields: str) -> dict[str, str]:
    return {"From": SITE, "To": BOB, "Body": "hi"} | fields


async def test_the_providers_client_sends_a_text_that_reaches_the_phone(carrier: Carrier, client: Client) -> None:
    message = await send(client, from_=SITE, to=BOB, body="alice: hi")
    assert (message.status, message.direction, message.num_segments) == ("queued", "outbound-api", "1")
    assert message.price is None
    assert datetime.now(UTC) - message.date_created < timedelta(minutes=1)
    text = await carrier.wait_for(lambda text: text.status == "delivered")
    assert carrier.phones[BOB] == [text]
    fetched = await asyncio.to_thread(client.messages(message.sid).fetch)
    assert (fetched.status, fetched.body, fetched.to) == ("delivered", "alice: hi", BOB)


async def test_a_message_has_the_providers_shape(carrier: Carrier) -> None:
    status, body, _ = await post(carrier, form())
    assert status == 201
    assert isinstance(body, dict)
    assert body["uri"] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{body['sid']}.json"
    assert parsedate_to_datetime(body["date_created"]).tzinfo is not None
    assert set(body) == {
        "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction", "error_code",
        "error_message", "from", "messaging_service_sid", "num_media", "num_segments", "price", "price_unit", "sid",
        "status", "subresource_uris", "to", "uri",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "banana"}, 21211),
        ({"From": "+12"}, 21212),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"StatusCallback": "http://under_score.example/"}, 21609),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
    ],
)
async def test_a_bad_message_is_refused_with_the_providers_code(
    carrier: Carrier, fields: dict[str, str], code: int
) -> None:
    status, body, _ = await post(carrier, form(**fields))
    assert isinstance(body, dict)
    assert (status, body["code"]) == (429 if code == 21611 else 400, code)
    assert body["more_info"].endswith(str(code))
    assert carrier.messages == []


async def test_a_wrong_token_is_not_let_in(carrier: Carrier) -> None:
    client = Client(ACCOUNT, "wrong")
    client.api.base_url = carrier.base_url
    with pytest.raises(TwilioRestException) as refused:
        await send(client, from_=SITE, to=BOB, body="hi")
    client.http_client.session.close()
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_the_account_can_be_fetched_and_what_is_unknown_is_404(carrier: Carrier, client: Client) -> None:
    account = await asyncio.to_thread(client.api.accounts(ACCOUNT).fetch)
    assert account.status == "active"
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(client.messages("SM" + "0" * 32).fetch)
    assert (refused.value.status, refused.value.code) == (404, 20404)


async def test_the_list_is_newest_first_filtered_and_paged(carrier: Carrier, client: Client) -> None:
    for number in range(7):
        await send(client, from_=SITE, to=BOB if number % 2 else ALICE, body=str(number))
    bodies = [m.body for m in await asyncio.to_thread(client.messages.list, page_size=2)]
    assert bodies == ["6", "5", "4", "3", "2", "1", "0"]
    assert [m.body for m in await asyncio.to_thread(client.messages.list, to=BOB, page_size=2)] == ["5", "3", "1"]
    assert [m.body for m in await asyncio.to_thread(client.messages.list, limit=3)] == ["6", "5", "4"]
    first = await asyncio.to_thread(client.messages.page, page_size=3)
    second = await asyncio.to_thread(first.next_page)
    back = await asyncio.to_thread(second.previous_page)
    assert [m.body for m in second] == ["3", "2", "1"]
    assert [m.body for m in back] == ["6", "5", "4"]


async def test_the_list_is_filtered_by_when_it_was_sent(carrier: Carrier, client: Client) -> None:
    await send(client, from_=SITE, to=BOB, body="hi")
    now, hour = datetime.now(UTC), timedelta(hours=1)

    async def found(**filters: object) -> int:
        return len(await asyncio.to_thread(client.messages.list, **filters))

    assert await found(date_sent_after=now - hour) == 1
    assert await found(date_sent_after=now + hour) == 0
    assert await found(date_sent_before=now + hour) == 1
    assert await found(date_sent_before=now - hour) == 0
    sent_at = carrier.messages[0].sent_at
    assert sent_at is not None
    day = sent_at.date()
    assert await found(date_sent=day) == 1
    assert await found(date_sent=day - timedelta(days=2)) == 0


async def test_receipts_come_signed_and_in_order(carrier: Carrier, gateway: Gateway) -> None:
    url = f"{gateway.url}/status?delivery=7&x=%20a"
    _, body, _ = await post(carrier, form(StatusCallback=url))
    await carrier.wait_until(lambda: len(gateway.calls) == 2)
    assert isinstance(body, dict)
    assert [call[1]["MessageStatus"] for call in gateway.calls] == ["sent", "delivered"]
    for path, fields, signature in gateway.calls:
        assert path == "/status?delivery=7&x=%20a"
        assert fields["MessageSid"] == body["sid"]
        assert RequestValidator(TOKEN).validate(url, fields, signature)


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Fault.RECEIPTS_REVERSED, ["delivered", "sent"]),
        (Fault.RECEIPTS_DOUBLED, ["sent", "sent", "delivered", "delivered"]),
        (Fault.RECEIPTS_UNKNOWN, ["delivered", "sent", "delivered"]),
        (Fault.RECEIPTS_EARLY, ["sent", "delivered"]),
        (Fault.UNDELIVERED, ["sent", "undelivered"]),
    ],
)
async def test_receipts_misbehave_when_told_to(
    carrier: Carrier, gateway: Gateway, fault: Fault, statuses: list[str]
) -> None:
    carrier.misbehave(fault, code=30005)
    await post(carrier, form(StatusCallback=f"{gateway.url}/status"))
    if fault is Fault.RECEIPTS_EARLY:
        assert len(gateway.calls) == 2
    await carrier.wait_until(lambda: len(gateway.calls) == len(statuses))
    assert [call[1]["MessageStatus"] for call in gateway.calls] == statuses
    if fault is Fault.UNDELIVERED:
        assert gateway.calls[-1][1]["ErrorCode"] == "30005"
        assert carrier.phones[BOB] == []
    if fault is Fault.RECEIPTS_UNKNOWN:
        assert gateway.calls[0][1]["MessageSid"] != carrier.messages[0].sid


async def test_withheld_receipts_never_come_though_the_text_arrives(carrier: Carrier, gateway: Gateway) -> None:
    carrier.misbehave(Fault.RECEIPTS_WITHHELD)
    await post(carrier, form(StatusCallback=f"{gateway.url}/status"))
    await post(carrier, form(StatusCallback=f"{gateway.url}/status", Body="next"))
    await carrier.wait_until(lambda: len(gateway.calls) == 2 and len(carrier.phones[BOB]) == 2)
    assert {call[1]["MessageSid"] for call in gateway.calls} == {carrier.messages[1].sid}


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.TOO_MANY, 20429), (Fault.SERVER_ERROR, 20500), (Fault.UNAVAILABLE, 20503)]
)
@pytest.mark.parametrize("retry_after", [None, 3])
async def test_a_busy_carrier_says_so_as_often_as_it_was_told(
    carrier: Carrier, fault: Fault, code: int, retry_after: int | None
) -> None:
    carrier.misbehave(fault, times=2, retry_after=retry_after)
    for _ in range(2):
        status, body, headers = await post(carrier, form())
        assert isinstance(body, dict)
        assert (status, body["code"]) == (code - 20000, code)
        assert headers.get("Retry-After") == (str(retry_after) if retry_after else None)
    assert (await post(carrier, form()))[0] == 201
    assert len(carrier.messages) == 1


async def test_a_fault_can_be_for_one_phone_only_and_until_told_to_behave(carrier: Carrier) -> None:
    carrier.misbehave(Fault.REFUSED, code=21614, to=BOB, times=None)
    assert (await post(carrier, form(To=ALICE)))[0] == 201
    for _ in range(3):
        assert (await post(carrier, form()))[0] == 400
    carrier.behave()
    assert (await post(carrier, form()))[0] == 201


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_dropped_connection_hides_whether_the_text_was_taken(carrier: Carrier, accepted: bool) -> None:
    carrier.misbehave(Fault.DROP, accepted=accepted)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(carrier, form())
    assert len(carrier.messages) == accepted


async def test_a_hanging_request_ends_with_the_clients_patience_and_closing_does_not_wait_for_it() -> None:
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN) as carrier:
        carrier.misbehave(Fault.HANG, accepted=True)
        with pytest.raises(TimeoutError):
            await post(carrier, form(), timeout=aiohttp.ClientTimeout(total=0.2))
        assert len(carrier.messages) == 1
        carrier.misbehave(Fault.HANG)
        hanging = asyncio.create_task(post(carrier, form()))
        await carrier.wait_until(lambda: not carrier.faults.waiting)
    async with asyncio.timeout(30):
        with pytest.raises(aiohttp.ClientConnectionError):
            await hanging


async def test_look_ups_can_misbehave_too(carrier: Carrier, client: Client) -> None:
    carrier.misbehave(Fault.UNAVAILABLE, look_ups=True)
    with pytest.raises(TwilioException):
        await asyncio.to_thread(client.messages.list)
    assert await asyncio.to_thread(client.messages.list) == []


async def test_a_text_from_a_phone_is_a_signed_webhook_and_the_answer_shows_on_the_phone(
    carrier: Carrier, gateway: Gateway
) -> None:
    carrier.webhook_url = f"{gateway.url}/hooks/message"
    gateway.answers = [
        web.Response(
            text="<Response><Message>wel<Body>come &amp; hi</Body></Message></Response>", content_type="text/xml"
        )
    ]
    result = await carrier.text(ALICE, SITE, "JOIN alice  ", FromCity="Łódź")
    assert (result.status, result.tries) == (200, 1)
    _, fields, signature = gateway.calls[0]
    assert RequestValidator(TOKEN).validate(carrier.webhook_url, fields, signature)
    assert fields["Body"] == "JOIN alice  "
    assert fields["MessageSid"] == fields["SmsMessageSid"] == result.sid
    assert fields["FromCity"] == "Łódź"
    await carrier.wait_until(lambda: len(carrier.phones[ALICE]) == 2)
    assert [text.body for text in carrier.phones[ALICE]] == ["JOIN alice  ", "come & hi"]


async def test_a_webhook_is_tried_again_with_the_same_id_and_idempotency_token(
    carrier: Carrier, gateway: Gateway
) -> None:
    carrier.webhook_url = f"{gateway.url}/hooks/message#rc=3&rp=5xx"
    gateway.answers = [web.Response(status=503), web.Response(status=500)]
    result = await carrier.text(ALICE, SITE, "hi")
    assert (result.status, result.tries) == (200, 3)
    assert len({fields["MessageSid"] for _, fields, _ in gateway.calls}) == 1
    assert len(set(gateway.tokens)) == 1
    assert RequestValidator(TOKEN).validate(f"{gateway.url}/hooks/message", gateway.calls[0][1], gateway.calls[0][2])


async def test_a_refused_webhook_is_not_tried_again(carrier: Carrier, gateway: Gateway) -> None:
    carrier.webhook_url = f"{gateway.url}/hooks/message"
    gateway.answers = [web.Response(status=403)]
    result = await carrier.text(ALICE, SITE, "hi")
    assert (result.status, result.tries, len(gateway.calls)) == (403, 1, 1)
    assert carrier.alerts[0][0] == 11200


async def test_a_gateway_that_is_away_is_tried_again_and_then_the_fallback_is_called(
    carrier: Carrier, gateway: Gateway, unused_tcp_port: int
) -> None:
    carrier.webhook_url = f"http://127.0.0.1:{unused_tcp_port}/hooks/message"
    assert (await carrier.text(ALICE, SITE, "hi")).status == 0
    carrier.fallback_url = f"{gateway.url}/hooks/fallback"
    result = await carrier.text(ALICE, SITE, "hi again")
    assert result.status == 200
    assert gateway.calls[0][1]["ErrorUrl"] == carrier.webhook_url


async def test_the_same_text_can_come_twice(carrier: Carrier, gateway: Gateway) -> None:
    carrier.webhook_url = f"{gateway.url}/hooks/message"
    first = await carrier.text(ALICE, SITE, "hi")
    again = await carrier.text(ALICE, SITE, "hi", MessageSid=first.sid)
    assert again.sid == first.sid
    assert len(gateway.calls) == 2
    assert len(carrier.messages) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ("<Response><Message>", "text/xml", 12100),
        ("<html/>", "text/xml", 12100),
        ("<Response/>", "application/json", 12300),
        ("<Response>" + "<Message>x</Message>" * 11 + "</Response>", "text/xml", 12100),
    ],
)
async def test_an_answer_that_is_not_twiml_is_an_alert(
    carrier: Carrier, gateway: Gateway, body: str, content_type: str, code: int
) -> None:
    carrier.webhook_url = f"{gateway.url}/hooks/message"
    gateway.answers = [web.Response(text=body, content_type=content_type)]
    assert (await carrier.text(ALICE, SITE, "hi")).status == 200
    assert [alert[0] for alert in carrier.alerts] == [code]


async def test_the_carriers_own_opt_out_blocks_answers_and_still_tells_the_gateway(gateway: Gateway) -> None:
    url = f"{gateway.url}/hooks/message"
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, webhook_url=url, handles_opt_out=True) as carrier:
        await carrier.text(BOB, SITE, " stop ")
        assert gateway.calls[0][1]["Body"] == " stop "
        await carrier.wait_for(lambda text: text.to == BOB and "unsubscribed" in text.body)
        _, body, _ = await post(carrier, form())
        assert isinstance(body, dict)
        assert body["code"] == 21610
        await carrier.text(BOB, SITE, "START")
        assert (await post(carrier, form()))[0] == 201


async def test_a_number_that_is_not_the_accounts_own_may_not_send() -> None:
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, numbers=[SITE]) as carrier:
        assert (await post(carrier, form(From=ALICE)))[0] == 400
        assert (await post(carrier, form()))[0] == 201


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 1600, 11),
    ],
)
def test_segments_are_counted_as_the_air_carries_them(body: str, segments: int) -> None:
    assert count_segments(body) == segments


async def test_an_answer_that_is_no_message_hides_that_the_text_was_taken(carrier: Carrier) -> None:
    carrier.misbehave(Fault.WRONG_JSON)
    status, body, _ = await post(carrier, form())
    assert (status, body) == (201, ["nonsense"])
    assert await carrier.wait_for(lambda text: text.status == "delivered")


async def test_many_texts_at_once_all_arrive(carrier: Carrier) -> None:
    answers = await asyncio.gather(*(post(carrier, form(Body=str(n))) for n in range(100)))
    assert len({answer[1]["sid"] for answer in answers if isinstance(answer[1], dict)}) == 100
    await carrier.wait_until(lambda: len(carrier.phones[BOB]) == 100)
    assert {text.body for text in carrier.phones[BOB]} == {str(n) for n in range(100)}


async def test_a_service_sends_from_one_of_the_accounts_numbers() -> None:
    async with Carrier(account_sid=ACCOUNT, auth_token=TOKEN, numbers=[SITE]) as carrier:
        service = "MG" + "0" * 32
        status, body, _ = await post(carrier, {"To": BOB, "Body": "hi", "MessagingServiceSid": service})
        assert isinstance(body, dict)
        assert (status, body["status"], body["messaging_service_sid"]) == (201, "accepted", service)
        assert (await carrier.wait_for(lambda text: text.status == "delivered")).from_ == SITE
