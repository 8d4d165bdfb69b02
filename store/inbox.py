"""Every message that came in, once, under the id its sender's side gave it, with the answer it got."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Text, bindparam, delete, func, literal_column, or_, select, update

from store.schema import Instant, inbox
from store.sql import given, insert_new, rows
from store.unit import Reading, Unit


class Arrived(NamedTuple):
    """A message as it is remembered; ``received_at`` in microseconds since 1970."""

    source: str
    remote_id: str
    channel: str
    sender: str
    recipient: str
    raw: str
    received_at: int


_arrived = given(
    "arrived",
    source=Text,
    remote_id=Text,
    channel=Text,
    sender=Text,
    recipient=Text,
    raw=Text,
    received_at=BigInteger,
)
_ADD = (
    insert_new(inbox)
    .from_select(Arrived._fields, select(*(_arrived.c[name] for name in Arrived._fields)).order_by(_arrived.c.n))
    .returning(inbox.c.source, inbox.c.remote_id, inbox.c.id)
)
_ANSWER = select(inbox.c.answer).where(
    inbox.c.source == bindparam("source"), inbox.c.remote_id == bindparam("remote_id")
)
_SET_ANSWER = update(inbox).where(inbox.c.id == bindparam("of_id")).values(answer=bindparam("words"))
_SINCE = (inbox.c.sender == bindparam("sender"), inbox.c.received_at >= bindparam("since", type_=Instant()))
_COUNT = select(func.count()).select_from(inbox).where(*_SINCE)
_COUNT_ANSWERED = select(func.count()).select_from(inbox).where(*_SINCE, inbox.c.answer != "")
_OLD = (
    select(inbox.c.id)
    .where(inbox.c.received_at < bindparam("before", type_=Instant()), inbox.c.raw != literal_column("''"))
    .order_by(inbox.c.received_at)
    .limit(bindparam("most"))
)
_WIPE = update(inbox).where(inbox.c.id.in_(_OLD.scalar_subquery())).values(raw="", answer="")

_LONG_AGO = (
    select(inbox.c.id)
    .where(inbox.c.received_at < bindparam("before", type_=Instant()))
    .order_by(inbox.c.received_at)
    .limit(2_000)
)
_PRUNE = delete(inbox).where(inbox.c.id.in_(_LONG_AGO.scalar_subquery()))


async def add_all(unit: Unit, messages: Sequence[Arrived]) -> list[int | None]:
    """Remember messages; each one's row, or None where it had come before, be it among these."""
    added = await unit.execute(_ADD, {"arrived": rows(messages)})
    new = {(source, remote_id): inbox_id for source, remote_id, inbox_id in added}
    return [new.pop((each.source, each.remote_id), None) for each in messages]


async def set_answer(unit: Unit, inbox_id: int, answer: str) -> None:
    """Remember what the sender was told."""
    await unit.execute(_SET_ANSWER, {"of_id": inbox_id, "words": answer})


async def answer_to(reading: Reading, source: str, remote_id: str) -> str:
    """What the sender of a message that came before was told; empty when nothing was."""
    found = await reading.execute(_ANSWER, {"source": source, "remote_id": remote_id})
    return found.scalar_one_or_none() or ""


async def count_since(reading: Reading, sender: str, since: datetime) -> int:
    """How many messages came from this phone or mail address since then."""
    return (await reading.execute(_COUNT, {"sender": sender, "since": since})).scalar_one()


async def count_answered_since(reading: Reading, sender: str, since: datetime, *, at: Sequence[str] = ()) -> int:
    """How many of its messages since then were answered; ``at``: of those alone to addresses of ours that begin with
    one of these (lower-case)."""
    counted = _COUNT_ANSWERED
    if at:
        recipient = func.lower(inbox.c.recipient)
        counted = counted.where(or_(*(recipient.startswith(each, autoescape=True) for each in at)))
    return (await reading.execute(counted, {"sender": sender, "since": since})).scalar_one()


async def wipe_raw(unit: Unit, *, before: datetime, most: int = 1_000) -> int:
    """Wipe what was received word for word before then, and what was answered; returns how many rows still had it."""
    return (await unit.execute(_WIPE, {"before": before, "most": most})).rowcount


async def prune(unit: Unit, *, before: datetime) -> int:
    """Take out some of the messages that came before then, the oldest first; how many went."""
    return (await unit.execute(_PRUNE, {"before": before})).rowcount
