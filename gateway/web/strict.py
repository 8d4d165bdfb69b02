"""Browsers that came by https are told to come in no other way (RFC 6797, Strict-Transport-Security).

Only where the public address is https, and only in answers that travel by it: a proxy with TLS stands before the site,
and where it passes plain http on as well, it says so in ``X-Forwarded-Proto``. The rule is for this host alone; what
else bears a name below it is not ours.
"""

from datetime import timedelta

from aiohttp.web_request import BaseRequest

NAME = "Strict-Transport-Security"
"""The header."""


def rule(public_url: str, lasting: timedelta) -> str:
    """What the header says; empty where it is not sent at all."""
    seconds = int(lasting.total_seconds())
    return f"max-age={seconds}" if public_url.startswith("https:") and seconds > 0 else ""


def came_plainly(request: BaseRequest) -> bool:
    """Whether the proxy says that this request came to it without TLS."""
    scheme = request.headers.get("X-Forwarded-Proto", "")
    return scheme.partition(",")[0].strip().lower() == "http"
