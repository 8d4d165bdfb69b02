"""Digests: choosing them, making the one that is due, and what is in it when it goes out.

A post for somebody who wants digests waits as ``gathered``. When their digest is due, one transaction queues it as a
delivery of its own, says of all that waited that this one brings it, and moves the next digest on: a crash does none of
it or all. Whose digest is being made is locked, so several daemons share the work and none makes a second one.

The words are looked up when it goes out (:func:`fill`), and every rule is asked again then. The digest's own delivery
has the tries, the pace and the end that any mail has; what becomes of it becomes of all that it brings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain import carriage, digest, mail_words
from gateway.domain.types import DIGESTS, Digest, EmailMode, Outgoing
from gateway.service.site import Site
from gateway.service.zones import zone_of
from store import digests, queue
from store.digests import Subscriber
from store.unit import Reading, Unit

LAST_LOOK = timedelta(minutes=10)
"""When is looked once more for what waits for somebody who has just ended their digests: a post that was queued by a
transaction that saw them before, and committed after, is not lost and comes then."""

FARTHEST = timedelta(days=3)
"""No digest is due later than this from now, whatever the calendar does."""

MAIL_OFF = "the recipient has turned mail off"

NOTHING_LEFT = "nothing is left of what it was to bring"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How mail comes to somebody. ``hour`` is that of a daily digest, on the clocks of ``zone``; ``flushed``: what had
    waited for a digest, and may still be shown, comes now, in one."""

    mode: EmailMode
    hour: int
    zone: ZoneInfo
    flushed: bool = False


async def is_due(reading: Reading, *, now: datetime) -> bool:
    """Whether anybody's digest is due: a look that holds up nobody, before a step that writes."""
    return await digests.any_due(reading, now=now)


async def make_due(unit: Unit, site: Site, *, now: datetime, most: int = 200) -> int:
    """Make the digests of people who are due for one, where anything waits; how many people were looked at."""
    found = await digests.due(unit, most=most, now=now)
    if found:
        await digests.drop(unit, [each.id for each in found if each.mode is EmailMode.OFF], MAIL_OFF, now=now)
        await _bundle(unit, site, [each.id for each in found if each.mode is not EmailMode.OFF], now)
        await digests.move(unit, {each.id: None if each.gone else _next(site, each, now) for each in found})
    return len(found)


async def set_mode(
    unit: Unit, site: Site, account_id: int, mode: EmailMode, *, now: datetime, hour: int | None = None
) -> Rhythm:
    """How posts come by mail from now on. ``hour``: from now on, for a daily digest; None leaves it as it is.

    What has waited for a digest comes at once when another mode begins, in one last digest, or goes when it is none."""
    if mode is EmailMode.OFF:
        await turn_off(unit, account_id, now=now)
        return await rhythm(unit, site, account_id)
    before = await digests.lock(unit, account_id)
    after = replace(before, mode=mode, hour=before.hour if hour is None else hour)
    digest_at = _next(site, after, now) if mode in DIGESTS else _last_look(before, now)
    await digests.set_mode(unit, account_id, mode, hour=after.hour, digest_at=digest_at)
    was_due = before.digest_at is not None and before.digest_at <= now
    flush = mode is not before.mode or was_due
    made = await _bundle(unit, site, [account_id], now) if flush else []
    flushed = [each for each in made if await _brings_anything(unit, each)]
    return _rhythm(site, after, flushed=bool(flushed))


async def turn_off(unit: Unit, account_id: int, *, now: datetime) -> None:
    """No more posts by mail, nor what waits for a digest. How they came is remembered for :func:`turn_on`."""
    before = await digests.lock(unit, account_id)
    digest_at = _last_look(before, now)
    was = before.before if before.mode is EmailMode.OFF else before.mode
    await digests.set_mode(unit, account_id, EmailMode.OFF, hour=before.hour, digest_at=digest_at, before=was)
    await digests.drop(unit, [account_id], MAIL_OFF, now=now)


async def turn_on(unit: Unit, site: Site, account_id: int, *, now: datetime) -> EmailMode:
    """Posts come by mail again as they did before, which is said: each at once, or in digests."""
    found = await digests.lock(unit, account_id)
    if found.mode is not EmailMode.OFF:
        return found.mode
    after = replace(found, mode=found.before or EmailMode.INSTANT)
    digest_at = _next(site, after, now) if after.mode in DIGESTS else found.digest_at
    await digests.set_mode(unit, account_id, after.mode, hour=after.hour, digest_at=digest_at)
    return after.mode


async def rhythm(reading: Reading, site: Site, account_id: int) -> Rhythm:
    """How mail comes to somebody now."""
    return _rhythm(site, await digests.by_id(reading, account_id))


async def fill(reading: Reading, site: Site, delivery: Outgoing) -> None:
    """Look up what this digest brings now, and ask of each post whether it still may be shown; ``delivery.digest`` has
    it then. There may be nothing left."""
    assert delivery.account_id is not None
    looked = await _look_through(reading, delivery.id)
    zone = _rhythm(site, await digests.by_id(reading, delivery.account_id)).zone
    delivery.digest = Digest(looked.shown, looked.more, str(zone), looked.left_out)


async def note_left_out(unit: Unit, sent: Iterable[Outgoing]) -> None:
    """Write down what digests among these deliveries did not bring after all. One that brought nothing is taken out, as
    if it had not been made: nobody was to get it, so nobody failed to."""
    filled = [(each.id, each.digest) for each in sent if each.digest is not None]
    await digests.leave_out(unit, [left_out for _, each in filled for left_out in each.left_out])
    await digests.unmake(unit, [digest_id for digest_id, each in filled if not each.posts])


async def bring_back(unit: Unit, *, now: datetime) -> int:
    """Let go what a clock that was ahead put off; how many people's digests."""
    return await digests.bring_back(unit, believable=now + FARTHEST, now=now)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is in a digest: posts, oldest first; how many more there are; and what may not be shown, each with why."""

    shown: tuple[Outgoing, ...]
    more: int
    left_out: tuple[tuple[int, str], ...]


async def _look_through(reading: Reading, digest_id: int) -> _Looked:
    """The newest posts that may be shown. Behind those that are looked at first it goes on only while there is none:
    one author who wrote hundreds and was left since must not cost their reader all the others."""
    page = await digests.brought(reading, digest_id, most=digest.LOOKED_AT)
    in_all = len(page) if len(page) < digest.LOOKED_AT else await digests.how_many(reading, digest_id)
    shown: list[Outgoing] = []
    left_out: list[tuple[int, str]] = []
    while page and not shown:
        for each in sorted(await queue.details(reading, page), key=lambda carried: -carried.id):
            if reason := carriage.objection(each):
                left_out.append((each.id, reason))
            elif len(shown) < digest.MOST:
                shown.append(carriage.outgoing(each, ""))
        is_last = len(page) < digest.LOOKED_AT
        page = [] if is_last else await digests.brought(reading, digest_id, most=digest.LOOKED_AT, below=page[-1])
    more = in_all - len(left_out) - len(shown) if shown else 0
    return _Looked(tuple(reversed(shown)), more, tuple(left_out))


async def _brings_anything(unit: Unit, digest_id: int) -> bool:
    """Whether a digest that was made a moment ago has a post to show; one without is taken out again."""
    looked = await _look_through(unit, digest_id)
    if not looked.shown:
        await digests.leave_out(unit, looked.left_out)
        await digests.unmake(unit, [digest_id])
    return bool(looked.shown)


async def _bundle(unit: Unit, site: Site, account_ids: Sequence[int], now: datetime) -> list[int]:
    return await digests.bundle(unit, account_ids, words=mail_words.digest_elsewhere(f"{site.public_url}/"), now=now)


def _last_look(before: Subscriber, now: datetime) -> datetime | None:
    return now + LAST_LOOK if before.mode in DIGESTS else before.digest_at


def _next(site: Site, subscriber: Subscriber, now: datetime) -> datetime | None:
    of = _rhythm(site, subscriber)
    return digest.next_digest(of.mode, of.hour, of.zone, now)


def _rhythm(site: Site, subscriber: Subscriber, *, flushed: bool = False) -> Rhythm:
    zone = zone_of(subscriber.time_zone, subscriber.phone, site.time_zone)
    hour = site.digest_hour if subscriber.hour is None else subscriber.hour
    return Rhythm(subscriber.mode, hour, zone, flushed)
