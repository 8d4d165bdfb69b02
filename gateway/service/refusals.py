"""Mails of one author that somebody refused by the link in one of them: that outlives the following.

The switch on the edge goes with the edge, so LEAVE and FOLLOW would bring the mails back. What was refused therefore
stands in the ledger of consent, by mailbox, and holds until its owner asks for that author's posts by mail or on the
site. A FOLLOW by text asks for texts.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.types import Channel
from store import accounts, addresses, consents, follows
from store.unit import Reading, Unit

HOW = "unsubscribe"
"""The door that a link to unsubscribe is, in the ledger."""


async def refuse(unit: Unit, account_id: int, author_id: int, *, now: datetime) -> None:
    """No more mails of this author's posts, followed or not."""
    await follows.set_mail(unit, author_id, account_id, False)
    if not await stands(unit, account_id, author_id):
        await _enter(unit, account_id, author_id, "refused", HOW, now)


async def lift(unit: Unit, account_id: int, author_id: int, *, how: str, now: datetime) -> bool:
    """Whoever is followed comes by mail as the account says; whether that was refused before. ``how`` is the door."""
    edge = await follows.edge(unit, author_id, account_id)
    switched_off = edge is not None and edge.mail is False
    if switched_off:
        await follows.set_mail(unit, author_id, account_id, None)
    if await stands(unit, account_id, author_id):
        await _enter(unit, account_id, author_id, "given", how, now)
    return switched_off


async def keep(unit: Unit, account_id: int, author_ids: Sequence[int]) -> None:
    """The account has come to follow these authors in a way that says nothing of mail: what it refused stays so."""
    for _, author_id in await among(unit, [(account_id, each) for each in author_ids]):
        edge = await follows.edge(unit, author_id, account_id)
        if edge is not None and edge.mail is None:
            await follows.set_mail(unit, author_id, account_id, False)


async def stands(reading: Reading, account_id: int, author_id: int) -> bool:
    """Whether the last word on these mails was no."""
    return bool(await among(reading, [(account_id, author_id)]))


async def among(reading: Reading, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of pairs of an account and an author those for which it was."""
    refused = await consents.refused(reading, [(account_id, _words(author_id)) for account_id, author_id in pairs])
    return {pairs[place] for place in refused}


async def _enter(unit: Unit, account_id: int, author_id: int, action: str, how: str, now: datetime) -> None:
    account = await accounts.by_id(unit, account_id)
    in_use = None if account is None else account.mail_id
    boxes = [each for each in await addresses.of_account(unit, account_id) if each.channel == Channel.EMAIL]
    boxes.sort(key=lambda each: each.id != in_use)
    for box in boxes[:1]:
        await consents.add(unit, box.address, action=action, how=how, words=_words(author_id), now=now)


def _words(author_id: int) -> str:
    """What stands in the ledger: a number, for names change."""
    return f"mails of account {author_id}"
