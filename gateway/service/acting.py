"""What a member does to a post that they look at: answer, pass on, mark, take back. A post that they may not see, or
that is not theirs to take back, is not there.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.text import leading_mention
from gateway.domain.types import PostKind, Source
from gateway.service import posting
from gateway.service.posting import Duplicate, Outcome, Protected, Published, TooMany
from gateway.service.site import Site
from store import accounts, member_timelines, posts, relations
from store.posts import PostRow
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class NotThere:
    """There is no such post for this member."""


async def answer(
    unit: Unit, site: Site, me: int, post_id: int, text: str, *, source: Source, now: datetime
) -> Outcome | NotThere:
    """Answer a post in public. It begins with the name of who is answered, put before it where it is missing, so it is
    delivered as answers are."""
    asked = await _seen(unit, me, post_id)
    if asked is None or me in await relations.blockers(unit, me, asked.author_id):
        return NotThere()
    author = await accounts.by_id(unit, asked.author_id)
    name = author.name if author else None
    if name is None:
        return NotThere()
    addressed = (
        text if not text.strip() or asked.author_id == me or leading_mention(text) == name else f"@{name} {text}"
    )
    return await posting.publish(unit, site, me, addressed, source=source, now=now, reply_to=asked.id)


async def repost(
    unit: Unit, site: Site, me: int, post_id: int, *, source: Source, now: datetime
) -> Published | Duplicate | Protected | TooMany | NotThere:
    """Pass a post on."""
    seen = await _seen(unit, me, post_id)
    return NotThere() if seen is None else await posting.repost(unit, site, me, seen.id, source=source, now=now)


async def favourite(unit: Unit, me: int, post_id: int, *, now: datetime) -> bool:
    """Mark a post; False when there is none. Twice is the same as once."""
    seen = await _seen(unit, me, post_id)
    if seen is not None:
        await posting.favourite(unit, me, seen.id, now=now)
    return seen is not None


async def unfavourite(unit: Unit, me: int, post_id: int) -> bool:
    """Take a mark away; False when there was none."""
    return await posts.remove_favourite(unit, me, post_id)


async def take_back(unit: Unit, me: int, post_id: int, *, now: datetime) -> bool:
    """Delete one's own post, direct message or repost; False when it is not one's own or is gone."""
    found = await posts.by_id(unit, post_id)
    if found is None or found.author_id != me or found.deleted_at is not None:
        return False
    await posting.delete(unit, post_id, now=now)
    return True


async def subject(reading: Reading, me: int, post_id: int) -> PostRow | None:
    """The post that is meant, or the one it repeats; None if the member may not see it."""
    return await _seen(reading, me, post_id)


async def _seen(reading: Reading, me: int, post_id: int) -> PostRow | None:
    if not await member_timelines.sees(reading, me, post_id):
        return None
    found = await posts.by_id(reading, post_id)
    if found is not None and found.kind == PostKind.REPOST and found.repost_of_id is not None:
        return await posts.by_id(reading, found.repost_of_id)
    return found
