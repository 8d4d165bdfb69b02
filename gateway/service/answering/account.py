"""Signing up and leaving by text, and the three wishes that a forged sender could spoil: they ask for a code back."""

from typing import assert_never

from gateway.domain import reply, reply_people
from gateway.service import echoing, following, joining, proving
from gateway.service.answering import mailbox
from gateway.service.answering.asked import Asked, guessed_too_often, or_post
from gateway.service.echoing import Wrong
from gateway.service.joining import (
    Claimed,
    HeldBy,
    Joined,
    NameTaken,
    NoSuchCode,
    NotAName,
    NotInvited,
    RegistrationClosed,
)
from store import accounts, offers
from store.accounts import AccountRow
from store.offers import OfferRow

RENAME, PUBLIC, DELETE = "name", "public", "delete"
"""The kinds of offer that a code takes up."""


async def join(asked: Asked, name: str, code: str = "") -> str:
    """Sign up from this phone or proven mailbox, or give one that only follows its name; by an invitation if there is a
    ``code``. Wrong codes are counted as those of CLAIM are."""
    if asked.person is not None and asked.person.name is not None:
        return await or_post(asked, reply.already_named(asked.person.name))
    if not asked.by_phone and not asked.told.proven:
        return reply.only_by_phone()
    not_invited = reply.no_such_invitation(asked.operator)
    if code and await guessed_too_often(asked, not_invited):
        return reply.too_many_tries()
    outcome = await joining.join(
        asked.unit, asked.site, asked.address, name, words=asked.told.text, now=asked.now, code=code
    )
    match outcome:
        case Joined() if asked.told.proven:
            return reply.joined_by_mail(asked.site.name, name, f"post@{asked.site.mail_domain}")
        case Joined(_, fresh):
            return reply.joined(asked.site.name, name) if fresh else reply.named(name)
        case NameTaken() | NotAName():
            return _refused(outcome, name)
        case RegistrationClosed():
            return reply.registration_closed(asked.site.registration, asked.operator, asked.site.public_url)
        case NotInvited():
            return not_invited
        case _:
            assert_never(outcome)


async def claim(asked: Asked, code: str) -> str:
    """Join this phone to the account that shows this code on the web. Wrong codes are counted over all that this
    phone was told lately; an empty one is a word that is none, and no guess."""
    if not code:
        return await or_post(asked, reply.what_a_claim_is())
    if not asked.by_phone:
        return reply.only_by_phone()
    refusal = reply.no_such_claim(asked.operator)
    if await guessed_too_often(asked, refusal):
        return reply.too_many_tries()
    outcome = await joining.claim(asked.unit, asked.site, asked.address, code, words=asked.told.text, now=asked.now)
    match outcome:
        case Claimed(_, name):
            return reply.claimed(asked.site.name, name)
        case NoSuchCode():
            return refusal
        case HeldBy(name):
            return reply.sign_out_first(name)
        case _:
            assert_never(outcome)


async def sign_out(asked: Asked) -> str:
    """Detach the phone that asks."""
    if not asked.by_phone:
        return reply.only_by_phone()
    await joining.sign_out(asked.unit, asked.address, now=asked.now)
    if asked.person is None or asked.person.name is None:
        return reply.signed_out_for_good()
    left = await accounts.by_id(asked.unit, asked.person.id)
    elsewhere = left is not None and (left.phone_id is not None or left.mail_id is not None)
    return reply.signed_out(asked.person.name, asked.operator, elsewhere=elsewhere)


async def rename(asked: Asked, me: AccountRow, name: str) -> str:
    """Ask for the echo of a code before the name changes."""
    if name == me.name:
        return reply.already_named(name)
    refusal = await joining.name_refusal(asked.unit, name)
    if isinstance(refusal, NotAName):
        return await or_post(asked, reply.not_a_name())
    if refusal is not None:
        return _refused(refusal, name)
    code = await _await_code(asked, RENAME, name)
    return reply.confirm_rename(name, code) if code else reply.only_from_your_own()


async def go_public(asked: Asked, me: AccountRow) -> str:
    """Ask for the echo of a code before everyone may read."""
    if not me.protected:
        return reply_people.already_public()
    code = await _await_code(asked, PUBLIC, "")
    return reply.confirm_public(code) if code else reply.only_from_your_own()


async def delete_me(asked: Asked, me: AccountRow) -> str:
    """Ask for the echo of a code before everything is deleted."""
    code = await _await_code(asked, DELETE, "")
    return reply.confirm_delete(me.name or "", code) if code else reply.only_from_your_own()


async def take_code(asked: Asked, me: AccountRow | None, code: str) -> str | None:
    """Do what awaited this code; None if nothing awaits one here or did lately, so the number means what it would from
    others: a code that comes late or twice is not for the public."""
    offer = await offers.pending(asked.unit, asked.address.id, now=asked.now)
    if offer is not None and offer.kind == proving.KIND and (answer := await _prove(asked, offer, code)):
        return answer
    if me is None:
        return None
    if offer is None or offer.kind in ("post", proving.KIND):
        lately = await offers.asked_code(asked.unit, me.id, asked.address.id, since=asked.now - offers.REMEMBERED)
        return reply.code_over() if lately else None
    outcome = await echoing.take(asked.unit, asked.site, offer, code, now=asked.now)
    if isinstance(outcome, Wrong):
        return _missed(outcome)
    match offer.kind:
        case "name":
            refusal = await joining.name_refusal(asked.unit, offer.words)
            if refusal is None and await accounts.rename(asked.unit, me.id, offer.words):
                return reply.named(offer.words)
            return _refused(refusal or NameTaken(), offer.words)
        case "public":
            await accounts.set_protected(asked.unit, me.id, False)
            await following.accept_all(asked.unit, me, now=asked.now)
            return reply_people.public()
        case "delete":
            await joining.delete_account(asked.unit, me.id, now=asked.now)
            return reply.deleted()
        case mailbox.KIND:
            return await mailbox.take(asked, me, int(offer.words))
        case other:
            raise AssertionError(f"no code is ever awaited for {other}")


async def _prove(asked: Asked, offer: OfferRow, code: str) -> str | None:
    """What came back from a phone whose number somebody typed elsewhere; None if that somebody is gone."""
    words = asked.told.text
    outcome = await proving.take(asked.unit, asked.site, asked.address, offer, code, words=words, now=asked.now)
    match outcome:
        case None:
            return None
        case Claimed(_, name):
            return reply.claimed(asked.site.name, name)
        case Wrong():
            return _missed(outcome)
        case HeldBy(name):
            return reply.sign_out_first(name)
        case _:
            assert_never(outcome)


async def _await_code(asked: Asked, kind: str, words: str) -> str | None:
    """A new code that the sender must repeat; None if the sender is not certain enough to be asked."""
    if not asked.from_their_own:
        return None
    code = asked.new_code()
    await echoing.ask(asked.unit, asked.site, asked.address.id, kind, words, code, now=asked.now)
    return code


def _missed(wrong: Wrong) -> str:
    return reply.too_many_tries() if wrong.last else reply.wrong_code()


def _refused(refusal: NameTaken | NotAName, name: str) -> str:
    match refusal:
        case NameTaken():
            return reply.name_taken(name)
        case NotAName():
            return reply.not_a_name()
        case _:
            assert_never(refusal)
