"""How the stand-in carrier calls the gateway: signed form posts, retried as the provider does, and the TwiML answered.

The provider's page on connection overrides gives the rules: a fragment on the URL (``#rc=2&rp=ct,5xx&tt=5000``) sets
retry count, retry policy and total time in milliseconds; it is neither sent nor signed. Every try of one event carries
the same ``I-Twilio-Idempotency-Token``.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag
from xml.etree import ElementTree

import aiohttp
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the package has no types
from yarl import URL

MOST_REPLIES = 10
"""``<Message>`` verbs that one answer may hold (error 14109)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How a webhook ended: HTTP ``status`` (0 when nobody answered), body, content type and how often it was tried."""

    status: int
    body: str
    content_type: str
    tries: int

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Reply:
    """One ``<Message>`` of a TwiML answer; ``to`` is empty when it goes back to the sender."""

    body: str
    to: str
    callback: str


class Webhooks:
    """Posts signed forms. ``retries``, ``retry_on`` and ``patience`` (seconds) hold unless the URL says otherwise."""

    def __init__(self, auth_token: str, *, retries: int, retry_on: frozenset[str], patience: float) -> None:
        self.auth_token = auth_token
        self._retries = retries
        self._retry_on = retry_on
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, fields: Mapping[str, str]) -> Answered:
        """Post the fields; tried again on the failures of the retry policy. Never raises for a peer's failure."""
        address, fragment = urldefrag(url)
        overrides = {key: values[-1] for key, values in parse_qs(fragment).items()}
        tries = 1 + int(overrides.get("rc", self._retries))
        policy = frozenset(overrides["rp"].split(",")) if "rp" in overrides else self._retry_on
        patience = int(overrides["tt"]) / 1000 if "tt" in overrides else self._patience
        headers = {
            "X-Twilio-Signature": RequestValidator(self.auth_token).compute_signature(address, fields),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        }
        for number in range(1, tries + 1):
            answered = await self._try(address, fields, headers, patience, number)
            if not _fails_by(answered.status) & _spelled_out(policy):
                break
        return answered

    async def _try(
        self, address: str, fields: Mapping[str, str], headers: Mapping[str, str], patience: float, number: int
    ) -> Answered:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._session.post(
                URL(address, encoded=True),
                data=fields,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=patience, sock_connect=5),
                allow_redirects=False,
            ) as response:
                return Answered(response.status, await response.text(errors="replace"), response.content_type, number)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return Answered(0, "", "", number)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _fails_by(status: int) -> frozenset[str]:
    """The name that the retry policy has for this status; empty for a good one."""
    if status == 0:
        return frozenset({"ct"})
    return frozenset({f"{status // 100}xx"}) if status >= 400 else frozenset()


def _spelled_out(policy: frozenset[str]) -> frozenset[str]:
    return policy | {"ct", "4xx", "5xx"} if "all" in policy else policy


def read_twiml(body: str) -> tuple[Reply, ...]:
    """The messages of a TwiML document; empty for ``<Response/>`` and for an empty body.

    Raises ValueError when it is not TwiML (error 12100) or has more than ten messages (14109).
    """
    if not body.strip():
        return ()
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the gateway under trial wrote it, on this machine
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    if root.tag != "Response":
        raise ValueError(f"the root is <{root.tag}>, not <Response>")
    replies = tuple(_reply(verb) for verb in root if verb.tag == "Message")
    if len(replies) > MOST_REPLIES:
        raise ValueError(f"{len(replies)} messages in one answer")
    return replies


def _reply(verb: ElementTree.Element) -> Reply:
    bodies = [part.text or "" for part in verb.findall("Body")]
    return Reply("".join(bodies) or (verb.text or ""), verb.get("to", ""), verb.get("statusCallback", ""))
