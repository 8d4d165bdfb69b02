"""Following and its end: asking, granting, refusing, blocking, muting.

Whoever is blocked never learns of it: to them the other one is nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import reply_people
from gateway.domain.types import NoticeKind
from gateway.service import notify
from gateway.service.site import Site
from store import accounts, deliveries, follows, relations
from store.accounts import AccountRow
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Follows:
    """The edge stands. ``again`` when it stood before; then ``texts`` when texts were switched on now, and
    ``unmuted`` when a mute was lifted: who follows wants to hear."""

    again: bool = False
    texts: bool = False
    unmuted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The followee is protected and was asked; ``again`` when that was so before."""

    again: bool = False


@dataclass(frozen=True, slots=True)
class Oneself:
    """Nobody follows themselves."""


@dataclass(frozen=True, slots=True)
class YouBlock:
    """The follower blocks the one they want to follow."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """The follower made ``limit`` edges within a day."""

    limit: int


async def find(reading: Reading, name: str, *, asker_id: int | None) -> AccountRow | None:
    """Who bears this name, as far as the asker may know: nobody suspended, and nobody who blocks the asker."""
    account = await accounts.by_name(reading, name)
    return account if account is not None and await is_there_for(reading, account, asker_id) else None


async def is_there_for(reading: Reading, account: AccountRow, asker_id: int | None) -> bool:
    """Whether the asker may know that there is this account: it is neither suspended nor blocks the asker."""
    if account.id == asker_id:
        return True
    if account.suspended_at is not None:
        return False
    return asker_id is None or account.id not in await relations.blockers(reading, account.id, asker_id)


async def may_read(reading: Reading, author: AccountRow, reader_id: int | None) -> bool:
    """Whether the reader may see the author's posts: they are public, one's own, or the reader was accepted."""
    if not author.protected or author.id == reader_id:
        return True
    if reader_id is None:
        return False
    edge = await follows.edge(reading, author.id, reader_id)
    return edge is not None and edge.state == "accepted"


async def follow(
    unit: Unit,
    site: Site,
    follower: AccountRow,
    followee: AccountRow,
    *,
    now: datetime,
    texts: bool = False,
    mail: bool = False,
) -> Follows | Asked | Oneself | YouBlock | TooMany:
    """Follow somebody that :func:`find` showed to the follower, or ask to, and tell a protected one about it.

    ``texts``  their posts come by SMS: the wish came from the phone itself.
    ``mail``   the wish came by mail: theirs come as the account says, also if they were stopped before.
    """
    if follower.id == followee.id:
        return Oneself()
    if await relations.blockers(unit, follower.id, followee.id):
        return YouBlock()
    unmuted = await relations.unmute(unit, follower.id, followee.id)
    edge = await follows.edge(unit, followee.id, follower.id)
    if edge is not None:
        if texts and not edge.texts:
            await follows.set_texts(unit, followee.id, follower.id, True)
        if mail and edge.mail is False:
            await follows.set_mail(unit, followee.id, follower.id, None)
        if edge.state != "accepted":
            return Asked(again=True)
        return Follows(again=True, texts=texts and not edge.texts and follower.texts_on, unmuted=unmuted)
    limit = site.limits.follows_per_day
    if await follows.made_since(unit, follower.id, now - timedelta(days=1)) >= limit:
        return TooMany(limit)
    state = "requested" if followee.protected else "accepted"
    await follows.put(unit, followee.id, follower.id, state=state, texts=texts, now=now)
    if state == "accepted":
        return Follows()
    name = follower.name or ""
    await notify.tell_account(
        unit,
        site,
        followee.id,
        lambda: reply_people.asks_to_follow(name),
        caused_by=follower.id,
        kind=NoticeKind.REQUEST,
        now=now,
    )
    return Asked()


async def connect(
    unit: Unit, follower_id: int, followee_id: int, *, texts: bool, mail: bool | None, now: datetime
) -> None:
    """The operator's follow: it stands at once, protected or not."""
    await follows.put(unit, followee_id, follower_id, state="accepted", texts=texts, mail=mail, now=now)


async def leave(unit: Unit, follower_id: int, followee_id: int, *, now: datetime) -> bool:
    """Follow no longer, or withdraw the request; what was queued is dropped. False if there was nothing to end."""
    if not await follows.remove(unit, followee_id, follower_id):
        return False
    await deliveries.drop_between(unit, follower_id, followee_id, "no longer followed", now=now)
    return True


async def accept(unit: Unit, site: Site, owner: AccountRow, follower_id: int, *, now: datetime) -> bool:
    """Grant a request and tell who asked. False if there was none."""
    if not await follows.accept(unit, owner.id, follower_id):
        return False
    await _tell_accepted(unit, site, owner, [follower_id], now)
    return True


async def accept_all(unit: Unit, site: Site, owner: AccountRow, *, now: datetime) -> int:
    """Grant every request and tell all who asked; how many they were."""
    granted = await follows.accept_all(unit, owner.id)
    await _tell_accepted(unit, site, owner, granted, now)
    return len(granted)


async def _tell_accepted(unit: Unit, site: Site, owner: AccountRow, follower_ids: Sequence[int], now: datetime) -> None:
    name, news = owner.name or "", NoticeKind.NEWS
    await notify.tell_accounts(
        unit, site, follower_ids, lambda: reply_people.was_accepted(name), caused_by=owner.id, kind=news, now=now
    )


async def lose(unit: Unit, owner_id: int, follower_id: int, *, now: datetime) -> bool:
    """Make somebody follow no longer, and not ask any more. False if they did neither."""
    return await leave(unit, follower_id, owner_id, now=now)


async def block(unit: Unit, account_id: int, other_id: int, *, now: datetime) -> None:
    """End following both ways, drop what is queued between the two, and hide them from each other."""
    await relations.block(unit, account_id, other_id, now=now)
    for follower_id, followee_id in ((account_id, other_id), (other_id, account_id)):
        await follows.remove(unit, followee_id, follower_id)
        await deliveries.drop_between(unit, follower_id, followee_id, "blocked", now=now)
        await deliveries.drop_caused(unit, follower_id, followee_id, "blocked", now=now)


async def mute(unit: Unit, account_id: int, other_id: int, *, now: datetime) -> None:
    """Keep following, receive nothing: what is queued is dropped too."""
    await relations.mute(unit, account_id, other_id, now=now)
    await deliveries.drop_between(unit, account_id, other_id, "muted", now=now)
