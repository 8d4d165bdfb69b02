"""Questions to DNS about a sender: counted, each one asked once, and no answer is never taken for a no.

A resolver gives one of two values:

    Answer     what there is, which may be nothing
    Trouble    nobody knows: no name server answered in time, or they failed
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import structlog

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as DnspythonResolver

log = structlog.get_logger(__name__)

MOST = 60
"""Questions about one mail: more than RFC 7208 and RFC 9989 let an honest domain need."""

_DNS_PORT = 53
_LONGEST_NAME = 253
_LABEL = re.compile(r"[\x21-\x7e]{1,63}")
_SERVER = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?|([0-9.]+)(?::(\d{1,5}))?")

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of this kind, as text: the strings of a TXT joined, the exchange of an MX. ``exists``: whether the
    name does, with or without them."""

    records: tuple[str, ...] = ()
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """Not to be known now; ``reason`` is never empty."""

    reason: str


class Resolver(Protocol):
    """Whoever asks DNS. It never raises and takes no longer than it was told to."""

    async def __call__(self, name: str, kind: Kind, /) -> Answer | Trouble: ...


class Questions:
    """What is asked about one mail. ``too_many`` once the limit was reached; from then on there is only trouble."""

    def __init__(self, resolver: Resolver, most: int = MOST) -> None:
        self._resolver = resolver
        self._left = most
        self._known: dict[tuple[str, Kind], Answer | Trouble] = {}
        self.too_many = False

    async def ask(self, name: str, kind: Kind) -> Answer | Trouble:
        """The answer; that there is no such name, without asking, where no name can be like that."""
        name = name.lower().removesuffix(".")
        if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
            return Answer(exists=False)
        if (name, kind) not in self._known:
            if self._left <= 0:
                self.too_many = True
                return Trouble("too many questions")
            self._left -= 1
            self._known[name, kind] = await self._resolver(name, kind)
        return self._known[name, kind]


class DnsResolver:
    """Asks name servers over UDP, and over TCP what does not fit."""

    def __init__(self, servers: Sequence[str], timeout: float) -> None:
        """``servers`` are addresses with or without a port (:func:`server`); none: those of the system. ``timeout`` in
        seconds is for one question, however often it must be repeated."""
        self._servers = [server(each) for each in servers]
        self._timeout = timeout
        self._resolver: DnspythonResolver | None = None

    async def __call__(self, name: str, kind: Kind) -> Answer | Trouble:
        import dns.exception  # loaded with the first question: it takes 8 MB
        import dns.name
        import dns.resolver

        try:
            if self._resolver is None:
                self._resolver = self._open()
            asked = dns.name.Name([*(label.encode("ascii") for label in name.split(".")), b""])
            async with asyncio.timeout(self._timeout):
                answer = await self._resolver.resolve(
                    asked, kind, raise_on_no_answer=False, search=False, lifetime=self._timeout
                )
        except dns.resolver.NXDOMAIN:
            return Answer(exists=False)
        except (dns.exception.DNSException, OSError) as error:  # a time-out is an OSError
            log.info("dns.trouble", kind=kind, error=type(error).__name__)
            return Trouble(type(error).__name__)
        return Answer(tuple(text_of(record, kind) for record in answer.rrset or ()))

    def _open(self) -> "DnspythonResolver":
        """Raises a DNSException where the system says nothing of name servers, and none are configured."""
        import dns.asyncresolver
        import dns.nameserver

        resolver = dns.asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers]
        return resolver


def server(written: str) -> tuple[str, int]:
    """An IPv4 address, or an IPv6 one in brackets, with ``:PORT`` or without. Raises ValueError for anything else."""
    found = _SERVER.fullmatch(written)
    if found is None:
        raise ValueError(written)
    return found[1] or found[3], int(found[2] or found[4] or _DNS_PORT)


def text_of(record: object, kind: Kind) -> str:
    """A record of dnspython's as :class:`Answer` has it."""
    match kind:
        case "TXT":
            return b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]  # as its kind has
        case "MX":
            return str(record.exchange).removesuffix(".")  # type: ignore[attr-defined]  # the same
        case "PTR":
            return str(record.target).removesuffix(".")  # type: ignore[attr-defined]  # the same
        case _:
            return str(record.address)  # type: ignore[attr-defined]  # the same
