"""The demo: the daemon of production, wired to a phone carrier, a mailbox and a page on loopback.

Everything it keeps is in one folder, with a ``config.toml`` that the other commands take, too.
"""

import asyncio
import secrets
import sys
import tomllib
from pathlib import Path

import click
import structlog

from gateway import daemon, log
from gateway.config import Config, load
from gateway.daemon import Listening
from gateway.demo.carrier import Carrier
from gateway.demo.letters import mail_through
from gateway.demo.mailbox import Mailbox
from gateway.demo.page import build_page
from gateway.service import identity, joining
from gateway.service.site import Site
from store import accounts, addresses
from store.accounts import AccountRow
from store.trouble import trouble
from store.unit import Store, Unit

_NUMBER = "+15550009999"
_PHONES = ("+15550001001", "+15550001002", "+15550001003", "+15550001004")
_MAIL_DOMAIN = "birds.example"
_MAILBOXES = "mailbox.example"
_LOOK_FOR_NEWCOMERS = 0.3

_logger = structlog.get_logger(__name__)

_CONFIG = """\
# Made by `birdwire demo`. Other commands can use it while the demo runs: birdwire user list -c {file}
[site]
name = "Birdwire demo"
public_url = "http://127.0.0.1:{web}"
contact = "help@{mail_domain}"
language = "{language}"

[store]
url = "sqlite:///{database}"

[web]
port = {web}

[ops]
port = {ops}

[sms]
provider = "twilio"

[[sms.senders]]
number = "{number}"
segments_per_second = 50

[sms.twilio]
account_sid = "AC{account:032x}"
auth_token = "{token}"
base_url = "http://127.0.0.1:{carrier}"

[mail]
domain = "{mail_domain}"

[mail.inbound]
port = {smtp}

[mail.outbound]
port = {mailbox}
messages_per_second = 0
"""


def run_demo(port: int, data: Path, smtp_port: int, language: str) -> None:
    """Serve until interrupted. ``port`` is the site's; the two after it are for operators and the carrier, the third
    for the mailbox. The site speaks ``language``. Raises OSError for a port that is taken."""
    data.mkdir(parents=True, exist_ok=True)
    config = _configure(port, data, smtp_port, language)
    log.set_up(config.log)
    with asyncio.Runner(loop_factory=daemon.loop_factory()) as runner:
        runner.run(daemon.until_signalled(lambda stop: _run(config, data, port, stop)))


def _configure(port: int, data: Path, smtp_port: int, language: str) -> Config:
    """Write the demo's config.toml, keeping the account and token that an earlier run made."""
    file = data / "config.toml"
    before = tomllib.loads(file.read_text()) if file.exists() else {}
    known = before.get("sms", {}).get("twilio", {})
    account = known.get("account_sid", "")[2:]
    words = _CONFIG.format(
        file=file,
        web=port,
        ops=port + 1,
        carrier=port + 2,
        mailbox=port + 3,
        smtp=smtp_port,
        database=(data / "birdwire.db").absolute(),
        number=_NUMBER,
        account=int(account, 16) if account else secrets.randbits(128),
        token=known.get("auth_token") or secrets.token_hex(16),
        mail_domain=_MAIL_DOMAIN,
        language=language,
    )
    file.touch(mode=0o600)
    file.write_text(words)
    return load(file, {})


async def _run(config: Config, data: Path, port: int, stop: asyncio.Event) -> None:
    twilio = config.sms.twilio
    async with (
        Carrier(
            account_sid=twilio.account_sid,
            auth_token=twilio.auth_token,
            webhook_url=f"{config.public_url}/hooks/twilio/message",
            numbers=[_NUMBER],
            port=port + 2,
        ) as carrier,
        Mailbox(port=port + 3) as mailbox,
        asyncio.TaskGroup() as tasks,
    ):
        page = build_page(
            carrier,
            mailbox,
            numbers=_PHONES,
            site_url=config.public_url,
            site_number=_NUMBER,
            send_mail=mail_through("127.0.0.1", config.mail.inbound.port),
            mail_domain=_MAIL_DOMAIN,
            mail_hint=f"Whoever joins gets the mailbox NAME@{_MAILBOXES}, and in it their secret posting address.",
            ops_url=f"http://127.0.0.1:{config.ops.port}",
        )

        def on_ready(_: Listening) -> None:
            _say_where(config, data)

        newcomers = tasks.create_task(_give_mailboxes(config))
        await daemon.run(config, daemon.ROLES, stop, on_ready=on_ready, mounts={"/demo": page})
        newcomers.cancel()


def _say_where(config: Config, data: Path) -> None:
    url = config.public_url
    click.echo(
        f"""
Birdwire is running, and nothing leaves this machine.

  phones and mailbox   {url}/demo/
  the site             {url}/
  mail in (SMTP)       127.0.0.1:{config.mail.inbound.port}
  metrics              http://127.0.0.1:{config.ops.port}/metrics
  commands             {Path(sys.argv[0])} user list -c {data / "config.toml"}

Press Ctrl-C to stop. Everything is kept in {data}.
""",
        file=sys.stderr,
    )


async def _give_mailboxes(config: Config) -> None:
    """Give everybody who joins by phone a mailbox of the demo's, and mail them their posting address."""
    store = Store(config.store.url)
    given: set[int] = set()
    try:
        while True:
            await asyncio.sleep(_LOOK_FOR_NEWCOMERS)
            try:
                async with store.reading() as reading:
                    people = await accounts.page(reading, most=10_000)
                newcomers = [each for each in people if each.name and each.id not in given]
                for each in newcomers:
                    async with store.unit() as unit:
                        site = config.site_for_services(await identity.key(unit, config.site.secret_key))
                        await _give_mailbox(unit, site, each)
                    given.add(each.id)
            except trouble() as error:
                _logger.debug("no newcomers yet", error=type(error).__name__)
    finally:
        await store.close()


async def _give_mailbox(unit: Unit, site: Site, person: AccountRow) -> None:
    if any(address.channel == "email" for address in await addresses.of_account(unit, person.id)):
        return
    now = daemon.now()
    await joining.add_addresses(unit, person.id, now=now, email=f"{person.name}@{_MAILBOXES}")
    await joining.mail_posting_address(unit, site, person.id, now=now)
