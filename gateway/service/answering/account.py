"""Signing up and leaving by text, and the three wishes that a forged sender could spoil: they ask for a code back."""

from datetime import timedelta
from typing import assert_never

from gateway.domain import proof, reply, reply_people
from gateway.service import following, joining, proving
from gateway.service.answering import mailbox
from gateway.service.answering.asked import Asked
from gateway.service.joining import Claimed, HeldBy, Joined, NameTaken, NoSuchCode, NotAName, RegistrationClosed
from store import accounts, offers, recall
from store.accounts import AccountRow
from store.offers import OfferRow

RENAME, PUBLIC, DELETE = "name", "public", "delete"
"""The kinds of offer that a code takes up."""


async def join(asked: Asked, name: str) -> str:
    """Sign up from this phone, or give a phone that only follows its name."""
    if asked.person is not None and asked.person.name is not None:
        return reply.already_named(asked.person.name)
    if not asked.by_phone:
        return reply.only_by_phone()
    outcome = await joining.join(asked.unit, asked.site, asked.address, name, words=asked.told.text, now=asked.now)
    match outcome:
        case Joined(_, fresh):
            return reply.joined(asked.site.name, name) if fresh else reply.named(name)
        case NameTaken() | NotAName():
            return _refused(outcome, name)
        case RegistrationClosed():
            return reply.registration_closed(asked.site.registration, asked.operator)
        case _:
            assert_never(outcome)


async def claim(asked: Asked, code: str) -> str:
    """Join this phone to the account that shows this code on the web. Wrong codes are counted over all that this
    phone was told lately."""
    if not asked.by_phone:
        return reply.only_by_phone()
    limits = asked.site.limits
    since = asked.now - timedelta(minutes=limits.code_minutes)
    refusal = reply.no_such_claim(asked.operator)
    missed = await recall.told_since(asked.unit, asked.address.address, refusal, since)
    if missed >= limits.code_tries:
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


async def prove(asked: Asked, code: str) -> str | None:
    """A number from a phone that was asked for a code, because somebody typed its number elsewhere; None if it was
    not, so the number means something else."""
    if not asked.by_phone:
        return None
    outcome = await proving.take(asked.unit, asked.site, asked.address, code, words=asked.told.text, now=asked.now)
    match outcome:
        case None:
            return None
        case Claimed(_, name):
            return reply.claimed(asked.site.name, name)
        case NoSuchCode():
            still = await offers.pending(asked.unit, asked.address.id, now=asked.now)
            return reply.too_many_tries() if still is None else reply.wrong_code()
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


async def take_code(asked: Asked, me: AccountRow, code: str) -> str | None:
    """Do what awaited this code; None if nothing awaits one or did lately, so the number is a post like others: a
    code that comes late or twice is not for the public."""
    offer = await offers.pending(asked.unit, asked.address.id, now=asked.now)
    if offer is None or offer.kind in ("post", proving.KIND):
        lately = await offers.asked_code(asked.unit, me.id, asked.address.id, since=asked.now - offers.REMEMBERED)
        return reply.code_over() if lately else None
    if not proof.same(offer.code_hash, asked.site.key, _purpose(offer.kind, offer.address_id), code):
        return await _miss(asked, offer)
    await offers.close(asked.unit, asked.address.id, now=asked.now)
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


async def _await_code(asked: Asked, kind: str, words: str) -> str | None:
    """A new code that the sender must repeat; None if the sender is not certain enough to be asked."""
    if not asked.from_their_own:
        return None
    code = asked.new_code()
    await offers.ask(
        asked.unit,
        asked.address.id,
        kind,
        words,
        code_hash=proof.digest(asked.site.key, _purpose(kind, asked.address.id), code),
        expires_at=asked.now + timedelta(minutes=asked.site.limits.code_minutes),
    )
    return code


async def _miss(asked: Asked, offer: OfferRow) -> str:
    if offer.tries + 1 >= asked.site.limits.code_tries:
        await offers.close(asked.unit, offer.address_id, now=asked.now)
        return reply.too_many_tries()
    await offers.count_try(asked.unit, offer.address_id)
    return reply.wrong_code()


def _purpose(kind: str, address_id: int) -> str:
    return f"{kind}:{address_id}"


def _refused(refusal: NameTaken | NotAName, name: str) -> str:
    match refusal:
        case NameTaken():
            return reply.name_taken(name)
        case NotAName():
            return reply.not_a_name()
        case _:
            assert_never(refusal)
