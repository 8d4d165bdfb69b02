"""Phones that have just asked for no more texts, known to this process before the database knows.

The rules are asked at the claim, and whoever was claimed a moment before its phone said STOP would still be sent. So
the door tells the workers at once: from the arrival of a STOP until it holds whatever would go to that phone waits, and
for a while after it the rules are asked again before each text, which let through its one confirmation.
"""

from collections import Counter
from datetime import datetime, timedelta
from enum import Enum, auto

REMEMBERED = timedelta(hours=1)
"""How long a STOP that holds is remembered: no claim is held for so long."""


class Says(Enum):
    """What is known of a phone."""

    NOTHING = auto()
    ASK_AGAIN = auto()
    FORBIDDEN = auto()


class Hush:
    """``begins`` when a STOP arrives, ``holds`` when it is committed; ``says`` before each text."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()
        self._held: dict[str, datetime] = {}

    def begins(self, phone: str) -> None:
        """A STOP came from this phone and is not committed yet."""
        self._begun[phone] += 1

    def holds(self, phone: str, *, now: datetime) -> None:
        """One that began is committed."""
        self._begun -= Counter([phone])
        self._held = {each: at for each, at in self._held.items() if now - REMEMBERED < at <= now}
        self._held[phone] = now

    def says(self, phone: str) -> Says:
        """Whether a text may go to this phone as far as is known here."""
        if self._begun.get(phone):
            return Says.FORBIDDEN
        return Says.ASK_AGAIN if phone in self._held else Says.NOTHING
