"""The ledger of consent: who agreed to or refused texts, when, how, in which words. Rows are only ever added."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from store.schema import consents
from store.unit import Reading, Unit

_ADD = insert(consents)
_OF = select(consents).where(consents.c.address == bindparam("address")).order_by(consents.c.id)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One entry: ``action`` is ``given`` or ``refused``, ``how`` the door (``sms``, ``email``, ``web``, ``operator``,
    ``provider``), ``words`` what was written."""

    id: int
    address: str
    action: str
    how: str
    words: str
    at: datetime


async def add(unit: Unit, address: str, *, action: str, how: str, words: str, now: datetime) -> None:
    """Enter what the holder of a phone or mail address agreed to or refused."""
    await unit.execute(_ADD, {"address": address, "action": action, "how": how, "words": words, "at": now})


async def of(reading: Reading, address: str) -> list[ConsentRow]:
    """The entries of one phone or mail address, oldest first."""
    return [ConsentRow(**row._mapping) for row in await reading.execute(_OF, {"address": address})]
