"""Asking by poll, voting, and how it stands."""

from typing import assert_never

from gateway.domain import reply_together
from gateway.service import polling
from gateway.service.answering.asked import Asked
from gateway.service.answering.words import answered_post, author_seen, last_received, what_became
from gateway.service.polling import Closed, NoSuchOption, TooLong, Voted
from store import polls
from store.accounts import AccountRow
from store.polls import PollRow


async def ask(asked: Asked, me: AccountRow, question: str, options: tuple[str, ...]) -> str:
    outcome = await polling.ask(asked.unit, asked.site, me.id, question, options, source=asked.source, now=asked.now)
    if isinstance(outcome, TooLong):
        return reply_together.poll_too_long(outcome.over)
    return what_became(asked.site, me.name or "", outcome, asked.told.text, reply_together.poll_posted())


async def vote(asked: Asked, me: AccountRow, number: int) -> str:
    """Choose in the last poll that one got or asked; a later choice takes the place of an earlier one."""
    poll = await _meant(asked, me)
    return reply_together.no_poll() if poll is None else await _vote_in(asked, me, poll, number)


async def choose(asked: Asked, me: AccountRow, number: int) -> str | None:
    """Choose in the poll that was the last to be texted to this phone; None where it was none, or is closed."""
    came = await last_received(asked, me)
    poll = None if came is None else await polls.of_post(asked.unit, came.post.id)
    if poll is None or poll.closes_at <= asked.now:
        return None
    return await _vote_in(asked, me, poll, number)


async def _vote_in(asked: Asked, me: AccountRow, poll: PollRow, number: int) -> str:
    outcome = await polling.vote(asked.unit, poll, me.id, number, now=asked.now)
    match outcome:
        case Voted(option):
            return reply_together.voted(option, await polling.result(asked.unit, poll))
        case Closed():
            return reply_together.poll_is_closed(await polling.result(asked.unit, poll))
        case NoSuchOption(most):
            return reply_together.no_such_option(number, most)
        case _:
            assert_never(outcome)


async def result(asked: Asked, me: AccountRow) -> str:
    """How the last poll stands that one got or asked."""
    poll = await _meant(asked, me)
    if poll is None:
        return reply_together.no_poll()
    words = await polling.result(asked.unit, poll)
    return reply_together.poll_is_closed(words) if poll.closes_at <= asked.now else words


async def close(asked: Asked, me: AccountRow) -> str:
    """End one's newest poll."""
    poll = await polls.last_open_of(asked.unit, me.id, now=asked.now)
    if poll is None:
        return reply_together.no_open_poll()
    await polling.close(asked.unit, poll, now=asked.now)
    return reply_together.poll_is_closed(await polling.result(asked.unit, poll))


async def _meant(asked: Asked, me: AccountRow) -> PollRow | None:
    """The poll that a mail answers, else the last one that one got or asked; None where it may not be seen any more."""
    answered = await answered_post(asked)
    poll = None if answered is None else await polls.of_post(asked.unit, answered.id)
    poll = poll or await polls.last_received(asked.unit, me.id)
    return None if poll is None or await author_seen(asked, me, poll.author_id) is None else poll
