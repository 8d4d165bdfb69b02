"""What a member does about somebody on the site: follow and leave, mute, block, report, write in private, and how
that person's posts come. Whoever blocks the member is nobody to them; they can still be blocked and reported.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gateway.domain.text import normalise
from gateway.domain.types import Source
from gateway.service import following, posting, refusals, reporting
from gateway.service.following import Asked, Follows, Oneself, TooMany, YouBlock
from gateway.service.posting import Outcome
from gateway.service.site import Site
from store import accounts, follows, people, relations, reports
from store.accounts import AccountRow
from store.unit import Reading, Unit

LONGEST_REPORT = 1_000
"""Characters that a report may have, counted as those of posts are."""

ACTS = frozenset(
    ["follow", "leave", "mute", "unmute", "block", "unblock", "texts", "notexts", "mail", "nomail", "lose"]
)
"""What :func:`act` can do."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody of that name, for this member."""


@dataclass(frozen=True, slots=True)
class Done:
    """So it is now."""


@dataclass(frozen=True, slots=True)
class NoPhone:
    """Texts need a phone that has said it wants them."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """A direct message goes only to somebody who follows the writer."""


@dataclass(frozen=True, slots=True)
class ReportedOften:
    """Nobody was told: the member has made all reports of a day, and may make one ``again_at`` this moment."""

    again_at: datetime


@dataclass(frozen=True, slots=True)
class ReportTooLong:
    """Nobody was told: the words are ``over`` characters too long."""

    over: int


Result = Done | Nobody | Asked | Oneself | YouBlock | TooMany | NoPhone


async def act(unit: Unit, site: Site, me: AccountRow, name: str, what: str, *, now: datetime) -> Result:
    """Do one of ACTS to whoever bears this name."""
    hidden = what in {"block", "unblock", "unmute"}
    other = await (accounts.by_name(unit, name) if hidden else following.find(unit, name, asker_id=me.id))
    if other is None or other.name is None:
        return Nobody()
    if other.id == me.id:
        return Oneself()
    match what:
        case "follow":
            return _said(await following.follow(unit, site, me, other, mail="web", now=now))
        case "leave":
            await following.leave(unit, me.id, other.id, now=now)
        case "lose":
            await following.lose(unit, me.id, other.id, now=now)
        case "mute":
            await following.mute(unit, me.id, other.id, now=now)
        case "unmute":
            await relations.unmute(unit, me.id, other.id)
        case "block":
            await following.block(unit, me.id, other.id, now=now)
        case "unblock":
            await relations.unblock(unit, me.id, other.id)
        case "texts":
            if me.phone_id is None or not me.texts_on:
                return NoPhone()
            await relations.unmute(unit, me.id, other.id)
            await follows.set_texts(unit, other.id, me.id, True)
        case "notexts":
            await follows.set_texts(unit, other.id, me.id, False)
        case "mail":
            await refusals.lift(unit, me.id, other.id, how="web", now=now)
        case "nomail":
            await follows.set_mail(unit, other.id, me.id, False)
        case _:
            raise ValueError(what)
    return Done()


def _said(outcome: Follows | Asked | Oneself | YouBlock | TooMany) -> Result:
    match outcome:
        case Follows():
            return Done()
        case Asked() | Oneself() | YouBlock() | TooMany():
            return outcome
        case _:
            assert_never(outcome)


async def answer_request(unit: Unit, site: Site, me: AccountRow, name: str, *, grant: bool, now: datetime) -> bool:
    """Let somebody who asked follow, or not; False when nobody of that name asks."""
    other = await accounts.by_name(unit, name)
    if other is None:
        return False
    if grant:
        return await following.accept(unit, site, me, other.id, now=now)
    return await follows.deny(unit, me.id, other.id)


async def report(
    unit: Unit, site: Site, me: AccountRow, name: str, words: str, *, post_id: int | None = None, now: datetime
) -> Done | Nobody | ReportedOften | ReportTooLong:
    """Tell the operator about somebody: about a post of theirs that the member sees, else about their newest."""
    words = normalise(words)
    other = await accounts.by_name(unit, name)
    if other is None or other.id == me.id:
        return Nobody()
    if len(words) > LONGEST_REPORT:
        return ReportTooLong(len(words) - LONGEST_REPORT)
    if again_at := await reporting.again_at(unit, site, me.id, now=now):
        return ReportedOften(again_at)
    meant = await reporting.post_meant(unit, me.id, other.id, named=post_id)
    await reports.add(unit, me.id, other.id, words, post_id=meant, now=now)
    return Done()


async def write_to(
    unit: Unit, site: Site, me: AccountRow, name: str, text: str, *, now: datetime
) -> Outcome | Nobody | NotAllowed:
    """Write to one person who follows the member."""
    other = await following.find(unit, name, asker_id=me.id)
    if other is None or other.id == me.id:
        return Nobody()
    between = await people.between(unit, me.id, other.id)
    if not between.followed or between.blocks:
        return NotAllowed()
    return await posting.direct(unit, site, me.id, other.id, text, source=Source.WEB, now=now)


async def reachable(reading: Reading, me: AccountRow, name: str) -> AccountRow | None:
    """Who bears this name, as far as the member may know; oneself is nobody to write to."""
    other = await following.find(reading, name, asker_id=me.id)
    return None if other is None or other.id == me.id or other.deleted_at is not None else other
