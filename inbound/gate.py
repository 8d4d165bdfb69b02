"""Who may come to the mail door, and how much each may bring: connections at once, mails and recipients a minute.

Clients are counted by address, those with IPv6 by the /64 that a provider gives to one customer. Machines of your own
are let off what is meant for strangers: behind an MTA everybody's mail comes from one address.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_MOST_REMEMBERED = 10_000
"""Addresses whose rates are remembered before those that are at rest are looked for and forgotten."""

_CUSTOMER = 64
"""Bits of an IPv6 address that say whose it is (RFC 6177 2)."""

LOCAL = ""
"""The address of whoever comes over a socket of this machine's file system."""

CLOSING = "421 4.3.2 Closing. Please come again in a minute."

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(written: Iterable[str]) -> Networks:
    """Addresses and networks as they are written in a configuration. Raises ValueError for what is neither."""
    return tuple(ip_network(each.strip(), strict=False) for each in written)


class Gate:
    """Counts. ``now`` is a clock that never goes back, in seconds."""

    def __init__(
        self,
        *,
        own: Networks,
        proxies: Networks,
        connections: int,
        connections_each: int,
        mails_each: int,
        recipients_each: int,
        now: Callable[[], float],
    ) -> None:
        """``own``: networks of ours; ``proxies``: those of them that say for whom they come. The last two limits are
        a minute's; 0 is none."""
        self.closing = False
        self._own, self._proxies = own, proxies
        self._most, self._most_each = connections, connections_each
        self._connections: Counter[str] = Counter()
        self._all = 0
        self._mails = _Rate(mails_each, now)
        self._recipients = _Rate(recipients_each, now)

    def admit(self, address: str) -> str:
        """Count a connection in; or what it is told that finds no room."""
        whose = _whose(address)
        if self.closing:
            return CLOSING
        if self._all >= self._most:
            return "421 4.3.2 Too many connections. Please come again in a minute."
        if whose and self._connections[whose] >= self._most_each:
            return "421 4.7.0 Too many connections from your address. Please come again in a minute."
        self._all += 1
        self._connections[whose] += 1
        return ""

    def leave(self, address: str) -> None:
        """Count a connection out."""
        whose = _whose(address)
        self._all -= 1
        self._connections[whose] -= 1
        if not self._connections[whose]:
            del self._connections[whose]

    def is_own(self, address: str) -> bool:
        """Whether a machine of ours comes."""
        return address == LOCAL or _is_in(self._own, address)

    def is_proxy(self, address: str) -> bool:
        """Whether it says for whom it comes."""
        return bool(self._proxies) and address != LOCAL and _is_in(self._proxies, address)

    def may_send(self, address: str) -> bool:
        """Whether one more mail fits this minute, which counts it."""
        return self._mails.fits(_whose(address))

    def may_ask(self, address: str) -> bool:
        """The same for one more recipient."""
        return self._recipients.fits(_whose(address))


class _Rate:
    """So many in a minute for each, of which all may come at once (the generic cell rate algorithm)."""

    def __init__(self, each: int, now: Callable[[], float]) -> None:
        self._interval = 60 / each if each else 0.0
        self._now = now
        self._due: dict[str, float] = {}
        self._forget_at = _MOST_REMEMBERED

    def fits(self, whose: str) -> bool:
        if not self._interval:
            return True
        now = self._now()
        due = max(self._due.get(whose, now), now) + self._interval
        if due > now + 60:
            return False
        if len(self._due) >= self._forget_at:
            self._due = {each: at for each, at in self._due.items() if at > now}
            self._forget_at = max(_MOST_REMEMBERED, 2 * len(self._due))
        self._due[whose] = due
        return True


def _whose(address: str) -> str:
    """What an address is counted under."""
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _CUSTOMER), strict=False))
    return address if parsed is None else str(parsed)


def _is_in(known: Networks, address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in known)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
