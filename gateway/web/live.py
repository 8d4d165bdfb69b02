"""Pages that change while they are looked at, by server-sent events (HTML Living Standard 9.2).

What is looked at is a topic: one task looks at it for all who do, after the bell rang and at most once a second, so a
hundred projectors cost as much as one. Whoever is too slow to take what is sent is let go and comes again; a browser
then says what it had last, and a page without scripts reloads by itself. That somebody has gone is noticed at the next
look at their topic, so nobody who has left holds a place for long.

What only members may see is sent while their session lasts: each look asks, after it has read what it is about to show,
which of the sessions that look at it are still open. Whoever logs out, is logged out or is suspended rings the bell, so
that is looked at at once; the stream says so and ends, and its page loads again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from gateway.service import visiting
from store.unit import Store

MOST, MOST_OF_ONE = 500, 100
"""How many may look at once in this daemon, in all and from one address: a whole room may sit behind one router."""

PAUSE, PATIENCE = 1.0, 5.0
"""Seconds between two looks at a topic; seconds after which it is looked at though no bell rang."""

_QUEUED = 50
_COME_AGAIN_MS = 3000


@dataclass(frozen=True, slots=True)
class Event:
    """Something to show: ``id`` is what the browser says it had last when it comes again."""

    id: str
    data: str


Look = Callable[[str], Awaitable[Sequence[Event]]]
"""What is new on a topic since the event of this id (empty: since now)."""


class TooManyWatch(web.HTTPServiceUnavailable):
    """Nobody more can look at the moment."""


_OVER = Event("", "over")
"""Said to a page that may be shown nothing more."""


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Who looks: in which session, where only members may."""

    request: web.Request
    session_id: int | None


class _Topic:
    def __init__(self, look: Look, last: str) -> None:
        self.look = look
        self.last = last
        self.watchers: dict[asyncio.Queue[Event | None], _Watcher] = {}
        self.rung = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Live:
    """All topics that somebody is looking at. ``close`` ends every stream."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._topics: dict[str, _Topic] = {}
        self._who: Counter[str] = Counter()
        self._closing = False
        store.on_bell(self._ring)

    async def stream(
        self, request: web.Request, name: str, look: Look, *, last: str, address: str, session_id: int | None = None
    ) -> web.StreamResponse:
        """Send what happens on a topic until somebody has enough. ``last`` is the event that the page already shows;
        what the browser says itself (``Last-Event-ID``) is newer. With a ``session_id``, only until that session ends.
        Raises TooManyWatch."""
        if self._closing or self._who.total() >= MOST or self._who[address] >= MOST_OF_ONE:
            raise TooManyWatch(headers={"Retry-After": "30"})
        self._who[address] += 1
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_QUEUED)
        watcher = _Watcher(request, session_id)
        topic = self._join(name, look, last, queue, watcher)
        try:
            response = EventSourceResponse(sep="\n", send_timeout=30)
            await response.prepare(request)
            async with response:
                try:
                    missed = await look(request.headers.get("Last-Event-ID", last))
                    if await self._over([watcher]):
                        _end(queue, _OVER)
                        missed = ()
                except Exception:  # the database is away: the browser comes again
                    raise ConnectionResetError from None
                for event in missed:
                    if queue not in topic.watchers:  # it has ended meanwhile
                        break
                    await response.send(event.data, id=event.id, retry=_COME_AGAIN_MS)
                while response.is_connected() and (next_one := await queue.get()) is not None:
                    if next_one is _OVER:
                        await response.send(_OVER.data, event=_OVER.data)
                        break
                    await response.send(next_one.data, id=next_one.id)
            return response
        except (ConnectionResetError, TimeoutError):
            raise ConnectionResetError from None
        finally:
            self._leave(name, topic, queue)
            self._who[address] -= 1
            self._who += Counter()

    async def close(self) -> None:
        """Look at nothing more; every stream ends, and browsers come again."""
        self._closing = True
        for topic in self._topics.values():
            for queue in topic.watchers:
                _end(queue)

    def _join(self, name: str, look: Look, last: str, queue: asyncio.Queue[Event | None], watcher: _Watcher) -> _Topic:
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(look, last)
            topic.task = asyncio.create_task(self._watch(topic))
        topic.watchers[queue] = watcher
        return topic

    def _leave(self, name: str, topic: _Topic, queue: asyncio.Queue[Event | None]) -> None:
        topic.watchers.pop(queue, None)
        if not topic.watchers and topic.task is not None:
            topic.task.cancel()
            if self._topics.get(name) is topic:
                del self._topics[name]

    async def _watch(self, topic: _Topic) -> None:
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await topic.rung.wait()
            except TimeoutError:
                pass
            topic.rung.clear()  # before looking: what rings from now on, in the pause too, is looked at next
            for queue, watcher in topic.watchers.items():
                if watcher.request.transport is None:  # gone, which a stream that says nothing does not notice
                    _end(queue)
            try:
                events = await topic.look(topic.last)
            except Exception:  # the database is away, or there is nothing to look at any more: look again
                events = ()
            there = dict(topic.watchers)  # whoever comes from now on looks by themselves, at what is there by now
            try:
                over = await self._over(there.values())
            except Exception:  # nobody knows who may be shown it: look again
                events, over = (), frozenset()
            for queue, watcher in there.items():
                if watcher.session_id in over and queue in topic.watchers:
                    del topic.watchers[queue]
                    _end(queue, _OVER)
            for event in events:
                topic.last = event.id
                for queue in there.keys() & topic.watchers.keys():
                    if not _put(queue, event):
                        del topic.watchers[queue]
            await asyncio.sleep(PAUSE)

    async def _over(self, watchers: Collection[_Watcher]) -> frozenset[int]:
        """The sessions of these that have ended."""
        looking = frozenset(each.session_id for each in watchers if each.session_id is not None)
        if not looking:
            return looking
        async with self._store.reading() as reading:
            return looking - await visiting.still_open(reading, looking, now=self._now())

    def _ring(self) -> None:
        for topic in self._topics.values():
            topic.rung.set()


def _put(queue: asyncio.Queue[Event | None], event: Event) -> bool:
    """False when whoever takes from it is too slow; then its stream ends."""
    try:
        queue.put_nowait(event)
    except asyncio.QueueFull:
        _end(queue)
        return False
    return True


def _end(queue: asyncio.Queue[Event | None], last_word: Event | None = None) -> None:
    """What waits in it is not sent any more."""
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(last_word)
