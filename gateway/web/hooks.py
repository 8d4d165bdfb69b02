"""The doors a provider knocks at: POST /hooks/twilio/message and /hooks/twilio/status, and Kannel's two beside them.

Nothing here is rendered, remembered or redirected: the request is checked, read and handed on, and the 200 goes out
when what it said is committed. 403 means it was not signed by the provider, another 4xx that it is not a form we
know, 503 that the fault is ours and the provider should come again.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar, cast

import structlog
from aiohttp import hdrs, web

from gateway import metrics
from gateway.domain.place import place_of
from gateway.service.receipts import Receipt, Record
from inbound import sms_kannel, sms_twilio
from inbound.message import Inbound, TakesMessages

log = structlog.get_logger(__name__)

FORM = "application/x-www-form-urlencoded"
SIGNATURE = "X-Twilio-Signature"

Said = TypeVar("Said", Inbound, Receipt)


class TwilioHooks:
    """Twilio's two webhooks, over a door that knows the account."""

    def __init__(
        self, door: sms_twilio.Door, intake: TakesMessages, record: Record, now: Callable[[], datetime]
    ) -> None:
        self._door = door
        self._intake = intake
        self._record = record
        self._now = now

    def add_to(self, app: web.Application) -> None:
        """Add both routes; a slash at the end is easily typed at the provider, and what came there would be lost."""
        for end in ("", "/"):
            app.router.add_post(f"/hooks/twilio/message{end}", self.message)
            app.router.add_post(f"/hooks/twilio/status{end}", self.status)

    async def message(self, request: web.Request) -> web.Response:
        """A text came in. The answer to it goes out by the queue like all else, so this one stays empty (TwiML)."""
        fields = await self._read(request)
        if isinstance(fields, web.Response):
            return fields
        read = partial(sms_twilio.read_message, fields, now=self._now())
        return await _handed_on(request, read, self._intake.take, _nothing_to_say())

    async def status(self, request: web.Request) -> web.Response:
        """A text that we sent got somewhere, or did not."""
        fields = await self._read(request)
        if isinstance(fields, web.Response):
            return fields
        read = partial(sms_twilio.read_receipt, fields, request.query_string, now=self._now())
        return await _handed_on(request, read, self._record, _nothing_to_say())

    async def _read(self, request: web.Request) -> sms_twilio.Fields | web.Response:
        """The form's fields, if the provider signed them; what is no form has no fields that could be signed."""
        signature = request.headers.get(SIGNATURE)
        if signature and request.content_type == FORM:
            with suppress(ValueError, LookupError):  # a charset that there is not, or that these bytes are not in
                fields = cast("list[tuple[str, str]]", list((await request.post()).items()))  # no form has files
                if self._door.admits(request.raw_path, fields, signature):
                    return fields
        return _refused(request, 403, "not signed by the provider")


class KannelHooks:
    """Kannel's two calls, under /hooks/kannel/SECRET/ or, where its address alone is its pass, under /hooks/kannel/."""

    def __init__(
        self, door: sms_kannel.Door, intake: TakesMessages, record: Record, now: Callable[[], datetime]
    ) -> None:
        self._door = door
        self._intake = intake
        self._record = record
        self._now = now

    def add_to(self, app: web.Application) -> None:
        """Add all routes."""
        for at in ("/hooks/kannel", "/hooks/kannel/{secret}"):
            app.router.add_get(f"{at}/message", self.message, allow_head=False)
            app.router.add_post(f"{at}/message", self.message)
            app.router.add_get(f"{at}/status", self.status, allow_head=False)

    async def message(self, request: web.Request) -> web.Response:
        """A text came in, by get-url or by post-url. Kannel would send what is in our answer to the phone, so it is
        empty."""
        if not self._admits(request):
            return _refused(request, 403, "not a call of Kannel's")
        body = await request.read() if request.method == hdrs.METH_POST else None
        query, numbers = request.rel_url.raw_query_string, self._door.numbers
        read = partial(sms_kannel.read_message, query, body, numbers, now=self._now())
        return await _handed_on(request, read, self._intake.take, web.Response())

    async def status(self, request: web.Request) -> web.Response:
        """A text that we sent got somewhere, or did not."""
        if not self._admits(request):
            return _refused(request, 403, "not a call of Kannel's")
        read = partial(sms_kannel.read_receipt, request.rel_url.raw_query_string, now=self._now())
        return await _handed_on(request, read, self._record, web.Response())

    def _admits(self, request: web.Request) -> bool:
        return self._door.admits(request.match_info.get("secret", ""), request.remote)


def _nothing_to_say() -> web.Response:
    """TwiML without a word in it."""
    return web.Response(body=b"<Response/>", content_type="text/xml")


async def _handed_on(
    request: web.Request, read: Callable[[], Said], take: Callable[[Said], Awaitable[object]], answer: web.Response
) -> web.Response:
    """``answer``, once what the request says is committed; 400 when it says nothing that we know."""
    try:
        said = read()
    except ValueError as reason:
        return _refused(request, 400, str(reason))
    try:
        await take(said)
    except Exception as error:
        return _failed(request, said.remote_id, error)
    return answer


def _refused(request: web.Request, status: int, reason: str) -> web.Response:
    metrics.webhook_refused("signature" if status == 403 else "form")
    log.warning("webhook refused", path=_path(request), status=status, reason=reason, remote=request.remote)
    return web.Response(status=status, text=f"{reason}\n")


def _path(request: web.Request) -> str:
    """The route, without the secret that may stand in the path."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


def _failed(request: web.Request, remote_id: str, error: Exception) -> web.Response:
    """The error's own words stay out of the log: they may quote the text."""
    place = place_of(error)
    log.error("webhook failed", path=_path(request), remote_id=remote_id, error=type(error).__name__, where=place)
    return web.Response(status=503, text="try again\n", headers={hdrs.RETRY_AFTER: "5"})
