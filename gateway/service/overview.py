"""What those who look after the site see first: how it stands now, and how it went in the last month."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.service import alerts, counting, holding
from gateway.service.alerts import Stopped
from gateway.service.counting import What
from gateway.service.site import Site
from store import members, reports, standing
from store.standing import InHand, RouteSeen, Waiting
from store.unit import Reading

DAYS = 30
"""How far back the graphs go."""


@dataclass(frozen=True, slots=True)
class Day:
    """What there was on a day."""

    day: date
    posts: int
    texts: int
    mails: int
    lost: int

    @property
    def sent(self) -> int:
        """Deliveries that went out."""
        return self.texts + self.mails


@dataclass(frozen=True, slots=True)
class OnRoute:
    """How one way out stands: what waits there, and what is on its way."""

    route: RouteSeen
    waiting: Waiting
    in_hand: InHand

    def late(self, now: datetime) -> timedelta:
        """How long the oldest has been due."""
        oldest = self.waiting.oldest
        return max(now - oldest, timedelta(0)) if oldest is not None else timedelta(0)


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue: by route those that are in use or have anything waiting, and all of it."""

    routes: tuple[OnRoute, ...]
    held_since: datetime | None
    stopped: tuple[Stopped, ...]
    given_up: int

    @property
    def waiting(self) -> int:
        """Deliveries that are queued."""
        return sum(each.waiting.all for each in self.routes)

    def late(self, now: datetime) -> timedelta:
        """How long the oldest has been due."""
        return max((each.late(now) for each in self.routes), default=timedelta(0))


@dataclass(frozen=True, slots=True)
class Overview:
    """How the site stands. The last of ``days`` is today; its counts are about a minute old."""

    members: int
    reports: int
    days: tuple[Day, ...]
    queue: Queue

    @property
    def today(self) -> Day:
        """What there was today."""
        return self.days[-1]


async def look(reading: Reading, site: Site, *, now: datetime) -> Overview:
    """Look at all of it."""
    counted = await counting.by_day(reading, site, days=DAYS, now=now)
    days = tuple(
        Day(
            day,
            found[What.POSTS],
            found[What.TEXTS_SENT],
            found[What.MAILS_SENT],
            found[What.TEXTS_LOST] + found[What.MAILS_LOST],
        )
        for day, found in counted.items()
    )
    queue = await look_at_queue(reading, now=now)
    return Overview(await members.count(reading), await reports.count_open(reading), days, queue)


async def look_at_queue(reading: Reading, *, now: datetime) -> Queue:
    """How the queue stands."""
    waiting = {each.route: each for each in await standing.waiting(reading, now=now)}
    in_hand = {each.route: each for each in await standing.in_hand(reading)}
    nothing = (0,) * (len(standing.AGES) + 1)
    routes = tuple(
        OnRoute(
            route,
            waiting.get(route.id, Waiting(route.id, 0, 0, nothing, None)),
            in_hand.get(route.id, InHand(route.id, 0, 0)),
        )
        for route in await standing.all_routes(reading)
        if route.active or route.id in waiting or route.id in in_hand
    )
    return Queue(
        routes,
        await holding.held_since(reading),
        tuple(await alerts.stopped(reading)),
        await standing.given_up(reading, since=now - timedelta(days=1)),
    )
