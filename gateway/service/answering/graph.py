"""Following, being followed, and peace from each other; and what of it comes by text or mail."""

from typing import assert_never

from gateway.domain import reply, reply_people
from gateway.domain.reply_form import sentences
from gateway.service import following, joining, refusals
from gateway.service.answering.asked import Asked, nobody
from gateway.service.following import Asked as AskedToFollow
from gateway.service.following import Follows, Oneself, TooMany, YouBlock
from store import accounts, addresses, deliveries, follows, relations
from store.accounts import AccountRow


async def follow(asked: Asked, me: AccountRow, name: str) -> str:
    """Follow, with texts when the wish came from a phone and with mails when it came by mail."""
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    if me.name is None and other.protected:
        return reply_people.protected_join_first(name, asked.sign_up_with)
    outcome = await following.follow(
        asked.unit,
        asked.site,
        me,
        other,
        texts=asked.by_phone,
        mail="" if asked.by_phone else str(asked.told.channel),
        now=asked.now,
    )
    match outcome:
        case Follows(again=True, unmuted=True):
            return reply_people.no_longer_muted(name)
        case Follows(again=True, texts=True):
            return reply.texts_of(name, on=True)
        case Follows(again=True, mails=True):
            return reply.mails_again(name)
        case Follows(again=True):
            return reply_people.already_following(name)
        case Follows():
            return reply_people.following(name, texts=asked.by_phone and me.texts_on)
        case AskedToFollow(again=True):
            return reply_people.already_requested(name)
        case AskedToFollow():
            return reply_people.requested(name)
        case Oneself():
            return reply_people.not_oneself()
        case YouBlock():
            return reply_people.you_block(name)
        case TooMany(limit):
            return reply_people.too_many_follows(limit)
        case _:
            assert_never(outcome)


async def follow_unknown(asked: Asked, name: str) -> str:
    """An unknown phone may follow a public account: it gets an account that only follows."""
    other = await following.find(asked.unit, name, asker_id=None)
    if asked.site.private and asked.site.registration == "open":
        return reply.join_first(asked.site.name, asked.sign_up_with)
    if asked.site.private:
        return reply.registration_closed(asked.site.registration, asked.operator, asked.site.public_url)
    if other is None:
        return reply_people.nobody(name)
    if other.protected:
        return reply_people.protected_join_first(name, asked.sign_up_with)
    account_id = await joining.join_to_follow(asked.unit, asked.address, words=asked.told.text, now=asked.now)
    me = await accounts.by_id(asked.unit, account_id)
    assert me is not None
    await following.follow(asked.unit, asked.site, me, other, texts=True, now=asked.now)
    return reply.joined_by_following(asked.site.name, name, can_join=not asked.sign_up_with)


async def leave(asked: Asked, me: AccountRow, name: str) -> str:
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    ended = await following.leave(asked.unit, me.id, other.id, now=asked.now)
    return reply_people.left(name) if ended else reply_people.not_following(name)


async def accept(asked: Asked, me: AccountRow, name: str | None) -> str:
    """Let one person, or (None) all who asked, follow."""
    if name is None:
        return reply_people.accepted_all(await following.accept_all(asked.unit, asked.site, me, now=asked.now))
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    granted = await following.accept(asked.unit, asked.site, me, other.id, now=asked.now)
    return reply_people.accepted(name) if granted else reply_people.no_request(name)


async def deny(asked: Asked, me: AccountRow, name: str | None) -> str:
    """Refuse one person, or (None) all who asked; they are not told."""
    if name is None:
        return reply_people.denied_all(await follows.deny_all(asked.unit, me.id))
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    refused = await follows.deny(asked.unit, me.id, other.id)
    return reply_people.denied(name) if refused else reply_people.no_request(name)


async def lose(asked: Asked, me: AccountRow, name: str) -> str:
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    ended = await following.lose(asked.unit, me.id, other.id, now=asked.now)
    return reply_people.lost(name) if ended else reply_people.does_not_follow(name)


async def block(asked: Asked, me: AccountRow, name: str) -> str:
    """Anybody may be blocked, also somebody who blocks back."""
    other = await accounts.by_name(asked.unit, name)
    if other is None:
        return await nobody(asked, name)
    if other.id == me.id:
        return reply_people.not_oneself()
    await following.block(asked.unit, me.id, other.id, now=asked.now)
    return reply_people.blocked(name)


async def unblock(asked: Asked, me: AccountRow, name: str) -> str:
    other = await accounts.by_name(asked.unit, name)
    if other is None:
        return await nobody(asked, name)
    lifted = await relations.unblock(asked.unit, me.id, other.id)
    return reply_people.unblocked(name) if lifted else reply_people.not_blocked(name)


async def unmute(asked: Asked, me: AccountRow, name: str) -> str:
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    lifted = await relations.unmute(asked.unit, me.id, other.id)
    return reply_people.unmuted(name) if lifted else reply_people.not_muted(name)


async def mute(asked: Asked, me: AccountRow, name: str) -> str:
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    if other.id == me.id:
        return reply_people.not_oneself()
    await following.mute(asked.unit, me.id, other.id, now=asked.now)
    return reply_people.muted(name)


async def protect(asked: Asked, me: AccountRow) -> str:
    """From now on only accepted followers read; those who follow already stay."""
    if me.protected:
        return reply_people.already_protected()
    await accounts.set_protected(asked.unit, me.id, True)
    return reply_people.protected()


async def texts_on(asked: Asked, me: AccountRow) -> str:
    await accounts.set_texts_on(asked.unit, me.id, True)
    await addresses.refresh(asked.unit, me.id)
    return reply.no_phone(asked.operator) if me.phone_id is None else reply.texts_on()


async def texts_off(asked: Asked, me: AccountRow) -> str:
    """No posts by text until ON; what is queued is dropped, answers still come."""
    await accounts.set_texts_on(asked.unit, me.id, False)
    await addresses.refresh(asked.unit, me.id)
    await deliveries.drop_texts_but_answers(asked.unit, me.id, "texts are off", now=asked.now)
    return reply.texts_off()


async def texts_of(asked: Asked, me: AccountRow, name: str, *, on: bool) -> str:
    """Whether one followed person's posts come by text; ON lifts a mute too. By mail ON is also heard as a word on that
    person's mails, and from who has no phone both are about mails alone."""
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name)
    if on:
        await relations.unmute(asked.unit, me.id, other.id)
    if await follows.edge(asked.unit, other.id, me.id) is None:
        return reply_people.not_following(name)
    lifted = on and not asked.by_phone and await _mails_again(asked, me, other)
    if not asked.by_phone and me.phone_id is None:
        return await _mails_of(asked, me, other, name, on=on)
    await follows.set_texts(asked.unit, other.id, me.id, on)
    words = reply.texts_of(name, on=on)
    return sentences(words, reply.mails_again(name)) if lifted and following.gets_mail(me) else words


async def _mails_again(asked: Asked, me: AccountRow, other: AccountRow) -> bool:
    return await refusals.lift(asked.unit, me.id, other.id, how=str(asked.told.channel), now=asked.now)


async def _mails_of(asked: Asked, me: AccountRow, other: AccountRow, name: str, *, on: bool) -> str:
    if not on:
        await follows.set_mail(asked.unit, other.id, me.id, False)
        return reply.unsubscribed(name)
    return reply.mails_again(name) if following.gets_mail(me) else reply.mail_off()
