"""What DNS says of our mail, and the exact records to publish where it does not say enough.

    MX      who takes mail for the domain, so that it comes to [mail.inbound]
    SPF     who may send mail in the domain's name (RFC 7208)
    DKIM    the public half of the keys that mails are signed with (RFC 6376)
    DMARC   what receivers do with mail that has neither (RFC 7489)
    PTR     the name of the address that we send from, where no relay stands between

All of it is asked at the same time, and what gets no answer is a warning.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename
from dns import rdatatype

from gateway.config import Config
from gateway.finding import PATIENCE, Finding, Level
from inbound.trust import questions, spf
from inbound.trust.questions import Answer, Kind, Questions, Trouble, text_of
from outbound import mail_exchange
from outbound.dkim_record import in_strings, public_key, public_record
from outbound.mail_exchange import Exchange, Nowhere, Resolver, TakesNone, Unknown, find
from outbound.mail_form import OFFICE
from outbound.mail_signature import UnusableKey

_FOR_TRYING = frozenset({"localhost", "example", "test", "invalid", "local"})
"""Top-level domains that no DNS will ever answer for (RFC 2606, RFC 6761, RFC 6762)."""

_SERVICES = {
    "amazonaws.com": "amazonses.com",
    "sendgrid.net": "sendgrid.net",
    "mailgun.org": "mailgun.org",
    "postmarkapp.com": "spf.mtasv.net",
    "brevo.com": "spf.brevo.com",
    "sendinblue.com": "spf.brevo.com",
    "mailjet.com": "spf.mailjet.com",
    "sparkpostmail.com": "sparkpostmail.com",
    "mandrillapp.com": "spf.mandrillapp.com",
    "gmail.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
}
"""What SPF records include for relay services, by the domain of their SMTP hosts."""

_STRANGER = ("192.0.2.1", 25)
"""An address that nobody has (RFC 5737): the way to it is the way out, and nothing is sent."""


class _Silent(Exception):
    """DNS did not answer; its words say how."""


async def mail_in_dns(
    config: Config, resolver: Resolver, *, own_address: Callable[[], str] | None = None
) -> AsyncIterator[Finding]:
    """``own_address`` finds out where our mail comes from, where that is not configured; empty when it can't."""
    domain = config.mail.domain
    if domain.rpartition(".")[2] in _FOR_TRYING:
        yield Finding(
            "mail.domain",
            Level.WARN,
            f"{domain} is good for trying only",
            "Set mail.domain to a domain whose MX leads to this machine.",
        )
        return
    if not config.public_url.startswith("https://"):
        yield Finding(
            "site.public_url",
            Level.WARN,
            "it is not https, so mail programs show no button to unsubscribe, as big receivers want (RFC 8058)",
            "Put a proxy with TLS before the site, and set site.public_url to its address.",
        )
    address = config.mail.outbound.source_address or (own_address or _own_address)() if _sends_itself(config) else ""
    looks = [_mx(config, resolver), _spf(config, resolver, address), _dkim(config, resolver), _dmarc(config, resolver)]
    if _sends_itself(config):
        looks.append(_ptr(config, resolver, address))
    for findings in await asyncio.gather(*looks):
        for finding in findings:
            yield finding


def _sends_itself(config: Config) -> bool:
    """Whether mail leaves from this machine: straight, or over an MTA on it."""
    outbound = config.mail.outbound
    return outbound.route == "mx" or any(_is_here(peer.host) for peer in outbound.peers())


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _name_in(config: Config) -> str:
    """What the machine is called that takes mail in; a proposal where nothing is configured."""
    return config.mail.inbound.hostname or f"mx.{config.mail.domain}"


def _name_out(config: Config) -> str:
    return config.mail.outbound.hostname or config.mail.domain


async def _mx(config: Config, resolver: Resolver) -> list[Finding]:
    domain, host = config.mail.domain, _name_in(config)
    what = f"DNS MX {domain}"
    record = f"{domain}. IN MX 10 {host}."
    found = await find(domain, resolver, patience=PATIENCE)
    match found:
        case TakesNone():
            return [Finding(what, Level.FAIL, "it says that the domain takes no mail", f"Publish instead: {record}")]
        case Unknown(reason):
            return [_unknown(what, reason)]
        case Nowhere(reason):
            mend = f"Publish: {record} and, unless it is there already: {host}. IN A (the address of this machine)"
            return [Finding(what, Level.FAIL, f"there is none, so no mail comes in: {reason}", mend)]
        case _:
            return [_exchanges(what, found, domain, record)]


def _exchanges(what: str, found: Sequence[Exchange], domain: str, record: str) -> Finding:
    hosts = list(dict.fromkeys(f"{each.preference} {each.host}" for each in found))
    if hosts == [f"0 {domain}"]:
        says = f"there is none, so mail goes to the address of {domain} itself"
        return Finding(what, Level.WARN, says, f"If that is not this machine, publish: {record}")
    return Finding(what, Level.OK, ", ".join(hosts))


async def _spf(config: Config, resolver: Resolver, address: str) -> list[Finding]:
    domain = config.mail.domain
    what = f"DNS SPF {domain}"
    includes = _includes(config)
    try:
        records = [each for each in await _texts(domain, resolver) if each.lower().split(" ")[0] == "v=spf1"]
    except _Silent as silent:
        return [_unknown(what, str(silent))]
    wanted = ["mx", *(f"include:{each}" for each in includes)]
    if address and not ip_address(address).is_private:
        wanted.insert(1, f"ip{ip_address(address).version}:{address}")
    record = f'{domain}. IN TXT "v=spf1 {" ".join(wanted)} ~all"'
    if not records:
        says = "there is none, so our mail may be taken for forged"
        more = "" if includes or _sends_itself(config) else "; before ~all add what your relay says that it needs"
        return [Finding(what, Level.WARN, says, f"Publish: {record}{more}")]
    if len(records) > 1:
        return [Finding(what, Level.FAIL, f"there are {len(records)}, which count as none", "Leave one of them.")]
    (published,) = records
    said = published.lower()
    missing = [each for each in includes if each not in said]
    if missing:
        mend = f"Add {' '.join(f'include:{each}' for each in missing)} to it, before its all."
        return [Finding(what, Level.WARN, f"it does not name {', '.join(missing)}, which sends our mail", mend)]
    if said.split()[-1] in ("all", "+all"):
        return [Finding(what, Level.WARN, "it lets everybody send in our name", "End it with ~all or -all.")]
    if {each.lstrip("-~?") for each in said.split()[1:]} <= {"all"}:
        return [Finding(what, Level.WARN, "it names nobody who may send in our name", f"Publish instead: {record}")]
    if address and not ip_address(address).is_private:
        return [await _spf_of(config, resolver, address, published)]
    return [Finding(what, Level.OK, published)]


async def _spf_of(config: Config, resolver: Resolver, address: str, record: str) -> Finding:
    """Whether the record lets the address send that our mail comes from, as receivers will find."""
    what = f"DNS SPF {config.mail.domain}"
    sender = f"{OFFICE}@{config.mail.domain}"
    match await spf.passes(Questions(_as_records(resolver)), address, _name_out(config), sender):
        case Trouble(reason):
            return _unknown(what, f"what it says of {address}: {reason}")
        case True:
            return Finding(what, Level.OK, record)
        case _:
            mend = f"Add ip{ip_address(address).version}:{address} to it, before its all."
            return Finding(what, Level.WARN, f"it does not let {address} send, from where our mail comes", mend)


def _as_records(resolver: Resolver) -> questions.Resolver:
    """The resolver as the evaluation of SPF asks it."""

    async def ask(name: str, kind: Kind, /) -> Answer | Trouble:
        try:
            found = list(await resolver.resolve(name, kind, lifetime=PATIENCE))
        except dns.resolver.NXDOMAIN:
            return Answer(exists=False)
        except dns.resolver.NoAnswer:
            return Answer()
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            return Trouble(type(error).__name__)
        return Answer(tuple(text_of(record, kind) for record in found if record.rdtype == rdatatype.from_text(kind)))

    return ask


def _includes(config: Config) -> list[str]:
    if config.mail.outbound.route == "mx":
        return []
    hosts = [peer.host.lower() for peer in config.mail.outbound.peers()]
    known = [_SERVICES.get(".".join(host.split(".")[-2:]), "") for host in hosts]
    return sorted({each for each in known if each})


async def _dkim(config: Config, resolver: Resolver) -> list[Finding]:
    outbound = config.mail.outbound
    if outbound.dkim_key:
        keys = outbound.dkim_keys()
        return list(await asyncio.gather(*(_dkim_key(config, resolver, path, selector) for path, selector in keys)))
    if outbound.route != "mx":
        return []  # the relay signs, or it is said there how
    mend = (
        "Make a key: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim.pem"
        ' Then set mail.outbound.dkim_key = "dkim.pem" and dkim_selector = "birdwire", and run this again.'
    )
    return [Finding("mail.outbound.dkim_key", Level.WARN, "nobody signs our mail, big receivers want that", mend)]


async def _dkim_key(config: Config, resolver: Resolver, path: str, selector: str) -> Finding:
    name = f"{selector}._domainkey.{config.mail.domain}"
    what = f"DNS DKIM {name}"
    try:
        ours = public_record(await asyncio.to_thread(Path(path).read_bytes))
    except (OSError, UnusableKey):
        return Finding(what, Level.WARN, "what belongs there is not known, as the private key cannot be read")
    publish = f"Publish: {name}. IN TXT {in_strings(ours)}"
    try:
        published = await _texts(name, resolver)
    except _Silent as silent:
        return _unknown(what, str(silent))
    if not published:
        return Finding(what, Level.WARN, "there is none, so signatures can't be verified", publish)
    keys = {public_key(each) for each in published}
    if public_key(ours) not in keys:
        says = "it is revoked" if keys == {""} else "it is not that of our private key, so signatures are wrong"
        return Finding(what, Level.FAIL, says, publish)
    return Finding(what, Level.OK, "is that of our private key")


async def _dmarc(config: Config, resolver: Resolver) -> list[Finding]:
    """That of the domain, else of the one above it that is not a top-level domain (RFC 7489 6.6.3)."""
    domain = config.mail.domain
    what = f"DNS DMARC _dmarc.{domain}"
    labels = domain.split(".")
    try:
        for above in range(max(1, len(labels) - 1)):
            name = ".".join(["_dmarc", *labels[above:]])
            records = [each for each in await _texts(name, resolver) if each.lower().startswith("v=dmarc1")]
            if len(records) == 1:
                return [Finding(what, Level.OK, records[0] if not above else f"{records[0]} (of {name})")]
            if records:
                return [Finding(what, Level.FAIL, f"{name} has {len(records)}, which count as none", "Leave one.")]
    except _Silent as silent:
        return [_unknown(what, str(silent))]
    contact = config.site.contact
    reports = f"; rua=mailto:{contact}" if "@" in contact and "/" not in contact else ""
    mend = f'Publish: _dmarc.{domain}. IN TXT "v=DMARC1; p=none{reports}"'
    return [Finding(what, Level.WARN, "there is none, so big receivers may refuse", mend)]


async def _ptr(config: Config, resolver: Resolver, address: str) -> list[Finding]:
    """The address has a name, that name has the address, and what we call ourselves leads here, too."""
    what = "DNS PTR" if not address else f"DNS PTR {address}"
    host = _name_out(config)
    if not address or ip_address(address).is_private:
        says = f"this machine knows itself as {address}, others know it by another address" if address else "unknown"
        mend = f"Look that address up by hand: its PTR should be {host}, and {host} should lead to it."
        return [Finding(what, Level.WARN, says, mend)]
    reverse = dns.reversename.from_address(address)
    try:
        names = [each.rstrip(".").lower() for each in await _records(str(reverse), "PTR", resolver)]
        confirmed = [name for name in names if address in await _addresses(name, resolver)]
        ours = await _addresses(host, resolver)
    except _Silent as silent:
        return [_unknown(what, str(silent))]
    publish = f"Ask who gave you the address for: {reverse} IN PTR {host}."
    if not names:
        return [Finding(what, Level.WARN, "there is none, so many servers will refuse our mail", publish)]
    if not confirmed:
        kind = "AAAA" if ":" in address else "A"
        mend = f"Publish: {names[0]}. IN {kind} {address}"
        return [Finding(what, Level.WARN, f"it is {names[0]}, which does not lead back", mend)]
    if address not in ours:
        mend = f'Set mail.outbound.hostname = "{confirmed[0]}".'
        return [Finding(what, Level.WARN, f"it is {confirmed[0]}, and we call ourselves {host}", mend)]
    return [Finding(what, Level.OK, f"is {confirmed[0]}")]


async def _addresses(name: str, resolver: Resolver) -> set[str]:
    return {*await _records(name, "A", resolver), *await _records(name, "AAAA", resolver)}


async def _texts(name: str, resolver: Resolver) -> list[str]:
    """The TXT records, each with its strings joined. Raises _Silent."""
    return [b"".join(record.strings).decode("utf-8", "replace") for record in await _answer(name, "TXT", resolver)]


async def _records(name: str, kind: str, resolver: Resolver) -> list[str]:
    return [record.to_text() for record in await _answer(name, kind, resolver)]


async def _answer(name: str, kind: str, resolver: Resolver) -> list[Any]:
    """Nothing where there is nothing. Raises _Silent."""
    try:
        return list(await resolver.resolve(name, kind, lifetime=PATIENCE))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise _Silent(f"DNS does not answer: {mail_exchange.in_words(error)}") from error


def _unknown(what: str, reason: str) -> Finding:
    return Finding(what, Level.WARN, f"could not look up: {reason}")


def _own_address() -> str:
    """The address of this machine on its way out."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(_STRANGER)
        return str(way_out.getsockname()[0])
    return ""
