"""Texts that some carriers hand over in base64, when a phone sent them by way of a picture message."""

import re
from base64 import b64decode

_SHORTEST = 60
"""Characters below which a word of letters and digits may well be just that."""

_ALL_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}").fullmatch


def plain(text: str) -> str:
    """The words of a text in base64, where it certainly is one: long, nothing else in it, and what it says is words
    with spaces between them. Any other text as it is."""
    if len(text) < _SHORTEST or " " in text:
        return text
    packed = "".join(text.split())
    if len(packed) % 4 or not _ALL_BASE64(packed):
        return text
    try:
        words = b64decode(packed, validate=True).decode()
    except ValueError:
        return text
    return words if " " in words and all(c.isprintable() or c in "\r\n\t" for c in words) else text
