"""A STOP that could not be committed is tried again until it holds.

Guarantee   from the moment a STOP came in nothing goes to its phone, from this process at once
            (``gateway.service.hush``), from everywhere when it holds. Its door answers that the provider should come
            again; but whether a provider does, nobody promises, so we try ourselves, too.
Trouble     it is kept in memory, and as a file of its own in a folder beside the database, so that a crash or a
            restart meanwhile loses nothing: files of an earlier run are taken up at the start. While the database is
            away we wait. If it answers and the message cannot be handled, the phone is opted out and no more is done.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from gateway import metrics
from gateway.domain import opt_out
from gateway.domain.command import parse, stop_behind_pin
from gateway.domain.types import Channel
from gateway.domain.wish import Stop
from gateway.service import stopping
from gateway.service.hush import Hush
from inbound.batch import Full
from inbound.message import Accepted, Inbound, Phone
from store.trouble import is_away
from store.unit import Store

log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds between tries."""


class _Kept(msgspec.Struct, frozen=True):
    """What is written down of a STOP."""

    source: str
    remote_id: str
    sender: str
    to: str
    text: str
    raw: str
    received_at: datetime


def is_stop(message: Inbound) -> bool:
    """Whether this text opts its phone out. Who writes it is not known here: behind digits it may be a post of one
    that has no PIN. A part of a longer text says nothing by itself."""
    return (
        message.channel is Channel.SMS
        and isinstance(message.door, Phone)
        and bool(message.sender)
        and message.part is None
        and opt_out.may_be(message.text)
        and (isinstance(parse(message.text), Stop) or stop_behind_pin(message.text) is not None)
    )


class Stops:
    """``take`` every message through here; :meth:`run` must be running."""

    def __init__(
        self,
        store: Store,
        hush: Hush,
        folder: Path | None,
        submit: Callable[[Inbound], Awaitable[Accepted]],
        now: Callable[[], datetime],
    ) -> None:
        """``folder`` None: what does not hold is kept in memory alone. ``submit`` commits one message."""
        self._store = store
        self._hush = hush
        self._folder = folder
        self._submit = submit
        self._now = now
        self._waiting: dict[tuple[str, str], Inbound] = {}
        self._some = asyncio.Event()
        self._trying = asyncio.Lock()

    def load(self) -> None:
        """Take up what an earlier run could not commit. A file that cannot be read is left for the operator."""
        for file in sorted(self._folder.glob("*.json")) if self._folder is not None else ():
            try:
                kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
            except (OSError, msgspec.MsgspecError) as error:
                log.error("an opt-out that was kept cannot be read", file=file.name, error=type(error).__name__)
                continue
            message = Inbound(channel=Channel.SMS, door=Phone(), **msgspec.structs.asdict(kept))
            self._hush.begins(message.sender)
            self._remember(message)

    async def take(self, message: Inbound) -> Accepted:
        """Commit the message, but what its phone said before first. Raises what committing raises."""
        for earlier in [each for each in self._waiting.values() if each.sender == message.sender]:
            await self._try(earlier)
        if not is_stop(message):
            return await self._submit(message)
        self._hush.begins(message.sender)
        try:
            accepted = await self._submit(message)
        except BaseException as error:
            if _key(message) in self._waiting:
                self._hush.holds(message.sender, now=self._now())
            else:
                log.error("an opt-out does not hold yet", remote_id=message.remote_id, error=type(error).__name__)
                metrics.store_failed("stop")
                self._remember(message)
                self._write(message)
            raise
        self._hush.holds(message.sender, now=self._now())
        return accepted

    async def run(self) -> None:
        """Try again what does not hold, until cancelled."""
        while True:
            await self._some.wait()
            for message in list(self._waiting.values()):
                try:
                    await self._try(message)
                except Exception as error:
                    log.warning("an opt-out does not hold yet", remote_id=message.remote_id, error=type(error).__name__)
            if self._waiting:
                await asyncio.sleep(PATIENCE)
            else:
                self._some.clear()

    async def _try(self, message: Inbound) -> None:
        async with self._trying:
            if _key(message) not in self._waiting:
                return
            try:
                await self._submit(message)
            except Exception as error:
                if is_away(error) or isinstance(error, Full):
                    raise
                async with self._store.unit() as unit:
                    await stopping.stop_phone(unit, message.sender, words=message.text, now=self._now())
            self._forget(message)
        log.info("an opt-out holds at last", remote_id=message.remote_id)

    def _remember(self, message: Inbound) -> None:
        self._waiting[_key(message)] = message
        self._some.set()

    def _forget(self, message: Inbound) -> None:
        del self._waiting[_key(message)]
        self._hush.holds(message.sender, now=self._now())
        if self._folder is not None:
            self._file(message).unlink(missing_ok=True)

    def _write(self, message: Inbound) -> None:
        """On disk before the door answers. One that is not even taken by the disk stays in memory."""
        if self._folder is None:
            return
        kept = _Kept(**{name: getattr(message, name) for name in _Kept.__struct_fields__})
        file = self._file(message)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = file.with_suffix(".new")
            beside.touch(mode=0o600)
            with beside.open("wb") as new:
                new.write(msgspec.json.encode(kept))
                new.flush()
                os.fsync(new.fileno())
            beside.replace(file)
        except OSError as error:
            log.error("an opt-out is kept in memory alone", remote_id=message.remote_id, error=type(error).__name__)

    def _file(self, message: Inbound) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(repr(_key(message)).encode()).hexdigest()[:32]}.json"


def _key(message: Inbound) -> tuple[str, str]:
    return message.source, message.remote_id
