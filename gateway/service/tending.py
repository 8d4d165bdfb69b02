"""Housekeeping: small steps that any daemon may do at any time, each in a transaction of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import reply_posts
from gateway.domain.delivery import State
from gateway.domain.folding import fold
from gateway.domain.types import Channel
from gateway.service import notify
from gateway.service.site import Site
from store import (
    accounts,
    addresses,
    continuations,
    cuts,
    deliveries,
    facts,
    inbox,
    offers,
    parted,
    proofs,
    queue,
    receipts,
    routes,
    search,
    sessions,
    signups,
)
from store.unit import Reading, Unit

RAW_KEPT = timedelta(days=30)
"""How long a message is kept word for word as it came in."""

PARTS_WITHIN = timedelta(minutes=10)
"""How long a text that comes in in parts waits for the next one."""

CLOCKS_APART = timedelta(minutes=1)
"""How far the clocks of several daemons may be apart."""

SIGNUPS_KEPT = timedelta(days=2)
"""How long it is known that an address was typed: longer than the day in which it is counted."""

_PRUNED_UP_TO = "pruned_up_to"

_FOLDED_UP_TO = "folded_up_to"
"""Written by migration 0006 where there were posts."""

_FOLDED_AT_A_TIME = 200


async def end_leases(unit: Unit, *, now: datetime) -> int:
    """Take back deliveries from workers that went away; rings when there were any."""
    taken = await queue.take_back(unit, now)
    if taken:
        unit.ring()
    return taken


async def leave_retired_numbers(unit: Unit) -> int:
    """Let nothing wait for a number that is no longer ours, as nobody sends from it; rings when there was any."""
    moved = await routes.leave_retired(unit)
    if moved:
        unit.ring()
    return moved


async def bring_back(unit: Unit, *, lease: timedelta, now: datetime) -> int:
    """Let go what a clock that was ahead put off; rings when there was any. How many, at most a bounded step."""
    brought = await deliveries.bring_back(unit, believable=now + CLOCKS_APART, until=now + lease, now=now)
    if brought:
        unit.ring()
    return brought


async def wipe_old_messages(unit: Unit, *, now: datetime) -> int:
    """Wipe messages as received that are older than RAW_KEPT, and what was cut off them, a thousand at a time; how
    many were."""
    return await inbox.wipe_raw(unit, before=now - RAW_KEPT) + await cuts.forget(unit, before=now - RAW_KEPT)


async def are_parts_overdue(reading: Reading, *, now: datetime) -> bool:
    """Whether there is anything for :func:`give_up_parts`: a look that holds up nobody."""
    return await parted.any_overdue(reading, before=now - PARTS_WITHIN)


async def give_up_parts(unit: Unit, site: Site, *, now: datetime) -> int:
    """Take out texts whose missing parts no longer come, and tell their senders: half a sentence is not posted in
    anybody's name. How many, at most a bounded step."""
    overdue = await parted.take_overdue(unit, before=now - PARTS_WITHIN)
    known = await routes.by_sender(unit) if overdue else {}
    for text in overdue:
        if text.joined:
            continue
        route = known.get(text.recipient)
        phone = await addresses.find_or_add(unit, Channel.SMS, text.sender, route=route, now=now)
        if phone.opted_out_at is None:
            owner = None if phone.owner_id is None else await accounts.by_id(unit, phone.owner_id)
            with site.languages.speaking(owner.language if owner else None):
                words = reply_posts.parts_missing(text.came, text.total)
            await notify.tell(unit, phone.id, words, now=now, answers=True)
    if overdue:
        unit.ring()
    return len(overdue)


async def prune(unit: Unit, *, kept: timedelta, now: datetime) -> int:
    """Take out what was settled longer than ``kept`` ago, all but its counts, and what came in before that: a bounded
    step, which begins where the last one ended, so that what stays is in nobody's way.

    Returns how many rows went; when there are any, more may wait."""
    before = now - kept
    after = int(await facts.get(unit, _PRUNED_UP_TO) or 0)
    gone, up_to = await deliveries.prune(unit, before=before, after=after)
    if up_to != after:
        await facts.put(unit, _PRUNED_UP_TO, str(up_to))
    gone += await inbox.prune(unit, before=before)
    gone += await receipts.prune(unit, before=before)
    await offers.prune(unit, now=now)
    await proofs.prune(unit, now=now)
    await continuations.prune(unit, now=now)
    return gone


async def forget_visits(unit: Unit, *, now: datetime) -> int:
    """Forget browsers whose sessions are over, and who did not prove within SIGNUPS_KEPT that an address is theirs; how
    many they were."""
    return await sessions.prune(unit, now=now) + await signups.prune(unit, before=now - SIGNUPS_KEPT)


async def are_unfolded(reading: Reading) -> bool:
    """Whether SEARCH is still to find posts that are older than it: a look that holds up nobody."""
    return await facts.get(reading, _FOLDED_UP_TO) is not None


async def fold_older(unit: Unit) -> bool:
    """Let SEARCH find some more of the posts that are older than it, from where the last step ended. False when these
    were the last ones, or when another daemon is at it."""
    after = await facts.take(unit, _FOLDED_UP_TO)
    if after is None:
        return False
    page = await search.written_after(unit, int(after), most=_FOLDED_AT_A_TIME)
    await search.give_words(unit, [(post_id, " ".join(fold(text))) for post_id, text in page if text is not None])
    if len(page) < _FOLDED_AT_A_TIME:
        await facts.drop(unit, _FOLDED_UP_TO)
        return False
    await facts.put(unit, _FOLDED_UP_TO, str(page[-1][0]))
    return True


_SHOWN = {
    Channel.SMS: (State.QUEUED, State.CLAIMED, State.UNSURE, State.DEAD),
    Channel.EMAIL: (State.QUEUED, State.CLAIMED, State.UNSURE, State.DEAD, State.GATHERED),
}
"""The states that an operator looks at; what was sent is done."""


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """One channel's queue: deliveries by state, and seconds the oldest queued one has been due."""

    channel: str
    depth: dict[str, int]
    oldest: float


async def look_at_queue(reading: Reading, *, now: datetime) -> list[QueueStanding]:
    """How the queue stands, by channel; also where nothing waits."""
    standings = {
        channel: QueueStanding(channel, dict.fromkeys(map(str, _SHOWN[channel]), 0), 0.0) for channel in Channel
    }
    for depth in await deliveries.depths(reading):
        standing = standings[Channel(depth.channel)]
        standing.depth[depth.state] = depth.count
        if depth.state == State.QUEUED:
            waited = (now - depth.oldest).total_seconds()
            standings[Channel(depth.channel)] = QueueStanding(standing.channel, standing.depth, waited)
    return list(standings.values())
