"""A post that must not stand is removed by who looks after the site: it stands in the audit log, and its author is told
why."""

from dataclasses import dataclass
from datetime import datetime

from gateway.domain import reply_together
from gateway.domain.types import PostKind
from gateway.service import auditing, notify, posting
from gateway.service.auditing import Act, Actor
from gateway.service.site import Site
from store import accounts, member_timelines, posts, reports, timelines
from store.posts import PostRow
from store.unit import Reading, Unit

LONGEST_WHY = 140
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Removed:
    """It is gone, and its author (``author_id``) is told."""

    author_id: int


@dataclass(frozen=True, slots=True)
class NotThere:
    """There is no such post, or it is none of the administrator's business."""


@dataclass(frozen=True, slots=True)
class NotAReason:
    """Its author must be told why, in LONGEST_WHY characters."""


async def judged(reading: Reading, admin_id: int, post_id: int) -> PostRow | None:
    """A post that an administrator may look at and remove: one that everybody sees, that they see as a member, or that
    was reported. What is written to one person or to chosen ones is otherwise none of their business."""
    found = await posts.by_id(reading, post_id)
    if found is None or found.kind != PostKind.POST or found.deleted_at is not None:
        return None
    place = await timelines.place(reading, post_id)
    listed = place is not None and place.listed
    if listed or await member_timelines.sees(reading, admin_id, post_id) or await reports.is_about(reading, post_id):
        return found
    return None


async def remove(
    unit: Unit, site: Site, actor: Actor, post_id: int, *, why: str, now: datetime
) -> Removed | NotThere | NotAReason:
    """Take a post and its reposts out of pages, feeds and queue, and tell its author why."""
    post = None if actor.account_id is None else await judged(unit, actor.account_id, post_id)
    author = None if post is None else await accounts.by_id(unit, post.author_id)
    if post is None or author is None:
        return NotThere()
    why = " ".join(why.split())
    if not 1 <= len(why) <= LONGEST_WHY:
        return NotAReason()
    words = " ".join((post.full_text or post.text).split())
    await posting.delete(unit, post_id, now=now)
    await notify.tell_account(
        unit, site, author.id, lambda: reply_together.post_removed(site.name, words, why), now=now
    )
    await auditing.note(unit, actor, Act.POST_REMOVE, author, words=f"post {post_id}: {why}", now=now)
    return Removed(author.id)
