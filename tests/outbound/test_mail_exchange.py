"""Which servers take a domain's mail."""

import pytest

from outbound.mail_exchange import Exchange, Nowhere, TakesNone, Unknown, find
from tests.dns_server import BROKEN, SILENCE, Records, names

HERE = {"A": ["192.0.2.1"]}


async def found(records: Records, domain: str = "a.example", own: tuple[str, ...] = ()) -> object:
    async with names(records) as (_, resolver):
        patience = 0.6 if SILENCE in records.values() else 30.0
        return await find(domain, resolver, patience=patience, own_names=own)


async def test_its_mx_hosts_in_order_of_preference_ipv4_before_ipv6() -> None:
    records: Records = {
        "a.example": {"MX": ["20 second.example.", "10 first.example."]},
        "first.example": {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]},
        "second.example": {"AAAA": ["2001:db8::2"]},
    }
    hosts = await found(records)
    assert isinstance(hosts, list)
    assert {each.address for each in hosts[:2]} == {"192.0.2.1", "192.0.2.2"}, "among equals in any order"
    assert hosts[2:] == [Exchange("first.example", "2001:db8::1", 10), Exchange("second.example", "2001:db8::2", 20)]
    assert [each.host for each in hosts[:2]] == ["first.example"] * 2


async def test_without_mx_records_its_own_host() -> None:
    assert await found({"a.example": HERE}) == [Exchange("a.example", "192.0.2.1", 0)]


async def test_a_null_mx_takes_no_mail_at_all() -> None:
    assert await found({"a.example": {"MX": ["0 ."], **HERE}}) == TakesNone()


async def test_an_mx_host_that_is_an_alias_is_followed() -> None:
    records: Records = {
        "a.example": {"MX": ["10 alias.example."]},
        "alias.example": {"CNAME": ["real.example."]},
        "real.example": HERE,
    }
    assert await found(records) == [Exchange("alias.example", "192.0.2.1", 10)]


async def test_a_domain_that_is_an_alias_is_followed() -> None:
    records: Records = {
        "a.example": {"CNAME": ["b.example."]},
        "b.example": {"MX": ["10 mx.example."]},
        "mx.example": HERE,
    }
    assert await found(records) == [Exchange("mx.example", "192.0.2.1", 10)]


@pytest.mark.parametrize(
    "records",
    [
        {},
        {"a.example": {"TXT": ['"nothing"']}},
        {"a.example": {"MX": ["10 gone.example."]}},
    ],
)
async def test_a_domain_without_a_server_is_nowhere(records: Records) -> None:
    assert isinstance(await found(records), Nowhere)


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ({"a.example": SILENCE}, "no answer in time"),
        ({"a.example": BROKEN}, "the domain's name servers fail"),
        ({"a.example": {"MX": ["10 mx.example."]}, "mx.example": BROKEN}, "the domain's name servers fail"),
    ],
)
async def test_what_dns_does_not_say_is_not_known(records: Records, why: str) -> None:
    assert await found(records) == Unknown(f"DNS does not answer: {why}")


async def test_one_host_that_is_known_is_enough() -> None:
    records: Records = {
        "a.example": {"MX": ["10 mx.example.", "20 other.example.", "30 gone.example."]},
        "mx.example": BROKEN,
        "other.example": HERE,
    }
    assert await found(records) == [Exchange("other.example", "192.0.2.1", 20)]


async def test_mail_is_not_brought_to_those_who_would_bring_it_back() -> None:
    records: Records = {
        "a.example": {"MX": ["10 first.example.", "20 us.example.", "30 third.example."]},
        "first.example": HERE,
        "us.example": HERE,
        "third.example": HERE,
    }
    assert await found(records, own=("us.example",)) == [Exchange("first.example", "192.0.2.1", 10)]
    assert isinstance(await found(records, own=("first.example",)), Nowhere)


async def test_a_name_that_dns_cannot_ask_for_is_not_known() -> None:
    assert isinstance(await found({}, domain="x" * 64 + ".example"), Unknown)
