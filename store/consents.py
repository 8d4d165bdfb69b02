"""The ledger of consent: who agreed to or refused texts, when, how, in which words. Rows are only ever added: the
database itself refuses to change one or to take one out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, func, insert, literal_column, select

from store.schema import Instant, addresses, consents
from store.sql import given, rows
from store.unit import Reading, Unit

_ADD = insert(consents)
_ASKED = (consents.c.action == "asked", consents.c.at > bindparam("since", type_=Instant()))
_COUNT_ASKED = select(
    select(func.count()).where(*_ASKED, consents.c.address == bindparam("address")).scalar_subquery(),
    select(func.count()).where(*_ASKED, consents.c.words == bindparam("words")).scalar_subquery(),
)
_asked = given("asked", account_id=BigInteger, words=Text)
_LAST_ABOUT = (
    select(consents.c.action)
    .join(addresses, addresses.c.address == consents.c.address)
    .where(addresses.c.account_id == _asked.c.account_id, consents.c.words == _asked.c.words)
    .order_by(consents.c.id.desc())
    .limit(1)
    .correlate(_asked)
    .scalar_subquery()
)
_REFUSED = select(_asked.c.n).where(literal_column("'refused'") == _LAST_ABOUT)
_PAGE = select(consents).where(consents.c.id > bindparam("after")).order_by(consents.c.id).limit(bindparam("most"))
_PAGE_OF = _PAGE.where(consents.c.address == bindparam("address"))
_OF = select(consents).where(consents.c.address == bindparam("address")).order_by(consents.c.id)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One entry: ``action`` is ``given``, ``refused``, or ``asked`` (a code was sent there, and nothing is agreed yet);
    ``how`` the door (``sms``, ``email``, ``web``, ``operator``, ``provider``, ``unsubscribe`` for the link in a mail),
    ``words`` what was written, or what it is about where it is about one thing alone."""

    id: int
    address: str
    action: str
    how: str
    words: str
    at: datetime


async def add(unit: Unit, address: str, *, action: str, how: str, words: str, now: datetime) -> None:
    """Enter what the holder of a phone or mail address agreed to or refused."""
    await unit.execute(_ADD, {"address": address, "action": action, "how": how, "words": words, "at": now})


async def count_asked(reading: Reading, address: str, words: str, *, since: datetime) -> int:
    """How many codes this address, or anybody by these words, was sent lately: the larger of both."""
    values = {"address": address, "words": words, "since": since}
    to_it, by_them = (await reading.execute(_COUNT_ASKED, values)).one()
    return max(to_it or 0, by_them or 0)


async def refused(reading: Reading, asked: Sequence[tuple[int, str]]) -> set[int]:
    """Which of these, by their place, were refused last: an account, at any address that it has now, and the exact
    words."""
    return set((await reading.execute(_REFUSED, {"asked": rows(asked)})).scalars())


async def page(reading: Reading, *, after: int, most: int, address: str | None = None) -> list[ConsentRow]:
    """The next ``most`` entries behind the id ``after``, oldest first; of one address alone if it is given."""
    values = {"after": after, "most": most, "address": address}
    statement = _PAGE if address is None else _PAGE_OF
    return [ConsentRow(**row._mapping) for row in await reading.execute(statement, values)]


async def of(reading: Reading, address: str) -> list[ConsentRow]:
    """The entries of one phone or mail address, oldest first."""
    return [ConsentRow(**row._mapping) for row in await reading.execute(_OF, {"address": address})]
