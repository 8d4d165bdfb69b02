"""How answers are put: what one SMS holds, sentences, and lists that are cut to it."""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.speech import mark, say

SEGMENT = 160
"""Characters of the GSM alphabet that one SMS holds."""


def fitted(start: str, entries: Sequence[str], *, between: str, more: bool, end: str) -> tuple[str, int]:
    """As many of the entries as one SMS holds, at least the first, and how many these are. ``end`` stands behind them
    where some are left, or ``more`` are to come."""
    for shown in range(len(entries), 1, -1):
        words = start + between.join(entries[:shown]) + (end if more or shown < len(entries) else "")
        if len(words) <= SEGMENT:
            return words, shown
    return start + entries[0] + (end if more or len(entries) > 1 else ""), 1


_DAYS = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))


def weekday(moment: datetime) -> str:
    """The day of the week, short."""
    return say(_DAYS[moment.weekday()])


def sentences(*said: str) -> str:
    """One after the other; what is empty is left out."""
    return " ".join(filter(None, said))


def cut(text: str, room: int = SEGMENT) -> str:
    """As much of the text as there is room for."""
    return text if len(text) <= room else text[: room - 3].rstrip() + "..."
