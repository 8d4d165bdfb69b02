"""What it means to answer a mail of our own words: who asks to follow is let or refused, a nudge is answered by a post,
and an answer to a digest of several posts is nobody's until its writer says whose."""

from gateway.domain import reply_people, reply_posts
from gateway.domain import wish as c
from gateway.domain.argument import without_end
from gateway.domain.types import NoticeKind
from gateway.service import following
from gateway.service.answering import words
from gateway.service.answering.asked import Asked
from store import accounts, deliveries, follows
from store.accounts import AccountRow

_YES = frozenset({"accept", "yes", "y", "ok", "okay"})
_NO = frozenset({"deny", "no", "n"})


async def answer(asked: Asked, me: AccountRow, command: c.Command) -> str | None:
    """The answer to a mail from the reader's own mailbox to the reply address of a notice; None where it says nothing
    special: it is a command as anywhere, or answers a post."""
    assert asked.told.answers_delivery is not None
    notice = await deliveries.notice_of(asked.unit, asked.told.answers_delivery)
    if notice is None or notice.answers:
        return None
    match notice.kind:
        case NoticeKind.REQUEST if notice.caused_by_id is not None:
            return await _let_or_refuse(asked, me, notice.caused_by_id, command)
        case NoticeKind.NUDGE if isinstance(command, c.Post):
            return await words.post(asked, me, command.text, answer=reply_posts.posted())
        case NoticeKind.DIGEST if isinstance(command, c.Post | c.Yes):
            return reply_posts.which_of_the_digest()
        case _:
            return None


async def _let_or_refuse(asked: Asked, me: AccountRow, follower_id: int, command: c.Command) -> str | None:
    follower = await accounts.by_id(asked.unit, follower_id)
    name = None if follower is None else follower.name
    said = without_end(asked.told.text.partition("\n")[0].strip()).casefold()
    if name is None:
        return reply_people.no_requests() if said in _YES | _NO else None
    if said in _YES:
        granted = await following.accept(asked.unit, me, follower_id, now=asked.now)
        return reply_people.accepted(name) if granted else reply_people.no_request(name)
    if said in _NO:
        refused = await follows.deny(asked.unit, me.id, follower_id)
        return reply_people.denied(name) if refused else reply_people.no_request(name)
    return reply_people.accept_or_deny(name) if isinstance(command, c.Post | c.Yes) else None
