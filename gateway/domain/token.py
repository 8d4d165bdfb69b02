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
_LONGEST_NUMBER = 13
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)
_SHIFTS = range(5 * _MAC_LENGTH - 10, -1, -10)


class Purpose(StrEnum):
    """What a token opens; a token made for one purpose opens no other."""

    POST = "post"
    REPLY = "reply"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"
    FEED = "feed"
    LOGIN = "login"
    SIGNUP = "signup"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a token says before it is verified: the number it claims to be for, and its digest."""

    number: int
    mac: str


def make(key: bytes, purpose: Purpose, number: int, version: int = 0) -> str:
    """The token for ``number``, e.g. an account's or a delivery's id. ``version`` revokes all earlier ones."""
    return encode(number) + seal(key, purpose, f"{number}:{version}")


def any_of(number: int, sign: str) -> str:
    """All tokens for ``number`` as a pattern, in which ``sign`` stands for any one character."""
    return encode(number) + sign * _MAC_LENGTH


def parse(token: str) -> Claimed | None:
    """Split a token into its parts; None if it can't be one. Nothing is verified yet."""
    words, mac = split(token)
    number = decode(words)
    return None if number is None or any(c not in _DIGITS for c in mac) else Claimed(number, mac)


def holds(key: bytes, purpose: Purpose, claimed: Claimed, version: int = 0) -> bool:
    """Whether the claimed token is genuine, in constant time."""
    return hmac.compare_digest(claimed.mac, seal(key, purpose, f"{claimed.number}:{version}"))


def seal(key: bytes, purpose: Purpose, words: str) -> str:
    """What only who has the key can put behind ``words`` (ASCII): 26 characters of keyed digest."""
    digest = hmac.digest(key, f"{purpose}:{words}".encode(), hashlib.sha256)
    bits = int.from_bytes(digest, "big") >> (256 - 5 * _MAC_LENGTH)
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


def split(token: str) -> tuple[str, str]:
    """What a token says, and the seal behind it; case does not matter. The first is empty if it can't be one."""
    token = token.lower()
    return token[:-_MAC_LENGTH], token[-_MAC_LENGTH:]


def encode(number: int) -> str:
    """A number from 0 on in base 32."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return digits or _DIGITS[0]


def decode(digits: str) -> int | None:
    """The reverse of :func:`encode`; None if it is not what that makes of a number that a database holds."""
    if not 1 <= len(digits) <= _LONGEST_NUMBER or any(c not in _DIGITS for c in digits):
        return None
    value = 0
    for digit in digits:
        value = value * 32 + _DIGITS.index(digit)
    return value if value < 2**63 and encode(value) == digits else None
