"""``birdwire check``: what it says of DNS, relays and ports for mail, and the records that it gives to publish."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.check_mail import mail_in_dns
from gateway.cli_check import look_at_everything
from gateway.config import Config, load
from gateway.demo.mailbox import Mailbox
from gateway.finding import Finding, Level
from tests.dns_server import BROKEN, SILENCE, Records, names
from tests.outbound.relays import Script
from tests.wiring import free_port, other_loopback

DOMAIN = "birds.example.org"
OURS = "1.2.3.4"
Configure = Callable[..., Config]


@pytest.fixture
def configured(tmp_path: Path) -> Configure:
    """A configuration of mail alone; more keys as environment variables, without ``BIRDWIRE_MAIL__``."""

    def configure(**more: object) -> Config:
        named = {f"BIRDWIRE_MAIL__{key}": str(value) for key, value in more.items()}
        environ = {"BIRDWIRE_MAIL__DOMAIN": DOMAIN, "BIRDWIRE_STORE__URL": f"sqlite:///{tmp_path / 'b.db'}"}
        return load(None, environ | {"BIRDWIRE_SITE__PUBLIC_URL": f"https://{DOMAIN}"} | named)

    return configure


@pytest.fixture(params=["rsa", "ed25519"])
def key(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if request.param == "rsa" else ["ED25519"]
    path = tmp_path / "dkim.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", *kind, "-out", path], check=True, capture_output=True)
    return path


async def in_dns(records: Records, config: Config, *, address: str = OURS) -> dict[str, Finding]:
    async with names(records) as (_, resolver):
        found = [each async for each in mail_in_dns(config, resolver, own_address=lambda: address)]
    return {each.what.removeprefix("DNS "): each for each in found}


async def level_of(what: str, records: Records, config: Config) -> Level:
    return (await in_dns(records, config))[what].level


def published(mend: str) -> tuple[str, str, str]:
    """Name, type and content of the record that a mend gives, as a zone file would have it."""
    found = re.search(r"(?:Publish(?: instead)?|for): (\S+)\.? IN (\w+) (.*)", mend)
    assert found, mend
    content = found[3]
    if found[2] == "TXT":
        content = re.match(r'(?:"[^"]*" ?)+', content)[0].strip()  # type: ignore[index]  # it is there
    return found[1].rstrip("."), found[2], content


async def test_what_is_published_as_told_is_well(configured: Configure, key: Path) -> None:
    """From nothing: each record that is asked for is published, and nothing is left to mend."""
    config = configured(OUTBOUND__ROUTE="mx", OUTBOUND__DKIM_KEY=key, OUTBOUND__DKIM_SELECTOR="s1")
    records: Records = {f"mx.{DOMAIN}": {"A": [OURS]}, DOMAIN: {"A": [OURS]}}
    before = await in_dns(records, config)
    assert {f.level for f in before.values()} == {Level.WARN}
    for finding in before.values():
        if finding.mend:
            name, kind, content = published(finding.mend.replace("If that is not this machine, publish", "Publish"))
            here = records.setdefault(name, {})
            assert isinstance(here, dict)
            here.setdefault(kind, []).append(content.split(" and, unless")[0])
    after = await in_dns(records, config)
    assert {f.level for f in after.values()} == {Level.OK}, after
    assert after[f"MX {DOMAIN}"].says == f"10 mx.{DOMAIN}"
    assert after[f"SPF {DOMAIN}"].says == f"v=spf1 mx ip4:{OURS} ~all"
    assert after[f"PTR {OURS}"].says == f"is {DOMAIN}"


async def test_a_site_without_tls_has_no_button_to_unsubscribe(configured: Configure) -> None:
    config = configured()
    assert "site.public_url" not in await in_dns({}, config)
    plain = replace(config, site=replace(config.site, public_url="http://birds.example"))
    assert (await in_dns({}, plain))["site.public_url"].level is Level.WARN


async def test_a_domain_that_nobody_knows_lacks_everything(configured: Configure) -> None:
    found = await in_dns({}, configured(OUTBOUND__HOST="relay.example.net"))
    assert found[f"MX {DOMAIN}"].level is Level.FAIL
    assert f"{DOMAIN}. IN MX 10 mx.{DOMAIN}." in found[f"MX {DOMAIN}"].mend
    assert found[f"SPF {DOMAIN}"].mend.startswith(f'Publish: {DOMAIN}. IN TXT "v=spf1 mx ~all"')
    assert found[f"DMARC _dmarc.{DOMAIN}"].mend == f'Publish: _dmarc.{DOMAIN}. IN TXT "v=DMARC1; p=none"'
    assert not any(what.startswith(("PTR", "DKIM")) for what in found)


async def test_dns_that_does_not_answer_is_a_warning_and_no_more(
    configured: Configure, monkeypatch: pytest.MonkeyPatch, key: Path
) -> None:
    monkeypatch.setattr("gateway.check_mail.PATIENCE", 0.3)
    config = configured(OUTBOUND__ROUTE="mx", OUTBOUND__DKIM_KEY=key, OUTBOUND__DKIM_SELECTOR="s1")
    for trouble in (SILENCE, BROKEN):
        named = (DOMAIN, f"s1._domainkey.{DOMAIN}", f"_dmarc.{DOMAIN}", "4.3.2.1.in-addr.arpa")
        found = await in_dns(dict.fromkeys(named, trouble), config)
        assert {f.level for f in found.values()} == {Level.WARN}
        assert all(f.says.startswith("could not look up") for f in found.values()), found


@pytest.mark.parametrize(
    ("mx", "level"),
    [(["0 ."], Level.FAIL), (["10 gone.example."], Level.FAIL), (["10 mx.example.", "20 gone.example."], Level.OK)],
)
async def test_mx_records_must_lead_somewhere(configured: Configure, mx: list[str], level: Level) -> None:
    records: Records = {DOMAIN: {"MX": mx}, "mx.example": {"A": [OURS]}}
    assert await level_of(f"MX {DOMAIN}", records, configured()) is level


@pytest.mark.parametrize(
    ("spf", "host", "level", "says"),
    [
        (['"v=spf1 mx -all"'], "relay.example.net", Level.OK, "v=spf1 mx -all"),
        (['"V=SPF1 mx " "~all"'], "relay.example.net", Level.OK, "V=SPF1 mx ~all"),
        (['"v=spf10 mx"'], "relay.example.net", Level.WARN, "there is none"),
        (['"v=spf1 mx -all"', '"v=spf1 a -all"'], "relay.example.net", Level.FAIL, "there are 2"),
        (['"v=spf1 +all"'], "relay.example.net", Level.WARN, "it lets everybody"),
        (['"v=spf1 -all"'], "relay.example.net", Level.WARN, "it names nobody"),
        (['"v=spf1"'], "relay.example.net", Level.WARN, "it names nobody"),
        (['"v=spf1 mx -all"'], "smtp.postmarkapp.com", Level.WARN, "it does not name spf.mtasv.net"),
        (['"v=spf1 include:spf.mtasv.net -all"'], "smtp.postmarkapp.com", Level.OK, "v=spf1"),
        (['"v=spf1 mx -all"'], "email-smtp.eu-west-1.amazonaws.com", Level.WARN, "it does not name amazonses.com"),
    ],
)
async def test_spf_is_read(configured: Configure, spf: list[str], host: str, level: Level, says: str) -> None:
    found = await in_dns({DOMAIN: {"TXT": [*spf, '"something else"']}}, configured(OUTBOUND__HOST=host))
    assert found[f"SPF {DOMAIN}"].level is level
    assert found[f"SPF {DOMAIN}"].says.startswith(says)


@pytest.mark.parametrize(
    ("spf", "level", "says"),
    [
        ("v=spf1 ip4:1.2.3.0/24 -all", Level.OK, "v=spf1"),
        ("v=spf1 include:_spf.example.net ~all", Level.OK, "v=spf1"),
        ("v=spf1 mx -all", Level.WARN, f"it does not let {OURS} send"),
        ("v=spf1 include:gone.example.net -all", Level.WARN, f"it does not let {OURS} send"),
        ("v=spf1 include:silent.example.net -all", Level.WARN, "could not look up"),
        ("v=spf1 ip4:not.an.address -all", Level.WARN, f"it does not let {OURS} send"),
    ],
)
async def test_spf_must_let_the_address_send_that_mail_goes_out_from(
    configured: Configure, spf: str, level: Level, says: str
) -> None:
    """As receivers evaluate it, with all that it includes."""
    records: Records = {
        DOMAIN: {"TXT": [f'"{spf}"'], "MX": ["10 mx.example."]},
        "mx.example": {"A": ["5.6.7.8"]},
        "_spf.example.net": {"TXT": ['"v=spf1 a:out.example.net -all"']},
        "out.example.net": {"A": [OURS]},
        "silent.example.net": BROKEN,
    }
    found = (await in_dns(records, configured(OUTBOUND__ROUTE="mx")))[f"SPF {DOMAIN}"]
    assert (found.level, found.says[: len(says)]) == (level, says)
    if says.startswith("it does not"):
        assert found.mend == f"Add ip4:{OURS} to it, before its all."


async def test_all_relay_services_are_to_be_in_the_record(configured: Configure) -> None:
    relays = {"OUTBOUND__RELAYS__0__HOST": "smtp.sendgrid.net", "OUTBOUND__RELAYS__1__HOST": "smtp.mailgun.org"}
    found = (await in_dns({DOMAIN: {"TXT": ['"v=spf1 mx -all"']}}, configured(**relays)))[f"SPF {DOMAIN}"]
    assert found.mend == "Add include:mailgun.org include:sendgrid.net to it, before its all."


async def test_a_relay_service_that_is_known_is_named_in_the_record(configured: Configure) -> None:
    found = await in_dns({}, configured(OUTBOUND__HOST="smtp.sendgrid.net"))
    assert found[f"SPF {DOMAIN}"].mend == f'Publish: {DOMAIN}. IN TXT "v=spf1 mx include:sendgrid.net ~all"'


async def test_a_published_key_that_is_not_ours_is_told(configured: Configure, key: Path) -> None:
    config = configured(OUTBOUND__DKIM_KEY=key, OUTBOUND__DKIM_SELECTOR="s1")
    what = f"DKIM s1._domainkey.{DOMAIN}"
    missing = (await in_dns({}, config))[what]
    name, kind, ours = published(missing.mend)
    assert (missing.level, name, kind) == (Level.WARN, f"s1._domainkey.{DOMAIN}", "TXT")
    assert max(len(string) for string in re.findall(r'"([^"]*)"', ours)) <= 255
    for wrong, says in (('"v=DKIM1; p=AAAA"', "it is not that"), ('"v=DKIM1; p="', "it is revoked")):
        found = (await in_dns({name: {"TXT": [wrong]}}, config))[what]
        assert found.level is Level.FAIL
        assert found.says.startswith(says)
        assert ours in found.mend
    right = (await in_dns({name: {"TXT": [ours]}}, config))[what]
    assert right.level is Level.OK


async def test_a_key_that_cannot_be_read_is_no_end(configured: Configure, tmp_path: Path) -> None:
    config = configured(OUTBOUND__DKIM_KEY=tmp_path / "none.pem", OUTBOUND__DKIM_SELECTOR="s1")
    assert await level_of(f"DKIM s1._domainkey.{DOMAIN}", {}, config) is Level.WARN


async def test_without_a_key_mail_that_goes_straight_is_unsigned(configured: Configure) -> None:
    found = await in_dns({}, configured(OUTBOUND__ROUTE="mx"))
    assert "openssl genpkey" in found["mail.outbound.dkim_key"].mend


@pytest.mark.parametrize(
    ("records", "level", "says"),
    [
        ({f"_dmarc.{DOMAIN}": {"TXT": ['"v=DMARC1; p=reject"']}}, Level.OK, "v=DMARC1; p=reject"),
        ({"_dmarc.example.org": {"TXT": ['"v=DMARC1; p=none"']}}, Level.OK, "v=DMARC1; p=none (of _dmarc.example.org)"),
        ({f"_dmarc.{DOMAIN}": {"TXT": ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}}, Level.FAIL, "_dmarc"),
        ({f"_dmarc.{DOMAIN}": {"TXT": ['"hello"']}}, Level.WARN, "there is none"),
        ({"_dmarc.org": {"TXT": ['"v=DMARC1; p=none"']}}, Level.WARN, "there is none"),
    ],
)
async def test_dmarc_is_that_of_the_domain_or_of_the_one_above(
    configured: Configure, records: Records, level: Level, says: str
) -> None:
    found = (await in_dns(records, configured()))[f"DMARC _dmarc.{DOMAIN}"]
    assert found.level is level
    assert found.says.startswith(says)


REVERSE = "4.3.2.1.in-addr.arpa"


@pytest.mark.parametrize(
    ("records", "level", "mend"),
    [
        ({}, Level.WARN, f"{REVERSE}. IN PTR {DOMAIN}."),
        ({REVERSE: {"PTR": ["host.example.net."]}}, Level.WARN, f"host.example.net. IN A {OURS}"),
        (
            {REVERSE: {"PTR": ["host.example.net."]}, "host.example.net": {"A": [OURS]}},
            Level.WARN,
            'mail.outbound.hostname = "host.example.net"',
        ),
        ({REVERSE: {"PTR": [f"{DOMAIN}."]}, DOMAIN: {"A": [OURS]}}, Level.OK, ""),
    ],
)
async def test_the_address_that_we_send_from_must_have_our_name(
    configured: Configure, records: Records, level: Level, mend: str
) -> None:
    found = (await in_dns(records, configured(OUTBOUND__ROUTE="mx")))[f"PTR {OURS}"]
    assert found.level is level
    assert mend in found.mend


@pytest.mark.parametrize("address", ["10.0.0.5", ""])
async def test_an_address_that_others_do_not_see_is_told(configured: Configure, address: str) -> None:
    found = await in_dns({}, configured(OUTBOUND__ROUTE="mx"), address=address)
    (ptr,) = [finding for what, finding in found.items() if what.startswith("PTR")]
    assert ptr.level is Level.WARN
    assert "by hand" in ptr.mend


async def test_a_configured_address_is_believed(configured: Configure) -> None:
    config = configured(OUTBOUND__ROUTE="mx", OUTBOUND__SOURCE_ADDRESS="203.0.113.9")
    assert "PTR 203.0.113.9" in await in_dns({}, config, address="10.0.0.5")


async def findings_of(config: Config) -> dict[str, Finding]:
    async with names({}) as (_, resolver):
        return {finding.what: finding for finding in await look_at_everything(config, resolver)}


async def test_each_of_several_relays_is_greeted(configured: Configure) -> None:
    async with Mailbox() as well, Script(GREETING=["554 5.7.1 no"]) as bad:
        relays: dict[str, Any] = {}
        for index, port in enumerate((well.port, bad.port)):
            relays |= {f"OUTBOUND__RELAYS__{index}__HOST": "127.0.0.1", f"OUTBOUND__RELAYS__{index}__PORT": port}
        found = await findings_of(configured(**relays))
        assert found["mail.outbound.relays[0]"].level is Level.OK
        assert found["mail.outbound.relays[1]"].level is Level.WARN
        assert "turns us away: 554" in found["mail.outbound.relays[1]"].says
        assert (await findings_of(configured(OUTBOUND__PORT=bad.port)))["mail.outbound"].level is Level.FAIL


async def test_every_place_where_mail_comes_in_is_looked_at(configured: Configure, tmp_path: Path) -> None:
    hosts = f"127.0.0.1, {other_loopback()}, unix:{tmp_path}/lmtp, unix:{tmp_path}/no/lmtp"
    config = configured(INBOUND__HOST=hosts, INBOUND__PORT=free_port())
    async with names({}) as (_, resolver):
        findings = [f for f in await look_at_everything(config, resolver) if f.what.startswith("mail.inbound")]
    assert [(f.what, f.level) for f in findings] == [
        ("mail.inbound.host", Level.OK),
        ("mail.inbound.host", Level.FAIL),
        ("mail.inbound.port", Level.OK),
        ("mail.inbound.port", Level.OK),
    ]
