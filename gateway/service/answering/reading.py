"""What can be read by text: somebody's last post, who somebody is, one's numbers, one's direct messages."""

from gateway.domain import reply, reply_people, reply_posts, reply_reading
from gateway.domain.speech import say
from gateway.service import following
from gateway.service.answering.asked import Asked, meant
from gateway.service.answering.words import last_written
from store import accounts
from store.accounts import AccountRow


async def get(asked: Asked, me: AccountRow, name: str) -> str:
    """Somebody's last post, for the asker alone."""
    other = await meant(asked, me, name)
    if isinstance(other, str):
        return other
    if not await following.may_read(asked.unit, other, me.id):
        return reply_people.protected_from_you(name)
    if other.protected and not asked.from_their_own:
        return reply.only_to_your_own()
    last = await last_written(asked, me, other)
    return reply_posts.no_posts(name) if last is None else reply_reading.post(name, last.text)


async def whois(asked: Asked, me: AccountRow, name: str) -> str:
    """Who somebody is. How many posts a protected account has is no secret; what they say is."""
    other = await meant(asked, me, name)
    if isinstance(other, str):
        return other
    counts = await accounts.counts(asked.unit, other.id)
    link = f"{asked.site.public_url}/@{name}"
    return reply_reading.whois(name, other.bio, (counts.posts, counts.followers), link, protected=other.protected)


async def stats(asked: Asked, me: AccountRow) -> str:
    counts = await accounts.counts(asked.unit, me.id)
    return reply_reading.stats(me.name or say("You"), counts.posts, counts.followers, counts.following)
