"""What becomes of a delivery that was claimed: it goes out now, it waits longer, or it is refused.

The deliveries of a claim are asked about one after the other, in the order in which they would go: each that goes takes
of the day's limit and of the month's budgets, and what it left is told with the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import budget, carriage, pace
from gateway.domain.budget import Account, Budget, Of
from gateway.domain.carriage import Carriage
from gateway.domain.delivery import valid_for
from gateway.domain.pace import Pace, Standing
from gateway.domain.reason import USED_UP
from gateway.domain.types import Channel, Lane, Outgoing


@dataclass(slots=True)
class Send:
    """It goes out, and takes so many ``units`` of the pace: segments, or a mail. One is made for every delivery, so
    it is not frozen."""

    delivery: Outgoing
    units: int


@dataclass(frozen=True, slots=True)
class PutBack:
    """It is due again at ``until``, and the attempt does not count. ``alone``: what comes after it in the queue may be
    free to go all the same."""

    until: datetime
    reason: str
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Refuse:
    """It is given up. ``of``: whose budget has no room for it, if that is why."""

    reason: str
    of: Of | None = None


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """How long a text is good for once the provider has it, and how old any delivery may get."""

    validity: timedelta
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all deliveries of a claim: from which number (empty for mail) and at what pace they go, and where
    that stands. ``shelf_life`` None leaves it to the provider how long it tries; ``budget`` None is where there are
    none. ``room`` is how many units the pace lets go now (None: any number), ``urgent_room`` where they are urgent."""

    now: datetime
    sender: str
    rate: Pace
    standing: Standing
    shelf_life: ShelfLife | None = None
    budget: Budget | None = None
    room: int | None = None
    urgent_room: int | None = None


def decide(each: Carriage, terms: Terms, *, booked: int, spent: Mapping[Account, int]) -> Send | PutBack | Refuse:
    """What becomes of this one, after ``booked`` units have gone of the same claim. ``spent``: the segments that each
    budget has had this month, those included."""
    reason = carriage.objection(each)
    if reason:
        return Refuse(reason)
    asleep_until = carriage.asleep_until(each, terms.now)
    if asleep_until is not None:
        return PutBack(asleep_until, "quiet hours")
    by_sms = each.channel == Channel.SMS
    good_for = 0
    if by_sms and terms.shelf_life is not None:
        life = terms.shelf_life
        good_for = valid_for(
            each.queued_at,
            validity=life.validity,
            max_age=life.max_age,
            now=terms.now,
            quiet_from=carriage.quiet_from(each),
        )
    delivery = carriage.outgoing(each, terms.sender, good_for)
    units = delivery.segments if by_sms else 1
    if terms.rate.per_day and not pace.fits_today(
        terms.rate, terms.standing, units=units, booked=booked, now=terms.now, urgent=each.lane == Lane.ANSWER
    ):
        return PutBack(pace.midnight_after(terms.now), "the day's limit is reached", alone=False)
    room = terms.urgent_room if each.lane == Lane.ANSWER else terms.room
    if room is not None and booked >= room:  # as many were claimed as if each took one unit
        return PutBack(each.queued_at, "others took all that the pace lets go", alone=False)
    if terms.budget is not None and each.post_id is not None:
        places = budget.counted(terms.budget, each.author_id, each.account_id)
        of = budget.exhausted(terms.budget, spent, places, delivery.segments)
        if of is not None:
            return Refuse(USED_UP, of)
    return Send(delivery, units)
