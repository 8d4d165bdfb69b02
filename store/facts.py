"""What the instance remembers about itself: a name, a value, one row each."""

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from store.schema import facts
from store.sql import insert_new
from store.unit import Reading, Unit

_GET = select(facts.c.value).where(facts.c.name == bindparam("of"))
_TAKE = _GET.with_for_update(skip_locked=True)
_ADD = insert_new(facts).values(name=bindparam("of"), value=bindparam("new"))
_insert = insert(facts).values(name=bindparam("of"), value=bindparam("new"))
_PUT = _insert.on_conflict_do_update(index_elements=["name"], set_={"value": _insert.excluded.value})
_BEGINNING = (
    select(facts.c.name)
    .where(facts.c.name.startswith(bindparam("beginning"), autoescape=False))
    .order_by(facts.c.name)
    .limit(bindparam("most"))
)
_DROP = delete(facts).where(facts.c.name == bindparam("of"))


async def get(reading: Reading, name: str) -> str | None:
    """The value of this fact; None when there is none."""
    return (await reading.execute(_GET, {"of": name})).scalar_one_or_none()


async def beginning(reading: Reading, with_: str, *, most: int) -> list[str]:
    """The names of facts that begin so; no ``%`` or ``_`` is in it."""
    return list((await reading.execute(_BEGINNING, {"beginning": with_, "most": most})).scalars())


async def take(unit: Unit, name: str) -> str | None:
    """The value of this fact, which nobody else may take or change until this unit ends; None when there is none, or
    somebody else has taken it."""
    return (await unit.execute(_TAKE, {"of": name})).scalar_one_or_none()


async def add(unit: Unit, name: str, value: str) -> None:
    """Remember it unless a value is there already: the first one stays."""
    await unit.execute(_ADD, {"of": name, "new": value})


async def put(unit: Unit, name: str, value: str) -> None:
    """Remember it in place of what was there."""
    await unit.execute(_PUT, {"of": name, "new": value})


async def drop(unit: Unit, name: str) -> bool:
    """Forget it; whether it was there."""
    return (await unit.execute(_DROP, {"of": name})).rowcount > 0
