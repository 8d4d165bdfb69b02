"""What may be spent on texts in a calendar month: by the instance, on what one person writes, on what one gets.

A text is counted when it is claimed, in segments, so that no limit is crossed however many are on their way; what was
not sent after all is counted off again. Limits stop posts alone: answers, confirmations and codes go out all the same,
and count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum


class Of(StrEnum):
    """Whose budget it is."""

    SITE = "site"
    AUTHOR = "author"
    RECIPIENT = "recipient"


Account = tuple[Of, int]
"""Whose budget, and the id of the account; 0 for the site."""

NEAR = 80
"""Percent of a budget at which the operator is warned."""


_LAST_WORDS, _FEWEST_LAST_WORDS = 10, 20
"""How many texts may say that the site's budget is used up: so many for each hundred segments of it, and so many in any
case."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Segments per month; 0 is no limit."""

    site: int = 0
    author: int = 0
    recipient: int = 0

    def __bool__(self) -> bool:
        return bool(self.site or self.author or self.recipient)

    def of(self, whose: Of) -> int:
        """The limit of this kind."""
        return {Of.SITE: self.site, Of.AUTHOR: self.author, Of.RECIPIENT: self.recipient}[whose]


def counted(budget: Budget, author_id: int | None, recipient_id: int | None) -> Iterator[Account]:
    """Where a text is counted. The site's is always; the others are where they have a limit."""
    yield Of.SITE, 0
    if budget.author and author_id is not None:
        yield Of.AUTHOR, author_id
    if budget.recipient and recipient_id is not None:
        yield Of.RECIPIENT, recipient_id


def last_words(limit: int) -> int:
    """How many texts in a month may say that the site's budget is used up: one to each of many thousands would be the
    very bill that it is to prevent, and none leaves people wondering."""
    return max(limit * _LAST_WORDS // 100, _FEWEST_LAST_WORDS)


def exhausted(budget: Budget, used: Mapping[Account, int], places: Iterable[Account], segments: int) -> Of | None:
    """The first budget that has no room for so many segments more; None if all have."""
    for place in places:
        limit = budget.of(place[0])
        if limit and used.get(place, 0) + segments > limit:
            return place[0]
    return None


def month_of(now: datetime, zone: tzinfo) -> int:
    """The calendar month in that zone, as 202611 for November 2026."""
    local = now.astimezone(zone)
    return local.year * 100 + local.month


def next_month(month: int) -> int:
    """The month after this one."""
    return month + 1 if month % 100 < 12 else month + 89
