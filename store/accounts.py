"""The people: accounts by id and by name, how they come, change and go, and what they count.

A name is free again the moment its account is deleted: the row keeps its id and loses its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from store.schema import (
    accounts,
    favourites,
    follows,
    poll_votes,
    polls,
    post_cuts,
    post_mentions,
    post_tags,
    posts,
    schedules,
)
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One row of ``accounts``; its columns are told there."""

    id: int
    name: str | None
    bio: str
    protected: bool
    admin: bool
    texts_on: bool
    email_mode: str
    overflow: str | None
    time_zone: str | None
    language: str | None
    phone_id: int | None
    mail_id: int | None
    sms_route: int | None
    post_version: int
    feed_version: int
    pin_hash: str
    created_at: datetime
    suspended_at: datetime | None
    deleted_at: datetime | None
    quiet_hours: str | None
    sleeps_at: datetime | None
    wakes_at: datetime | None
    reply_version: int
    checks_sender: bool
    digest_hour: int | None
    digest_at: datetime | None
    password_hash: str = ""
    email_before: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What WHOIS and STATS say: posts that stand, accepted followers, accepted followings."""

    posts: int
    followers: int
    following: int


@dataclass(frozen=True, slots=True)
class Person:
    """An account in a list: its id and its name (empty on one that only follows)."""

    id: int
    name: str


_BY_ID = select(accounts).where(accounts.c.id == bindparam("id"))
_BY_NAME = select(accounts).where(accounts.c.name == bindparam("name"))
_BY_NAMES = select(accounts).where(accounts.c.name.in_(bindparam("names", expanding=True)))
_PAGE = (
    select(accounts)
    .where(accounts.c.id > bindparam("after"), accounts.c.deleted_at.is_(None))
    .order_by(accounts.c.id)
    .limit(bindparam("most"))
)
_CREATE = insert(accounts).on_conflict_do_nothing(index_elements=["name"]).returning(accounts.c.id)
_COUNTS = select(
    select(func.count())
    .where(posts.c.author_id == bindparam("id"), posts.c.kind == "post", posts.c.deleted_at.is_(None))
    .scalar_subquery(),
    select(func.count())
    .where(follows.c.followee_id == bindparam("id"), follows.c.state == "accepted")
    .scalar_subquery(),
    select(func.count())
    .where(follows.c.follower_id == bindparam("id"), follows.c.state == "accepted")
    .scalar_subquery(),
)


def _set(*columns: str) -> Any:
    return (
        update(accounts)
        .where(accounts.c.id == bindparam("account"))
        .values({column: bindparam(f"new_{column}") for column in columns})
    )


_RENAME = (
    update(accounts)
    .where(
        accounts.c.id == bindparam("account"),
        ~exists().where(accounts.alias("other").c.name == bindparam("new_name")),
    )
    .values(name=bindparam("new_name"))
)
_SET_PROTECTED = _set("protected")
_SET_TEXTS_ON = _set("texts_on")
_SET_SUSPENDED = _set("suspended_at")
_SET_PIN = _set("pin_hash")
_SET_ADMIN = _set("admin")
_SET_CHECKS_SENDER = _set("checks_sender")
_RENEW_POSTING = (
    update(accounts).where(accounts.c.id == bindparam("account")).values(post_version=accounts.c.post_version + 1)
)
_RENEW_REPLIES = (
    update(accounts).where(accounts.c.id == bindparam("account")).values(reply_version=accounts.c.reply_version + 1)
)
_SET_PROFILE = _set("bio", "language", "time_zone", "overflow")
_RENEW_FEED = (
    update(accounts).where(accounts.c.id == bindparam("account")).values(feed_version=accounts.c.feed_version + 1)
)
_SET_PASSWORD = _set("password_hash")
_DELETE = (
    update(accounts)
    .where(accounts.c.id == bindparam("account"), accounts.c.deleted_at.is_(None))
    .values(
        name=None,
        bio="",
        admin=False,
        overflow=None,
        time_zone=None,
        language=None,
        checks_sender=False,
        digest_hour=None,
        digest_at=None,
        email_before=None,
        quiet_hours=None,
        sleeps_at=None,
        wakes_at=None,
        pin_hash="",
        password_hash="",
        deleted_at=bindparam("now"),
    )
)
_ITS_WORDS = or_(
    posts.c.author_id == bindparam("account"),
    and_(posts.c.to_account_id == bindparam("account"), posts.c.kind == "direct"),
)
_WIPE_POSTS = (
    update(posts)
    .where(_ITS_WORDS, posts.c.deleted_at.is_(None))
    .values(text="", full_text=None, words="", group_name=None, deleted_at=bindparam("now"))
)
_OWN_POSTS = select(posts.c.id).where(posts.c.author_id == bindparam("account"))
_DROP_TRACES = (
    delete(post_tags).where(post_tags.c.post_id.in_(_OWN_POSTS)),
    delete(post_mentions).where(post_mentions.c.post_id.in_(_OWN_POSTS)),
    delete(poll_votes).where(poll_votes.c.post_id.in_(_OWN_POSTS)),
    update(polls).where(polls.c.post_id.in_(_OWN_POSTS)).values(question="", options="", told=None),
    delete(post_cuts).where(post_cuts.c.post_id.in_(select(posts.c.id).where(_ITS_WORDS))),
    delete(post_mentions).where(post_mentions.c.account_id == bindparam("account")),
    delete(favourites).where(favourites.c.account_id == bindparam("account")),
)
_DROP_SCHEDULES = delete(schedules).where(schedules.c.account_id == bindparam("account"))


async def by_id(reading: Reading, account_id: int) -> AccountRow | None:
    """The account with this id, deleted ones too; None if there never was one."""
    row = (await reading.execute(_BY_ID, {"id": account_id})).one_or_none()
    return None if row is None else AccountRow(**row._mapping)


async def by_name(reading: Reading, name: str) -> AccountRow | None:
    """Who bears this name, typed in any case; None if nobody does. A deleted account has no name."""
    row = (await reading.execute(_BY_NAME, {"name": name.lower()})).one_or_none()
    return None if row is None else AccountRow(**row._mapping)


async def by_names(reading: Reading, names: Sequence[str]) -> list[AccountRow]:
    """Those of these lower-case names that somebody bears, in no order."""
    if not names:
        return []
    return [AccountRow(**row._mapping) for row in await reading.execute(_BY_NAMES, {"names": list(names)})]


async def page(reading: Reading, *, after: int = 0, most: int = 100) -> list[AccountRow]:
    """The accounts that are not deleted, by id, from the one after ``after``."""
    return [AccountRow(**row._mapping) for row in await reading.execute(_PAGE, {"after": after, "most": most})]


async def create(
    unit: Unit, name: str | None, *, now: datetime, protected: bool = False, language: str | None = None
) -> int | None:
    """A new account's id; None if the name (lower-case) is taken. Without a name it is one that only follows."""
    values = {"name": name, "protected": protected, "language": language, "created_at": now}
    new_id: int | None = (await unit.execute(_CREATE, values)).scalar_one_or_none()
    return new_id


async def rename(unit: Unit, account_id: int, name: str) -> bool:
    """Give the account this lower-case name; False if somebody bears it."""
    return (await unit.execute(_RENAME, {"account": account_id, "new_name": name})).rowcount == 1


async def set_protected(unit: Unit, account_id: int, protected: bool) -> None:
    """Whether following this account must be asked for."""
    await unit.execute(_SET_PROTECTED, {"account": account_id, "new_protected": protected})
    unit.ring()


async def set_texts_on(unit: Unit, account_id: int, texts_on: bool) -> None:
    """Whether posts come by SMS at all; ``store.addresses.refresh`` must follow."""
    await unit.execute(_SET_TEXTS_ON, {"account": account_id, "new_texts_on": texts_on})


async def set_suspended(unit: Unit, account_id: int, since: datetime | None) -> None:
    """Suspend the account from now on, or (None) restore it."""
    await unit.execute(_SET_SUSPENDED, {"account": account_id, "new_suspended_at": since})
    unit.ring()


async def set_pin(unit: Unit, account_id: int, pin_hash: str) -> None:
    """The digest of the PIN that texts must begin with; empty for none."""
    await unit.execute(_SET_PIN, {"account": account_id, "new_pin_hash": pin_hash})


async def set_admin(unit: Unit, account_id: int, admin: bool) -> None:
    """Whether this account runs the instance."""
    await unit.execute(_SET_ADMIN, {"account": account_id, "new_admin": admin})


async def set_checks_sender(unit: Unit, account_id: int, checks: bool) -> None:
    """Whether the secret posting address takes mail only from the account's own mailboxes."""
    await unit.execute(_SET_CHECKS_SENDER, {"account": account_id, "new_checks_sender": checks})


async def renew_posting(unit: Unit, account_id: int) -> None:
    """The secret posting addresses made so far open nothing from now on."""
    await unit.execute(_RENEW_POSTING, {"account": account_id})


async def renew_replies(unit: Unit, account_id: int) -> None:
    """The addresses that answer what was delivered so far open nothing from now on."""
    await unit.execute(_RENEW_REPLIES, {"account": account_id})


async def set_profile(
    unit: Unit, account_id: int, *, bio: str, language: str | None, time_zone: str | None, overflow: str | None
) -> None:
    """What the account says of itself, and how it wants things; None is as the site has it."""
    values = {"new_bio": bio, "new_language": language, "new_time_zone": time_zone, "new_overflow": overflow}
    await unit.execute(_SET_PROFILE, {"account": account_id, **values})
    unit.ring()


async def renew_feed(unit: Unit, account_id: int) -> None:
    """The secret feed address that was handed out before is void."""
    await unit.execute(_RENEW_FEED, {"account": account_id})


async def set_password(unit: Unit, account_id: int, password_hash: str) -> None:
    """The password of the site, as argon2 writes it; empty for none."""
    await unit.execute(_SET_PASSWORD, {"account": account_id, "new_password_hash": password_hash})


async def mark_deleted(unit: Unit, account_id: int, now: datetime) -> bool:
    """Take the name and all that it said and chose away and mark the row; False if it was deleted before."""
    return (await unit.execute(_DELETE, {"account": account_id, "now": now})).rowcount == 1


async def wipe_posts(unit: Unit, account_id: int, now: datetime) -> None:
    """Wipe every post and poll it wrote and every direct message it got; drop its tags, mentions and favourites."""
    await unit.execute(_WIPE_POSTS, {"account": account_id, "now": now})
    for statement in _DROP_TRACES:
        await unit.execute(statement, {"account": account_id})
    unit.ring()


async def drop_schedules(unit: Unit, account_id: int) -> None:
    """Cancel every post that was to go out by itself."""
    await unit.execute(_DROP_SCHEDULES, {"account": account_id})


async def counts(reading: Reading, account_id: int) -> Counts:
    """How many posts, followers and followings the account has."""
    written, followers, following = (await reading.execute(_COUNTS, {"id": account_id})).one()
    return Counts(written, followers, following)
