"""The conversations with one destination: kept, used again, never more than it bears.

A destination has one server or several. They are tried in order of preference, in random order where that is equal;
one that could not be talked to, or that takes nothing from us, comes last for a while. A conversation over a kept
connection that turns out to be dead is begun anew, once.

Cut off between the end of the data and its reply, the server may have the mail (RFC 5321 4.5.3.2.6, RFC 1047). It is
sent again all the same: mail cannot be looked up, and both copies bear one Message-ID, by which receivers drop the
second. This is the only way in which a mail can come twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gateway.domain.delivery import Bounced, Deferred, Outcome, Sent
from outbound import mishap
from outbound.mail_peer import Dialler, NoWayIn, Peer, Why
from outbound.mail_replies import SLOWED_PAUSE, meaning, quoted, refuses_us, wants_less, wants_login
from outbound.places import Places
from outbound.smtp import Conversation, HungUp, Reply, Stage

IDLE_SECONDS = 20.0
"""A connection unused for so long is closed: servers end idle ones at their own, unknown time."""

PEER_RESTS = 60.0
"""Seconds for which a server that could not be talked to comes last."""

_CLOSING, _GO_ON = 421, 354
_TRIES = 3
_MOST_PEERS = 5
_CONNECTING = 2
"""How many times the time for one connection may be spent on all servers of a destination."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail and where it goes, and how often it was brought, this time included. The addresses have no spaces,
    control characters or angle brackets."""

    sender: str
    recipient: str
    mail: bytes
    tries: int = 1


class Full(Exception):
    """There is no place beside our other conversations."""


class _CutOff(Exception):
    """The conversation ended without a last reply. ``early``: before the server could have taken the mail; ``busy``:
    the server said that it has no time."""

    def __init__(self, reason: str, *, early: bool, busy: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.early = early
        self.busy = busy

    def outcome(self) -> Deferred:
        return Deferred(self.reason, SLOWED_PAUSE, excused=True) if self.busy else Deferred(self.reason)


FindPeers = Callable[[], Awaitable[Sequence[Peer]]]
"""The servers of a destination, as they are known now. May raise NoWayIn."""


class Pool:
    """``hand_over`` one mail after another; ``close`` at the end."""

    def __init__(
        self,
        find: FindPeers,
        dialler: Dialler,
        places: Places,
        *,
        reuse: int,
        shuffle: Callable[[list[Peer]], None],
        locked_out: Callable[[NoWayIn], None] = lambda _: None,
        takes_all: bool = False,
    ) -> None:
        """``reuse``: mails over one connection (0: any number). ``locked_out`` hears of each server where only the
        operator can help, whether another one took the mail or not. ``takes_all``: every mail goes here, so who
        refuses the sender of one refuses all of them, and none is given up for that."""
        self._find = find
        self._dialler = dialler
        self._places = places
        self._reuse = reuse
        self._shuffle = shuffle
        self._locked_out = locked_out
        self._takes_all = takes_all
        self._free: list[Conversation] = []
        self._open = self._dialling = 0
        self._asleep: dict[tuple[str, str, int], float] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is open and nobody waits."""
        return not self._open and not self._places.taken and not self._goodbyes

    @property
    def in_use(self) -> int:
        """Connections that are open, or being opened or closed, or will be opened by whoever has just got a place."""
        return max(self._open + self._dialling, self._places.taken) + len(self._goodbyes)

    @property
    def may_talk(self) -> bool:
        """Whether there may be a connection at all."""
        return self._places.allowed > 0

    def limit(self, most: int) -> None:
        """No more than so many from now on. What is over it is closed: at once where nobody uses it, else when its mail
        is done."""
        self._places.limit(most)
        while self._free and self._open > most:
            self._hang_up(self._free.pop(0))

    async def hand_over(self, envelope: Envelope, *, patience: float | None = None) -> Outcome:
        """One mail. Raises NoWayIn when no server can be talked to, Full when no place came free in ``patience``."""
        tries = 0
        while True:
            if not await self._places.take(patience):
                raise Full
            tries += 1
            try:
                outcome = await self._over_kept_or_new(envelope)
            except NoWayIn as no:
                if no.why is Why.LOCKED_OUT and tries < _TRIES and await self._has_another():
                    continue
                others = self._open + (self._dialling if no.why is Why.TURNED_AWAY else 0)
                if not others or no.why is Why.LOCKED_OUT:
                    self._places.start_over()
                    raise
                self._places.refused(no_more_than=others)  # it takes no more of us at once
                if tries == _TRIES:
                    raise Full from no
                continue
            finally:
                self._places.give_back()
            if isinstance(outcome, Sent):
                self._places.went_well()
            return outcome

    async def close(self) -> None:
        """Say goodbye on every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._free:
            self._hang_up(self._free.pop())
        await asyncio.gather(*self._goodbyes, return_exceptions=True)

    async def _over_kept_or_new(self, envelope: Envelope) -> Outcome:
        kept = self._take_kept()
        if kept is not None:
            try:
                return await self._converse(kept, envelope)
            except _CutOff as cut:
                if not cut.early:
                    return cut.outcome()
        try:
            return await self._converse(await self._connect(), envelope)
        except _CutOff as cut:
            return cut.outcome()

    async def _converse(self, conversation: Conversation, envelope: Envelope) -> Outcome:
        """One mail in one conversation, which is kept if it is still good. Raises _CutOff, NoWayIn."""
        good = False
        try:
            outcome = await self._transfer(conversation, envelope)
            if not isinstance(outcome, Sent):
                await conversation.start_afresh()
            good = conversation.is_usable
        finally:
            if not good:
                self._drop(conversation)
        if good:
            conversation.mails += 1
            is_worn = self._reuse and conversation.mails >= self._reuse
            if is_worn or self._open > self._places.most:
                self._hang_up(conversation)
            else:
                self._keep(conversation)
        return outcome

    async def _transfer(self, conversation: Conversation, envelope: Envelope) -> Outcome:
        """Raises _CutOff when the server hangs up, says 421, falls silent or makes no sense."""
        options = "" if envelope.recipient.isascii() else " SMTPUTF8"
        if options and "smtputf8" not in conversation.extensions:
            return Bounced("the server takes only addresses in ASCII")
        early = True
        try:
            stage, reply = await conversation.envelope(envelope.sender, envelope.recipient, options)
            if reply.code == _GO_ON:
                early = False
                stage, reply = Stage.END, await conversation.content(envelope.mail)
        except OSError as error:
            why = str(error) if isinstance(error, HungUp) else mishap.in_words(error)
            raise _CutOff(f"cut off by the server: {why}", early=early) from error
        has_had_its_share = reply.code == _CLOSING and conversation.mails
        if wants_less(stage, reply) and not has_had_its_share:
            self._places.refused()
        if reply.code == _CLOSING:
            raise _CutOff("the server is closing (421)", early=early, busy=True)
        if wants_login(stage, reply):
            self._lock_out(conversation, "wants a login", reply)
        if self._takes_all and not options and refuses_us(stage, reply):
            words = quoted(reply, envelope.recipient).removeprefix(f"{reply.code} ")
            self._lock_out(conversation, f"does not take us as a sender: {words}", reply)
        return meaning(stage, reply, envelope.recipient, tries=envelope.tries)

    def _lock_out(self, conversation: Conversation, reason: str, reply: Reply) -> NoReturn:
        """Its server takes nothing from us: another one may."""
        self._asleep[conversation.where] = asyncio.get_running_loop().time() + PEER_RESTS
        for each in [kept for kept in self._free if kept.where == conversation.where]:
            self._free.remove(each)
            self._hang_up(each)
        no = NoWayIn(Why.LOCKED_OUT, reason, reply.code)
        self._locked_out(no)
        raise no

    async def _connect(self) -> Conversation:
        """With the first server that lets us in. Raises NoWayIn: the one that may pass soonest."""
        peers = list(await self._find())
        now = asyncio.get_running_loop().time()
        self._asleep = {where: until for where, until in self._asleep.items() if until > now}
        if len(peers) > 1:
            self._shuffle(peers)
            peers.sort(key=lambda peer: (_where(peer) in self._asleep, peer.preference, ":" in peer.address))
        nos: list[NoWayIn] = []
        until = now + _CONNECTING * self._dialler.timeout
        for peer in peers[:_MOST_PEERS]:
            self._dialling += 1
            try:
                conversation = await self._dialler.dial(peer, until=until)
            except NoWayIn as no:
                self._asleep[_where(peer)] = asyncio.get_running_loop().time() + PEER_RESTS
                nos.append(no)
                if no.why is Why.LOCKED_OUT:
                    self._locked_out(no)
            else:
                self._open += 1
                conversation.where = _where(peer)
                return conversation
            finally:
                self._dialling -= 1
        raise next((no for no in nos if no.why is not Why.LOCKED_OUT), nos[0])

    async def _has_another(self) -> bool:
        """Whether there is a server that was not found to be closed to us a moment ago."""
        now = asyncio.get_running_loop().time()
        return any(self._asleep.get(_where(peer), now) <= now for peer in await self._find())

    def _take_kept(self) -> Conversation | None:
        while self._free:
            conversation = self._free.pop()
            if conversation.is_usable:
                return conversation
            self._drop(conversation)
        return None

    def _keep(self, conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        conversation.used_at = loop.time()
        self._free.append(conversation)
        if self._sweep is None:
            self._sweep = loop.call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        """Close what nobody used for too long, the longest unused first, and look again when the next may be."""
        loop = asyncio.get_running_loop()
        while self._free and self._free[0].used_at + IDLE_SECONDS <= loop.time():
            self._hang_up(self._free.pop(0))
        self._sweep = loop.call_at(self._free[0].used_at + IDLE_SECONDS, self._close_idle) if self._free else None

    def _hang_up(self, conversation: Conversation) -> None:
        self._open -= 1
        task = asyncio.create_task(conversation.quit())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    def _drop(self, conversation: Conversation) -> None:
        self._open -= 1
        conversation.close()


def _where(peer: Peer) -> tuple[str, str, int]:
    return peer.host, peer.address, peer.port
