"""Lists by text: the count and the first few, as many as one SMS holds, and MORE goes on where that ended."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.domain import reply, reply_listening, reply_people, reply_reading, reply_together
from gateway.domain.folding import fold
from gateway.domain.reply_form import fitted
from gateway.service import listening
from gateway.service import reading as seen
from gateway.service.answering.asked import Asked
from store import accounts, continuations, follows, recall
from store.accounts import AccountRow
from store.continuations import Continuation
from store.timelines import NEWEST

MORE_LASTS = timedelta(hours=1)
"""How long a phone or mailbox may go on with a list."""

_AT_ONCE = 30
"""Entries asked for: seldom do more fit into one SMS, and MORE has the rest."""

FOLLOWING, FOLLOWERS, REQUESTS, INBOX = "following", "followers", "requests", "inbox"
TRACKS, GROUPS, SEARCH = "tracks", "groups", "search"
"""The lists that there are."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a list has after some entry: (words, cursor) each, and whether there is ``more`` than these.

    ``start`` stands before the first of all. ``between`` separates two entries; ``end`` stands behind the last that is
    shown while there is more. ``empty`` is the answer where the whole list is.
    """

    entries: Sequence[tuple[str, str]]
    more: bool
    start: str
    empty: str
    between: str = ", "
    end: str = ", ... MORE"


async def show(asked: Asked, me: AccountRow, kind: str, words: str = "") -> str:
    """The beginning of a list. ``words`` are what SEARCH asks for."""
    return await _show(asked, me, Continuation(kind, words, ""))


async def more(asked: Asked, me: AccountRow) -> str:
    """MORE: go on with the list that this phone or mailbox got last."""
    pending = await continuations.pending(asked.unit, asked.address.id, now=asked.now)
    return reply_together.nothing_more() if pending is None else await _show(asked, me, pending)


async def _show(asked: Asked, me: AccountRow, at: Continuation) -> str:
    if at.kind != SEARCH and not asked.from_their_own:
        return reply.only_to_your_own()
    found = await _LISTS[at.kind](asked, me, at)
    if not found.entries:
        await continuations.end(asked.unit, asked.address.id)
        return reply_together.nothing_more() if at.after else found.empty
    answer, shown = fitted(
        "" if at.after else found.start,
        [words for words, _ in found.entries],
        between=found.between,
        more=found.more,
        end=found.end,
    )
    if shown < len(found.entries) or found.more:
        on = Continuation(at.kind, at.words, found.entries[shown - 1][1])
        await continuations.put(asked.unit, asked.address.id, on, expires_at=asked.now + MORE_LASTS)
    else:
        await continuations.end(asked.unit, asked.address.id)
    return answer


async def _following(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    """People by age, then tags by name; a tag's cursor begins with ``#``."""
    people = []
    if not at.after.startswith("#"):
        people = await follows.following(asked.unit, me.id, after=int(at.after or 0), most=_AT_ONCE + 1)
    tags = (await listening.tracked(asked.unit, me.id)).tags
    entries = [(person.name, str(person.id)) for person in people]
    entries += [(f"#{tag}", f"#{tag}") for tag in tags if f"#{tag}" > at.after or not at.after.startswith("#")]
    total = (await accounts.counts(asked.unit, me.id)).following + len(tags)
    return _found(entries, start=reply_people.follow_list(total), empty=reply_people.follows_nobody())


async def _followers(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    """The first who have a name: phones that only follow have none to show."""
    people = await follows.named_followers(asked.unit, me.id, after=int(at.after or 0), most=_AT_ONCE + 1)
    total = (await accounts.counts(asked.unit, me.id)).followers
    empty = reply_people.only_phones_follow(total) if total else reply_people.nobody_follows()
    entries = [(person.name, str(person.id)) for person in people]
    return _found(entries, start=reply_people.follower_list(total), empty=empty)


async def _requests(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    people = await follows.requests(asked.unit, me.id, after=int(at.after or 0), most=_AT_ONCE + 1)
    entries = [(person.name, str(person.id)) for person in people]
    return _found(entries, start=reply_people.request_list(), empty=reply_people.no_requests())


async def _inbox(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    """Direct messages, the newest first."""
    before = int(at.after or NEWEST)
    messages = await recall.directs_to(asked.unit, me.id, before=before, most=_AT_ONCE + 1)
    entries = [(f"{message.name}: {message.text}", str(message.id)) for message in messages]
    total = await recall.count_directs_to(asked.unit, me.id, before=before)
    return _found(entries, start="", empty=reply_reading.no_directs(), between="\n", end=reply_reading.more_of(total))


async def _tracks(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    known = await listening.tracked(asked.unit, me.id)
    keys = [*(f"#{tag}" for tag in known.tags), *known.words]
    entries = [(key, key) for key in keys if key > at.after]
    return _found(entries, start=reply_listening.track_list(len(keys)), empty=reply_listening.no_tracks())


async def _groups(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    known = (await listening.tracked(asked.unit, me.id)).groups
    entries = [(f"!{group}", group) for group in known if group > at.after]
    return _found(entries, start=reply_listening.group_list(len(known)), empty=reply_listening.no_groups())


async def _search(asked: Asked, me: AccountRow, at: Continuation) -> _Found:
    """The newest posts with these words. What is protected is found for the person's own phone or mailbox only."""
    if not fold(at.words):
        return _found([], start="", empty=reply_together.no_words())
    reader = me.id if asked.from_their_own else None
    page = await seen.search(asked.unit, at.words, reader=reader, before=int(at.after or NEWEST))
    entries = [(reply_reading.post(post.author, post.text), str(post.id)) for post in page.posts]
    more, empty = page.older is not None, reply_together.nothing_found()
    return _Found(entries, more, start="", empty=empty, between="\n", end=reply_reading.more_of(None))


def _found(entries: Sequence[tuple[str, str]], *, start: str, empty: str, **put: str) -> _Found:
    return _Found(entries[:_AT_ONCE], len(entries) > _AT_ONCE, start, empty, **put)


_LISTS: dict[str, Callable[[Asked, AccountRow, Continuation], Awaitable[_Found]]] = {
    FOLLOWING: _following,
    FOLLOWERS: _followers,
    REQUESTS: _requests,
    INBOX: _inbox,
    TRACKS: _tracks,
    GROUPS: _groups,
    SEARCH: _search,
}
