"""Mail that goes straight to the servers of its recipients: a pool of conversations for each domain.

No domain delays another. A domain is talked to by one conversation until it has taken a mail, then by more; whoever
finds no place there within a moment is put off for some seconds, and goes out of the others' way. A domain whose
servers cannot be talked to rests, for longer each time, and what is for it is put off without a try meanwhile, until
its age ends it.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from gateway.domain.delivery import Bounced, Deferred, Fault, Outcome
from outbound import mail_exchange
from outbound.mail_exchange import Resolver
from outbound.mail_peer import Dialler, NoWayIn, Peer, Why
from outbound.mail_pool import Envelope, Full, Pool
from outbound.places import Places

log = structlog.get_logger(__name__)

PATIENCE = 2.0
"""Seconds for which a place at a domain is waited for."""

BUSY_PAUSE = 10.0
"""Seconds for which a mail is put off that found none."""

FIRST_REST, LONGEST_REST = 60.0, 3600.0
"""Seconds for which a domain rests at first, and at most."""

NOWHERE_PAUSE = 600.0
"""Seconds until DNS is asked again whether there is such a domain."""

SURE_AFTER = 4
"""Tries after which DNS is believed."""

_MOST_REMEMBERED = 1000
"""Domains that are remembered before those at which nothing is going on are forgotten."""


class _Nobody(Exception):
    """There is no server for the domain. ``surely``: it says so itself."""

    def __init__(self, reason: str, *, surely: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.surely = surely


class _Resting(Exception):
    """The domain has begun to rest while a place at it was waited for."""


class Domains:
    """``hand_over`` one mail after another; ``close`` at the end."""

    def __init__(
        self,
        dialler: Dialler,
        *,
        port: int,
        connections: int,
        reuse: int,
        timeout: float,
        own_names: frozenset[str] = frozenset(),
        resolver: Resolver | None = None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """``connections`` to each domain, ``reuse`` mails over one of them; ``timeout`` in seconds for each server,
        and each question to DNS; ``own_names`` are names of ours. ``resolver`` None is the system's; ``dice`` gives
        numbers in [0, 1)."""
        self._dialler = dialler
        self._port = port
        self._connections, self._reuse = connections, reuse
        self._timeout = timeout
        self._own_names = own_names
        self._resolver = resolver or mail_exchange.system_resolver()
        self._dice = dice
        self._domains: dict[str, _Domain] = {}
        self._forget_at = _MOST_REMEMBERED

    def put_off(self, recipient: str) -> Deferred | None:
        """What becomes of a mail whose domain rests, before it is even written; None when it may be tried."""
        domain = self._domains.get(_domain_of(recipient))
        return domain.puts_off() if domain is not None and domain.rests() else None

    async def hand_over(self, envelope: Envelope) -> Outcome:
        """One mail."""
        domain = self._domain(_domain_of(envelope.recipient))
        try:
            outcome = await domain.pool.hand_over(envelope, patience=PATIENCE)
        except Full:
            return Deferred("its domain is busy with others of ours", BUSY_PAUSE * (1 + self._dice()), excused=True)
        except _Nobody as nobody:
            if nobody.surely or envelope.tries >= SURE_AFTER:
                return Bounced(nobody.reason, Fault.ADDRESS)
            return Deferred(nobody.reason, NOWHERE_PAUSE)
        except NoWayIn as no:
            domain.begin_to_rest(f"the domain's server {no.reason}")
            return domain.puts_off()
        except _Resting:
            return domain.puts_off()
        domain.is_well()
        return outcome

    async def close(self) -> None:
        """Say goodbye on every connection."""
        await asyncio.gather(*(domain.pool.close() for domain in self._domains.values()))

    def _domain(self, name: str) -> "_Domain":
        known = self._domains.get(name)
        if known is None:
            if len(self._domains) >= self._forget_at:
                self._domains = {n: d for n, d in self._domains.items() if d.rests() or not d.pool.is_at_rest}
                self._forget_at = max(_MOST_REMEMBERED, 2 * len(self._domains))
            known = self._domains[name] = _Domain(self._pool(name))
        return known

    def _pool(self, name: str) -> Pool:
        async def find() -> Sequence[Peer]:
            known = self._domains.get(name)
            if known is not None and known.rests():
                raise _Resting
            return await self._peers(name)

        places = Places(self._connections, first=1)
        return Pool(find, self._dialler, places, reuse=self._reuse, shuffle=random.shuffle)

    async def _peers(self, domain: str) -> list[Peer]:
        found = await mail_exchange.find(domain, self._resolver, patience=self._timeout / 2, own_names=self._own_names)
        match found:
            case mail_exchange.TakesNone():
                raise _Nobody("its domain takes no mail", surely=True)
            case mail_exchange.Nowhere(reason):
                raise _Nobody(f"nobody takes its domain's mail: {reason}", surely=False)
            case mail_exchange.Unknown(reason):
                raise NoWayIn(Why.UNREACHABLE, f"is not known: {reason}")
            case _:
                return [
                    Peer(each.host, self._port, each.address, tls="offered", preference=each.preference)
                    for each in found
                ]


def _domain_of(recipient: str) -> str:
    return recipient.rpartition("@")[2].lower()


class _Domain:
    """A pool, and whether it rests; ``reason`` is why."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.reason = ""
        self._until = self._rest = 0.0

    def rests(self) -> float:
        """For so many more seconds."""
        return max(0.0, self._until - asyncio.get_running_loop().time())

    def puts_off(self) -> Deferred:
        """What becomes of a mail meanwhile: it was not tried."""
        return Deferred(self.reason, self.rests(), excused=True)

    def begin_to_rest(self, reason: str) -> None:
        """Twice as long as the last time; who comes late with bad news changes nothing."""
        if not self.rests():
            self.reason = reason
            self._rest = min(2 * self._rest, LONGEST_REST) or FIRST_REST
            self._until = asyncio.get_running_loop().time() + self._rest
            log.warning("mail to a domain rests", reason=reason, seconds=self._rest)

    def is_well(self) -> None:
        """Its server talks to us."""
        self._rest = 0.0
