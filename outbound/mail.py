"""Hands mails to a relay, to the first of several that takes them, or straight to the servers of their recipients.

    no connection, no TLS, no login     to a relay: Deferred, for the whole route: nothing about this mail is wrong
                                        to a domain: Deferred, for all that goes there
    no server for the domain            Bounced, when DNS has said so for a while
    5xx to MAIL                         from a relay: Deferred, for the whole route, until the operator has mended it
    what else a server replies          as ``outbound.mail_replies`` reads it

Over kept connections, one conversation at a time on each (``outbound.mail_pool``).
"""

import asyncio
import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import structlog

from gateway.domain.delivery import Bounced, Deferred, Fault, Outcome
from gateway.domain.types import Outgoing
from gateway.service.site import Site
from outbound.mail_peer import Dialler, NoWayIn, Peer, Why
from outbound.mail_pool import Envelope, Full, Pool
from outbound.mail_signature import Signatures, read_signer
from outbound.mail_text import render, return_path
from outbound.places import Places

if TYPE_CHECKING:
    from outbound.mail_domains import Domains
    from outbound.mail_exchange import Resolver

log = structlog.get_logger(__name__)

UNREACHABLE_PAUSE = 15.0
"""Seconds for which mail rests when the relay cannot be talked to at all."""

LOCKED_OUT_PAUSE = 300.0
"""Seconds for which mail rests when the relay refuses our name, our password or our certificate check, or has us for no
sender of its own."""

BUSY_PAUSE = 5.0
"""Seconds for which one mail is put off for which a relay has no more room."""

DOMAINS_AT_ONCE = 64
"""Mails that are under way at once when they go straight to their domains."""

_MAILBOX = re.compile(r"[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,64}@[^\s\x00-\x1f\x7f<>()\[\],;:\\\"@]{1,253}")


class RelaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[mail.outbound.relays]]``: one of several relays. Those with the lowest ``preference`` are tried first."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    username: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "none"
    tls_ca: str = ""
    preference: int = 0

    def __repr__(self) -> str:
        return f"RelaySettings({self.host}:{self.port}, tls={self.tls})"


class OutboundMailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail.outbound]``.

    ``route``    ``relay``: to ``host``, or to ``relays`` where there are any; ``mx``: to the recipients' own servers.
    ``tls``      ``starttls`` or ``tls`` from the first byte, both with the relay's certificate checked; or ``none``.
    ``tls_ca``   a file of certificates to check it with, instead of the system's.
    ``connections``  conversations at once, and connections kept: to the relay, all daemons on one PostgreSQL together;
                     or to each domain.
    ``messages_per_connection``  mails over one connection; 0 is any number.
    ``messages_per_second``  the pace of the mail route; 0 is no limit.
    ``hostname``     what we call ourselves to servers; empty is the mail domain.
    ``source_address``  the address of this machine that mail comes from; empty is any.
    ``dkim_key``     path of an RSA or Ed25519 private key in PEM; empty: the relay signs, or nobody does.
    ``dkim_second_key``  one of the other kind, for a second signature; it has a selector of its own.
    ``timeout``      seconds for connecting, and for each reply; the one to a mail's end has six times as long.
    """

    route: Literal["relay", "mx"] = "relay"
    host: str = "127.0.0.1"
    port: int = 25
    username: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "none"
    tls_ca: str = ""
    connections: Annotated[int, msgspec.Meta(ge=1)] = 4
    messages_per_connection: Annotated[int, msgspec.Meta(ge=0)] = 500
    messages_per_second: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    hostname: str = ""
    source_address: str = ""
    dkim_key: str = ""
    dkim_selector: str = ""
    dkim_second_key: str = ""
    dkim_second_selector: str = ""
    timeout: float = 20.0
    relays: tuple[RelaySettings, ...] = ()

    @property
    def at_once(self) -> int:
        """Mails that may be under way at once."""
        return self.connections if self.route == "relay" else DOMAINS_AT_ONCE

    def peers(self) -> list[Peer]:
        """The relays."""
        alone = RelaySettings(
            host=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            tls=self.tls,
            tls_ca=self.tls_ca,
        )
        return [
            Peer(
                each.host,
                each.port,
                tls=each.tls,
                tls_ca=each.tls_ca,
                username=each.username,
                password=each.password,
                preference=each.preference,
            )
            for each in self.relays or (alone,)
        ]

    def dialler(self, mail_domain: str) -> Dialler:
        """What begins conversations. Raises OSError or ssl.SSLError for an unusable ``tls_ca``."""
        dialler = Dialler(self.hostname or mail_domain, self.timeout, source=self.source_address)
        for peer in self.peers() if self.route == "relay" else ():
            if peer.tls != "none":
                dialler.trust(peer.tls_ca)
        return dialler

    def dkim_keys(self) -> list[tuple[str, str]]:
        """The path and the selector of each key that mails are signed with."""
        both = (self.dkim_key, self.dkim_selector), (self.dkim_second_key, self.dkim_second_selector)
        return [(key, selector) for key, selector in both if key]

    def __repr__(self) -> str:
        return f"OutboundMailSettings({self.route}, {self.host}:{self.port}, tls={self.tls})"


class MailTransport:
    """``send`` one mail; ``close`` at the end."""

    def __init__(self, settings: OutboundMailSettings, site: Site, *, resolver: "Resolver | None" = None) -> None:
        """``resolver`` is asked for domains' servers; None is the system's. Raises outbound.mail_signature.UnusableKey,
        and OSError or ssl.SSLError for an unusable ``tls_ca``."""
        self._site = site
        self._signatures = Signatures(
            [read_signer(key, selector, site.mail_domain) for key, selector in settings.dkim_keys()]
        )
        dialler = settings.dialler(site.mail_domain)
        self._relays = _relays(settings, dialler) if settings.route == "relay" else None
        self._domains = _domains(settings, dialler, site, resolver) if settings.route == "mx" else None

    @property
    def relays(self) -> Pool | None:
        """The connections to the relays, whose number daemons share; None where mail goes straight to its domains."""
        return self._relays

    @property
    def may_talk(self) -> bool:
        """Whether any mail can be handed over now: not while other daemons have all connections to the relays."""
        return self._relays is None or self._relays.may_talk

    async def send(self, delivery: Outgoing) -> Outcome:
        """Hand one mail over."""
        recipient = mailbox(delivery.to)
        if recipient is None:
            return Bounced("not a mail address", Fault.ADDRESS)
        if recipient != delivery.to:
            delivery = replace(delivery, to=recipient)
        if self._domains is not None and (put_off := self._domains.put_off(recipient)):
            return put_off
        mail = self._signatures.sign(render(delivery, self._site))
        tries = delivery.attempt - delivery.excused
        envelope = Envelope(return_path(delivery, self._site), recipient, mail, tries)
        if self._relays is None:
            assert self._domains is not None
            return await self._domains.hand_over(envelope)
        try:
            return await self._relays.hand_over(envelope)
        except Full:
            return Deferred("the relay is busy with others of ours", BUSY_PAUSE, excused=True)
        except NoWayIn as no:
            return _for_the_whole_route(no)

    async def close(self) -> None:
        """Say goodbye on every connection."""
        await asyncio.gather(*(each.close() for each in (self._relays, self._domains) if each is not None))


def mailbox(address: str) -> str | None:
    """The address as the wire takes it, its domain in ASCII (RFC 5891); None if it can't be one. By the standard
    library's older rules mail for ``straße.example`` would go to ``strasse.example``, which may be somebody else's."""
    if not _MAILBOX.fullmatch(address):
        return None
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    import idna  # loaded with the first name that needs it: its tables take 2 MB

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError):
        return None


def _relays(settings: OutboundMailSettings, dialler: Dialler) -> Pool:
    peers = settings.peers()

    async def find() -> list[Peer]:
        return peers

    places = Places(settings.connections)
    reuse = settings.messages_per_connection
    return Pool(
        find, dialler, places, reuse=reuse, shuffle=random.shuffle, locked_out=_call_the_operator, takes_all=True
    )


def _domains(settings: OutboundMailSettings, dialler: Dialler, site: Site, resolver: "Resolver | None") -> "Domains":
    from outbound.mail_domains import Domains  # loaded where mail goes this way: it brings DNS

    return Domains(
        dialler,
        port=settings.port,
        connections=settings.connections,
        reuse=settings.messages_per_connection,
        timeout=settings.timeout,
        own_names=frozenset({site.mail_domain, settings.hostname}),
        resolver=resolver,
    )


def _for_the_whole_route(no: NoWayIn) -> Deferred:
    """Nothing about this mail is wrong, and nothing gets through; nothing is lost until then."""
    pause = LOCKED_OUT_PAUSE if no.why is Why.LOCKED_OUT else UNREACHABLE_PAUSE
    return Deferred(f"the relay {no.reason}", pause, route_wide=True)


def _call_the_operator(no: NoWayIn) -> None:
    log.error("the relay needs the operator", what=no.reason, code=no.code)
