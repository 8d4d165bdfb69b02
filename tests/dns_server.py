"""A DNS server on loopback that knows what a test tells it, asked by a real resolver over real datagrams."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.asyncresolver
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType

SILENCE, BROKEN = "silence", "broken"
"""In place of a zone's records: no answer at all, or one that says that the server has trouble (SERVFAIL)."""

Records = dict[str, dict[str, list[str]] | str]
"""By name, by type, as they are written in a zone file. A name that is not there does not exist."""


class Names(asyncio.DatagramProtocol):
    """The server. ``records`` may be changed while it runs; ``asked`` counts questions by name."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.asked: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # uvloop's is one in all but name

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked[name] += 1
        known = self.records.get(name)
        if known == SILENCE:
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if known == BROKEN:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif known is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._fill(answer, name, question.rdtype)
        self.transport.sendto(answer.to_wire(), addr)

    def _fill(self, answer: dns.message.Message, name: str, kind: RdataType) -> None:
        known = self.records.get(name)
        if not isinstance(known, dict):
            return
        for written, rows in known.items():
            if rows and written in (dns.rdatatype.to_text(kind), "CNAME"):
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", written, *rows))
                if written == "CNAME":
                    self._fill(answer, rows[0].rstrip("."), kind)


@asynccontextmanager
async def names(records: Records) -> AsyncIterator[tuple[Names, dns.asyncresolver.Resolver]]:
    """A running server, and a resolver that asks it and no other."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: Names(records), local_addr=("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    resolver.timeout = 0.5
    try:
        yield server, resolver
    finally:
        transport.close()
