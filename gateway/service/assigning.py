"""Whom everybody new follows from the start: a company's role models, the teacher of a class. It is applied once, when
an account comes to be, and whoever does not want it leaves."""

from datetime import datetime

from gateway.service import auditing
from gateway.service.auditing import Act, Actor
from store import default_follows
from store.accounts import AccountRow
from store.unit import Unit


async def add(unit: Unit, actor: Actor, account: AccountRow, *, texts: bool, mail: bool | None, now: datetime) -> None:
    """From now on everybody new follows this member; ``texts`` and ``mail`` as for any follow."""
    await default_follows.put(unit, account.id, texts=texts, mail=mail, now=now)
    words = "by text, too" if texts else ""
    await auditing.note(unit, actor, Act.DEFAULT_ADD, account, words=words, now=now)


async def remove(unit: Unit, actor: Actor, account: AccountRow, *, now: datetime) -> bool:
    """Nobody new follows this member by itself any more; False when that was so."""
    if not await default_follows.remove(unit, account.id):
        return False
    await auditing.note(unit, actor, Act.DEFAULT_REMOVE, account, now=now)
    return True
