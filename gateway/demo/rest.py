"""The provider's REST API as far as a gateway needs it: create, list and fetch messages, and fetch the account.

Form-encoded requests, Basic auth, the provider's JSON and error codes. What misbehaviour was asked for happens here.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import assert_never
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from gateway.demo.faults import ANSWERS, Fault, Faults, Misbehaviour
from gateway.demo.texts import API_VERSION, Text, account_json, error_body, message_json, problem_with

_MOST_PER_PAGE = 1000
_DAY = len("2026-01-31")


class RestApi:
    """Answers the provider's routes for one account.

    ``texts``    all that were taken, oldest first; ``find`` gives one by its id.
    ``accept``   takes a valid form and returns its text.
    ``refuses``  gives the code for a form that the carrier's own state forbids (an opted-out phone), or None.
    ``closing``  set, ends requests that hang.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        numbers: frozenset[str],
        texts: Sequence[Text],
        find: Callable[[str], Text | None],
        faults: Faults,
        accept: Callable[[Mapping[str, str]], Awaitable[Text]],
        refuses: Callable[[Mapping[str, str]], int | None],
        started: datetime,
    ) -> None:
        self._account_sid = account_sid
        self._credentials = aiohttp.encode_basic_auth(account_sid, auth_token)
        self._numbers = numbers
        self._texts = texts
        self._find = find
        self._faults = faults
        self._accept = accept
        self._refuses = refuses
        self._started = started
        self.closing = asyncio.Event()

    def app(self) -> web.Application:
        """The routes, all behind Basic auth."""
        app = web.Application(middlewares=[self._guard], client_max_size=64 * 1024)
        account = f"/{API_VERSION}/Accounts/{{account}}"
        app.router.add_get(f"{account}.json", self._account)
        app.router.add_post(f"{account}/Messages.json", self._create)
        app.router.add_get(f"{account}/Messages.json", self._list)
        app.router.add_get(f"{account}/Messages/{{sid}}.json", self._fetch)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), self._credentials.encode()):
            answer = _error(20003)
            answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
            return answer
        if request.match_info.get("account") != self._account_sid:
            return _error(20404, request.path)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return _error(20404, request.path)

    async def _account(self, _request: web.Request) -> web.Response:
        return web.json_response(account_json(self._account_sid, self._started))

    async def _create(self, request: web.Request) -> web.Response:
        form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        found = self._faults.take(ANSWERS, form)
        if found is not None and not found.accepted:
            return await self._misbehave(request, found)
        code = problem_with(form, self._numbers) or self._refuses(form)
        if code is not None:
            return _error(code)
        text = await self._accept(form)
        if found is not None:
            return await self._misbehave(request, found)
        return web.json_response(message_json(self._account_sid, text), status=201)

    async def _misbehave(self, request: web.Request, found: Misbehaviour) -> web.Response:
        match found.fault:
            case Fault.TOO_MANY:
                return _error(20429, retry_after=found.retry_after)
            case Fault.SERVER_ERROR:
                return _error(20500, retry_after=found.retry_after)
            case Fault.UNAVAILABLE:
                return _error(20503, retry_after=found.retry_after)
            case Fault.REFUSED:
                return _error(found.code)
            case Fault.WRONG_JSON:
                return web.json_response(["nonsense"], status=201)
            case Fault.HANG:
                await self.closing.wait()
                return _dropped(request)
            case Fault.DROP:
                return _dropped(request)
            case (
                Fault.UNDELIVERED
                | Fault.RECEIPTS_REVERSED
                | Fault.RECEIPTS_DOUBLED
                | Fault.RECEIPTS_UNKNOWN
                | Fault.RECEIPTS_WITHHELD
                | Fault.RECEIPTS_EARLY
            ):
                raise AssertionError("not a fault of the answer")
            case _:
                assert_never(found.fault)

    async def _fetch(self, request: web.Request) -> web.Response:
        found = self._faults.take(ANSWERS, request.query, look_up=True)
        if found is not None:
            return await self._misbehave(request, found)
        text = self._find(request.match_info["sid"])
        if text is None:
            return _error(20404, request.path)
        return web.json_response(message_json(self._account_sid, text))

    async def _list(self, request: web.Request) -> web.Response:
        found = self._faults.take(ANSWERS, request.query, look_up=True)
        if found is not None:
            return await self._misbehave(request, found)
        matching = [text for text in reversed(self._texts) if _falls_under(request.query, text)]
        size = min(max(_number(request.query.get("PageSize"), 50), 1), _MOST_PER_PAGE)
        start = _start_of_page(matching, request.query.get("PageToken", ""), size)
        page = _number(request.query.get("Page"), 0)
        rows = matching[start : start + size]
        before, after = start > 0, start + size < len(matching)

        def uri(number: int, token: str = "") -> str:
            query = {k: v for k, v in request.query.items() if k not in ("Page", "PageToken", "PageSize")}
            query |= {"PageSize": str(size), "Page": str(number)} | ({"PageToken": token} if token else {})
            return f"{request.path}?{urlencode(query)}"

        return web.json_response(
            {
                "first_page_uri": uri(0),
                "previous_page_uri": uri(max(page - 1, 0), f"PB{rows[0].sid}") if before and rows else None,
                "next_page_uri": uri(page + 1, f"PA{rows[-1].sid}") if after else None,
                "uri": request.path_qs,
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(rows) - 1, 0),
                "messages": [message_json(self._account_sid, text) for text in rows],
            }
        )


def _error(code: int, detail: str = "", *, retry_after: int | None = None) -> web.Response:
    status, body = error_body(code, detail)
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    return web.json_response(body, status=status, headers=headers)


def _dropped(request: web.Request) -> web.Response:
    """Close the connection under the request's feet; the response goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _number(given: str | None, default: int) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else default


def _start_of_page(matching: list[Text], token: str, size: int) -> int:
    """Where a page begins: after the text that ``PA…`` names, or ``size`` before the one that ``PB…`` names."""
    direction, sid = token[:2], token[2:]
    at = next((i for i, text in enumerate(matching) if text.sid == sid), None)
    if at is None:
        return 0
    return at + 1 if direction == "PA" else max(at - size, 0)


def _falls_under(query: Mapping[str, str], text: Text) -> bool:
    """Whether the list's filters let this text through; DateSent alone and a bare date mean the whole day (UTC)."""
    at = (text.sent_at or text.at).replace(microsecond=0)
    return (
        query.get("To", text.to) == text.to
        and query.get("From", text.from_) == text.from_
        and _is_then(query.get("DateSent", "")[:_DAY], at, lambda given, sent: sent == given)
        and _is_then(query.get("DateSent<"), at, lambda given, sent: sent <= given)
        and _is_then(query.get("DateSent>"), at, lambda given, sent: sent >= given)
    )


def _is_then(given: str | None, at: datetime, holds: Callable[[date, date], bool]) -> bool:
    if not given:
        return True
    if len(given) == _DAY:
        return holds(date.fromisoformat(given), at.date())
    moment = datetime.fromisoformat(given)
    return holds(moment if moment.tzinfo else moment.replace(tzinfo=UTC), at)
