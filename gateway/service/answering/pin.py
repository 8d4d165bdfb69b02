"""The PIN: a text says by it that it is not forged. Once one is set, texts from the account's phones begin with it.

    PIN 4821          sets it, where there is none
    4821 hello        a text, as PIN 4821 hello is
    4821 PIN 1357     another one from now on
    4821 PIN OFF      none from now on

STOP, START and HELP need none (STOP is heard behind a wrong one, too), and neither does a code that was sent to
that phone: who forges a sender does not read what is sent there. Mail needs none either, as what a mail says of its
sender is believed only where it is proven.
"""

import re
from dataclasses import replace

from gateway.domain import proof, reply, reply_together
from gateway.domain import wish as c
from gateway.domain.command import parse, stop_behind_pin
from gateway.service.answering.asked import Asked, guessed_too_often
from gateway.service.site import Site
from store import accounts, offers
from store.accounts import AccountRow

_PIN_FIRST = re.compile(r"([0-9]{4,8})(?:[:;,.]?\s+|\Z)")


def stop_behind(asked: Asked) -> Asked | None:
    """The message with its PIN made unreadable, if what follows that is a STOP. One that has no PIN may post what
    begins with digits, but not what begins with PIN."""
    said, me = asked.told.text, asked.person
    if not asked.by_phone or not (me is None or me.pin_hash or said[:3].lower() == "pin"):
        return None
    words = stop_behind_pin(said)
    return None if words is None else replace(asked, told=replace(asked.told, text=f"**** {words}"))


async def unlock(asked: Asked, command: c.Command) -> tuple[Asked, c.Command] | str:
    """The message without its PIN, and what that asks for; or the answer when it must not be heard."""
    me = asked.person
    if me is None or not me.pin_hash or not asked.by_phone or await _is_echo(asked, command):
        return asked, command
    if await guessed_too_often(asked, reply_together.wrong_pin()):
        return reply.too_many_tries()
    match command:
        case c.Pin(pin, rest):
            given, words = pin, rest
        case _ if found := _PIN_FIRST.match(asked.told.text):
            given, words = found[1], asked.told.text[found.end() :]
        case _:
            return reply_together.pin_first()
    if not proof.same(me.pin_hash, asked.site.key, _purpose(me.id), given):
        return reply_together.wrong_pin()
    return replace(asked, told=replace(asked.told, text=words)), parse(words)


async def set_or_use(asked: Asked, me: AccountRow, pin: str, rest: str) -> str:
    """Set the PIN. With words behind it, it was meant to be used; where there is none, that is said."""
    if rest:
        return reply_together.no_pin()
    if not pin:
        return reply_together.what_a_pin_is()
    if not asked.from_their_own:
        return reply.only_from_your_own()
    await accounts.set_pin(asked.unit, me.id, kept(asked.site, me.id, pin))
    return reply_together.pin_set()


async def end(asked: Asked, me: AccountRow) -> str:
    """Need no PIN any more."""
    if not me.pin_hash:
        return reply_together.no_pin()
    if not asked.from_their_own:
        return reply.only_from_your_own()
    await accounts.set_pin(asked.unit, me.id, "")
    return reply_together.pin_off()


async def _is_echo(asked: Asked, command: c.Command) -> bool:
    """Whether this answers a code that was sent to this phone."""
    if not isinstance(command, c.Code):
        return False
    offer = await offers.pending(asked.unit, asked.address.id, now=asked.now)
    return offer is not None and offer.kind != "post"


def kept(site: Site, account_id: int, pin: str) -> str:
    """What is kept of an account's PIN."""
    return proof.digest(site.key, _purpose(account_id), pin)


def _purpose(account_id: int) -> str:
    return f"pin:{account_id}"
