"""Which of our numbers texts a phone, and whose way of writing numbers is understood."""

from dataclasses import replace

import pytest

from gateway.service import joining, phones
from gateway.service.site import Site
from store import accounts, addresses, routes
from tests.service.conversing import OTHER_NUMBER, OURS, Town, number

NORTH, GERMAN, ANY = "+15550000001", "+4930000000", "+15550000003"


@pytest.mark.parametrize(
    ("senders", "phone", "expected"),
    [
        ([(NORTH, {"US", "CA"}), (GERMAN, {"DE"}), (ANY, set())], "+12125550100", NORTH),
        ([(NORTH, {"US", "CA"}), (GERMAN, {"DE"}), (ANY, set())], "+16135550100", NORTH),
        ([(NORTH, {"US", "CA"}), (GERMAN, {"DE"}), (ANY, set())], "+493012345678", GERMAN),
        ([(NORTH, {"US", "CA"}), (GERMAN, {"DE"}), (ANY, set())], "+442071838750", ANY),
        ([(ANY, set()), (GERMAN, {"DE"})], "+493012345678", GERMAN),
        ([(ANY, set()), (NORTH, set())], "+493012345678", ANY),
        ([(NORTH, {"US"}), (GERMAN, {"DE"})], "+442071838750", NORTH),
        ([(NORTH, {"CA"}), (GERMAN, {"US"})], "+16135550100", NORTH),
        ([(NORTH, {"CA"}), (GERMAN, {"US"})], "+12125550100", GERMAN),
        ([(NORTH, {"CA"}), (ANY, set())], "12345", ANY),
        ([(NORTH, {"US"})], "not a phone", NORTH),
    ],
)
def test_a_phone_gets_the_number_that_serves_its_country(
    site: Site, senders: list[tuple[str, set[str]]], phone: str, expected: str
) -> None:
    ours = tuple((sender, frozenset(countries)) for sender, countries in senders)
    assert phones.sender_for(replace(site, number=senders[0][0], senders=ours), phone) == expected


@pytest.mark.parametrize(
    ("typed", "region", "expected"),
    [
        ("(555) 123-4567", "US", "+15551234567"),
        ("030 1234567", "DE", "+49301234567"),
        ("+49 30 1234567", "US", "+49301234567"),
        ("12345", "US", None),
        ("", "US", None),
        ("call me", "US", None),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, region: str, expected: str | None) -> None:
    assert phones.e164(typed, region) == expected


async def route_of(town: Town, phone: str) -> tuple[int | None, int | None]:
    """The route that a phone has, and the one that its account's posts take."""
    async with town.store.reading() as reading:
        row = await addresses.find(reading, "sms", phone)
        assert row is not None
        account = None if row.account_id is None else await accounts.by_id(reading, row.account_id)
        return row.route, None if account is None else account.sms_route


async def test_who_never_wrote_gets_a_number_by_country_and_keeps_what_they_write_to(town: Town) -> None:
    berlin, boston = "+493012345678", "+16175550100"
    async with town.store.unit() as unit:
        for name, phone in (("berta", berlin), ("bob", boston)):
            assert isinstance(await joining.add_user(unit, name, phone=phone, now=town.now), joining.Added)
    await town.join("alice")
    assert await route_of(town, berlin) == (None, 1)
    town.site = replace(
        town.site,
        number=OTHER_NUMBER,
        senders=((OTHER_NUMBER, frozenset({"US"})), (OURS, frozenset({"DE"}))),
    )
    async with town.store.unit() as unit:
        assert await phones.choose_senders(unit, town.site) == 2
        assert await phones.choose_senders(unit, town.site) == 0
    assert await route_of(town, berlin) == (2, 2)
    assert await route_of(town, boston) == (1, 1)
    assert await route_of(town, number("alice")) == (2, 2)  # she wrote to it, wherever she is

    async with town.store.unit() as unit:
        await routes.ensure(unit, [OTHER_NUMBER])  # ours is retired
        site = replace(town.site, senders=((OTHER_NUMBER, frozenset({"US"})),))
        assert await phones.choose_senders(unit, site) == 2
    assert await route_of(town, berlin) == (1, 1)


async def test_without_countries_nothing_is_chosen(town: Town) -> None:
    async with town.store.unit() as unit:
        await joining.add_user(unit, "berta", phone="+493012345678", now=town.now)
        assert await phones.choose_senders(unit, town.site) == 0
    assert await route_of(town, "+493012345678") == (None, 1)
