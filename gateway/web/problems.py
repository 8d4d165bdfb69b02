"""What a browser is shown when something is not there or went wrong, and the headers that every page carries."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from gateway.domain.place import place_of
from gateway.domain.speech import counted, mark, say
from gateway.web import strict
from gateway.web.limits import wait_of
from gateway.web.look import Look
from gateway.web.visitors import MembersOnly, NoCookie

log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On every answer but a webhook's: nothing from elsewhere is loaded, framed or told where the reader came from."""

_WORDS = {
    403: (
        mark("Not here"),
        mark("This is not open to you, or the page was open for too long. Go back, reload it and try again."),
    ),
    404: (mark("Nothing here"), mark("There is no such page, or it is not for everybody to see.")),
    405: (mark("Not that way"), mark("This address does not take what was sent to it.")),
    410: (mark("Gone"), mark("This post was deleted.")),
    413: (mark("Too much"), mark("That was more than this address takes.")),
}
_TOO_OFTEN = mark("Too often")
_NO_COOKIE = (
    mark("Your browser showed no cookie"),
    mark(
        "Forms here need one. If you have logged out meanwhile, log in again; else let your browser keep cookies of"
        " this site. Then go back, reload the page and try again."
    ),
)
_OTHERWISE = (mark("That did not work"), mark("Nothing was done. Go back and try again."))
_OURS = (mark("That went wrong"), mark("The fault is ours. It is written down; please try again in a while."))


def add_headers(strictly: str = "") -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What puts HEADERS on an answer that is about to be sent, where it has not set them itself, and the rule
    ``strictly`` of ``gateway.web.strict``. What does not say how long it may be kept is asked for again each time: a
    redirect, too, leads where it leads for whoever looks and for now. What was one too many says when to come again.
    None says of which version what serves it is."""

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers[hdrs.SERVER] = "Birdwire"
        if request.path.startswith("/hooks/"):
            return
        if hdrs.CACHE_CONTROL not in response.headers:
            response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.setdefault(hdrs.RETRY_AFTER, str(wait_of(request)))
        if strictly and not strict.came_plainly(request):
            response.headers[strict.NAME] = strictly
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)

    return add


def show_problems(look: Look) -> Middleware:
    """A middleware that turns what a handler raised into a page."""

    @web.middleware
    async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/hooks/"):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPException as problem:
            if problem.status < 400:  # a redirect is no problem
                raise
            if isinstance(problem, MembersOnly):
                return look.page(request, "private.html", status=403)
            with look.speaking(request):
                words = _words(problem)
            page = look.message(request, *words, status=problem.status)
            for name in ("Allow", "Retry-After"):
                if name in problem.headers:
                    page.headers[name] = problem.headers[name]
            return page
        except ConnectionResetError:  # the reader has gone
            raise
        except Exception as error:  # its words stay out of the log: they may quote what is private
            log.error("page failed", route=_route(request), error=type(error).__name__, where=place_of(error))
            with look.speaking(request):
                words = [say(each) for each in _OURS]
            return look.message(request, *words, status=500)

    return problems


def _words(problem: web.HTTPException) -> list[str]:
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        minutes = -(-int(problem.headers.get("Retry-After", "60")) // 60)
        wait = counted("Please wait {n} minute.", "Please wait {n} minutes.", minutes)
        tried = say("That was tried too often from here.")
        return [say(_TOO_OFTEN), f"{tried} {wait}"]
    if isinstance(problem, NoCookie):
        return [say(each) for each in _NO_COOKIE]
    return [say(each) for each in _WORDS.get(problem.status, _OTHERWISE)]


def _route(request: web.Request) -> str:
    """The route's pattern: unlike the path, it holds no secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""
