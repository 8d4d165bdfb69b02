"""That a signed mail counts once, and not for ever.

Whoever got a mail can send it again, and its signature stays good. Under the same Message-ID it is known as the same
mail, as long as that is kept (``delivery.kept`` days, seven at least). So from the first moment at which the date that
was signed counts to the last is no longer than that; and where a signature leaves the Message-ID out, as some large
services' do, the signature is what the mail is known by.

What was not signed can be put above what was, and most readers of mail take the first of two fields: a head that has
one of these fields twice can be read in more than one way.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from inbound.trust.head import Field, named
from inbound.trust.signatures import Signature

LONGEST = timedelta(days=7)
"""As ``gateway.config`` lets nobody keep what came in for less."""

_CLOCKS_APART = timedelta(days=1)
"""How far ahead the clock of who wrote it may be: the mail can come, and be kept, so long before its date."""

_OLDEST = LONGEST - _CLOCKS_APART
_SINGLE = (
    "content-transfer-encoding",
    "content-type",
    "date",
    "in-reply-to",
    "message-id",
    "mime-version",
    "subject",
)


def is_doubled(fields: Sequence[Field]) -> bool:
    """Whether a field that a mail has once (RFC 5322 3.6, RFC 2045 3) stands there twice, and says two things."""
    return any(len({b" ".join(each.value.split()) for each in named(fields, name)}) > 1 for name in _SINGLE)


def is_old(fields: Sequence[Field], signature: Signature, now: datetime) -> bool:
    """Whether a signed mail says that it was written so long ago, or so far ahead, that it may have been here before or
    may come for a long time. One whose date cannot be read says nothing."""
    dates = named(fields, "date") if "date" in signature.covers else []
    text = dates[0].text if dates else None
    if text is None:
        return False
    try:
        written = parsedate_to_datetime(re.sub(r"\s+", " ", text)[:100])
        written = written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return not now - _OLDEST < written <= now + _CLOCKS_APART


def mark(signature: Signature) -> str:
    """What a mail is known by besides its Message-ID; empty where that is signed."""
    return "" if "message-id" in signature.covers else signature.digest
