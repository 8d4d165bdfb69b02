"""How the demo's parts tell whoever watches that something happened."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Changes:
    """A bell: it says that something changed, not what; watchers look for themselves."""

    def __init__(self) -> None:
        self._bells: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake everybody who watches."""
        for bell in self._bells:
            bell.set()

    @contextmanager
    def watch(self, bell: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
        """An event that each change sets; the watcher clears it before looking. One bell may watch several places."""
        bell = bell or asyncio.Event()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    async def until(self, holds: Callable[[], bool], *, within: float = 30.0) -> None:
        """Return once ``holds()`` is true; TimeoutError after ``within`` seconds."""
        with self.watch() as bell:
            async with asyncio.timeout(within):
                while not holds():
                    await bell.wait()
                    bell.clear()
