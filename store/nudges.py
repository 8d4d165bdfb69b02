"""Who nudged whom, and when last."""

from datetime import datetime

from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects.postgresql import insert

from store.schema import Instant, nudges
from store.unit import Unit

_insert = insert(nudges)
_NUDGE = _insert.on_conflict_do_update(
    index_elements=["account_id", "other_id"],
    set_={"nudged_at": _insert.excluded.nudged_at},
    where=nudges.c.nudged_at <= bindparam("since", type_=Instant()),
)
_REMOVE_ALL = delete(nudges).where(
    or_(nudges.c.account_id == bindparam("account"), nudges.c.other_id == bindparam("account"))
)


async def add(unit: Unit, account_id: int, other_id: int, *, since: datetime, now: datetime) -> bool:
    """Write down a nudge; False, and nothing is, when the last one of these two is younger than ``since``."""
    values = {"account_id": account_id, "other_id": other_id, "nudged_at": now, "since": since}
    return (await unit.execute(_NUDGE, values)).rowcount == 1


async def remove_all(unit: Unit, account_id: int) -> None:
    """Forget the nudges from and to the account."""
    await unit.execute(_REMOVE_ALL, {"account": account_id})
