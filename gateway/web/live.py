"""Pages that change while they are looked at, by server-sent events (HTML Living Standard 9.2).

What is looked at is a topic: one task looks at it for all who do, after the bell rang and at most once a second, so a
hundred projectors cost as much as one. Whoever is too slow to take what is sent is let go and comes again; a browser
then says what it had last, and a page without scripts reloads by itself. That somebody has gone is noticed at the next
look at their topic, so nobody who has left holds a place for long.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp_sse import EventSourceResponse

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


class _Topic:
    def __init__(self, look: Look, last: str) -> None:
        self.look = look
        self.last = last
        self.watchers: dict[asyncio.Queue[Event | None], web.Request] = {}
        self.rung = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Live:
    """All topics that somebody is looking at. ``close`` ends every stream."""

    def __init__(self, store: Store) -> None:
        self._topics: dict[str, _Topic] = {}
        self._who: Counter[str] = Counter()
        self._closing = False
        store.on_bell(self._ring)

    async def stream(
        self, request: web.Request, name: str, look: Look, *, last: str, address: str
    ) -> web.StreamResponse:
        """Send what happens on a topic until somebody has enough. ``last`` is the event that the page already shows;
        what the browser says itself (``Last-Event-ID``) is newer. Raises TooManyWatch."""
        if self._closing or self._who.total() >= MOST or self._who[address] >= MOST_OF_ONE:
            raise TooManyWatch(headers={"Retry-After": "30"})
        self._who[address] += 1
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_QUEUED)
        topic = self._join(name, look, last, queue, request)
        try:
            response = EventSourceResponse(sep="\n", send_timeout=30)
            await response.prepare(request)
            async with response:
                missed = await look(request.headers.get("Last-Event-ID", last))
                for event in missed:
                    await response.send(event.data, id=event.id, retry=_COME_AGAIN_MS)
                while response.is_connected() and (next_one := await queue.get()) is not None:
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
                _put(queue, None)

    def _join(
        self, name: str, look: Look, last: str, queue: asyncio.Queue[Event | None], request: web.Request
    ) -> _Topic:
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic(look, last)
            topic.task = asyncio.create_task(self._watch(topic))
        topic.watchers[queue] = request
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
            for queue, request in topic.watchers.items():
                if request.transport is None:  # the browser has gone, which a stream that says nothing does not notice
                    _put(queue, None)
            try:
                events = await topic.look(topic.last)
            except Exception:  # the database is away: look again
                events = ()
            for event in events:
                topic.last = event.id
                for queue in list(topic.watchers):
                    if not _put(queue, event):
                        del topic.watchers[queue]
            await asyncio.sleep(PAUSE)

    def _ring(self) -> None:
        for topic in self._topics.values():
            topic.rung.set()


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> bool:
    """False when whoever takes from it is too slow; then its stream ends."""
    try:
        queue.put_nowait(event)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
        return False
    return True
