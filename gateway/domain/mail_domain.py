"""Which mail addresses belong to a community, where people sign up with an address of its own."""

import re
from collections.abc import Iterable

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"\.?{_LABEL}(?:\.{_LABEL})*")


def is_domain(written: str) -> bool:
    """Whether this may stand in the list: ``example.org``, or ``.example.org`` for what is below it. A domain with
    letters beyond ASCII is written as the network writes it, ``xn--...``."""
    return len(written) <= 254 and bool(_DOMAIN.fullmatch(written.lower()))


def belongs(address: str, domains: Iterable[str]) -> bool:
    """Whether a mail address is at one of the domains. ``example.org`` is that domain and no other; ``.example.org`` is
    every domain below it and not itself: who wants both lists both."""
    _, at, written = address.rpartition("@")
    domain = _as_ascii(written) if at else ""
    return bool(domain) and any(
        domain.endswith(each) and len(domain) > len(each) if each.startswith(".") else domain == each
        for each in (each.lower() for each in domains)
    )


def _as_ascii(domain: str) -> str:
    """A domain as the network writes it, in lower case; empty for what can be none."""
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return ""
