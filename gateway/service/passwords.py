"""Passwords: hashed with argon2id, slowly on purpose. Nothing here touches the database; callers use a thread."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 200
"""Characters of a password."""


@cache
def _hasher() -> "PasswordHasher":
    """With OWASP's parameters for argon2id: 19 MB and about 30 ms each."""
    from argon2 import PasswordHasher  # only now: most log in by link or by code

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobodys() -> str:
    """What is kept of a password that nobody has."""
    return hashed("nobody's password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


def is_right(kept: str, password: str) -> bool:
    """Whether this is the password of which ``kept`` is left. Takes as long when there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError  # only now: see above

    nobodys = _nobodys()  # also where there is one: whoever is the first waits for it
    try:
        _hasher().verify(kept or nobodys, password)
        return bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_worn(kept: str) -> bool:
    """Whether it was hashed with weaker parameters than today's, and should be hashed anew."""
    return _hasher().check_needs_rehash(kept)
