"""How the cost of each thing grows: a post with its followers, a claim with its queue, timelines and feeds with follows
and with posts, and the memory of the process with all of them. Ten times as much should cost the same, or as a tree
grows; a post should cost the same for each of its followers.

The community is made by SQL. Half the posts are by fifty people who write a lot, the others by ten thousand; each
third one opens with somebody's name, so that it is not for everybody who follows its author. Each size is measured
several times, and the median taken. Timelines and feeds are those of a reader who follows a thousand people where posts
grow; feeds are made anew, nothing of them being kept.

    python -m benchmarks.growth
    python -m benchmarks.growth --posts 10000 100000 1000000 10000000       some gigabytes, some minutes
    python -m benchmarks.growth --queued 10000 100000 1000000 10000000      the same
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from time import perf_counter

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import text

from benchmarks.database import choose_databases, database, opened
from benchmarks.drain import claim_once, deepen
from benchmarks.fanout import product
from benchmarks.people import CELEBRITY, SITE, clear_queue, count_queue, settle_in, tidy, write_post
from benchmarks.table import Points, curve, finish, memory, options
from gateway.daemon import loop_factory, now
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service import reading
from gateway.web.feeds import Feeds
from store.schema import to_micros
from store.unit import Store

BATCH = 500
AUTHORS = 10_000
BUSY = 50
USUAL = 1_000
"""How many people the reader follows while the posts grow."""

POST, EACH, CLAIM = "until all are queued", "for each follower", "claim"
HOME, HOME_FEED, PUBLIC, PUBLIC_FEED, FEED = (
    "home page",
    "home feed",
    "public page",
    "public feed",
    "somebody's feed",
)
FOLLOWERS, QUEUED, FOLLOWS, POSTS = "followers", "queued", "follows", "posts"

Curves = dict[str, dict[str, Points]]
"""For each thing that grows, what was measured against it: points for each name."""

_COUNT = "WITH RECURSIVE n(i) AS (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
_FOLLOWERS = (
    "INSERT INTO follows (followee_id, follower_id, state, texts, created_at)"
    " SELECT {author}, follower_id, state, texts, created_at FROM follows"
    " WHERE followee_id = 1 AND follower_id <> {author} ORDER BY follower_id LIMIT {most}"
)
_FOLLOWS = (
    "INSERT INTO follows (followee_id, follower_id, state, texts, created_at)"
    " {count} SELECT 1 + (i * {apart}) % {authors}, {reader}, 'accepted', {false}, {now} FROM n"
)
_POSTS = (
    "INSERT INTO posts (id, author_id, kind, text, source, conversation_id, at_account_id, created_at)"
    " {count} SELECT i, CASE WHEN i % 2 = 0 THEN 1 + (i / 2) % {busy} ELSE 1 + (i * 7919) % {authors} END,"
    " 'post', 'number ' || i || ': the 7:40 is late', 'web', i,"
    " CASE WHEN i % 3 = 0 THEN 1 + (i * 104729) % {authors} END, {start} + i * 1000000 FROM n"
)


class Curve:
    """Collects the points of one thing that grows: medians of what was timed, and the memory at the most."""

    def __init__(self) -> None:
        self.points: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def add(self, size: int, timed: dict[str, list[float]]) -> None:
        """All that was timed at this size."""
        for name, values in timed.items():
            self.points[name].append((size, median(values)))
        self.points[MEMORY].append((size, memory()))


MEMORY = "memory"


async def measure_followers(url: str, sizes: Sequence[int], runs: int) -> dict[str, Points]:
    """Milliseconds until a post is queued for all followers of its author, and microseconds for each of them."""
    found = Curve()
    async with opened(url) as store:
        await settle_in(store, max(sizes))
        authors = {size: CELEBRITY + each for each, size in enumerate(sorted(sizes, reverse=True))}
        async with store.unit() as unit:
            for size, author in authors.items():
                if author != CELEBRITY:
                    await unit.execute(text(_FOLLOWERS.format(author=author, most=size)))
        await tidy(store)
        for size in sorted(sizes):
            timed: dict[str, list[float]] = defaultdict(list)
            for _ in range(runs + 1):
                await clear_queue(store)
                took, _ = await product(store, await write_post(store, now(), authors[size]))
                assert await count_queue(store, "queued") == size
                timed[POST].append(1e3 * took)
                timed[EACH].append(1e6 * took / size)
            found.add(size, {name: values[1:] for name, values in timed.items()})
    return dict(found.points)


async def measure_queue(url: str, sizes: Sequence[int], runs: int) -> dict[str, Points]:
    """Milliseconds for a claim; ``benchmarks.drain`` shows the same with what follows it."""
    found = Curve()
    async with opened(url) as store:
        await settle_in(store, min(max(sizes), 100_000))
        for size in sorted(sizes):
            await deepen(store, size)
            found.add(size, {CLAIM: [await claim_once(store, BATCH) for _ in range(4 * runs)]})
    return dict(found.points)


async def measure_reading(
    url: str, posts: Sequence[int], follows: Sequence[int], runs: int
) -> tuple[dict[str, Points], dict[str, Points]]:
    """Milliseconds for pages and feeds: against posts first, then, with all of these, against follows."""
    by_posts, by_follows = Curve(), Curve()
    async with opened(url) as store:
        await settle_in(store, AUTHORS)
        async with store.unit() as unit:
            await unit.execute(text("DELETE FROM follows"))
            for size in {USUAL, *follows}:
                await unit.execute(text(_follows_of(store, reader_of(size), size)))
        last = 0
        for size in sorted(posts):
            await write_posts(store, last + 1, size)
            last = size
            by_posts.add(size, await read(store, reader_of(USUAL), runs, shared=True))
        for size in sorted(follows):
            by_follows.add(size, await read(store, reader_of(size), runs, shared=False))
    return dict(by_posts.points), dict(by_follows.points)


def reader_of(follows: int) -> int:
    """The account that follows so many, nobody who writes a lot."""
    return BUSY + follows


def _follows_of(store: Store, reader: int, size: int) -> str:
    return _FOLLOWS.format(
        count=_COUNT.format(first=1, last=size),
        apart=AUTHORS // size,
        authors=AUTHORS,
        reader=reader,
        false="0" if store.is_sqlite else "FALSE",
        now=to_micros(now()),
    )


async def write_posts(store: Store, first: int, last: int) -> None:
    """The posts of these numbers, a second between each and the next."""
    words = {
        "count": _COUNT.format(first=first, last=last),
        "busy": BUSY,
        "authors": AUTHORS,
        "start": to_micros(now()) - 10**6 * last,
    }
    async with store.unit() as unit:
        await unit.execute(text(_POSTS.format(**words)))
        if not store.is_sqlite:
            await unit.execute(text("SELECT setval('posts_id_seq', (SELECT max(id) FROM posts))"))
    await tidy(store)


async def read(store: Store, reader: int, runs: int, *, shared: bool) -> dict[str, list[float]]:
    """Milliseconds of each kind of reading; ``shared`` adds what does not depend on the reader."""

    async def home() -> None:
        async with store.reading() as read:
            page = await reading.home_timeline(read, reader)
        assert len(page.posts) == reading.PAGE

    async def public() -> None:
        async with store.reading() as read:
            page = await reading.public_timeline(read)
        assert len(page.posts) == reading.PAGE

    secret = token.make(SITE.key, Purpose.FEED, reader)
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        HOME: home,
        HOME_FEED: lambda: cold_feed(store, f"/feeds/{secret}/home.atom"),
    }
    if shared:
        ways[PUBLIC] = public
        ways[PUBLIC_FEED] = lambda: cold_feed(store, "/public.atom")
        ways[FEED] = lambda: cold_feed(store, f"/@p{1 + BUSY // 2}.atom")
    timed: dict[str, list[float]] = defaultdict(list)
    for name, way in ways.items():
        for _ in range(4 * runs + 2):
            begun = perf_counter()
            await way()
            timed[name].append(1e3 * (perf_counter() - begun))
    return {name: values[2:] for name, values in timed.items()}


async def cold_feed(store: Store, path: str) -> None:
    """A feed that nobody has asked for yet: found, loaded, written, and packed."""
    app = web.Application()
    Feeds(store, SITE).add_to(app)
    request = make_mocked_request("GET", path, app=app)
    match = await app.router.resolve(request)
    request._match_info = match  # what the application's own loop does between finding the route and calling it
    answer = await match.handler(request)
    assert answer.status == 200, path


async def measure(kind: str, chosen: dict[str, Sequence[int]], runs: int) -> Curves:
    """Each thing that grows, on a database of its own."""
    found: Curves = {}
    with database(kind) as url:
        found[FOLLOWERS] = await measure_followers(url, chosen[FOLLOWERS], runs)
    with database(kind) as url:
        found[QUEUED] = await measure_queue(url, chosen[QUEUED], runs)
    with database(kind) as url:
        found[POSTS], found[FOLLOWS] = await measure_reading(url, chosen[POSTS], chosen[FOLLOWS], runs)
    return found


def show(found: dict[str, Curves]) -> None:
    """All curves, both databases in each."""
    draw("One post, by how many follow its author", found, FOLLOWERS, "milliseconds", [POST])
    draw("One post, for each of its followers", found, FOLLOWERS, "microseconds", [EACH])
    draw(f"Claiming {BATCH} deliveries of a deep queue", found, QUEUED, "milliseconds", [CLAIM])
    draw("Reading, by how many one follows", found, FOLLOWS, "milliseconds", [HOME, HOME_FEED])
    ways = [HOME, HOME_FEED, PUBLIC, PUBLIC_FEED, FEED]
    draw("Reading, by how many posts there are", found, POSTS, "milliseconds", ways)
    lines = {f"{of}, {kind}": found[kind][of][MEMORY] for of in (FOLLOWERS, QUEUED, FOLLOWS, POSTS) for kind in found}
    curve("Memory of the process after each of these", x="how many", y="MB", lines=lines)


def draw(title: str, found: dict[str, Curves], x: str, y: str, names: Sequence[str]) -> None:
    """One curve for each name and database."""
    lines = {f"{name}, {kind}": curves[x][name] for name in names for kind, curves in found.items()}
    curve(title, x=x, y=y, lines=lines)


def main() -> None:
    parser = options(__doc__, runs=5)
    sizes = {
        FOLLOWERS: [100, 1_000, 10_000, 100_000, 1_000_000],
        QUEUED: [10_000, 100_000, 1_000_000],
        FOLLOWS: [10, 100, 1_000, 5_000],
        POSTS: [10_000, 100_000, 1_000_000],
    }
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", nargs="+", type=int, default=default, metavar="N", help="how many, each time")
    choose_databases(parser)
    chosen = parser.parse_args()
    found: dict[str, Curves] = {}
    for kind in chosen.on:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            found[kind] = runner.run(measure(kind, {name: getattr(chosen, name) for name in sizes}, chosen.runs))
    show(found)
    finish("growth", chosen)


if __name__ == "__main__":
    main()
