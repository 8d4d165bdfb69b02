"""Codes that people repeat to prove something: what is kept of them, and how one is compared."""

import hashlib
import hmac


def digest(key: bytes, purpose: str, code: str) -> str:
    """What is kept instead of a code: a keyed digest, as 64 hexadecimal digits. Codes are short, so without the key
    nobody who reads the database could find them by trying. ``purpose`` keeps a code from serving for anything else.
    """
    return hmac.digest(key, f"code:{purpose}:{code.casefold()}".encode(), hashlib.sha256).hex()


def same(kept: str, key: bytes, purpose: str, code: str) -> bool:
    """Whether this is the code that was kept, in constant time."""
    return hmac.compare_digest(kept, digest(key, purpose, code))
