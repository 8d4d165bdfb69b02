"""Listening for what is said, whoever says it: words, tags, and groups.

A key is what one listens to: a folded word (``wifi``), a tag (``#lunch``), a group that one belongs to (``!team``).
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.service.site import Site
from store import groups, listeners
from store.accounts import AccountRow
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Listens:
    """The account listens; ``again`` when it did before, ``founded`` when the group began with it."""

    again: bool = False
    founded: bool = False


@dataclass(frozen=True, slots=True)
class TooMany:
    """The account listens to as many things of this kind as it may."""

    limit: int


@dataclass(frozen=True, slots=True)
class NoSuchGroup:
    """There is no such group, and not everybody may found one here."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """What an account listens to, each sorted and without its first sign."""

    groups: tuple[str, ...]
    tags: tuple[str, ...]
    words: tuple[str, ...]


async def listen(
    unit: Unit, site: Site, me: AccountRow, key: str, *, texts: bool, mail: bool, now: datetime
) -> Listens | TooMany:
    """Let what has this word or ``#tag`` come to the account. Texts come when the wish came by text, mails when it came
    by mail; both when there were both."""
    known = await listeners.of_account(unit, me.id)
    again = key in known
    limit = site.limits.tracks
    if not again and sum(not each.startswith("!") for each in known) >= limit:
        return TooMany(limit)
    await listeners.put(unit, key, me.id, texts=texts, mail=mail, now=now)
    return Listens(again)


async def join_group(
    unit: Unit, site: Site, me: AccountRow, group: str, *, texts: bool, mail: bool, now: datetime
) -> Listens | TooMany | NoSuchGroup:
    """Belong to a group; who is the first to name it founds it, where the site lets people do so."""
    there = await groups.there_is(unit, group)
    if not there and not site.new_groups:
        return NoSuchGroup()
    known = await tracked(unit, me.id)
    again = group in known.groups
    if not again and len(known.groups) >= site.limits.groups:
        return TooMany(site.limits.groups)
    founded = not there and await groups.add(unit, group, founder_id=me.id, now=now)
    await listeners.put(unit, f"!{group}", me.id, texts=texts, mail=mail, now=now)
    return Listens(again, founded)


async def end(unit: Unit, account_id: int, key: str) -> bool:
    """Listen to this no longer; False if the account did not. What is queued for it is not sent: the rule is asked
    again before sending."""
    return await listeners.remove(unit, key, account_id)


async def end_words(unit: Unit, account_id: int) -> int:
    """Track no words and tags any more; how many they were. The groups stay."""
    return await listeners.remove_words(unit, account_id)


async def tracked(reading: Reading, account_id: int) -> Tracked:
    """All that the account listens to."""
    keys = await listeners.of_account(reading, account_id)

    def of(sign: str) -> tuple[str, ...]:
        return tuple(key[1:] for key in keys if key.startswith(sign))

    return Tracked(of("!"), of("#"), tuple(key for key in keys if not key.startswith(("!", "#"))))
