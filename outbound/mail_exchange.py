"""Which servers take a domain's mail, as DNS says (RFC 5321 5.1).

    MX records                      those hosts, in order of preference
    none, but an address            the domain's own host
    one that is "." (RFC 7505)      nobody: the domain takes no mail
    no such domain, or no address   nobody that is known now: DNS is wrong now and then, so this is asked again
    no answer                       not known

A name that is an alias is followed, although it must not be one (RFC 2181 10.3).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from outbound import mishap

_MOST_HOSTS = 10
_MOST_CACHED = 10_000


class Resolver(Protocol):
    """dnspython's ``dns.asyncresolver.Resolver``, or whatever has its one method."""

    async def resolve(self, qname: Any, rdtype: Any, *, lifetime: float) -> Any: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """A host that takes mail, where it is, and how much it is preferred (less is sooner)."""

    host: str
    address: str
    preference: int


@dataclass(frozen=True, slots=True)
class TakesNone:
    """The domain says that it takes no mail."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """There is no server for it, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """DNS does not say."""

    reason: str


def system_resolver() -> Resolver:
    """The one of this machine; what it was told is believed for as long as it is good. Where none is configured, one on
    this machine is asked, as libraries do."""
    try:
        resolver = dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
    resolver.cache = dns.resolver.LRUCache(_MOST_CACHED)
    return resolver


async def find(
    domain: str, resolver: Resolver, *, patience: float, own_names: Collection[str] = ()
) -> Sequence[Exchange] | TakesNone | Nowhere | Unknown:
    """Where a domain's mail goes, ``domain`` in ASCII. ``own_names`` are names of ours: who is no more preferred than
    we are would only bring the mail back. ``patience`` is in seconds for each question."""
    hosts = await _hosts(domain, resolver, patience)
    if isinstance(hosts, TakesNone | Nowhere | Unknown):
        return hosts
    ours = [preference for preference, host in hosts if host in own_names]
    if ours:
        hosts = [(preference, host) for preference, host in hosts if preference < min(ours)]
        if not hosts:
            return Nowhere("its mail comes to us, who do not take it")
    found = await asyncio.gather(*(_addresses(host, resolver, patience) for _, host in hosts[:_MOST_HOSTS]))
    exchanges = [
        Exchange(host, address, preference)
        for (preference, host), addresses in zip(hosts, found, strict=False)
        if isinstance(addresses, list)
        for address in addresses
    ]
    if exchanges:
        return exchanges
    unknown = next((addresses for addresses in found if isinstance(addresses, Unknown)), None)
    return unknown or Nowhere("none of its mail servers has an address")


def in_words(error: BaseException) -> str:
    """Why a question to DNS has no answer; never empty."""
    match error:
        case dns.exception.Timeout():
            return "no answer in time"
        case dns.resolver.NoNameservers():
            return "the domain's name servers fail"
        case _:
            return mishap.in_words(error)


async def _hosts(
    domain: str, resolver: Resolver, patience: float
) -> list[tuple[int, str]] | TakesNone | Nowhere | Unknown:
    records = await _ask(domain, "MX", resolver, patience)
    if not isinstance(records, list):
        return records
    hosts = sorted((record.preference, str(record.exchange).rstrip(".").lower()) for record in records)
    if hosts and not any(host for _, host in hosts):
        return TakesNone()
    return [each for each in hosts if each[1]] or [(0, domain.rstrip(".").lower())]


async def _addresses(host: str, resolver: Resolver, patience: float) -> list[str] | Nowhere | Unknown:
    """IPv4 first: it is the one under which most machines are known to those who judge senders."""
    found = await asyncio.gather(*(_ask(host, kind, resolver, patience) for kind in ("A", "AAAA")))
    addresses = [record.address for records in found if isinstance(records, list) for record in records]
    unknown = next((records for records in found if isinstance(records, Unknown)), None)
    return addresses or unknown or Nowhere("it has no address")


async def _ask(name: str, kind: str, resolver: Resolver, patience: float) -> list[Any] | Nowhere | Unknown:
    """The records; none where the name has none of this kind."""
    try:
        answer = await resolver.resolve(name, kind, lifetime=patience)
    except dns.resolver.NoAnswer:
        return []
    except dns.resolver.NXDOMAIN:
        return Nowhere("there is no such domain")
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        return Unknown(f"DNS does not answer: {in_words(error)}")
    wanted = dns.rdatatype.from_text(kind)
    return [record for record in answer if record.rdtype == wanted]
