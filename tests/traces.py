"""What a database still has of somebody: every text in every table is looked through for their words."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String, or_, select, update

from gateway.service import forgetting
from store.schema import deliveries, metadata
from store.unit import Store

KEPT = frozenset({"audit", "consents"})
"""The ledger of consent and the audit log, which nobody may change."""

_OF_AN_ACCOUNT = {
    "addresses": ["account_id"],
    "blocks": ["account_id", "other_id"],
    "default_follows": ["account_id"],
    "favourites": ["account_id"],
    "follows": ["followee_id", "follower_id"],
    "groups": ["founder_id"],
    "invite_uses": ["account_id"],
    "listeners": ["account_id"],
    "list_members": ["account_id"],
    "lists": ["account_id"],
    "mutes": ["account_id", "other_id"],
    "nudges": ["account_id", "other_id"],
    "poll_votes": ["account_id"],
    "post_mentions": ["account_id"],
    "proofs": ["account_id"],
    "schedules": ["account_id"],
    "sessions": ["account_id"],
}
"""Tables in which no row of somebody who has left may be, by any of these columns."""


async def traces(store: Store, words: Iterable[str], account_id: int) -> set[str]:
    """The tables and columns in which any of these words stands, in any case, and those with rows of the account."""
    found = set()
    async with store.reading() as reading:
        for table in metadata.sorted_tables:
            if table.name in KEPT:
                continue
            texts = [column for column in table.columns if isinstance(column.type, String)]
            for row in (await reading.execute(select(*texts))).all() if texts else ():
                for column, value in zip(texts, row, strict=True):
                    if value and any(word.casefold() in value.casefold() for word in words):
                        found.add(f"{table.name}.{column.name}: {value[:60]}")
            columns = [table.c[name] == account_id for name in _OF_AN_ACCOUNT.get(table.name, ())]
            if columns and (await reading.execute(select(table).where(or_(*columns)))).first() is not None:
                found.add(f"a row of {table.name}")
    return found


async def all_is_sent(store: Store) -> None:
    """What waits goes out."""
    async with store.unit() as unit:
        open_ones = deliveries.c.state.in_(["queued", "claimed", "unsure"])
        await unit.execute(update(deliveries).where(open_ones).values(state="sent", settled_at=deliveries.c.queued_at))


async def time_to_forget(store: Store, now: datetime) -> int:
    """Housekeeping forgets who has left; in how many steps."""
    steps, more = 0, True
    while more:
        async with store.unit() as unit:
            more = await forgetting.step(unit, now=now)
        steps += 1
    return steps
