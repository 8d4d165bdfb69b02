"""Who takes what is packed."""

from functools import lru_cache

from aiohttp import hdrs
from aiohttp.web_request import BaseRequest


def takes_gzip(request: BaseRequest) -> bool:
    """Whether a request may be answered with bytes packed by gzip."""
    return names_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))


@lru_cache(maxsize=256)  # programs say the same words each time
def names_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip and does not refuse it (RFC 9110 12.5.3)."""
    for choice in accepted.split(","):
        name, _, weight = choice.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False
