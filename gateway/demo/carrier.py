"""A stand-in for the phone carrier: it speaks the provider's REST API and webhooks on loopback, and holds the phones.

A text that the gateway sends is accepted, goes out, reaches the phone and is receipted, in that order unless told to
misbehave. A text from a phone becomes a signed webhook; the TwiML answered shows on that phone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import structlog
from aiohttp import web

from gateway.demo.changes import Changes
from gateway.demo.faults import FATES, RECEIPTS, TAKES_ANYWAY, Fault, Faults, Misbehaviour
from gateway.demo.rest import RestApi
from gateway.demo.texts import API_VERSION, Text, count_segments, new_sid
from gateway.demo.webhooks import Answered, Webhooks, read_twiml

log = structlog.get_logger(__name__)

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "REVOKE", "OPTOUT", "CANCEL"})
_START = frozenset({"START", "YES", "UNSTOP"})
_HELP = frozenset({"HELP", "INFO"})
_OPT_OUT_ANSWERS = (
    (_STOP, "You have successfully been unsubscribed. You will not receive any more messages from this number. "
            "Reply START to resubscribe."),
    (_START, "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
             "Reply STOP to unsubscribe. Msg&Data Rates May Apply."),
    (_HELP, "Reply STOP to unsubscribe. Msg&Data Rates May Apply."),
)  # fmt: skip
PRICE_OF_SEGMENT = Decimal("0.00790")
"""Dollars."""

_UNANSWERED = Answered(0, "", "", 0)
_XML = frozenset({"text/xml", "application/xml", "text/html"})


@dataclass(frozen=True, slots=True)
class TextResult:
    """How the gateway took a text: the webhook's last HTTP ``status`` (0: nobody answered), body, text's id, tries."""

    status: int
    body: str
    sid: str
    tries: int = 1


class Carrier:
    """The carrier, as ``async with Carrier(account_sid=..., auth_token=...) as carrier``; then it listens.

    ``webhook_url``      where texts from phones are posted; may be set later. ``fallback_url`` is for when that fails.
    ``numbers``          the account's own numbers; when given, no other may send.
    ``sent_after``, ``delivered_after``  seconds between acceptance, going out and reaching the phone.
    ``webhook_retries``, ``retry_on``    how often a webhook is tried again, and on what (ct: no answer, 4xx, 5xx, all).
    ``handles_opt_out``  answer and enforce STOP, START and HELP as the provider does on a long code.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        webhook_url: str | None = None,
        fallback_url: str | None = None,
        numbers: Iterable[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        sent_after: float = 0.0,
        delivered_after: float = 0.0,
        webhook_retries: int = 1,
        retry_on: Iterable[str] = ("ct", "5xx"),
        webhook_patience: float = 15.0,
        handles_opt_out: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.webhook_url = webhook_url
        self.fallback_url = fallback_url
        self.numbers = frozenset(numbers)
        self.handles_opt_out = handles_opt_out
        self.messages: list[Text] = []
        self._by_sid: dict[str, Text] = {}
        self.phones: dict[str, list[Text]] = defaultdict(list)
        self.opted_out: set[tuple[str, str]] = set()
        self.alerts: list[tuple[int, str]] = []
        self.changes = Changes()
        self.faults = Faults(self.changes)
        self._sent_after = sent_after
        self._delivered_after = delivered_after
        self._clock = clock
        self._host = host
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._webhooks = Webhooks(
            auth_token, retries=webhook_retries, retry_on=frozenset(retry_on), patience=webhook_patience
        )
        self._rest = RestApi(
            account_sid,
            auth_token,
            numbers=self.numbers,
            texts=self.messages,
            find=self._by_sid.get,
            faults=self.faults,
            accept=self._accept,
            refuses=lambda form: 21610 if (form.get("From", ""), form["To"]) in self.opted_out else None,
            started=clock(),
        )

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self._rest.app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest.closing.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runner.cleanup()
        await self._webhooks.close()

    @property
    def base_url(self) -> str:
        """What the provider's client takes as its base URL."""
        return f"http://{self._host}:{self._port}"

    async def text(self, from_: str, to: str, body: str, **extra_fields: str) -> TextResult:
        """Text ``body`` from a phone to one of the account's numbers; returns when the webhook has ended.

        ``extra_fields`` are added to the webhook's, or replace them; with the ``MessageSid`` of an earlier text this is
        the provider delivering that one again.
        """
        sid = extra_fields.get("MessageSid") or new_sid()
        fields = self._inbound_fields(sid, from_, to, body) | extra_fields
        text = self._by_sid.get(sid)
        if text is None:
            now = self._clock()
            text = self._remember(Text(sid, "inbound", from_, to, body, "received", now, now, fields=fields))
            self.phones[from_].append(text)
            self._mind_opt_out(text)
            self.changes.ring()
        return await self._deliver_inbound(text, fields)

    def misbehave(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        to: str | None = None,
        from_: str | None = None,
        when: Callable[[Mapping[str, str]], bool] | None = None,
        code: int = 21610,
        retry_after: int | None = None,
        accepted: bool | None = None,
        look_ups: bool = False,
    ) -> None:
        """Misbehave on the next ``times`` matching requests (None: until ``behave``).

        ``to``, ``from_``, ``when``  which requests: by the form's To and From, or by a predicate on the form.
        ``code``         for REFUSED and UNDELIVERED, the provider's error code.
        ``retry_after``  seconds, for the 429 and 5xx answers; None sends no Retry-After.
        ``accepted``     whether the text is taken all the same; by default only DROP and WRONG_JSON take it.
        ``look_ups``     misbehave on fetching and listing messages instead of on sending.
        """

        def matches(form: Mapping[str, str]) -> bool:
            return (
                (to is None or form.get("To") == to)
                and (from_ is None or form.get("From") == from_)
                and (when is None or when(form))
            )

        takes = fault in TAKES_ANYWAY if accepted is None else accepted
        self.faults.add(Misbehaviour(fault, times, takes, code, retry_after, look_ups, matches))

    def behave(self) -> None:
        """Forget all misbehaviour that was asked for."""
        self.faults.clear()

    async def wait_for(self, predicate: Callable[[Text], bool], *, within: float = 30.0) -> Text:
        """The first text, of all taken, that fits; waits for it. TimeoutError after ``within`` seconds."""
        await self.wait_until(lambda: any(map(predicate, self.messages)), within=within)
        return next(filter(predicate, self.messages))

    async def wait_until(self, holds: Callable[[], bool], *, within: float = 30.0) -> None:
        """Return once ``holds()`` is true, looked at after every change. TimeoutError after ``within`` seconds."""
        await self.changes.until(holds, within=within)

    async def receipt(self, text: Text, status: str, *, error_code: int | None = None, sid: str = "") -> int:
        """Post one status callback for a text, whatever its real status; returns the HTTP status of the answer.

        ``sid`` replaces the text's own id. Returns 0 when the text asked for no callbacks or nobody answered.
        """
        if not text.status_callback:
            return 0
        sid = sid or text.sid
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "From": text.from_,
            "To": text.to,
            "MessageSid": sid,
            "MessageStatus": status,
            "SmsSid": sid,
            "SmsStatus": status,
        }
        if text.messaging_service_sid:
            fields["MessagingServiceSid"] = text.messaging_service_sid
        if error_code is not None:
            fields["ErrorCode"] = str(error_code)
        if status == "delivered":
            fields["RawDlrDoneDate"] = self._clock().strftime("%y%m%d%H%M")
        answered = await self._webhooks.post(text.status_callback, fields)
        if not answered.good:
            self._alert(11200, f"status callback answered {answered.status}")
        self.changes.ring()
        return answered.status

    def _inbound_fields(self, sid: str, from_: str, to: str, body: str) -> dict[str, str]:
        places = {f"{end}{part}": "" for end in ("From", "To") for part in ("City", "State", "Zip")}
        return places | {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "Body": body,
            "From": from_,
            "FromCountry": "US",
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": str(count_segments(body)),
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": to,
            "ToCountry": "US",
        }

    async def _deliver_inbound(self, text: Text, fields: Mapping[str, str]) -> TextResult:
        """Call the webhook, then the fallback; what they answer in TwiML goes to the phone."""
        answered = await self._webhooks.post(self.webhook_url, fields) if self.webhook_url else _UNANSWERED
        if not answered.good and self.fallback_url is not None:
            failed = {"ErrorCode": "11200", "ErrorUrl": self.webhook_url or ""}
            answered = await self._webhooks.post(self.fallback_url, {**fields, **failed})
        self._move(text, "received", None if answered.good else 11200)
        if not answered.good:
            self._alert(11200, f"webhook answered {answered.status}" if self.webhook_url else "no webhook is set")
        elif answered.body.strip() and answered.content_type not in _XML:
            self._alert(12300, f"webhook answered {answered.content_type}")
        else:
            self._reply(answered.body, text.from_, text.to)
        return TextResult(answered.status, answered.body, text.sid, answered.tries)

    def _reply(self, twiml: str, phone: str, number: str) -> None:
        try:
            replies = read_twiml(twiml)
        except ValueError as error:
            self._alert(12100, str(error))
            return
        for reply in replies:
            to = reply.to or phone
            text = self._outbound("outbound-reply", number, to, reply.body, callback=reply.callback)
            if (number, to) in self.opted_out:
                self._move(text, "failed", 21610)
            else:
                self._spawn(self._carry(text))

    async def _accept(self, form: Mapping[str, str]) -> Text:
        """Take a message of the REST API and set it on its way; returns the record that is answered with."""
        service = form.get("MessagingServiceSid", "")
        sender = form.get("From", "") or min(self.numbers, default="")
        text = self._outbound(
            "outbound-api", sender, form["To"], form.get("Body", ""),
            callback=form.get("StatusCallback", ""), service=service, fields=form,
        )  # fmt: skip
        fate, receipts = self.faults.take(FATES, form), self.faults.take(RECEIPTS, form)
        journey = self._carry(text, fate, receipts.fault if receipts else None)
        if receipts is not None and receipts.fault is Fault.RECEIPTS_EARLY:
            await journey
        else:
            self._spawn(journey)
        return text

    def _outbound(
        self, direction: str, sender: str, to: str, body: str,
        *, callback: str = "", service: str = "", fields: Mapping[str, str] | None = None,
    ) -> Text:  # fmt: skip
        now = self._clock()
        text = Text(new_sid(), direction, sender, to, body, "accepted" if service else "queued", now, now)
        text.status_callback, text.messaging_service_sid, text.fields = callback, service, fields or {}
        return self._remember(text)

    async def _carry(self, text: Text, fate: Misbehaviour | None = None, receipts: Fault | None = None) -> None:
        """Take a text out to its phone and report: sent, then delivered or undelivered."""
        if receipts is Fault.RECEIPTS_UNKNOWN:
            await self.receipt(text, "delivered", sid=new_sid())
        await asyncio.sleep(self._sent_after)
        text.sent_at = self._clock()
        self._move(text, "sent")
        prompt = receipts is not Fault.RECEIPTS_REVERSED and receipts is not Fault.RECEIPTS_WITHHELD
        copies = 2 if receipts is Fault.RECEIPTS_DOUBLED else 1
        for _ in range(copies if prompt else 0):
            await self.receipt(text, "sent")
        await asyncio.sleep(self._delivered_after)
        if fate is None:
            self.phones[text.to].append(text)
        text.price = f"-{PRICE_OF_SEGMENT * text.segments:.5f}"
        self._move(text, "undelivered" if fate else "delivered", fate.code if fate else None)
        if receipts is Fault.RECEIPTS_WITHHELD:
            return
        for _ in range(copies):
            await self.receipt(text, text.status, error_code=text.error_code)
        if receipts is Fault.RECEIPTS_REVERSED:
            await self.receipt(text, "sent")

    def _mind_opt_out(self, text: Text) -> None:
        """The provider's own STOP, START and HELP: block or unblock the pair of numbers, and answer the phone."""
        word = text.body.strip().upper()
        if not self.handles_opt_out:
            return
        if word in _STOP:
            self.opted_out.add((text.to, text.from_))
        if word in _START:
            self.opted_out.discard((text.to, text.from_))
        for words, answer in _OPT_OUT_ANSWERS:
            if word in words:
                self._spawn(self._carry(self._outbound("outbound-reply", text.to, text.from_, answer)))

    def _remember(self, text: Text) -> Text:
        self.messages.append(text)
        self._by_sid[text.sid] = text
        self.changes.ring()
        return text

    def _move(self, text: Text, status: str, error_code: int | None = None) -> None:
        text.status, text.error_code, text.updated_at = status, error_code, self._clock()
        self.changes.ring()

    def _alert(self, code: int, words: str) -> None:
        """Note an error that the provider would show in its console."""
        self.alerts.append((code, words))
        log.warning("carrier alert", code=code, reason=words)
        self.changes.ring()

    def _spawn(self, journey: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(journey)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
