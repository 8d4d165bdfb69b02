"""Those who make the load, each with a will of their own and one thing at a time, at random from a seed.

Author    posts by text and by mail, writes to one reader alone, takes back
Steady    hears everybody all the time, and sometimes asks for numbers
Fickle    follows, leaves, blocks, stops and starts; waits for each answer before going on
Stranger  tries what must be refused
"""

import os
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Protocol

from gateway.domain import reply, reply_people, reply_posts, reply_reading
from tests.faults.ledger import Hearing, Reader, Said

SITE = "Testville"
SEED = os.environ.get("BIRDWIRE_SEED", "1")
_NUMBERS = count(1)

TOLD = 10
"""How often in a day a phone that nobody knows is told so; the last time says that it is the last."""


def will(name: str) -> Random:
    """What somebody does by chance: the same in every run with the same seed."""
    return Random(f"{SEED} {name}")  # noqa: S311 - a load, no secret


class Doors(Protocol):
    """The ways in, as people know them; each returns when what was sent has been taken."""

    def posts(self, who: str, words: str, *, to: str = "") -> Said: ...

    def asks(self, who: str, words: str, answer: str) -> Said: ...

    async def text(self, said: Said, phone: str, words: str = "") -> None: ...

    async def mail(self, said: Said, to: str) -> None: ...

    async def is_answered(self, said: Said, phone: str) -> None: ...

    async def knock(self, words: str) -> None: ...


@dataclass
class Author:
    name: str
    phone: str
    readers: list[Reader]
    doors: Doors
    dice: Random
    posting_address: str = ""
    last: Said | None = None

    async def act(self) -> None:
        deed = self.dice.choices([self.post, self.post_by_mail, self.write_to_one, self.take_back], [5, 3, 1, 1])[0]
        await deed()

    async def post(self) -> None:
        said = self._line()
        await self.doors.text(said, self.phone)
        self.last = said

    async def post_by_mail(self) -> None:
        said = self._line()
        await self.doors.mail(said, self.posting_address)
        self.last = said

    async def write_to_one(self) -> None:
        to = self.dice.choice(self.readers).name
        asked = self.doors.asks(self.name, f"D {to}", reply_posts.direct_sent(to))
        said = self._line(to=to)
        await self.doors.text(said, self.phone, f"D {to} {said.words}")
        asked.taken, self.last = said.taken, None

    async def take_back(self) -> None:
        if self.last is not None:
            said, self.last = self.last, None
            said.undone = self.doors.asks(self.name, "UNDO", reply_posts.undone(said.words))
            await self.doors.text(said.undone, self.phone)

    def _line(self, to: str = "") -> Said:
        return self.doors.posts(self.name, f"line {next(_NUMBERS)} is late today", to=to)


@dataclass
class Steady:
    reader: Reader
    following: int
    doors: Doors

    async def act(self) -> None:
        answer = reply_reading.stats(self.reader.name, 0, 0, self.following)
        await self.doors.text(self.doors.asks(self.reader.name, "STATS", answer), self.reader.phone)


@dataclass
class Fickle:
    reader: Reader
    authors: list[str]
    doors: Doors
    dice: Random
    follows: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    off: bool = False
    stopped: bool = False

    async def act(self) -> None:
        words, answer = self._decide()
        said = self.doors.asks(self.reader.name, words, answer)
        await self.doors.text(said, self.reader.phone)
        assert said.taken is not None
        hears = frozenset() if self.off or self.stopped else frozenset(self.follows)
        self.reader.hearing.append(Hearing(said.begun, said.taken, hears))
        if answer:
            await self.doors.is_answered(said, self.reader.phone)

    def _decide(self) -> tuple[str, str]:
        """What to say, and how it must be answered."""
        name = self.dice.choice(self.authors)
        if self.stopped:
            if self.dice.random() < 0.3:
                return f"FOLLOW {name}", ""
            self.stopped = False
            return "START", reply.started(SITE, "", known=True)
        deed = self.dice.choices(["follow", "off", "stop", "block"], [6, 1, 1, 1])[0]
        if deed == "stop":
            self.stopped = True
            return "STOP", reply.stopped(SITE)
        if deed == "off":
            self.off = not self.off
            return ("OFF", reply.texts_off()) if self.off else ("ON", reply.texts_on())
        if name in self.blocks:
            if deed == "follow":
                return f"FOLLOW {name}", reply_people.you_block(name)
            self.blocks.discard(name)
            return f"UNBLOCK {name}", reply_people.unblocked(name)
        if deed == "block":
            self.blocks.add(name)
            self.follows.discard(name)
            return f"BLOCK {name}", reply_people.blocked(name)
        if name in self.follows:
            self.follows.discard(name)
            return f"LEAVE {name}", reply_people.left(name)
        self.follows.add(name)
        return f"FOLLOW {name}", reply_people.following(name, texts=not self.off)


@dataclass
class Stranger:
    phone: str
    doors: Doors
    _texts: int = 0

    async def act(self) -> None:
        words = f"let me in {next(_NUMBERS)}"
        await self.doors.knock(words)
        self._texts += 1
        answer = reply.join_first(SITE, "") if self._texts <= TOLD else ""
        if self._texts == TOLD:
            answer = reply.for_the_last_time(answer)
        await self.doors.text(self.doors.asks("stranger", words, answer), self.phone)
