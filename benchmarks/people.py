"""A community for a benchmark to serve, made by a few statements instead of a hundred thousand texts."""

from datetime import datetime

from sqlalchemy import text

from gateway.daemon import now
from gateway.service.site import Site
from store import routes
from store.schema import to_micros
from store.unit import Store

SITE = Site(name="Benchmark", public_url="http://127.0.0.1", mail_domain="birds.example", key=b"k" * 32)
OUR_NUMBER = "+15550009999"
SMS_ROUTE = 1
CELEBRITY = 1
"""The account id that everybody else follows: the first one."""

_COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people})"
_PEOPLE = (
    "INSERT INTO accounts (id, name, phone_id, sms_route, created_at) {count} SELECT i, 'p' || i, i, 1, {now} FROM n",
    "INSERT INTO addresses (id, channel, address, account_id, route, proven_at, created_at)"
    " {count} SELECT i, 'sms', '+1555' || (1000000 + i), i, 1, {now}, {now} FROM n",
    "INSERT INTO follows (followee_id, follower_id, state, texts, created_at)"
    " {count} SELECT 1, i, 'accepted', {true}, {now} FROM n WHERE i > 1",
)
_POST = "INSERT INTO posts (author_id, kind, text, source, created_at) VALUES ({author}, 'post', {words}, 'web', {now})"


def phone_of(account: int) -> str:
    """The phone that :func:`settle_in` gave an account."""
    return f"+1555{1_000_000 + account}"


async def settle_in(store: Store, followers: int) -> None:
    """Accounts 1 to ``followers`` + 1, called p1, p2 and so on, each with a proven phone; all follow the first."""
    async with store.unit() as unit:
        await routes.ensure(unit, [OUR_NUMBER])
        words = {
            "count": _COUNT.format(people=followers + 1),
            "now": to_micros(now()),
            "true": "1" if store.is_sqlite else "TRUE",
        }
        for statement in _PEOPLE:
            await unit.execute(text(statement.format(**words)))
        if not store.is_sqlite:
            for table in ("accounts", "addresses"):
                await unit.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
    await tidy(store)


async def write_post(store: Store, at: datetime, author: int = CELEBRITY) -> int:
    """A post that nobody was sent yet; its id."""
    words = "'the 7:40 is late, take the bus from platform four'"
    async with store.unit() as unit:
        await unit.execute(text(_POST.format(author=author, words=words, now=to_micros(at))))
        return int((await unit.execute(text("SELECT max(id) FROM posts"))).scalar_one())


async def clear_queue(store: Store) -> None:
    """No deliveries, as on the first day, so that every run begins alike."""
    async with store.unit() as unit:
        await unit.execute(text("DELETE FROM deliveries" if store.is_sqlite else "TRUNCATE deliveries"))
    await tidy(store)


async def count_queue(store: Store, state: str) -> int:
    """How many deliveries are in that state."""
    async with store.reading() as reading:
        found = await reading.execute(text("SELECT count(*) FROM deliveries WHERE state = :state"), {"state": state})
        return int(found.scalar_one())


async def tidy(store: Store) -> None:
    """What runs beside a database anyway: statistics on PostgreSQL, an empty log file on SQLite."""
    async with store.listening() as connection:
        if store.is_sqlite:
            await connection.exec_driver_sql("COMMIT")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            await connection.exec_driver_sql("VACUUM ANALYZE")
