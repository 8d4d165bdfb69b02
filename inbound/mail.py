"""The mail door: an SMTP or LMTP server in the daemon's own loop that says 250 only for what is committed.

Recipients are looked up at RCPT, so nothing is accepted for nobody and nothing is ever relayed. Where it counts who
sent a mail, that is looked at before it is taken (``inbound.senders``). What goes wrong on our side is 451, so the peer
keeps the mail and comes again; a mail that comes again under its Message-ID does nothing twice. A client that hangs up
while its mail is being taken does not undo the taking.

LMTP answers once per recipient (RFC 2033 4.2). SMTP can only answer once, so one failed recipient defers the mail, and
one that is refused refuses it for all.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Literal, assert_never

import msgspec
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.domain.place import place_of
from gateway.service.doors import (
    Bouncing,
    Complaining,
    Helping,
    Opened,
    Posting,
    Refused,
    Replying,
    Shared,
    Unsubscribing,
)
from inbound.gate import Gate, networks
from inbound.letters import understand
from inbound.message import (
    BounceAddress,
    ComplaintAddress,
    Door,
    HelpAddress,
    Inbound,
    OwnersAddress,
    OwnersReplyAddress,
    PostingAddress,
    ReplyAddress,
    SharedAddress,
    TakesMessages,
    UnsubscribeAddress,
)
from inbound.mime import decode
from inbound.senders import MOST_ASKING, Knows, Senders, asks
from inbound.smtp_connection import Connection, Terms
from inbound.smtp_session import LmtpSession, MailEnvelope, SmtpSession
from inbound.spool import Spool
from inbound.trust.prover import Client, Prover, Trust
from inbound.trust.questions import DnsResolver, Resolver

log = structlog.get_logger(__name__)

_SMALL = 32 * 1024
"""Bytes of a mail that is read in the loop; a larger one is read in a thread."""

_LARGE_AT_ONCE = 2
"""Larger ones that are read at once: reading takes several times what is looked at of a mail."""

_LONGEST_SENDER = 254
_SIGNED_SENDER = re.compile(r"(?:prvs=\d{4}[0-9a-f]{6}=|btv1==[0-9a-f]+==)(?=[^@]+@)", re.IGNORECASE)
"""What mail servers put before a sender's address, and change every day, to know their own bounces by it (BATV)."""

_TAKEN = "250 2.0.0 Taken"
_IN_ANOTHER_MAIL = "452 4.5.3 Too many recipients. Please send the rest in another mail."
_OUR_FAULT = "451 4.3.0 Something went wrong here. Please try again later."


class InboundMailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail.inbound]``. ``port`` 0 takes a free one, ``tls_port`` 0 is none; sizes are in bytes, ``timeout``,
    ``greet_pause``, ``grace``, ``dns_timeout`` (one question) and ``proof_timeout`` (all that is asked about one mail)
    in seconds, ``min_rate`` in bytes a second. 0 is no limit of what one address brings in a minute.

    ``host``   one or several, with commas between, or ``unix:PATH``.
    ``own_networks``  machines of ours: not made to wait, not counted by the minute, not refused for haste.
    ``proxies``  who says for whom it comes (the PROXY protocol).
    """

    host: str = "127.0.0.1"
    port: int = 8025
    tls_port: int = 0
    protocol: Literal["smtp", "lmtp"] = "smtp"
    max_size: int = 26214400
    tls_cert: str = ""
    tls_key: str = ""
    trusted_authserv_id: str = ""
    trusted_arc_sealers: tuple[str, ...] = ()
    dns_servers: tuple[str, ...] = ()
    dns_timeout: float = 3.0
    proof_timeout: float = 15.0
    hostname: str = ""
    timeout: float = 300.0
    grace: float = 10.0
    max_recipients: int = 100
    max_connections: int = 200
    max_connections_per_host: int = 50
    max_in_hand: int = 268435456
    spool_folder: str = ""
    max_spooled: int = 1073741824
    min_rate: float = 500.0
    max_errors: int = 30
    max_mails_per_connection: int = 1000
    mails_per_minute: int = 300
    recipients_per_minute: int = 600
    greet_pause: float = 1.0
    own_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    proxies: tuple[str, ...] = ()


Resolve = Callable[[str], Awaitable[Opened | Refused]]
"""What the part of an address before the ``@`` opens, as ``gateway.service.doors.find`` knows it."""


UNIX = "unix:"
"""Before the path of a socket in the file system, in place of a host."""


def split_hosts(written: str) -> list[str]:
    """Where to listen, one after the other; an empty host is every address of this machine."""
    return [host.strip() for host in written.split(",")]


def is_file(host: str) -> bool:
    """Whether it is a socket in the file system."""
    return host.startswith(UNIX)


class MailDoor:
    """``start``, then ``stop_accepting`` and ``close``. ``mail_domain`` is the one domain whose mail is taken.

    ``port`` and ``tls_port`` are those that are listened on, once it has started (0: none). ``knows`` says who a
    mailbox is, where that is asked; without it such mail is turned away. ``dns`` is asked in place of the name servers
    that are configured.
    """

    def __init__(
        self,
        settings: InboundMailSettings,
        mail_domain: str,
        intake: TakesMessages,
        resolve: Resolve,
        knows: Knows | None = None,
        dns: Resolver | None = None,
    ) -> None:
        self.settings = settings
        self.port, self.tls_port = settings.port, settings.tls_port
        self.gate = Gate(
            own=networks(settings.own_networks),
            proxies=networks(settings.proxies),
            connections=settings.max_connections,
            connections_each=settings.max_connections_per_host,
            mails_each=settings.mails_per_minute,
            recipients_each=settings.recipients_per_minute,
            now=monotonic,
        )
        self.spool = Spool(settings.spool_folder, settings.max_spooled)
        prover = Prover(_trust(settings), dns or DnsResolver(settings.dns_servers, settings.dns_timeout))
        senders = Senders(prover, knows or _knows_nobody)
        self._handler = _Handler(settings, mail_domain.lower(), intake, resolve, senders)
        self._terms = Terms(
            hostname=settings.hostname or mail_domain,
            domain=mail_domain,
            max_size=settings.max_size,
            timeout=settings.timeout,
            min_rate=settings.min_rate,
            max_errors=settings.max_errors,
            max_mails=settings.max_mails_per_connection,
            greet_pause=settings.greet_pause,
        )
        self._servers: list[asyncio.Server] = []
        self._sessions: set[Connection] = set()
        self._in_hand = 0

    async def start(self) -> None:
        """Listen. Raises OSError if the address is taken or a certificate can't be read."""
        for chatty in ("mail.log", "flufl.bounce", "dkimpy"):  # they write addresses and mail into their logs
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        settings = self.settings
        if settings.tls_cert:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            tls.load_cert_chain(settings.tls_cert, settings.tls_key or None)
            self._terms = replace(self._terms, tls=tls)
        for host in split_hosts(settings.host):
            self._servers.append(await self._listen(host, settings.port))
            if settings.tls_port and not is_file(host):
                self._servers.append(await self._listen(host, settings.tls_port, tls_at_once=True))
        self.port = next((_port(server) for server in self._servers), settings.port)
        log.info(
            "mail.listening",
            host=settings.host,
            port=self.port,
            tls_port=self.tls_port or None,
            protocol=settings.protocol,
        )

    async def _listen(self, host: str, port: int, *, tls_at_once: bool = False) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        kind = LmtpSession if self.settings.protocol == "lmtp" else SmtpSession

        def session() -> SmtpSession:
            return kind(self, self._handler, self._terms, tls_at_once=tls_at_once)

        if not is_file(host):
            return await loop.create_server(session, host, port)
        path = host.removeprefix(UNIX)
        server = await loop.create_unix_server(session, path)
        await asyncio.to_thread(Path(path).chmod, 0o666)  # as on loopback: whoever may enter its folder may talk
        return server

    async def stop_accepting(self) -> None:
        """Take no more connections. Those that are open go on."""
        for server in self._servers:
            server.close()

    async def close(self) -> None:
        """Say goodbye to those who are idle, finish the mails in hand for up to ``grace`` seconds, hang up."""
        self.gate.closing = True
        await self.stop_accepting()
        for session in list(self._sessions):
            session.dismiss()
        if ending := [session.conversation for session in self._sessions]:
            await asyncio.wait(ending, timeout=self.settings.grace)
        await self._handler.finish(self.settings.grace)
        for session in list(self._sessions):
            session.abort()
        for server in self._servers:
            await server.wait_closed()

    def came(self, connection: Connection) -> None:
        """A connection was let in."""
        self._sessions.add(connection)

    def went(self, connection: Connection) -> None:
        """It has ended."""
        self._sessions.discard(connection)

    def hold(self, size: int) -> bool:
        """Count the memory that mails take while they come in; False when there is too little for so much more."""
        if size > 0 and self._in_hand + size > self.settings.max_in_hand:
            return False
        self._in_hand += size
        return True


class _Handler:
    """What is answered to MAIL, RCPT and DATA. All sessions share it; what belongs to one mail is on its envelope."""

    def __init__(
        self,
        settings: InboundMailSettings,
        mail_domain: str,
        intake: TakesMessages,
        resolve: Resolve,
        senders: Senders,
    ) -> None:
        self._senders = senders
        self._settings = settings
        self._mail_domain = mail_domain
        self._intake = intake
        self._resolve = resolve
        self._taking: set[asyncio.Task[str]] = set()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._large_proofs = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds hooks by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(address.encode("utf-8", "surrogateescape")) > _LONGEST_SENDER:
            return "553 5.1.7 The sender's address is too long."
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds hooks by this name
        self, _server: SMTP, _session: Session, envelope: MailEnvelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self._settings.max_recipients:
            return _IN_ANOTHER_MAIL
        try:
            found = await self._find(address)
        except Exception as error:
            _log_fault("mail.lookup_failed", error)
            return _OUR_FAULT
        if isinstance(found, Refused):
            return _ascii(f"550 {found.status} {found.words}")
        door = _door(found)
        if asks(door) and sum(map(asks, envelope.doors.values())) >= MOST_ASKING:
            return _IN_ANOTHER_MAIL
        envelope.rcpt_tos.append(address)
        envelope.doors[address.lower()] = door
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd finds hooks by this name
        self, server: SmtpSession, session: Session, envelope: MailEnvelope
    ) -> str:
        refused: dict[str, str] = {}
        try:
            messages = await self._understand(envelope)
            if messages and any(map(asks, envelope.doors.values())):
                messages, refused = await self._sort(envelope, self._client(server, session, envelope), messages)
        except Exception as error:
            _log_fault("mail.not_understood", error)
            return _OUR_FAULT
        if not messages and not refused:
            return "554 5.4.6 This mail has been going round in circles."
        one_by_one = isinstance(server, LmtpSession)
        if refused and not one_by_one:
            return _ascii(next(iter(refused.values())))  # for all of it: nothing was taken
        answers = await self._take_all(messages) | {to: _ascii(words) for to, words in refused.items()}
        if one_by_one:
            return "\r\n".join(answers[address.lower()] for address in envelope.rcpt_tos)
        return next((answer for answer in answers.values() if answer != _TAKEN), _TAKEN)

    async def handle_exception(self, error: Exception) -> str:
        """A fault in the conversation itself: never a final answer, which would lose the mail."""
        _log_fault("mail.conversation_failed", error)
        return _OUR_FAULT

    async def finish(self, grace: float) -> None:
        """Wait for mails whose client has hung up already."""
        if self._taking:
            await asyncio.wait(self._taking, timeout=grace)

    async def _find(self, address: str) -> Opened | Refused:
        local_part, at, domain = address.rpartition("@")
        if not at and address.lower() == "postmaster":
            return Helping()  # RFC 5321 4.5.1: without a domain, too
        if domain.lower() != self._mail_domain:
            return Refused(f"Only mail for {self._mail_domain} is taken here.", "5.7.1")
        return await self._resolve(local_part)

    async def _understand(self, envelope: MailEnvelope) -> list[Inbound]:
        content = envelope.content
        assert content is not None
        sender = (
            ""
            if envelope.mail_from == "<>"
            else decode((envelope.mail_from or "").encode("utf-8", "surrogateescape"), "utf-8")
        )
        if "=" in sender and (signed := _SIGNED_SENDER.match(sender)):
            sender = sender[signed.end() :]
        now = datetime.now(UTC)
        if len(content) > _SMALL:
            async with self._large:
                return await asyncio.to_thread(understand, content, sender, envelope.doors, self._mail_domain, now)
        return understand(content, sender, envelope.doors, self._mail_domain, now)

    async def _sort(
        self, envelope: MailEnvelope, client: Client, messages: list[Inbound]
    ) -> tuple[list[Inbound], dict[str, str]]:
        """Those whose sender may write there, and the words that refuse the others. A signature is over all bytes of a
        mail: of large ones, few are in memory at once."""
        content = envelope.content
        assert content is not None
        if isinstance(content, bytes):
            return await self._senders.sort(content, client, messages)
        async with self._large_proofs:
            return await self._senders.sort(content[:], client, messages)

    async def _take_all(self, messages: list[Inbound]) -> dict[str, str]:
        """The answer for each recipient. What was begun is finished even if the client goes."""
        taking = {message.to: asyncio.create_task(self._take(message)) for message in messages}
        for task in taking.values():
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)
        return {address: await asyncio.shield(task) for address, task in taking.items()}

    async def _take(self, message: Inbound) -> str:
        try:
            await self._intake.take(message)
        except Exception as error:
            _log_fault("mail.not_taken", error)
            return _OUR_FAULT
        return _TAKEN

    def _client(self, server: SmtpSession, session: Session, envelope: MailEnvelope) -> Client:
        """Who brings the mail. Of the operator's own servers, as over LMTP, the address says nothing."""
        peer: object = session.peer  # a tuple, whatever aiosmtpd's annotation says
        ip = str(peer[0]) if isinstance(peer, tuple) and not server.is_own else ""
        return Client(ip, session.host_name or "", envelope.mail_from or "")


def _trust(settings: InboundMailSettings) -> Trust:
    sealers = frozenset(each.lower() for each in settings.trusted_arc_sealers)
    return Trust(settings.trusted_authserv_id, sealers, settings.proof_timeout)


async def _knows_nobody(_spellings: object, _words: str, _account_id: int | None) -> Refused:
    return Refused("Nobody here has this mail address.", "5.7.1")


def _door(opened: Opened) -> Door:
    match opened:
        case Posting(account_id, checks_sender):
            return OwnersAddress(account_id) if checks_sender else PostingAddress(account_id)
        case Shared():
            return SharedAddress()
        case Replying(delivery_id, only_from):
            return ReplyAddress(delivery_id) if only_from is None else OwnersReplyAddress(only_from, delivery_id)
        case Bouncing(delivery_id):
            return BounceAddress(delivery_id)
        case Unsubscribing(stop):
            return UnsubscribeAddress(stop)
        case Complaining():
            return ComplaintAddress()
        case Helping():
            return HelpAddress()
        case _:
            assert_never(opened)


def _ascii(words: str) -> str:
    return " ".join(words.split()).encode("ascii", "replace").decode()


def _log_fault(event: str, error: BaseException) -> None:
    """Where it went wrong, without the error's own words: they may quote the mail."""
    log.error(event, error=type(error).__name__, where=place_of(error))


def _port(server: asyncio.Server) -> int:
    """The one that it listens on; 0 where that is a file."""
    name = server.sockets[0].getsockname()
    return int(name[1]) if isinstance(name, tuple) else 0
