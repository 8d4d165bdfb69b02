"""Sends texts through Twilio's REST API, and asks it about those whose sending ended without an answer.

The provider has no idempotency key, so one text is one POST that nothing here repeats:

    connection never made          Deferred   nothing was sent
    2xx with a message id          Sent
    429, 401, 4xx                  Deferred or Bounced, as gateway.domain.provider_codes says; it was not taken
    5xx, silence, nonsense, hang-up after the request went out    Unsure: look it up before sending again

https://www.twilio.com/docs/messaging/api/message-resource
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import assert_never
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import msgspec
import structlog

from gateway.domain.delivery import Bounced, Deferred, Expired, Found, Outcome, Sent, Unsure
from gateway.domain.late import Gone, Told, read_price
from gateway.domain.provider_codes import (
    Arrived,
    Report,
    TryAgain,
    Underway,
    meaning,
    needs_attention,
    reason,
    refusal,
    status_outcome,
)
from gateway.domain.types import Outgoing
from outbound import mishap
from outbound.http import Session

log = structlog.get_logger(__name__)

STATUS_PATH = "/hooks/twilio/status"
"""Where receipts come in, with our own ``delivery`` and ``attempt`` in the query: one may arrive before our answer."""

UNREACHABLE_PAUSE = 10.0
"""Seconds for which the sender rests when the provider cannot be reached at all."""

LONGEST_RETRY_AFTER = 3600.0
"""Seconds; a longer Retry-After is taken for this."""

LOOK_BACK = 200
"""The newest texts to a phone among which a look-up searches."""

_PROVIDER = "https://api.twilio.com"
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "Birdwire",
}
_CLOCKS_APART = timedelta(seconds=60)
_TRIAL_PREFIX = "Sent from your Twilio trial account - "
_TOO_MANY, _WRONG_TOKEN, _NO_ACCOUNT = 20429, 20003, 20404


class TwilioSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[sms.twilio]``.

    ``auth_token_next``  the second token while one is being exchanged for the other: either is good.
    ``base_url``         another address of the same API, e.g. a region's.
    ``messaging_service_sid``  send through this service; it must own the sender numbers. A delivery whose sender is
                         this id goes out from whichever number the service picks.
    ``timeout``          seconds for connecting, and again for each silence while the answer comes.
    """

    account_sid: str
    auth_token: str
    auth_token_next: str = ""
    base_url: str = _PROVIDER
    messaging_service_sid: str = ""
    timeout: float = 10.0

    def __repr__(self) -> str:
        return f"TwilioSettings({self.account_sid!r}, base_url={self.base_url!r})"


class Refused(Exception):
    """The API answered with an HTTP error: its ``status``, Twilio's ``code`` (0: none), Retry-After in seconds."""

    def __init__(self, status: int, code: int, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Message(msgspec.Struct, frozen=True):
    """The provider's JSON of one text, as far as it concerns us; ``created`` is a date (:func:`_read_date`)."""

    sid: str
    status: str | None = None
    error_code: int | str | None = None
    direction: str | None = None
    sender: str | None = msgspec.field(default=None, name="from")
    body: str | None = None
    created: str | None = msgspec.field(default=None, name="date_created")
    price: str | float | None = None
    price_unit: str | None = None

    def report(self) -> Report:
        """What its status and code mean for a delivery."""
        return status_outcome(self.status or "", str(self.error_code or ""))


class Messages(msgspec.Struct, frozen=True):
    """A page of the provider's list, the newest first."""

    messages: list[Message]


_read_message = msgspec.json.Decoder(Message).decode
_read_list = msgspec.json.Decoder(Messages).decode


class MessagesApi:
    """The provider's messages of one account, over one aiohttp session: real timeouts, no retries, no redirects.

    A 401 is tried once more with the second token, if there is one: what was not let in was not done.
    """

    def __init__(self, settings: TwilioSettings) -> None:
        self._messages = f"{settings.base_url.rstrip('/')}/2010-04-01/Accounts/{settings.account_sid}/Messages"
        tokens = [settings.auth_token, *filter(None, [settings.auth_token_next])]
        self._logins = [{"Authorization": aiohttp.encode_basic_auth(settings.account_sid, token)} for token in tokens]
        self._session = Session(_HEADERS, timeout=settings.timeout)

    async def create(self, form: Mapping[str, str]) -> bytes:
        """Post a new one; the answer's body. Raises Refused on any answer of 300 and above, and aiohttp's own errors
        and TimeoutError."""
        return await self._ask("POST", f"{self._messages}.json", body=urlencode(form).encode())

    async def list(self, query: Mapping[str, str]) -> bytes:
        """The first page of those that ``query`` asks for; raises as :meth:`create` does."""
        return await self._ask("GET", f"{self._messages}.json", query=query)

    async def fetch(self, sid: str) -> bytes:
        """The one with this id; raises as :meth:`create` does."""
        return await self._ask("GET", f"{self._messages}/{quote(sid, safe='')}.json")

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _ask(
        self, method: str, url: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        first, *others = self._logins
        try:
            return await self._ask_as(first, method, url, query, body)
        except Refused as refused:
            if refused.status != 401 or not others:
                raise
        answer = await self._ask_as(others[0], method, url, query, body)
        self._logins = [others[0], first]
        return answer

    async def _ask_as(
        self, login: dict[str, str], method: str, url: str, query: Mapping[str, str] | None, body: bytes | None
    ) -> bytes:
        async with self._session.get().request(
            method, url, params=query, data=body, headers=login, allow_redirects=False
        ) as answer:
            text = await answer.read()
            if answer.status >= 300:
                raise Refused(answer.status, _code_in(text), _retry_after(answer.headers))
            return text


class TwilioTransport:
    """``send`` one text, ``look_up`` one whose fate is not known, ``tell`` of one that was taken; ``close`` at the
    end."""

    source = "twilio"

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        """``public_url`` is the site's. Receipts are asked for only if the provider can call it."""
        self._settings = settings
        self._api = MessagesApi(settings)
        self._callback = (
            f"{public_url.rstrip('/')}{STATUS_PATH}" if can_be_called(public_url, settings.base_url) else ""
        )
        if not self._callback:
            log.warning("no receipts: the provider cannot call this site", public_url=public_url)

    async def send(self, delivery: Outgoing) -> Outcome:
        """Ask the provider to send the text, once."""
        try:
            message = _read_message(await self._api.create(self._form(delivery)))
        except Refused as refused:
            return self._refused(refused, delivery)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            reason = f"the provider cannot be reached: {mishap.in_words(error)}"
            return Deferred(reason, UNREACHABLE_PAUSE, True, peer_down=True)
        except (aiohttp.ClientError, OSError) as error:
            return Unsure(f"no answer from the provider: {mishap.in_words(error)}", peer_down=True)
        except msgspec.MsgspecError as error:  # it answered, so the text may well be on its way
            log.warning("the provider's answer made no sense", delivery=delivery.id, error=_kind(error))
            return Unsure("the provider's answer made no sense", peer_down=True)
        if not message.sid:
            return Unsure("the provider's answer has no message id", peer_down=True)
        match message.report():
            case Bounced() as bounced:
                return bounced
            case Expired(why):
                return Bounced(why)
            case TryAgain(why, wait, _, halt):
                return Deferred(why, retry_after=wait.total_seconds(), halt=halt)
            case Underway() | Arrived():
                return Sent(message.sid)

    async def look_up(self, delivery: Outgoing) -> list[Found] | Deferred:
        """Search the provider's list for the text: same phone, same sender, same words, created since it was queued.

        The newest first; several, when the same words went to the same phone more than once. One that failed in a way
        that another try may mend is left out. ``Deferred`` when the list could not be had. Texts wait in the
        provider's queue without a date of sending, so the list is not narrowed by it.
        """
        query = {"To": delivery.to, "PageSize": str(LOOK_BACK)}
        if not self._settings.messaging_service_sid:
            query["From"] = delivery.sender
        try:
            texts = _read_list(await self._api.list(query)).messages
            found = [(text, created) for text in texts if (created := self._created_as(text, delivery)) is not None]
        except Refused as refused:
            return self._not_now(refused, delivery)
        except (aiohttp.ClientError, OSError) as error:
            return Deferred(f"the look-up got no answer: {mishap.in_words(error)}")
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            log.warning("the provider's list made no sense", delivery=delivery.id, error=_kind(error))
            return Deferred("the provider's list made no sense")
        found.sort(key=lambda each: each[1], reverse=True)
        became = [(text.sid, _became(text, delivery)) for text, _ in found]
        return [Found(sid, outcome) for sid, outcome in became if outcome is not None]

    async def tell(self, remote_id: str) -> Told | Gone | Deferred:
        """What has become of a message that the provider took, and its price, which is fixed some time after it was
        sent."""
        try:
            message = _read_message(await self._api.fetch(remote_id))
        except Refused as refused:
            if refused.status == 404 and refused.code in (0, _NO_ACCOUNT):
                return Gone()
            return self._not_now(refused, None)
        except (aiohttp.ClientError, OSError) as error:
            return Deferred(f"the look-up got no answer: {mishap.in_words(error)}")
        except msgspec.MsgspecError as error:
            log.warning("the provider's answer made no sense", error=_kind(error))
            return Deferred("the provider's answer made no sense")
        price = read_price(message.price, message.price_unit)
        return Told(message.status or "", str(message.error_code or ""), price)

    async def close(self) -> None:
        """Close every connection."""
        await self._api.close()

    def _form(self, delivery: Outgoing) -> dict[str, str]:
        form = {"To": delivery.to, "Body": delivery.text}
        service = self._settings.messaging_service_sid
        if service:
            form["MessagingServiceSid"] = service
        if delivery.sender != service:
            form["From"] = delivery.sender
        if delivery.valid_for:
            form["ValidityPeriod"] = str(delivery.valid_for)
        if self._callback:
            form["StatusCallback"] = f"{self._callback}?delivery={delivery.id}&attempt={delivery.attempt}"
        return form

    def _created_as(self, text: Message, delivery: Outgoing) -> datetime | None:
        """When this text was created, if it is the delivery's; else None. Raises ValueError or TypeError when it is,
        but for a date that cannot be read: taken for another, it would be sent again."""
        if not (
            (text.direction or "outbound").startswith("outbound")
            and (delivery.sender == self._settings.messaging_service_sid or text.sender in (delivery.sender, None, ""))
            and str(text.body).removeprefix(_TRIAL_PREFIX).strip() == delivery.text.strip()
        ):
            return None
        created = _read_date(text.created or "")
        return created if created >= delivery.queued_at - _CLOCKS_APART else None

    def _refused(self, refused: Refused, delivery: Outgoing) -> Outcome:
        if refused.status >= 500:
            return Unsure(f"the provider answered {refused.status}", peer_down=True)
        code = _known_code(refused)
        _raise_alarm(code, delivery)
        outcome = refusal(code)
        if isinstance(outcome, Deferred):
            outcome = replace(outcome, route_wide=outcome.route_wide or refused.status == 429)
            if refused.retry_after is not None:
                outcome = replace(outcome, retry_after=refused.retry_after)
        return outcome

    def _not_now(self, refused: Refused, delivery: Outgoing | None) -> Deferred:
        code = _known_code(refused)
        _raise_alarm(code, delivery)
        wait = meaning(code).wait.total_seconds() if refused.retry_after is None else refused.retry_after
        return Deferred(f"the look-up was refused: {reason(code)}", wait, route_wide=refused.status in (401, 429))


def can_be_called(public_url: str, provider_url: str) -> bool:
    """Whether the provider takes ``public_url`` for its callbacks: it refuses a message with an address that it can't
    call (21609), so none at all is better. A provider on loopback can call what is on loopback."""
    site, provider = urlsplit(public_url), urlsplit(provider_url)
    if site.scheme not in ("http", "https") or not site.hostname or "_" in site.hostname:
        return False
    return not _is_local(site.hostname) or _is_local(provider.hostname or "")


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".test", ".invalid"))


def _known_code(refused: Refused) -> int:
    """Twilio's code, or the one that its HTTP status stands for."""
    by_status = {429: _TOO_MANY, 401: _WRONG_TOKEN, 404: _NO_ACCOUNT}
    return refused.code or by_status.get(refused.status, refused.status)


def _raise_alarm(code: int, delivery: Outgoing | None) -> None:
    if needs_attention(code):
        number = None if delivery is None else delivery.id
        log.error("the provider needs the operator", code=code, what=meaning(code).words, delivery=number)


def _code_in(text: bytes) -> int:
    try:
        body = json.loads(text)
    except ValueError:
        return 0
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else 0


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as such or as a date (RFC 9110 10.2.3); None without one that makes sense."""
    given = headers.get("Retry-After", "").strip()
    if given.isascii() and given.isdecimal():
        return min(float(given), LONGEST_RETRY_AFTER)
    try:
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def _read_date(written: str) -> datetime:
    """A date as RFC 2822 has it, which is what Twilio writes, or ISO 8601, as servers that speak like it may. Raises
    ValueError, and TypeError for one without a zone."""
    try:
        return parsedate_to_datetime(written)
    except ValueError:
        return datetime.fromisoformat(written)


def _kind(error: BaseException) -> str:
    """The error by its class alone: its words may hold addresses and numbers."""
    return type(error).__name__


def _became(text: Message, delivery: Outgoing) -> Sent | Bounced | Expired | None:
    """What a text in the provider's list says of a delivery; None when it should be sent again."""
    match text.report():
        case Underway() | Arrived():
            return Sent(text.sid)
        case Bounced() | Expired() as ended:
            return ended
        case TryAgain(reason, _, most, _):
            tried = delivery.attempt - delivery.excused
            return Bounced(reason) if most is not None and tried > most else None
        case other:
            assert_never(other)
