"""How several daemons on one PostgreSQL share so many places among them: connections to a relay, for example.

    presence   each daemon is there, under a number of its own: so it knows how many there are, and its rank among them
    place      each of the places 1, 2, ... is one daemon's at the most

Both are advisory locks of a session (postgresql.org/docs/current/explicit-locking.html, 13.3.5): nothing is written,
and what a daemon held that dies is free when its connection ends. Each daemon takes its even part of the places, and
gives back what is more when others come; it uses a place only while it holds it. Where the database is gone for a
moment, and all locks with it, each goes on with what it had, and takes nothing until the others had time to come back
for theirs. So there are never more in use than there are.

SQLite's database is one machine's, and one daemon sends from it: there the places are all its own.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog
from sqlalchemy import Integer, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.trouble import trouble
from store.unit import Store

log = structlog.get_logger(__name__)

_PRESENCE, _PLACE = 0x42495244, 0x42495245
"""The first halves of the locks' keys; the second is the daemon's number, or the place's."""

_BEAT = 2.0
"""Seconds between looks who is there."""

_PATIENCE = 2.0
"""Seconds before a lost connection is made anew."""

_COMES_BACK = 3
"""Beats for which the places of a daemon that is seen no more are left to it: it may only have lost its connection, and
use them still."""

_LOCK = text("SELECT pg_try_advisory_lock(:kind, :number)").bindparams(
    bindparam("kind", type_=Integer), bindparam("number", type_=Integer)
)
_UNLOCK = text("SELECT pg_advisory_unlock(:kind, :number)").bindparams(
    bindparam("kind", type_=Integer), bindparam("number", type_=Integer)
)
_PRESENT = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND classid::bigint = :kind AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " ORDER BY 1"
).bindparams(bindparam("kind", type_=Integer))


class Uses(Protocol):
    """Who uses the places."""

    def limit(self, most: int) -> None:
        """Use no more than so many from now on; what is used now may be used until it is done."""

    @property
    def in_use(self) -> int:
        """So many are used now."""


def part(most: int, daemons: int, rank: int) -> int:
    """How many of ``most`` places the daemon has that is ``rank``-th, from 0, of so many."""
    return most // daemons + (rank < most % daemons)


class Shares:
    """One daemon's part of ``most`` places: none before :meth:`run`, which is to be kept going, has got some."""

    def __init__(self, store: Store, most: int, uses: Uses, *, beat: float = _BEAT) -> None:
        self._store = store
        self._most = most
        self._uses = uses
        self._beat = beat
        self._held: set[int] = set()
        self._usable = self._daemons = 0
        self._take_from = 0.0
        if not store.is_sqlite:
            uses.limit(0)

    async def run(self) -> None:
        """Take and give back until cancelled. Returns at once on SQLite."""
        if self._store.is_sqlite:
            return
        while True:
            try:
                async with self._session() as connection:
                    me = await self._enter(connection)
                    while True:
                        await self._settle(connection, me)
                        await asyncio.sleep(self._beat)
            except trouble() as error:
                log.warning("sharing of connections rests", error=type(error).__name__)
                await asyncio.sleep(_PATIENCE)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose locks end with this block."""
        async with self._store.sharing() as connection:
            try:
                yield connection
            finally:
                await connection.invalidate()

    async def _enter(self, connection: AsyncConnection) -> int:
        """Be there, under a number that nobody else has. What was held before the connection was lost is taken again,
        as far as nobody has taken it meanwhile."""
        while True:
            me = random.randrange(2**31)  # noqa: S311 - not a secret
            if await self._lock(connection, _PRESENCE, me):
                break
        had, self._held = self._held, set()
        for place in sorted(had):
            if await self._lock(connection, _PLACE, place):
                self._held.add(place)
        if had - self._held:
            self._use(len(self._held))
        return me

    async def _settle(self, connection: AsyncConnection, me: int) -> None:
        """Have the part that is due, as far as others have given it back."""
        present = list((await connection.execute(_PRESENT, {"kind": _PRESENCE})).scalars())
        due = part(self._most, len(present), present.index(me))
        now = asyncio.get_running_loop().time()
        if len(present) < self._daemons:
            self._take_from = now + _COMES_BACK * self._beat
        self._daemons = len(present)
        if len(self._held) > due:
            self._use(due)
            for place in sorted(self._held)[max(due, self._uses.in_use) :]:
                await connection.execute(_UNLOCK, {"kind": _PLACE, "number": place})
                self._held.discard(place)
        elif len(self._held) < due and now >= self._take_from:
            for place in range(1, self._most + 1):
                if len(self._held) == due:
                    break
                if place not in self._held and await self._lock(connection, _PLACE, place):
                    self._held.add(place)
        self._use(min(due, len(self._held)))

    def _use(self, most: int) -> None:
        """So many may be used from now on; who waits for the first one is woken."""
        self._uses.limit(most)
        if most and not self._usable:
            self._store.ring()
        self._usable = most

    async def _lock(self, connection: AsyncConnection, kind: int, number: int) -> bool:
        return bool((await connection.execute(_LOCK, {"kind": kind, "number": number})).scalar_one())
