"""Whose a message is that a carrier names by its own id."""

from sqlalchemy import bindparam, case, literal_column, select

from store.schema import deliveries
from store.unit import Reading

_OWNER = (
    select(deliveries.c.id, case((deliveries.c.state == literal_column("'sent'"), deliveries.c.attempt), else_=-1))
    .where(
        deliveries.c.remote_id == bindparam("remote"),
        deliveries.c.channel == literal_column("'sms'"),
        deliveries.c.remote_id.is_not(None),
    )
    .order_by(deliveries.c.id.desc())
    .limit(1)
)


async def owner(reading: Reading, remote_id: str) -> tuple[int, int] | None:
    """The newest delivery that was sent under this id, and its attempt; -1 when that is over: a report about it says
    nothing of another one."""
    row = (await reading.execute(_OWNER, {"remote": remote_id})).one_or_none()
    return None if row is None else (row[0], row[1])
