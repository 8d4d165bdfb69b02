"""A model of Birdwire on many databases, each of which holds a part of the recipients: events on a clock of its own.

Nothing is measured here and nothing sleeps: how long each step takes comes in as :class:`Costs`, from measurements,
and dice with a seed decide the rest, so the same scene gives the same story. How large a page is and what the pace
allows is asked of the rules that the daemon asks, ``gateway.domain.fanout`` and ``gateway.domain.pace``.

A partition has a database that does a few things at once and lets the others wait, a sender of its own with a pace,
and its own daemons: each takes the pages of a fan-out, claims, sends and settles, and hears of the texts that went
out. A post is told to every partition, a direct message to its recipient's. Recipients are spread evenly, as a hash
spreads them.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from math import inf
from random import Random

from gateway.domain import pace
from gateway.domain.fanout import next_page
from gateway.domain.pace import Pace, Standing
from gateway.domain.types import Lane

BATCH, CONNECTIONS = 500, 32
"""What a worker holds, and what it has under way to the provider: the settings' defaults."""

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SHORTEST_REST = 0.001

Then = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that a step takes: one of ``samples``, and ``each`` for every row."""

    samples: tuple[float, ...]
    each: float = 0.0

    def draw(self, dice: Random, rows: int = 0) -> float:
        """How long it takes this time."""
        return dice.choice(self.samples) + rows * self.each


@dataclass(frozen=True, slots=True)
class Costs:
    """What each step takes: a post in until it is on the disk, a direct message in, a page of a fan-out, a claim, one
    before the pace allows it, a call to the provider, a settle."""

    intake: Cost
    direct: Cost
    page: Cost
    claim: Cost
    in_vain: Cost
    call: Cost
    settle: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One account writes once to all its ``followers`` while others write, too.

    ``daemons``   of each partition; ``pace`` segments a second of its sender.
    ``directs``   direct messages that come in per second for each partition's people; ``posts`` posts by others,
                  each of whom has ``readers`` anywhere.
    ``cores``     statements that a database works on at once; the others wait.
    ``trip``      seconds to another partition and back; a commit that concerns both makes it twice.
    ``linger``    seconds to watch after the post is queued. What is left then goes on as it went in that time.
    ``alone``     seconds to watch before the post comes.
    """

    followers: int
    partitions: int = 1
    daemons: int = 1
    pace: float = 100
    directs: float = 0
    posts: float = 0
    readers: int = 100
    cores: int = 2
    trip: float = 0.0005
    linger: float = inf
    alone: float = 0


@dataclass(slots=True)
class Story:
    """What became of a scene, in seconds from the moment when the post came in.

    ``queued``, ``sent``, ``left``  deliveries of all kinds, counted one by one; ``left`` were not sent when the scene
    ended. ``sent_in`` is when the post's last delivery was sent, or will be at the rate of the time that was watched.
    ``before`` and ``directs``: the ways of direct messages from coming in to the provider's call, before the post came
    and after.
    """

    queued_in: float = 0
    sent_in: float = 0
    rate: float = 0
    deepest: int = 0
    queued: int = 0
    sent: int = 0
    left: int = 0
    before: list[float] = field(default_factory=list)
    directs: list[float] = field(default_factory=list)


class Clock:
    """What happens next, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Then]] = []
        self._number = 0

    def after(self, seconds: float, then: Then) -> None:
        """Do this later."""
        self._number += 1
        heappush(self._events, (self.now + seconds, self._number, then))

    def run(self, while_: Callable[[], bool]) -> None:
        """One event after another, for as long as there are any and ``while_`` says so."""
        while self._events and while_():
            self.now, _, then = heappop(self._events)
            then()


class Station:
    """Does ``servers`` things at once; who comes later waits his turn."""

    def __init__(self, clock: Clock, servers: int) -> None:
        self._clock = clock
        self._free = servers
        self._waiting: deque[tuple[float, Then]] = deque()

    def do(self, seconds: float, then: Then) -> None:
        """Something that takes so long, and what follows it."""
        if self._free:
            self._free -= 1
            self._clock.after(seconds, partial(self._done, then))
        else:
            self._waiting.append((seconds, then))

    def _done(self, then: Then) -> None:
        self._free += 1
        if self._waiting:
            self.do(*self._waiting.popleft())
        then()


@dataclass(slots=True)
class Spread:
    """A post's followers on one partition, and how many of them were looked at."""

    followers: int
    is_the_one: bool
    done: int = 0


@dataclass(slots=True)
class Load:
    """Deliveries that were queued together: the post's (``is_the_one``), another post's, or a direct message with the
    moment it came in."""

    count: int
    is_the_one: bool = False
    came_in: float | None = None


class Partition:
    """One database with its part of the recipients, its sender and its daemons."""

    def __init__(self, cluster: "Cluster", scene: Scene) -> None:
        self.cluster = cluster
        self.database = Station(cluster.clock, scene.cores)
        self.route = Standing(_BEGIN, _BEGIN, 0, 0)
        self.pace = Pace(scene.pace)
        self.depth = 0
        self._lanes: dict[Lane, deque[Load]] = {lane: deque() for lane in Lane}
        self._spreads: deque[Spread] = deque()
        self._pages = 0
        self._daemons = scene.daemons
        self._locked = False
        self._claims: deque[Then] = deque()
        self._reports = 0
        self._hearing = False
        self._workers = [Worker(self) for _ in range(scene.daemons)]

    def begin(self, spread: Spread) -> None:
        """Let a post's followers be queued."""
        self._spreads.append(spread)
        self._next_page()

    def _next_page(self) -> None:
        """Each daemon takes a page at a time, of another post than the others."""
        while self._pages < self._daemons and self._spreads:
            self._pages += 1
            spread = self._spreads.popleft()
            page = next_page(spread.done)
            size = min(page.size, spread.followers - spread.done)
            took = self.cluster.costs.page.draw(self.cluster.dice, size)
            self.database.do(took, partial(self._page, spread, page.lane, size))

    def _page(self, spread: Spread, lane: Lane, size: int) -> None:
        self._pages -= 1
        spread.done += size
        self.queue(lane, Load(size, spread.is_the_one))
        if spread.done < spread.followers:
            self._spreads.append(spread)
        elif spread.is_the_one:
            self.cluster.has_queued()
        self._next_page()

    @property
    def answers(self) -> int:
        """How many wait that the pace lets go before others."""
        return sum(load.count for load in self._lanes[Lane.ANSWER])

    def queue(self, lane: Lane, load: Load) -> None:
        """More deliveries wait; ring."""
        self._lanes[lane].append(load)
        self.depth += load.count
        self.cluster.grew(load.count)
        for worker in self._workers:
            worker.ring()

    def claim(self, then: Then) -> None:
        """Go on once the route's row is ours."""
        if self._locked:
            self._claims.append(then)
        else:
            self._locked = True
            then()

    def release(self) -> None:
        """Let the next one have the route's row."""
        if self._claims:
            self._claims.popleft()()
        else:
            self._locked = False

    def report(self) -> None:
        """The provider reports about a text; reports of the same moment share a commit, which costs what a post in
        does."""
        self._reports += 1
        if not self._hearing:
            self._hear()

    def _hear(self) -> None:
        self._hearing, self._reports = True, 0
        self.database.do(self.cluster.costs.intake.draw(self.cluster.dice), self._heard)

    def _heard(self) -> None:
        self._hearing = False
        if self._reports:
            self._hear()

    def take(self, most: int) -> list[Load]:
        """Up to so many deliveries, foremost lanes first."""
        taken: list[Load] = []
        for loads in self._lanes.values():
            while most and loads:
                load = loads[0]
                count = min(most, load.count)
                taken.append(Load(count, load.is_the_one, load.came_in))
                load.count -= count
                most -= count
                if not load.count:
                    loads.popleft()
        self.depth -= sum(load.count for load in taken)
        return taken


class Worker:
    """A daemon's worker for the partition's sender: claims, sends and settles, as ``outbound.worker.Worker`` does."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._cluster = partition.cluster
        self._line = Station(partition.cluster.clock, CONNECTIONS)
        self._held = 0
        self._results = 0
        self._idle = True
        self._full = False
        self._settling = False
        self._rests = self._resting = 0

    def ring(self) -> None:
        """Something may be due."""
        if self._idle:
            self._idle = False
            self._look()
        elif self._resting > 0 and self._partition.answers:
            self._wake(self._resting)

    def _look(self) -> None:
        if self._held and BATCH - self._held < BATCH // 2:
            self._full = True
        elif not self._partition.depth:
            self._idle = True
        else:
            self._partition.claim(self._claim)

    def _claim(self) -> None:
        cluster, partition = self._cluster, self._partition
        moment = _BEGIN + timedelta(seconds=cluster.clock.now)
        answers, most = partition.answers, BATCH - self._held
        most = min(answers, most) or most
        match pace.allowance(partition.pace, partition.route, most=most, now=moment, urgent=answers > 0):
            case pace.Wait(until):
                rest = max((until - moment).total_seconds(), _SHORTEST_REST)
                partition.database.do(cluster.costs.in_vain.draw(cluster.dice), partial(self._rest, rest))
            case pace.Go(units):
                loads = partition.take(units)
                count = sum(load.count for load in loads)
                partition.route = pace.book(partition.pace, partition.route, units=count, now=moment)
                partition.database.do(cluster.costs.claim.draw(cluster.dice, count), partial(self._send, loads, count))

    def _rest(self, seconds: float) -> None:
        self._partition.release()
        self._rests += 1
        self._resting = self._rests
        self._cluster.clock.after(seconds, partial(self._wake, self._rests))

    def _wake(self, rest: int) -> None:
        if rest == self._resting:
            self._resting = 0
            self._look()

    def _send(self, loads: list[Load], count: int) -> None:
        self._partition.release()
        self._held += count
        for load in loads:
            for _ in range(load.count):
                took = self._cluster.costs.call.draw(self._cluster.dice)
                self._line.do(took, partial(self._called, load, took))
        self._look()

    def _called(self, load: Load, took: float) -> None:
        self._cluster.was_sent(load, took)
        self._partition.report()
        self._results += 1
        if not self._settling:
            self._settle()

    def _settle(self) -> None:
        self._settling = True
        count, self._results = self._results, 0
        self._held -= count
        if self._full and BATCH - self._held >= BATCH // 2:
            self._full = False
            self._look()
        self._partition.database.do(self._cluster.costs.settle.draw(self._cluster.dice, count), self._settled)

    def _settled(self) -> None:
        self._settling = False
        if self._results:
            self._settle()


class Cluster:
    """All partitions, and the people who write."""

    def __init__(self, scene: Scene, costs: Costs, dice: Random) -> None:
        self.clock = Clock()
        self.costs = costs
        self.dice = dice
        self.story = Story()
        self._scene = scene
        self._partitions = [Partition(self, scene) for _ in range(scene.partitions)]
        self._begun = inf
        self._not_queued = 0
        self._depth = 0
        self._of_the_one = 0
        self._at_watch = 0
        self._over = False
        self._open = True

    def play(self) -> Story:
        """The whole scene."""
        scene, clock = self._scene, self.clock
        self._every(scene.partitions * scene.directs, self._direct)
        self._every(scene.partitions * scene.posts, self._other_post)
        clock.after(scene.alone, self._the_post)
        clock.run(lambda: not self._over)
        self.story.left = self.story.queued - self.story.sent
        return self.story

    def has_queued(self) -> None:
        """The post is queued for all its followers on one more partition."""
        self._not_queued -= 1
        if not self._not_queued:
            self.story.queued_in = self.clock.now - self._begun
            self._at_watch = self._of_the_one
            if self._scene.linger < inf and self._of_the_one < self._scene.followers:
                self.clock.after(self._scene.linger, self._foresee)

    def grew(self, count: int) -> None:
        """So many more deliveries wait."""
        self.story.queued += count
        self._depth += count
        self.story.deepest = max(self.story.deepest, self._depth)

    def was_sent(self, load: Load, took: float) -> None:
        """The provider has one; the call came half-way through ``took``."""
        self.story.sent += 1
        self._depth -= 1
        if load.came_in is not None:
            of = self.story.before if load.came_in < self._begun else self.story.directs
            of.append(self.clock.now - took / 2 - load.came_in)
        if load.is_the_one:
            self._of_the_one += 1
            if self._of_the_one == self._scene.followers:
                self.story.sent_in = self.clock.now - self._begun
                self.story.rate = self._scene.followers / self.story.sent_in
                self._open = False

    def _foresee(self) -> None:
        """The rest goes on as it went since the last one was queued."""
        left = self._scene.followers - self._of_the_one
        if not left:
            return
        self.story.rate = (self._of_the_one - self._at_watch) / self._scene.linger
        self.story.sent_in = self.clock.now - self._begun + left / self.story.rate
        self._over = True

    def _every(self, rate: float, happens: Then) -> None:
        """Something that happens ``rate`` times a second, by chance."""

        def again() -> None:
            if self._open:
                happens()
                self.clock.after(self.dice.expovariate(rate), again)

        if rate:
            self.clock.after(self.dice.expovariate(rate), again)

    def _somewhere(self) -> Partition:
        return self._partitions[self.dice.randrange(len(self._partitions))]

    def _the_post(self) -> None:
        self._begun = self.clock.now
        shares = _shares(self._scene.followers, len(self._partitions))
        self._not_queued = sum(1 for share in shares if share)
        told = [(at, share) for at, share in zip(self._partitions, shares, strict=True) if share]
        self._take_in(self._partitions[0], [(at, Spread(share, is_the_one=True)) for at, share in told])

    def _other_post(self) -> None:
        readers = Counter(self.dice.randrange(len(self._partitions)) for _ in range(self._scene.readers))
        told = [(self._partitions[at], Spread(share, is_the_one=False)) for at, share in readers.items()]
        self._take_in(self._somewhere(), told)

    def _take_in(self, home: Partition, told: list[tuple[Partition, Spread]]) -> None:
        def committed() -> None:
            for at, spread in told:
                self.clock.after(self._way(at, home), partial(at.begin, spread))

        home.database.do(self.costs.intake.draw(self.dice), committed)

    def _direct(self) -> None:
        home, to, came_in = self._somewhere(), self._somewhere(), self.clock.now

        def committed() -> None:
            load = Load(1, came_in=came_in)
            self.clock.after(self._way(to, home), partial(to.queue, Lane.ANSWER, load))

        home.database.do(self.costs.direct.draw(self.dice), committed)

    def _way(self, to: Partition, home: Partition) -> float:
        return 0.0 if to is home else 2 * self._scene.trip


def simulate(scene: Scene, costs: Costs, *, seed: int) -> Story:
    """Play a scene."""
    return Cluster(scene, costs, Random(seed)).play()  # noqa: S311  # a story that can be told again is wanted, no secret


def _shares(whole: int, parts: int) -> list[int]:
    return [whole // parts + (each < whole % parts) for each in range(parts)]
