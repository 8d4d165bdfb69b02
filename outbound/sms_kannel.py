"""Sends texts through a Kannel gateway's HTTP interface (its smsbox).

One text is one request that nothing here repeats:

    connection never made     Deferred   nothing was sent
    202                       Sent       Kannel has it in its store; it splits and queues by itself
    503                       Deferred   its bearerbox does not answer
    400, 413                  Bounced    it will never take this text
    401, 403, 404             Deferred   our user or its address is wrong: the sender stops until the operator acts
    other 5xx, silence, hang-up after the request went out    Unsure: wait for the receipt

Kannel gives a text no id. The address for its receipts carries our own delivery and attempt, which together are the
id. Nor can it be asked about a text: see ``outbound.awaited``.

https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html, chapter 6
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

import aiohttp
import structlog

from gateway.domain import sms_text
from gateway.domain.delivery import Bounced, Deferred, Found, Halt, Outcome, Sent, Unsure, own_id
from gateway.domain.types import Outgoing
from outbound import mishap
from outbound.awaited import Awaited
from outbound.http import Session

log = structlog.get_logger(__name__)

UNREACHABLE_PAUSE = 10.0
"""Seconds for which the sender rests when Kannel cannot be reached at all."""

_BUSY_PAUSE = 10.0
_WRONG_USER_PAUSE = 900.0
_DLR_MASK = str(1 + 2 + 8 + 16)  # arrived, not arrived, taken by the carrier, refused by the carrier
_LONGEST_REASON = 200
_HEADERS = {"User-Agent": "Birdwire", "Content-Type": "text/plain; charset=UTF-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KannelSettings:
    """``[sms.kannel]``.

    ``sendsms_url``        where smsbox takes texts.
    ``username``, ``password``  those of a group sendsms-user.
    ``hook_secret``        stands in the address that Kannel calls; letters, digits, ``-`` and ``_``.
    ``allowed_addresses``  who may call it: addresses and networks. With both, both must be right.
    ``timeout``            seconds for connecting, and again for the answer.
    ``receipt_wait``       how long a text of unknown outcome waits for its receipt before it is sent again.
    """

    sendsms_url: str = "http://127.0.0.1:13013/cgi-bin/sendsms"
    username: str = ""
    password: str = field(default="", repr=False)
    hook_secret: str = field(default="", repr=False)
    allowed_addresses: tuple[str, ...] = ()
    timeout: float = 10.0
    receipt_wait: timedelta = timedelta(minutes=15)


class KannelTransport:
    """``send`` one text; ``close`` at the end."""

    def __init__(self, settings: KannelSettings, receipts_url: str) -> None:
        """``receipts_url`` is where receipts come in, secret included."""
        self._settings = settings
        self._receipts_url = receipts_url
        self._awaited = Awaited(settings.receipt_wait.total_seconds(), time.monotonic)
        self._session = Session(_HEADERS, timeout=settings.timeout)

    async def send(self, delivery: Outgoing) -> Outcome:
        """Hand the text to Kannel, once."""
        try:
            status, words = await self._post(self._headers(delivery), delivery.text.encode())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            reason = f"Kannel cannot be reached: {mishap.in_words(error)}"
            return Deferred(reason, UNREACHABLE_PAUSE, route_wide=True, peer_down=True)
        except (aiohttp.ClientError, OSError) as error:
            return Unsure(f"no answer from Kannel: {mishap.in_words(error)}", peer_down=True)
        return self._outcome(delivery, status, words)

    async def look_up(self, delivery: Outgoing) -> Sequence[Found] | Deferred:
        """Wait for the receipt of a text whose sending ended without an answer."""
        return self._awaited.look(delivery)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    def _outcome(self, delivery: Outgoing, status: int, words: str) -> Outcome:
        reason = f"Kannel: {words or status}"
        match status:
            case 200 | 202:
                return Sent(own_id(delivery.id, delivery.attempt))
            case 400 | 413:
                return Bounced(reason)
            case 401 | 403 | 404:
                log.error("Kannel needs the operator", status=status, words=words)
                return Deferred(reason, _WRONG_USER_PAUSE, route_wide=True, halt=Halt(status, 1))
            case 503:
                return Deferred(reason, _BUSY_PAUSE, route_wide=True)
            case _ if status < 500:
                return Deferred(reason)
            case _:
                return Unsure(reason, peer_down=True)

    def _headers(self, delivery: Outgoing) -> dict[str, str]:
        """All but the text; so no password stands in an address that is logged somewhere."""
        gsm = sms_text.is_gsm(delivery.text)
        query = urlencode({"delivery": delivery.id, "attempt": delivery.attempt})
        return {
            "X-Kannel-Username": self._settings.username,
            "X-Kannel-Password": self._settings.password,
            "X-Kannel-From": delivery.sender,
            "X-Kannel-To": delivery.to,
            **({"X-Kannel-Validity": str(max(1, delivery.valid_for // 60))} if delivery.valid_for else {}),
            "X-Kannel-Coding": "0" if gsm else "2",
            "X-Kannel-DLR-Mask": _DLR_MASK,
            "X-Kannel-DLR-Url": f"{self._receipts_url}?{query}&type=%d&answer=%A",
        }

    async def _post(self, headers: dict[str, str], text: bytes) -> tuple[int, str]:
        """The status of the answer, and its first words."""
        async with self._session.get().post(
            self._settings.sendsms_url, data=text, headers=headers, allow_redirects=False
        ) as answer:
            words = (await answer.content.read(_LONGEST_REASON)).decode(errors="replace")
            return answer.status, " ".join(words.split())
