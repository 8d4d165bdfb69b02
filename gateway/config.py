"""Every setting of an instance: the parts' own settings classes composed, and the rules that hold between them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from decimal import Decimal
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import phonenumbers

from gateway.domain.budget import Budget
from gateway.domain.delivery import LONGEST_VALIDITY
from gateway.domain.mail_domain import is_domain
from gateway.domain.pace import Pace
from gateway.domain.types import Overflow
from gateway.languages import codes, languages
from gateway.log import LogSettings
from gateway.service.site import Limits, Number, Site
from gateway.settings import Unreadable, read
from gateway.web.listening import WebSettings
from gateway.web.ops import OpsSettings
from inbound.mail import UNIX, InboundMailSettings, is_file, split_hosts
from inbound.trust.questions import server as name_server
from outbound.mail import OutboundMailSettings
from outbound.sms_kannel import KannelSettings
from outbound.sms_smpp import SmppSettings
from outbound.sms_twilio import TwilioSettings
from outbound.worker import DeliverySettings
from store.engine import UnusableDatabase, parse_url

Count = Annotated[int, msgspec.Meta(ge=0)]
Some = Annotated[int, msgspec.Meta(ge=1)]
_TYPES = ("source_ton", "source_npi", "dest_ton", "dest_npi")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}").fullmatch
_SHORTEST_KEY = 16
"""Characters; of random ones that is as many as nobody can try. ``gateway.service.identity`` makes longer ones."""

_NO_ACCOUNT = TwilioSettings(account_sid="", auth_token="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """``[site]``: what the community is called and who may join it. An empty ``public_url`` is that of ``[web]``."""

    name: str = "Birdwire"
    public_url: str = ""
    registration: Literal["open", "invite", "domains", "closed"] = "open"
    members_invite: bool = False
    mail_domains: tuple[str, ...] = ()
    private: bool = False
    new_groups: bool = True
    overflow: Overflow = Overflow.LINK
    time_zone: str = "UTC"
    language: str = "en"
    contact: str = ""
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """``[store]``: the database, how many connections a daemon may hold to it, and the folder for opt-outs that it
    could not take at once."""

    url: str = field(default="sqlite:///birdwire.db", repr=False)
    connections: Some = 5
    aside: str = ""

    @property
    def folder_aside(self) -> Path:
        """``aside``, or where it is when nothing is said."""
        url = parse_url(self.url)
        beside = f"{url.database}.aside" if url.get_backend_name() == "sqlite" else "birdwire.aside"
        return Path(self.aside or beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """``[[sms.senders]]``: one of our numbers, its pace and price; 0 segments a day or a minute is no such limit.
    ``provider`` carries for it; empty is the one of ``[sms]``."""

    number: str
    provider: Literal["", "twilio", "kannel", "smpp"] = ""
    segments_per_second: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    segments_per_minute: Count = 0
    segments_per_day: Count = 0
    burst: Count = 0
    reserved: Annotated[float, msgspec.Meta(ge=0, le=0.9)] = 0.1
    countries: tuple[str, ...] = ()
    price_per_segment: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    provider_handles_keywords: bool = False

    @property
    def pace(self) -> Pace:
        """How fast it may go."""
        return Pace(
            self.segments_per_second, self.segments_per_day, self.segments_per_minute, self.burst, self.reserved
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """``[sms]``: who carries our texts, and from which numbers. ``failover_after``: how long a number stands still
    before others take over what waits for it; 0 is never."""

    provider: Literal["none", "twilio", "kannel", "smpp"] = "none"
    default_region: str = "US"
    validity: timedelta = timedelta(hours=4)
    failover_after: timedelta = timedelta(seconds=30)
    senders: tuple[Sender, ...] = ()
    twilio: TwilioSettings = _NO_ACCOUNT
    kannel: KannelSettings = field(default_factory=KannelSettings)
    smpp: SmppSettings = field(default_factory=SmppSettings)

    def provider_of(self, number: str) -> str:
        """Who carries for one of our numbers, or for the messaging service."""
        named = {sender.number: sender.provider for sender in self.senders}
        return named.get(number) or self.provider

    def in_use(self) -> frozenset[str]:
        """The providers that carry for us."""
        if self.provider == "none":
            return frozenset()
        return frozenset(sender.provider or self.provider for sender in self.senders) or frozenset({self.provider})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """``[mail]``: the domain our addresses are at, and the doors in and out."""

    domain: str = "localhost"
    inbound: InboundMailSettings = field(default_factory=InboundMailSettings)
    outbound: OutboundMailSettings = field(default_factory=OutboundMailSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """``[budget]``: what may be spent in a calendar month; 0 is no limit."""

    sms_segments_per_month: Count = 0
    author_segments_per_month: Count = 0
    recipient_segments_per_month: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings of one instance, checked."""

    site: SiteSettings = field(default_factory=SiteSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    web: WebSettings = field(default_factory=WebSettings)
    ops: OpsSettings = field(default_factory=OpsSettings)
    sms: SmsSettings = field(default_factory=SmsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    limits: Limits = field(default_factory=Limits)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def public_url(self) -> str:
        """The address pages and webhooks are reached at, without a trailing slash. Its scheme is in small letters: what
        is only for https is found by it."""
        scheme, _, place = self.site.public_url.rstrip("/").partition("://")
        return f"{scheme.lower()}://{place}" if place else f"http://{_in_url(self.web.host)}:{self.web.port}"

    @property
    def kannel_url(self) -> str:
        """Where Kannel calls, without what each call is about."""
        return "/".join(filter(None, [f"{self.public_url}/hooks/kannel", self.sms.kannel.hook_secret]))

    def sender_names(self) -> list[str]:
        """Where texts come from: our numbers, or else the messaging service that has them; nothing without SMS."""
        if self.sms.provider == "none":
            return []
        return [sender.number for sender in self.sms.senders] or [self.sms.twilio.messaging_service_sid]

    def site_for_services(self, key: bytes) -> Site:
        """What the services know of the instance; ``key`` is what ``gateway.service.identity.key`` gave."""
        senders = self.sms.senders if self.sms.provider != "none" else ()
        return Site(
            name=self.site.name,
            public_url=self.public_url,
            mail_domain=self.mail.domain,
            key=key,
            registration=self.site.registration,
            private=self.site.private,
            new_groups=self.site.new_groups,
            overflow=self.site.overflow,
            time_zone=self.site.time_zone,
            languages=languages(self.site.language),
            contact=self.site.contact,
            number=senders[0].number if senders else "",
            senders=tuple((s.number, frozenset(s.countries)) for s in senders),
            default_region=self.sms.default_region,
            provider_handles_keywords=frozenset(s.number for s in senders if s.provider_handles_keywords),
            limits=self.limits,
            wake_burst=self.delivery.wake_burst,
            digest_hour=self.delivery.digest_hour,
            budget=Budget(
                site=self.budget.sms_segments_per_month,
                author=self.budget.author_segments_per_month,
                recipient=self.budget.recipient_segments_per_month,
            ),
            members_invite=self.site.members_invite,
            mail_domains=self.site.mail_domains,
            numbers=tuple(
                Number(s.number, self.sms.provider_of(s.number), s.pace, Decimal(str(s.price_per_segment)))
                for s in senders
            ),
            mails_per_second=self.mail.outbound.messages_per_second,
        )


class BadConfig(Exception):
    """The configuration can't be used; ``problems`` says why, a sentence each, without any secret's value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The file at ``path`` (None: no file) and the environment over it. Raises BadConfig with every problem found."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except OSError as error:
        raise BadConfig((f"{path} cannot be read: {error.strerror}",)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig((f"{path} is not TOML: {error}",)) from None
    try:
        config = read(Config, table, environ)
    except Unreadable as unreadable:
        raise BadConfig(unreadable.problems) from None
    if problems := tuple(contradictions(config)):
        raise BadConfig(problems)
    return config


def contradictions(config: Config) -> Iterator[str]:
    """What is well-formed key by key but can't work: a sentence each, naming the keys."""
    yield from _about_site(config)
    yield from _about_sms(config)
    yield from _about_mail(config)
    yield from _about_ports(config)
    yield from _about_ranges(config)


def _about_site(config: Config) -> Iterator[str]:
    site = config.site
    if not site.name.strip() or not site.name.isprintable():
        yield "site.name is empty or not printable, it stands in every answer and title"
    if site.public_url:
        url = urlsplit(site.public_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
            yield (
                f'site.public_url = "{_without_password(site.public_url)}" is not allowed, it must be'
                " http(s)://HOST, without user, ? or #"
            )
    if not _is_zone(site.time_zone):
        yield f'site.time_zone = "{site.time_zone}" is not a time zone, it must be a name such as "Europe/Berlin"'
    if site.language not in codes():
        yield f'site.language = "{site.language}" is not there, it must be one of {", ".join(codes())}'
    for domain in site.mail_domains:
        if not is_domain(domain):
            yield (
                f'site.mail_domains has "{domain}", which is not a domain: write "example.org", or ".example.org" for'
                " those below it"
            )
    if site.registration == "domains" and not site.mail_domains:
        yield 'site.mail_domains is empty, site.registration = "domains" needs it: at which domains are your people?'
    if site.secret_key and len(site.secret_key) < _SHORTEST_KEY:
        yield (
            f"site.secret_key is too short, it must be {_SHORTEST_KEY} characters or more (or empty, to have one made"
            " and kept)"
        )
    try:
        parse_url(config.store.url)
    except UnusableDatabase as unusable:
        yield str(unusable)


def _about_sms(config: Config) -> Iterator[str]:
    sms = config.sms
    if sms.default_region not in phonenumbers.SUPPORTED_REGIONS:
        yield f'sms.default_region = "{sms.default_region}" is not a country, it must be two letters such as "US"'
    seen: set[str] = set()
    for index, sender in enumerate(sms.senders):
        if not is_sender(sender.number):
            yield (
                f'sms.senders[{index}].number = "{sender.number}" is not allowed, it must be a number'
                " such as +15551234567 or a short code of 3 to 8 digits"
            )
        if sender.number in seen:
            yield f'sms.senders[{index}].number = "{sender.number}" stands there twice'
        seen.add(sender.number)
        for country in sender.countries:
            if country not in phonenumbers.SUPPORTED_REGIONS:
                yield f'sms.senders[{index}].countries has "{country}", which is not a country such as "US"'
        if sms.provider == "none" and sender.provider:
            yield f"sms.senders[{index}].provider is given, but sms.provider says that there are no texts"
    yield from _about_kannel(config)
    yield from _about_smpp(config)
    if "twilio" in sms.in_use():
        if not sms.twilio.account_sid:
            yield 'sms.twilio.account_sid is missing, sms.provider = "twilio" needs it'
        if not sms.twilio.auth_token:
            yield 'sms.twilio.auth_token is missing, sms.provider = "twilio" needs it'
        if not sms.senders and not sms.twilio.messaging_service_sid:
            yield (
                "sms.senders and sms.twilio.messaging_service_sid are missing,"
                ' sms.provider = "twilio" needs one of them'
            )
        if not config.site.public_url:
            yield 'site.public_url is missing, sms.provider = "twilio" needs it: webhooks are signed over it'
        if urlsplit(sms.twilio.base_url).scheme not in ("http", "https"):
            yield f'sms.twilio.base_url = "{sms.twilio.base_url}" is not allowed, it must be http(s)://HOST'


def _about_kannel(config: Config) -> Iterator[str]:
    kannel = config.sms.kannel
    if kannel.hook_secret and not _SECRET(kannel.hook_secret):
        yield "sms.kannel.hook_secret is not allowed, it must be 16 or more letters, digits, - and _"
    for address in kannel.allowed_addresses:
        try:
            ip_network(address, strict=False)
        except ValueError:
            yield f'sms.kannel.allowed_addresses: "{address}" is neither an address nor a network'
    if "kannel" not in config.sms.in_use():
        return
    if urlsplit(kannel.sendsms_url).scheme not in ("http", "https"):
        yield f'sms.kannel.sendsms_url = "{kannel.sendsms_url}" is not allowed, it must be http(s)://HOST/PATH'
    if not kannel.username or not kannel.password:
        yield "sms.kannel.username or password is missing, they are those of a group sendsms-user"
    if not kannel.hook_secret and not kannel.allowed_addresses:
        yield "sms.kannel.hook_secret and allowed_addresses are missing, one of them says which calls are Kannel's"
    if not config.sms.senders:
        yield 'sms.senders is missing, provider "kannel" needs it'


def _about_smpp(config: Config) -> Iterator[str]:
    smpp = config.sms.smpp
    if "smpp" not in config.sms.in_use():
        return
    for name in ("host", "system_id", "password"):
        if not getattr(smpp, name):
            yield f'sms.smpp.{name} is missing, provider "smpp" needs it'
    if smpp.tls_ca and not smpp.tls:
        yield "sms.smpp.tls_ca is given, but sms.smpp.tls is off"
    if not config.sms.senders:
        yield 'sms.senders is missing, provider "smpp" needs it'
    if find_spec("smpp34") is None:
        yield "the package for SMPP is not installed: pip install 'birdwire[smpp]'"


def _about_mail(config: Config) -> Iterator[str]:
    mail, inbound, outbound = config.mail, config.mail.inbound, config.mail.outbound
    if not mail.domain or set(mail.domain) & set("@/: \t\r\n"):
        yield f'mail.domain = "{mail.domain}" is not a domain, it must be a name such as "example.org"'
    if bool(inbound.tls_cert) != bool(inbound.tls_key):
        yield "mail.inbound.tls_cert and mail.inbound.tls_key belong together, give both or neither"
    for name in ("own_networks", "proxies"):
        for address in getattr(inbound, name):
            try:
                ip_network(address.strip(), strict=False)
            except ValueError:
                yield f'mail.inbound.{name}: "{address}" is neither an address nor a network'
    if inbound.tls_port and not inbound.tls_cert:
        yield "mail.inbound.tls_port needs a certificate: mail.inbound.tls_cert and tls_key"
    for host in split_hosts(inbound.host):
        if host in ("", UNIX):
            yield f'mail.inbound.host = "{inbound.host}" is not allowed: an address is empty; all are "0.0.0.0, ::"'
    if 0 < inbound.recipients_per_minute < inbound.max_recipients:
        yield "mail.inbound.recipients_per_minute is too small, one mail may have mail.inbound.max_recipients"
    if inbound.max_spooled < inbound.max_size:
        yield "mail.inbound.max_spooled is too small, it must be at least mail.inbound.max_size"
    for each in inbound.dns_servers:
        try:
            ip_address(name_server(each)[0])
        except ValueError:
            yield f'mail.inbound.dns_servers: "{each}" is not an address, such as 127.0.0.1, 127.0.0.1:53 or [::1]:53'
    if inbound.proof_timeout < inbound.dns_timeout:
        yield "mail.inbound.proof_timeout is shorter than mail.inbound.dns_timeout, it is for all questions together"
    if inbound.max_in_hand < 3 * inbound.max_size:
        yield "mail.inbound.max_in_hand is too small, it must be at least three times mail.inbound.max_size"
    if bool(outbound.dkim_key) != bool(outbound.dkim_selector):
        yield "mail.outbound.dkim_key and mail.outbound.dkim_selector belong together, give both or neither"
    if bool(outbound.dkim_second_key) != bool(outbound.dkim_second_selector):
        yield (
            "mail.outbound.dkim_second_key and mail.outbound.dkim_second_selector belong together, give both or neither"
        )
    if outbound.dkim_second_key and not outbound.dkim_key:
        yield "mail.outbound.dkim_second_key is for a second signature, give mail.outbound.dkim_key first"
    if outbound.dkim_selector and outbound.dkim_selector == outbound.dkim_second_selector:
        yield "mail.outbound.dkim_second_selector is that of the first key, each key needs a selector of its own"
    if bool(outbound.username) != bool(outbound.password):
        yield "mail.outbound.username and mail.outbound.password belong together, give both or neither"
    for index, relay in enumerate(outbound.relays):
        name = f"mail.outbound.relays[{index}]"
        if not relay.host:
            yield f"{name}.host is empty"
        if bool(relay.username) != bool(relay.password):
            yield f"{name}.username and {name}.password belong together, give both or neither"
    if outbound.relays and outbound.route != "relay":
        yield 'mail.outbound.relays are given, but mail.outbound.route = "mx" goes past them'
    if outbound.hostname and not _is_host(outbound.hostname):
        yield f'mail.outbound.hostname = "{outbound.hostname}" is not a name such as "mail.example.org"'
    if outbound.source_address and not _is_address(outbound.source_address):
        yield f'mail.outbound.source_address = "{outbound.source_address}" is not an IP address'


_SHORTEST_KEPT = timedelta(days=7)
"""Longer than mail servers try to hand on a mail, which is five days or so (RFC 5321 section 4.5.4.1)."""


def _about_ranges(config: Config) -> Iterator[str]:
    delivery, inbound, outbound = config.delivery, config.mail.inbound, config.mail.outbound
    smpp = config.sms.smpp
    ranges: list[tuple[str, float, float, float]] = [
        ("mail.inbound.port", inbound.port, 0, 65535),
        ("mail.inbound.tls_port", inbound.tls_port, 0, 65535),
        ("mail.inbound.min_rate", inbound.min_rate, 0, 10**6),
        ("mail.inbound.max_errors", inbound.max_errors, 1, 10**6),
        ("mail.inbound.max_mails_per_connection", inbound.max_mails_per_connection, 0, 10**9),
        ("mail.inbound.mails_per_minute", inbound.mails_per_minute, 0, 10**9),
        ("mail.inbound.recipients_per_minute", inbound.recipients_per_minute, 0, 10**9),
        ("mail.inbound.greet_pause", inbound.greet_pause, 0, 60),
        ("mail.inbound.max_size", inbound.max_size, 1000, 10**9),
        ("mail.inbound.timeout", inbound.timeout, 1, 3600),
        ("mail.inbound.dns_timeout", inbound.dns_timeout, 0.1, 60),
        ("mail.inbound.proof_timeout", inbound.proof_timeout, 0.1, 120),
        ("mail.outbound.port", outbound.port, 1, 65535),
        ("mail.outbound.timeout", outbound.timeout, 1, 3600),
        ("sms.twilio.timeout", config.sms.twilio.timeout, 1, 600),
        ("sms.kannel.timeout", config.sms.kannel.timeout, 1, 600),
        ("sms.smpp.timeout", smpp.timeout, 1, 600),
        ("sms.smpp.port", smpp.port, 1, 65535),
        ("sms.smpp.window", smpp.window, 1, 1000),
        ("sms.smpp.enquire_interval", smpp.enquire_interval, 1, 3600),
        *((f"sms.smpp.{name}", getattr(smpp, name), -1, 255) for name in _TYPES),
        ("delivery.attempts", delivery.attempts, 1, 1000),
        ("delivery.batch", delivery.batch, 1, 10_000),
        ("delivery.looks_per_second", delivery.looks_per_second, 1, 100),
        ("delivery.connections", delivery.connections, 1, 1000),
        ("delivery.wake_burst", delivery.wake_burst, 0, 100),
        ("delivery.digest_hour", delivery.digest_hour, 0, 23),
        *((f"limits.{limit.name}", getattr(config.limits, limit.name), 1, 10**9) for limit in fields(config.limits)),
    ]
    for name, value, low, high in ranges:
        if not low <= value <= high:
            yield f"{name} = {value} is not allowed, it must be from {low} to {high}"
    if delivery.lease < timedelta(seconds=1):
        yield "delivery.lease is too short, a message must be sent and settled within it: 1s or more"
    if config.web.hsts < timedelta(0):
        yield "web.hsts is not allowed, it must be 0 or more"
    if not timedelta(seconds=1) <= config.sms.validity <= LONGEST_VALIDITY:
        yield "sms.validity is not allowed, it must be from 1s to 10h"
    if delivery.look_up_after < timedelta(seconds=1):
        yield "delivery.look_up_after is too short, receipts need a moment to come: 1s or more"
    if delivery.kept < max(_SHORTEST_KEPT, delivery.max_age):
        yield (
            "delivery.kept is too short: mail servers may bring a mail again for days, which is known by what is kept;"
            " it must be at least 7d and delivery.max_age"
        )
    if delivery.poll < timedelta(milliseconds=50):
        yield "delivery.poll is too short, the queue would be looked at all the time: 0.05s or more"


def _about_ports(config: Config) -> Iterator[str]:
    taken: dict[tuple[str, int], str] = {}
    inbound = config.mail.inbound
    hosts = [host for host in split_hosts(inbound.host) if not is_file(host)]
    doors = [("web", "port", config.web.host, config.web.port), ("ops", "port", config.ops.host, config.ops.port)]
    doors += [("mail.inbound", "port", host, inbound.port) for host in hosts]
    doors += [("mail.inbound", "tls_port", host, inbound.tls_port) for host in hosts]
    for name, key, host, port in doors:
        first = taken.setdefault((host, port), f"{name}.{key}")
        if first != f"{name}.{key}" and port:
            yield f"{name}.{key} = {port} is already that of {first}"


def is_sender(number: str) -> bool:
    """Whether texts can come from it: an E.164 number or a short code."""
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdecimal():
        return False
    return 7 <= len(digits) <= 15 if number.startswith("+") else 3 <= len(digits) <= 8


_is_host = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*|\[[0-9A-Fa-f:.]+\]").fullmatch


def _is_address(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _in_url(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound to
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.rpartition("@")[2]
