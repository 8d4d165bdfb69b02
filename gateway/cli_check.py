"""``birdwire check``: looks at everything the daemon will need, and says how to mend what is wrong.

Nothing is changed, nothing is sent; every look has a time limit. What can't be looked at from here is a warning.
"""

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote, urlsplit

import aiohttp
import aiosmtplib
import click
import dns.asyncresolver
import dns.exception
import dns.resolver
import msgspec

from gateway.cli_base import Refused, as_json, config_path, find_config, print_json, print_table
from gateway.config import Config
from gateway.domain.smpp import WRONG_LOGIN
from outbound.smpp import BindRefused, LinkLost
from outbound.sms_smpp import try_to_bind
from store import trouble, version
from store.unit import Store

PATIENCE = 5.0
"""Seconds that any peer has to answer."""

_FOR_TRYING = frozenset({"localhost", "example", "test", "invalid", "local"})
"""Top-level domains that no DNS will ever answer for (RFC 2606, RFC 6761, RFC 6762)."""


class Level(StrEnum):
    """How good or bad a finding is; only ``fail`` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do about it (empty when nothing is)."""

    what: str
    level: Level
    says: str
    mend: str = ""


Look = Callable[[Config], AsyncIterator[Finding]]


@click.command()
@config_path
@as_json
def check(path: Path | None, as_json: bool) -> None:
    """Say what is wrong with configuration, database, provider, DNS, relay and ports, and how to mend it."""
    findings = asyncio.run(look_at_everything(find_config(path)))
    if as_json:
        print_json([msgspec.to_builtins(finding) for finding in findings])
    else:
        print_table(("", "what", "finding"), [(f.level, f.what, f.says) for f in findings])
        for finding in findings:
            if finding.mend:
                click.echo(f"\n{finding.what}: {finding.mend}")
    if failed := [finding.what for finding in findings if finding.level is Level.FAIL]:
        raise Refused(f"{len(failed)} of {len(findings)} failed: {', '.join(failed)}")


async def look_at_everything(config: Config) -> list[Finding]:
    """Every finding, in the order of LOOKS; the looks are taken at the same time."""

    async def take(look: Look) -> list[Finding]:
        return [finding async for finding in look(config)]

    return [finding for found in await asyncio.gather(*(take(look) for look in LOOKS)) for finding in found]


async def _configuration(config: Config) -> AsyncIterator[Finding]:
    yield Finding("configuration", Level.OK, "every key is known and allowed")
    twilio = "twilio" in config.sms.in_use()
    if twilio and _is_here(config.public_url) and not _is_here(config.sms.twilio.base_url):
        yield Finding(
            "site.public_url",
            Level.WARN,
            f"{config.public_url} can't be reached by the SMS provider",
            "Set site.public_url to the address the provider reaches you at.",
        )
    if config.sms.provider == "none":
        yield Finding("sms.provider", Level.WARN, "no texts go in or out", 'Set sms.provider = "twilio" for texts.')


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


async def _database(config: Config) -> AsyncIterator[Finding]:
    store = Store(config.store.url)
    file = Path(store.url.database or "")
    try:
        if store.is_sqlite and not await asyncio.to_thread(file.exists):
            yield _new_database(file)
            return
        async with asyncio.timeout(PATIENCE):
            at = await version.current(store)
    except trouble.TROUBLE as error:
        yield Finding(
            "database",
            Level.FAIL,
            trouble.reason(error),
            "Set store.url to a database that runs and lets this user in.",
        )
    else:
        if at == version.head():
            yield Finding("database", Level.OK, f"{store.url.get_backend_name()}, at version {at}")
        elif store.is_sqlite:
            yield Finding("database", Level.WARN, f"at version {at}, serve brings it to {version.head()}")
        else:
            yield Finding("database", Level.FAIL, f"at version {at}, not {version.head()}", "Run birdwire db upgrade.")
    finally:
        await store.close()


def _new_database(file: Path) -> Finding:
    if file.parent.is_dir():
        return Finding("database", Level.OK, f"{file} is made when first used")
    return Finding("database", Level.FAIL, f"there is no folder {file.parent}", f"Make it: mkdir -p {file.parent}")


async def _provider(config: Config) -> AsyncIterator[Finding]:
    twilio = config.sms.twilio
    if "twilio" not in config.sms.in_use():
        return
    url = f"{twilio.base_url.rstrip('/')}/2010-04-01/Accounts/{quote(twilio.account_sid, safe='')}/Messages.json"
    login = aiohttp.encode_basic_auth(twilio.account_sid, twilio.auth_token)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(url, params={"PageSize": "1"}, headers={"Authorization": login}) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        yield Finding(
            "sms.twilio",
            Level.FAIL,
            f"no answer from {twilio.base_url}: {_words(error)}",
            "Let this machine reach the provider, or mend sms.twilio.base_url.",
        )
        return
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        yield Finding(
            "sms.twilio",
            Level.FAIL,
            f"the provider refuses the account ({status})",
            "Copy account_sid and the primary auth_token from the provider's console.",
        )
    elif status != HTTPStatus.OK:
        yield Finding("sms.twilio", Level.WARN, f"the provider answered {status}", "Try again later.")
    else:
        yield Finding("sms.twilio", Level.OK, "the provider lets us in")


async def _kannel(config: Config) -> AsyncIterator[Finding]:
    kannel = config.sms.kannel
    if "kannel" not in config.sms.in_use():
        return
    if not kannel.hook_secret and not _is_here(config.public_url) and any(map(_is_loopback, kannel.allowed_addresses)):
        yield Finding(
            "sms.kannel.allowed_addresses",
            Level.WARN,
            "whatever a proxy on this machine passes on comes from this machine",
            "Set sms.kannel.hook_secret, so that only Kannel can call.",
        )
    login = {"X-Kannel-Username": kannel.username, "X-Kannel-Password": kannel.password, "Content-Type": "text/plain"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.post(kannel.sendsms_url, headers=login) as answer,  # to nobody, so nothing is sent,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        yield Finding(
            "sms.kannel",
            Level.FAIL,
            f"no answer from {kannel.sendsms_url}: {_words(error)}",
            "Start Kannel's smsbox, or mend sms.kannel.sendsms_url.",
        )
        return
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        yield Finding(
            "sms.kannel",
            Level.FAIL,
            f"Kannel refuses the user ({status})",
            "Copy username and password from its group sendsms-user.",
        )
    elif status == HTTPStatus.NOT_FOUND:
        yield Finding("sms.kannel", Level.FAIL, "there is no sendsms at this address", "Mend sms.kannel.sendsms_url.")
    else:
        yield Finding("sms.kannel", Level.OK, "Kannel lets us in")


def _is_loopback(network: str) -> bool:
    return ip_network(network, strict=False).is_loopback


async def _smpp(config: Config) -> AsyncIterator[Finding]:
    smpp = config.sms.smpp
    if "smpp" not in config.sms.in_use():
        return
    where = f"{smpp.host}:{smpp.port}"
    try:
        async with asyncio.timeout(PATIENCE):
            await try_to_bind(smpp)
    except BindRefused as refused:
        yield Finding(
            "sms.smpp",
            Level.FAIL if refused.status in WRONG_LOGIN else Level.WARN,
            f"{where} does not let us in ({refused.status:#x})",
            "Copy system_id and password from the carrier's letter; a running daemon may have the only bind there is.",
        )
    except (LinkLost, OSError, TimeoutError) as error:
        says = f"no answer from {where}: {_words(error)}"
        yield Finding("sms.smpp", Level.FAIL, says, "Let this machine reach the carrier, or mend host, port and tls.")
    else:
        yield Finding("sms.smpp", Level.OK, f"{where} lets us in")


async def _mail_domain(config: Config) -> AsyncIterator[Finding]:
    domain, outbound = config.mail.domain, config.mail.outbound
    if domain.rpartition(".")[2] in _FOR_TRYING:
        yield Finding(
            "mail.domain",
            Level.WARN,
            f"{domain} is good for trying only",
            "Set mail.domain to a domain whose MX leads to this machine.",
        )
        return
    records = [
        ("MX", domain, "", "so no mail comes in", f"Add an MX record for {domain} that leads to [mail.inbound]."),
        ("TXT", domain, "v=spf1", "so our mail may be taken for forged", f"Add a TXT record v=spf1 for {domain}."),
        ("TXT", f"_dmarc.{domain}", "v=DMARC1", "so big receivers may refuse", f"Add a TXT record at _dmarc.{domain}."),
    ]
    for _, selector in outbound.dkim_keys():
        at = f"{selector}._domainkey.{domain}"
        records.append(("TXT", at, "p=", "so signatures can't be verified", f"Add the public key at {at}."))
    for kind, name, marker, consequence, mend in records:
        yield await _record(kind, name, marker, consequence, mend)


async def _record(kind: str, name: str, marker: str, consequence: str, mend: str) -> Finding:
    what = f"DNS {kind} {name}"
    try:
        answer = await dns.asyncresolver.resolve(name, kind, lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Finding(what, Level.FAIL if kind == "MX" else Level.WARN, f"there is none, {consequence}", mend)
    except (dns.exception.DNSException, OSError) as error:
        return Finding(what, Level.WARN, f"could not look up: {_words(error)}")
    texts = [record.to_text() for record in answer]
    if any(marker.lower() in text.lower() for text in texts):
        return Finding(what, Level.OK, texts[0] if kind == "MX" else "is there")
    return Finding(what, Level.WARN, f"no {marker} in it, {consequence}", mend)


async def _relay(config: Config) -> AsyncIterator[Finding]:
    relay = config.mail.outbound
    client = aiosmtplib.SMTP(
        hostname=relay.host, port=relay.port, timeout=PATIENCE, use_tls=relay.tls == "tls", start_tls=False
    )
    where = f"{relay.host}:{relay.port}"
    try:
        await client.connect()
        if relay.tls == "starttls":
            await client.starttls()
        await client.ehlo()
        if relay.username:
            await client.login(relay.username, relay.password)
        await client.quit()
    except aiosmtplib.SMTPAuthenticationError as error:
        yield Finding(
            "mail.outbound",
            Level.FAIL,
            f"{where} refuses the login ({error.code})",
            "Mend mail.outbound.username and password.",
        )
    except (aiosmtplib.SMTPException, OSError) as error:
        yield Finding(
            "mail.outbound",
            Level.FAIL,
            f"{where}: {_words(error)}",
            "Set mail.outbound.host, port and tls to a relay that takes mail from this machine.",
        )
    else:
        yield Finding("mail.outbound", Level.OK, f"{where} greets us" + (" and lets us in" if relay.username else ""))
    finally:
        client.close()


async def _files(config: Config) -> AsyncIterator[Finding]:
    inbound, outbound = config.mail.inbound, config.mail.outbound
    if inbound.tls_cert:
        yield await asyncio.to_thread(_certificate, inbound.tls_cert, inbound.tls_key)
    for name in ("dkim_key", "dkim_second_key"):
        if file := getattr(outbound, name):
            yield await asyncio.to_thread(_dkim_key, f"mail.outbound.{name}", file)


def _certificate(certificate: str, key: str) -> Finding:
    what = "mail.inbound.tls_cert"
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        mend = "Name a PEM certificate with its chain, and the key that belongs to it."
        return Finding(what, Level.FAIL, _words(error), mend)
    return Finding(what, Level.OK, "certificate and key belong together")


def _dkim_key(what: str, file: str) -> Finding:
    try:
        text = Path(file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        return Finding(what, Level.FAIL, _words(error), "Name a PEM file that we may read.")
    if "PRIVATE KEY" not in text:
        return Finding(what, Level.FAIL, "is no private key", "Name the PEM file with the private key.")
    return Finding(what, Level.OK, "is a private key")


async def _ports(config: Config) -> AsyncIterator[Finding]:
    running = await _daemon_runs(config)
    for name, door in (("web", config.web), ("ops", config.ops), ("mail.inbound", config.mail.inbound)):
        where = f"{door.host}:{door.port}"
        try:
            server = await asyncio.start_server(lambda _r, _w: None, door.host, door.port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and running:
                yield Finding(f"{name}.port", Level.OK, f"{where} is in use, the daemon is running")
            else:
                yield Finding(
                    f"{name}.port",
                    Level.FAIL,
                    f"{where}: {_words(error)}",
                    f"Stop what listens there, or set {name}.host and {name}.port to what this machine has.",
                )
        else:
            server.close()
            await server.wait_closed()
            yield Finding(f"{name}.port", Level.OK, f"{where} is free")


async def _daemon_runs(config: Config) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(f"http://{config.ops.host}:{config.ops.port}/healthz") as answer,
        ):
            return answer.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError):
        return False


def _words(error: BaseException) -> str:
    if isinstance(error.__cause__, OSError):
        error = error.__cause__
    if isinstance(error, OSError) and error.errno is not None:
        return (error.strerror or errno.errorcode.get(error.errno, type(error).__name__)).lower()
    return str(error).splitlines()[0] if str(error) else type(error).__name__


LOOKS: tuple[Look, ...] = (_configuration, _database, _provider, _kannel, _smpp, _mail_domain, _relay, _files, _ports)
