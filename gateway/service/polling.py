"""Polls: asking, voting, and telling the result to all who voted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import poll, reply_together
from gateway.domain.text import length
from gateway.domain.types import MAX_LENGTH, Lane, NoticeKind, Source
from gateway.service import notify, posting
from gateway.service.posting import Outcome, Published
from gateway.service.site import Site
from store import polls
from store.polls import PollRow
from store.unit import Reading, Unit

_AT_ONCE = 200
"""Voters who are told in one step."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """Nothing was posted: with its options the poll is ``over`` characters too long, and no part of it can be cut."""

    over: int


@dataclass(frozen=True, slots=True)
class Voted:
    """The vote counts, for this ``option``."""

    option: str


@dataclass(frozen=True, slots=True)
class Closed:
    """No vote counts any more."""


@dataclass(frozen=True, slots=True)
class NoSuchOption:
    """The poll has only so many options."""

    most: int


async def ask(
    unit: Unit,
    site: Site,
    author_id: int,
    question: str,
    options: Sequence[str],
    *,
    source: Source,
    now: datetime,
) -> Outcome | TooLong:
    """Post a question with its options. It closes by itself after ``limits.poll_hours``."""
    options = [" ".join(option.split()) for option in options]
    text = poll.question_text(question, options)
    over = length(text) - MAX_LENGTH
    if over > 0:
        return TooLong(over)
    outcome = await posting.publish(unit, site, author_id, text, source=source, now=now)
    if isinstance(outcome, Published):
        closes_at = now + timedelta(hours=site.limits.poll_hours)
        await polls.add(unit, outcome.post_ids[0], question, options, closes_at=closes_at)
    return outcome


async def vote(
    unit: Unit, poll_row: PollRow, account_id: int, number: int, *, now: datetime
) -> Voted | Closed | NoSuchOption:
    """Choose the option of this number, in place of an earlier choice. The caller has made sure that the voter may see
    the poll."""
    if poll_row.closes_at <= now:
        return Closed()
    if not 1 <= number <= len(poll_row.options):
        return NoSuchOption(len(poll_row.options))
    await polls.vote(unit, poll_row.post_id, account_id, number)
    return Voted(poll_row.options[number - 1])


async def result(reading: Reading, poll_row: PollRow) -> str:
    """How the poll stands, in words."""
    return poll.result(poll_row.question, poll_row.options, await polls.counts(reading, poll_row.post_id))


@dataclass(frozen=True, slots=True)
class Standing:
    """A poll as it stands: each option with its votes, whether it is still open, which one the reader chose (0: none),
    and whether it is the reader's own."""

    question: str
    options: tuple[tuple[str, int], ...]
    open: bool
    closes_at: datetime
    chosen: int
    own: bool

    @property
    def votes(self) -> int:
        """All of them."""
        return sum(count for _, count in self.options)


async def standing(reading: Reading, post_id: int, *, reader: int | None, now: datetime) -> Standing | None:
    """How the poll in a post stands; None where it has none. Whoever asks has made sure that they may see the post."""
    found = await polls.of_post(reading, post_id)
    if found is None:
        return None
    counts = await polls.counts(reading, post_id)
    options = tuple((option, counts.get(number, 0)) for number, option in enumerate(found.options, 1))
    chosen = 0 if reader is None else await polls.choice(reading, post_id, reader)
    return Standing(found.question, options, found.closes_at > now, found.closes_at, chosen, reader == found.author_id)


async def close(unit: Unit, poll_row: PollRow, *, now: datetime) -> None:
    """End a poll: its author is answered, and :func:`tell_result` tells who voted."""
    await polls.close(unit, poll_row.post_id, now=now)


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether anybody is to be told a result: a look that holds up nobody."""
    return await polls.any_closing(reading, now=now)


async def tell_result(unit: Unit, *, now: datetime) -> bool:
    """Tell the next of those who asked or voted in a poll that is closed; False when all know. A poll with many voters
    takes several steps, and what it tells waits behind answers and mentions. Voters who may not get the author's posts
    any more, or do not want to, are passed over."""
    closed = await polls.closing(unit, now=now)
    if closed is None:
        return False
    words = reply_together.poll_is_closed(await result(unit, closed))
    voters = await polls.voters(unit, closed.post_id, after=closed.told or 0, most=_AT_ONCE)
    first = [] if closed.told else [closed.author_id]
    heard = [voter for voter, may_hear in voters if may_hear and voter != closed.author_id]
    await notify.tell_accounts(
        unit, [*first, *heard], words, now=now, lane=Lane.FIRST, caused_by=closed.author_id, kind=NoticeKind.NEWS
    )
    await polls.set_told(unit, closed.post_id, voters[-1][0] if len(voters) == _AT_ONCE else None)
    return True
