"""``birdwire check``: looks at everything the daemon will need, and says how to mend what is wrong.

Nothing is changed, nothing is sent; every look has a time limit. What can't be looked at from here is a warning.
"""

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote, urlsplit

import aiohttp
import click
import msgspec

from gateway.check_mail import mail_in_dns
from gateway.cli_base import Refused, as_json, config_path, find_config, print_json, print_table
from gateway.config import Config
from gateway.domain.smpp import WRONG_LOGIN
from gateway.finding import PATIENCE, Finding, Level
from inbound.mail import UNIX, is_file, split_hosts
from outbound.mail_exchange import Resolver, system_resolver
from outbound.mail_peer import Dialler, NoWayIn, Peer, Why
from outbound.smpp import BindRefused, LinkLost
from outbound.sms_smpp import try_to_bind
from store import trouble, version
from store.unit import Store

Look = Callable[[Config], AsyncIterator[Finding]]


@click.command()
@config_path
@as_json
def check(path: Path | None, as_json: bool) -> None:
    """Say what is wrong with configuration, database, provider, DNS, relay and ports, and how to mend it."""
    try:
        config = find_config(path)
    except Refused as refused:
        if as_json:
            says, mend = refused.message, "Mend what is named; config.example.toml shows every key."
            print_json([msgspec.to_builtins(Finding("configuration", Level.FAIL, says, mend))])
        raise
    findings = asyncio.run(look_at_everything(config))
    if as_json:
        print_json([msgspec.to_builtins(finding) for finding in findings])
    else:
        print_table(("", "what", "finding"), [(f.level, f.what, f.says) for f in findings])
        for finding in findings:
            if finding.mend:
                click.echo(f"\n{finding.what}: {finding.mend}")
    if failed := [finding.what for finding in findings if finding.level is Level.FAIL]:
        raise Refused(f"{len(failed)} of {len(findings)} failed: {', '.join(failed)}")


async def look_at_everything(config: Config, resolver: Resolver | None = None) -> list[Finding]:
    """Every finding, in the order of LOOKS and DNS last; the looks are taken at the same time. ``resolver`` None is
    the system's."""

    async def take(findings: AsyncIterator[Finding]) -> list[Finding]:
        return [finding async for finding in findings]

    looks = [*(look(config) for look in LOOKS), mail_in_dns(config, resolver or system_resolver())]
    return [finding for found in await asyncio.gather(*map(take, looks)) for finding in found]


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
    except trouble.trouble() as error:
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


async def _relay(config: Config) -> AsyncIterator[Finding]:
    outbound = config.mail.outbound
    if outbound.route == "mx":
        says = "mail goes straight to its recipients' servers"
        yield Finding("mail.outbound", Level.OK, f"{says}; `birdwire mail test` shows if these can be reached")
        return
    dialler = Dialler(outbound.hostname or config.mail.domain, PATIENCE, source=outbound.source_address)
    peers = outbound.peers()
    tried = await asyncio.gather(*(_greet(dialler, peer) for peer in peers))
    for index, (peer, no) in enumerate(zip(peers, tried, strict=True)):
        what = f"mail.outbound.relays[{index}]" if outbound.relays else "mail.outbound"
        where = f"{peer.host}:{peer.port}"
        if no is None:
            says = f"{where} greets us" + (" and lets us in" if peer.username else "")
            yield Finding(what, Level.OK, says)
            continue
        level = Level.FAIL if all(tried) else Level.WARN  # the others take what is for this one
        mend = f"Set {what}.host, port and tls to a relay that takes mail from this machine."
        if no.why is Why.LOCKED_OUT:
            mend = f"Mend {what}.username, password, tls and tls_ca."
        yield Finding(what, level, f"{where} {no.reason}", mend)


async def _greet(dialler: Dialler, peer: Peer) -> NoWayIn | None:
    try:
        if peer.tls != "none":
            dialler.trust(peer.tls_ca)
        conversation = await dialler.dial(peer)
    except NoWayIn as no:
        return no
    except (OSError, ssl.SSLError) as error:
        return NoWayIn(Why.LOCKED_OUT, f"cannot be checked with {peer.tls_ca}: {_words(error)}")
    await conversation.quit()
    conversation.abort()
    return None


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
    inbound = config.mail.inbound
    doors = [("web", "port", config.web.host, config.web.port), ("ops", "port", config.ops.host, config.ops.port)]
    for host in split_hosts(inbound.host):
        if is_file(host):
            yield _socket_file(Path(host.removeprefix(UNIX)))
            continue
        doors.append(("mail.inbound", "port", host, inbound.port))
        if inbound.tls_port:
            doors.append(("mail.inbound", "tls_port", host, inbound.tls_port))
    for name, key, host, port in doors:
        yield await _port(f"{name}.{key}", name, host, port, running=running)


async def _port(what: str, section: str, host: str, port: int, *, running: bool) -> Finding:
    where = f"{host}:{port}"
    try:
        server = await asyncio.start_server(lambda _r, _w: None, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and running:
            return Finding(what, Level.OK, f"{where} is in use, the daemon is running")
        mend = f"Stop what listens there, or set {section}.host and {what} to what this machine has."
        if error.errno == errno.EACCES:
            mend = f"Ports below 1024 are root's: docs/mail.md says how {what} can be one of them all the same."
        return Finding(what, Level.FAIL, f"{where}: {_words(error)}", mend)
    server.close()
    await server.wait_closed()
    return Finding(what, Level.OK, f"{where} is free")


def _socket_file(path: Path) -> Finding:
    if os.access(path.parent, os.W_OK | os.X_OK):
        return Finding("mail.inbound.host", Level.OK, f"{path} can be made")
    mend = f"Make the folder {path.parent}, and let this user write in it."
    return Finding("mail.inbound.host", Level.FAIL, f"{path} cannot be made", mend)


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


LOOKS: tuple[Look, ...] = (_configuration, _database, _provider, _kannel, _smpp, _relay, _files, _ports)
