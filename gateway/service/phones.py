"""Phone numbers: how people type them, and which of our numbers texts them.

A phone is texted from the number of ours that it wrote to, for good. One that never wrote to us is given the number
that serves its country, and keeps that from then on. One that its number does not reach is given the one that takes
over (``gateway.service.failing_over.stay``), until it writes again.
"""

import phonenumbers

from gateway.service.numbers import country_of
from gateway.service.site import Site
from store import addresses, routes
from store.addresses import AddressRow
from store.unit import Unit

_PAGE = 1_000


def e164(typed: str, region: str) -> str | None:
    """A phone number as a person types it in a country, as E.164; None when it is none. Possible numbers are taken,
    not only those in use."""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def meant(typed: str, region: str) -> str:
    """The phone number, as E.164, that a person means who may type a name or a mail address as well; else what they
    typed."""
    typed = typed.strip()
    if "@" in typed or any(letter.isalpha() or letter == "_" for letter in typed):
        return typed
    return e164(typed, region) or typed


def ours(site: Site) -> frozenset[str]:
    """The numbers that are this site's own, and nobody's phone."""
    return frozenset((site.number, *(number for number, _ in site.senders)))


def sender_for(site: Site, phone: str) -> str:
    """The number of ours for a phone that never wrote to us: the first that serves its country, else the first that
    serves any, else the first; empty without SMS."""
    country = country_of(phone)
    of_country = [number for number, countries in site.senders if country in countries]
    of_any = [number for number, countries in site.senders if not countries]
    return next(iter([*of_country, *of_any, site.number]))


async def choose_senders(unit: Unit, site: Site) -> int:
    """Give every phone that has no number of ours yet the one of its country; how many. Where no number is bound to
    countries there is nothing to choose."""
    if not any(countries for _, countries in site.senders):
        return 0
    route_of = await routes.by_sender(unit)
    given = after = 0
    while page := await routes.without_one(unit, after=after, most=_PAGE):
        await routes.give(unit, [(number, route_of[sender_for(site, phone)]) for number, phone in page])
        given, after = given + len(page), page[-1][0]
    return given


async def choose_sender(unit: Unit, site: Site, phone: AddressRow) -> None:
    """The same for one phone."""
    if phone.route is None and any(countries for _, countries in site.senders):
        route = (await routes.by_sender(unit))[sender_for(site, phone.address)]
        await routes.give(unit, [(phone.id, route)])
        if phone.account_id is not None:
            await addresses.refresh(unit, phone.account_id)
