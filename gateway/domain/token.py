"""Secret addresses that need no table: a purpose, a number and a keyed digest over both, in base 32.

A token is ``NUMBER MAC``: the number in lower-case base 32 (no padding, no leading zeros), then 26 characters (130
bits) of HMAC-SHA-256. It survives mail servers that fold case, fits a local part of 64 octets (RFC 5321 4.5.3.1.1)
with every prefix in use, and is revoked by raising the version that goes into the digest.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_MAC_LENGTH = 26


class Purpose(StrEnum):
    """What a token opens; a token made for one purpose opens no other."""

    POST = "post"
    REPLY = "reply"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"
    FEED = "feed"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a token says before it is verified: the number it claims to be for, and its digest."""

    number: int
    mac: str


def make(key: bytes, purpose: Purpose, number: int, version: int = 0) -> str:
    """The token for ``number``, e.g. an account's or a delivery's id. ``version`` revokes all earlier ones."""
    return _encode(number) + _mac(key, purpose, number, version)


def any_of(number: int, sign: str) -> str:
    """All tokens for ``number`` as a pattern, in which ``sign`` stands for any one character."""
    return _encode(number) + sign * _MAC_LENGTH


def parse(token: str) -> Claimed | None:
    """Split a token into its parts; None if it can't be one. Nothing is verified yet."""
    token = token.lower()
    number, mac = token[:-_MAC_LENGTH], token[-_MAC_LENGTH:]
    if not 1 <= len(number) <= 13 or any(c not in _DIGITS for c in token):
        return None
    value = 0
    for digit in number:
        value = value * 32 + _DIGITS.index(digit)
    if value >= 2**63 or _encode(value) != number:
        return None
    return Claimed(value, mac)


def holds(key: bytes, purpose: Purpose, claimed: Claimed, version: int = 0) -> bool:
    """Whether the claimed token is genuine, in constant time."""
    return hmac.compare_digest(claimed.mac, _mac(key, purpose, claimed.number, version))


def _encode(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return digits or _DIGITS[0]


def _mac(key: bytes, purpose: Purpose, number: int, version: int) -> str:
    digest = hmac.digest(key, f"{purpose}:{number}:{version}".encode(), hashlib.sha256)
    bits = int.from_bytes(digest, "big") >> (256 - 5 * _MAC_LENGTH)
    return _encode(bits).rjust(_MAC_LENGTH, _DIGITS[0])
