"""Names of domains as DNS knows them, and where one holder's names end."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LONGEST = 253
_OTHER_DOTS = "\u3002\uff0e\uff61"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}", re.ASCII)


def a_label(domain: str) -> str | None:
    """The name in lower-case letters, digits and hyphens, other scripts as ``xn--`` (RFC 5891); None if it is not a
    full domain name. Names that look alike in print differ here, and nothing is guessed: what IDNA would first have
    to map, such as full-width letters, is no name."""
    if len(domain) > _LONGEST:
        return None
    name = domain.lower()
    if not domain.isascii():
        if any(c in _OTHER_DOTS or c.lower().isascii() for c in domain if not c.isascii()):  # the Kelvin sign is no k
            return None
        import idna  # loaded with the first name that needs it: its tables take 2 MB

        try:
            name = idna.encode(name).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    return name if len(name) <= _LONGEST and _DOMAIN.fullmatch(name) else None


def u_label(domain: str) -> str:
    """The name as people write it; the same where it has no ``xn--``, or none that can be read."""
    if "xn--" not in domain:
        return domain
    import idna

    try:
        return idna.decode(domain).lower()
    except (idna.IDNAError, UnicodeError):
        return domain


def is_below(domain: str, other: str) -> bool:
    """Whether a domain is the other one or one of its subdomains."""
    return domain == other or domain.endswith(f".{other}")


def registered(domain: str) -> str:
    """The name that somebody registered, of which this is a part (``mail.example.co.uk``: ``example.co.uk``); the
    domain itself where it is one under which others register (a public suffix)."""
    return _suffixes().privatesuffix(domain) or domain


def is_suffix(domain: str) -> bool:
    """Whether this is a name under which others register theirs."""
    return _suffixes().privatesuffix(domain) is None


@cache
def _suffixes() -> "PublicSuffixList":
    """Loaded when it is first needed: the list takes 3 MB and a moment."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
