"""Whether a mail was written to an address of ours, as its To and Cc say.

That somebody wrote a mail does not mean that they wrote it to us. Whoever gets a mail can hand it on unchanged, and its
signature stays good; so what is posted in somebody's name must name us where they wrote it.
"""

import re
from collections.abc import Sequence

from inbound.trust.head import Field, named

_TO = ("to", "cc")


def names(fields: Sequence[Field], address: str) -> bool:
    """Whether To or Cc has the address (lower-case)."""
    return any(_has(field, address) for field in named(fields, *_TO))


def is_silent(fields: Sequence[Field]) -> bool:
    """Whether the mail says nothing at all of whom it is for."""
    return not named(fields, *_TO, "bcc")


def names_signed(fields: Sequence[Field], covered: Sequence[str], address: str) -> bool:
    """The same for those that a signature covers, which names each as often as it covers it, from the bottom up (RFC
    6376 5.4.2): one that was put on top afterwards does not count."""
    signed: list[Field] = []
    for name in _TO:
        if times := covered.count(name):
            signed += named(fields, name)[-times:]
    return names(signed, address)


def _has(field: Field, address: str) -> bool:
    alone = rf"(?<![\w.+-]){re.escape(address)}(?![\w.+-])"
    return re.search(alone, field.value.replace(b"\r\n", b"").decode("utf-8", "replace").lower()) is not None
