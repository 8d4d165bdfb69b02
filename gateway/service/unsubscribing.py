"""Stopping mails by the link or the address that stands in each of them (RFC 2369, RFC 8058).

    look(reading, site, stop)         what the link would stop, before anybody is asked to click
    unsubscribe(unit, site, stop)     it is stopped; what still comes
    stop_all(unit, site, stop)        all mails of the account are

A followed author's mails have a switch of their own, which holds also when that author is followed anew by text
(``gateway.service.refusals``), and so have those for a word, a tag or a group. Anything else has
none: all the account's mails stop. Whoever asks twice changes nothing more. None comes back for links of earlier
releases alone: they name a delivery, and that is no longer kept.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gateway.domain import reply, reply_listening, reply_mail
from gateway.domain.types import EmailMode, Lane, PostKind
from gateway.domain.unsubscribe import AllMail, AuthorsMail, DeliverysMail, KeysMail, Stop, digest_of
from gateway.service import digests, refusals
from gateway.service.site import Site
from store import accounts, addresses, consents, deliveries, follows, listeners, posts
from store.accounts import AccountRow
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class Look:
    """What a link stops, in words, e.g. ``mails of alice's posts``; ``is_all`` when that is all there is."""

    what: str
    is_all: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What was stopped, and what still comes, in a sentence each; ``is_all`` when nothing does."""

    words: str
    left: str
    is_all: bool


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose mails, and which: of one author, for one key (empty: it is not listened to any more), or all of them."""

    account: AccountRow
    author_id: int | None = None
    key: str | None = None

    @property
    def is_all(self) -> bool:
        return self.author_id is None and self.key is None


async def account_of(reading: Reading, stop: Stop) -> int | None:
    """Whose mails a link stops; None when nobody knows any more."""
    match stop:
        case AllMail(account_id) | AuthorsMail(account_id, _) | KeysMail(account_id, _):
            return account_id
        case DeliverysMail(delivery_id):
            delivery = await deliveries.by_id(reading, delivery_id)
            return None if delivery is None else delivery.account_id
        case _:
            assert_never(stop)


async def look(reading: Reading, site: Site, stop: Stop) -> Look | None:
    """What the link stops; nothing is stopped yet."""
    subject = await _subject(reading, site, stop)
    if subject is None:
        return None
    if subject.author_id is not None:
        return Look(reply_mail.mails_of(await _name(reading, subject.author_id)), is_all=False)
    if subject.key is not None:
        return Look(reply_mail.mails_for(subject.key) if subject.key else reply_mail.mails_for_that(), is_all=False)
    return Look(reply_mail.all_mails(), is_all=True)


async def unsubscribe(unit: Unit, site: Site, stop: Stop, *, now: datetime) -> Done | None:
    """Stop what the link stops."""
    subject = await _subject(unit, site, stop)
    if subject is None:
        return None
    account = subject.account
    if account.deleted_at is not None:
        return Done(reply_mail.account_is_gone(), "", is_all=True)
    if subject.author_id is not None:
        await refusals.refuse(unit, account.id, subject.author_id, now=now)
        words = reply.unsubscribed(await _name(unit, subject.author_id))
    elif subject.key is not None:
        await listeners.stop_mail(unit, subject.key, account.id)
        words = reply_listening.unsubscribed_from(subject.key) if subject.key else reply_mail.nothing_more_for_that()
    else:
        return await _all(unit, account, now)
    if account.email_mode == EmailMode.OFF:
        return Done(words, reply_mail.nothing_left(), is_all=True)
    people, keys = await follows.count_by_mail(unit, account.id), await listeners.count_by_mail(unit, account.id)
    return Done(words, reply_mail.left(people, keys), is_all=False)


async def stop_all(unit: Unit, site: Site, stop: Stop, *, now: datetime) -> Done | None:
    """Stop all mails of the account that the link belongs to."""
    subject = await _subject(unit, site, stop)
    if subject is None:
        return None
    if subject.account.deleted_at is not None:
        return Done(reply_mail.account_is_gone(), "", is_all=True)
    return await _all(unit, subject.account, now)


async def _all(unit: Unit, account: AccountRow, now: datetime) -> Done:
    if account.email_mode != EmailMode.OFF:
        await digests.turn_off(unit, account.id, now=now)
        box = None if account.mail_id is None else await addresses.by_id(unit, account.mail_id)
        if box is not None:
            await consents.add(unit, box.address, action="refused", how=refusals.HOW, words="", now=now)
    return Done(reply.mail_off(), reply_mail.nothing_left(), is_all=True)


async def _subject(reading: Reading, site: Site, stop: Stop) -> _Subject | None:
    match stop:
        case AllMail(account_id):
            author_id = key = None
        case AuthorsMail(account_id, author_id):
            key = None
        case KeysMail(account_id, digest):
            author_id = None
            listened_to = await listeners.of_account(reading, account_id)
            key = next((each for each in listened_to if digest_of(site.key, each) == digest), "")
        case DeliverysMail(delivery_id):
            return await _of_delivery(reading, delivery_id)
        case _:
            assert_never(stop)
    account = await accounts.by_id(reading, account_id)
    return None if account is None else _Subject(account, author_id, key)


async def _of_delivery(reading: Reading, delivery_id: int) -> _Subject | None:
    delivery = await deliveries.by_id(reading, delivery_id)
    if delivery is None or delivery.account_id is None:
        return None
    account = await accounts.by_id(reading, delivery.account_id)
    if account is None:
        return None
    if delivery.via is not None:
        return _Subject(account, key=delivery.via)
    post = None if delivery.post_id is None else await posts.by_id(reading, delivery.post_id)
    if post is not None and post.kind != PostKind.DIRECT and delivery.lane >= Lane.FIRST:
        return _Subject(account, author_id=post.author_id)
    return _Subject(account)


async def _name(reading: Reading, account_id: int) -> str:
    account = await accounts.by_id(reading, account_id)
    return (account and account.name) or ""
