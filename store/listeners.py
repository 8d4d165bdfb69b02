"""Who listens for what: words and ``#tags`` that somebody tracks, ``!groups`` that somebody belongs to.

A key says by its first sign which of them it is; ``store.schema.listeners`` tells the rest.
"""

from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from store.schema import listeners
from store.unit import Reading, Unit

_THIS = (listeners.c.key == bindparam("of_key"), listeners.c.account_id == bindparam("account"))
_insert = insert(listeners)
_PUT = _insert.on_conflict_do_update(
    index_elements=["key", "account_id"],
    set_={
        "texts": listeners.c.texts | _insert.excluded.texts,
        "mail": func.coalesce(_insert.excluded.mail, listeners.c.mail),
    },
)
_IS_ONE = select(exists().where(*_THIS))
_REMOVE = delete(listeners).where(*_THIS)
_SET_TEXTS = update(listeners).where(*_THIS).values(texts=bindparam("on"))
_STOP_MAIL = update(listeners).where(*_THIS).values(mail=False)
_MINE = listeners.c.account_id == bindparam("account")
_REMOVE_WORDS = delete(listeners).where(_MINE, ~listeners.c.key.startswith("!"))
_REMOVE_ALL = delete(listeners).where(_MINE)
_OF_ACCOUNT = select(listeners.c.key).where(_MINE)
_mine = listeners.alias("mine")
_DROP_KNOWN = delete(listeners).where(
    listeners.c.account_id == bindparam("from_id"),
    exists().where(_mine.c.account_id == bindparam("to_id"), _mine.c.key == listeners.c.key),
)
_MOVE = update(listeners).where(listeners.c.account_id == bindparam("from_id")).values(account_id=bindparam("to_id"))
_BY_MAIL = select(func.count()).where(_MINE, listeners.c.mail)
_MEMBERS = select(func.count()).where(listeners.c.key == bindparam("of_key"))


async def put(unit: Unit, key: str, account_id: int, *, texts: bool, mail: bool, now: datetime) -> None:
    """Let the account listen; a way that it had before stays, and without ``mail`` so does a no to mails."""
    values = {"key": key, "account_id": account_id, "texts": texts, "mail": mail or None, "created_at": now}
    await unit.execute(_PUT, values)


async def listens(reading: Reading, key: str, account_id: int) -> bool:
    """Whether the account listens to this key."""
    found: bool = (await reading.execute(_IS_ONE, {"of_key": key, "account": account_id})).scalar_one()
    return found


async def remove(unit: Unit, key: str, account_id: int) -> bool:
    """Listen no longer; False if the account did not."""
    return (await unit.execute(_REMOVE, {"of_key": key, "account": account_id})).rowcount == 1


async def remove_words(unit: Unit, account_id: int) -> int:
    """Listen to no words and tags any more; how many they were. The groups stay."""
    return (await unit.execute(_REMOVE_WORDS, {"account": account_id})).rowcount


async def remove_all(unit: Unit, account_id: int) -> None:
    """Listen to nothing any more."""
    await unit.execute(_REMOVE_ALL, {"account": account_id})


async def set_texts(unit: Unit, key: str, account_id: int, on: bool) -> bool:
    """Whether what is said under this key comes by text; False if the account does not listen to it."""
    return (await unit.execute(_SET_TEXTS, {"of_key": key, "account": account_id, "on": on})).rowcount == 1


async def stop_mail(unit: Unit, key: str, account_id: int) -> None:
    """No mail any more with what is said under this key."""
    await unit.execute(_STOP_MAIL, {"of_key": key, "account": account_id})


async def move(unit: Unit, from_id: int, to_id: int) -> None:
    """Give what one account listens to to another, which keeps its own."""
    await unit.execute(_DROP_KNOWN, {"from_id": from_id, "to_id": to_id})
    await unit.execute(_MOVE, {"from_id": from_id, "to_id": to_id})


async def of_account(reading: Reading, account_id: int) -> list[str]:
    """All that the account listens to, sorted: groups, then tags, then words. Limits keep it short."""
    return sorted((await reading.execute(_OF_ACCOUNT, {"account": account_id})).scalars())


async def count_by_mail(reading: Reading, account_id: int) -> int:
    """For how many words, tags and groups the account gets mails."""
    number: int = (await reading.execute(_BY_MAIL, {"account": account_id})).scalar_one()
    return number


async def count(reading: Reading, key: str) -> int:
    """How many listen to this key."""
    number: int = (await reading.execute(_MEMBERS, {"of_key": key})).scalar_one()
    return number
