"""Addresses that are not the world's: who brings mail from there is one of the operator's own machines."""

from ipaddress import ip_address, ip_network

_WITHIN = [
    ip_network(each)
    for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
]
"""The loopback, and private networks (RFC 1918, 4193, 4291)."""


def is_within(written: str) -> bool | None:
    """Whether an IP address is one of these; None if it is no address."""
    try:
        address = ip_address(written)
    except ValueError:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _WITHIN)
