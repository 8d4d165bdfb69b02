"""Passwords: hashed with argon2id, slowly on purpose. Nothing here touches the database; callers use a thread."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
"""OWASP's parameters for argon2id: 19 MB and about 30 ms each."""

_NOBODYS = _HASHER.hash("nobody's password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(password)


def is_right(kept: str, password: str) -> bool:
    """Whether this is the password of which ``kept`` is left. Takes as long when there is none."""
    try:
        _HASHER.verify(kept or _NOBODYS, password)
        return bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_worn(kept: str) -> bool:
    """Whether it was hashed with weaker parameters than today's, and should be hashed anew."""
    return _HASHER.check_needs_rehash(kept)
