"""One real mail by the configured way, right now, with each step told: for an operator who wants to see it go."""

from collections.abc import Callable
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from secrets import token_bytes

from gateway.domain import token
from gateway.domain.delivery import Bounced, Deferred, Outcome, Sent
from gateway.domain.token import Purpose
from outbound import mishap
from outbound.mail import OutboundMailSettings, mailbox
from outbound.mail_exchange import Nowhere, Resolver, TakesNone, Unknown, find
from outbound.mail_form import LOOP_HEADER, OFFICE
from outbound.mail_peer import NoWayIn, Peer
from outbound.mail_replies import meaning
from outbound.mail_signature import Signatures, read_signer
from outbound.smtp import Conversation, Stage

Watch = Callable[[str, str], None]
"""Hears of each step, and of what was seen there."""

_GO_ON = 354


async def try_out(
    settings: OutboundMailSettings,
    *,
    name: str,
    domain: str,
    address: str,
    watch: Watch,
    resolver: Callable[[], Resolver],
    now: datetime,
) -> Outcome:
    """``name`` and ``domain`` are the community's. The return path looks like that of every mail, a new one for each,
    so that a relay shows itself that takes mail from known addresses alone; nothing that comes back to it is taken.
    Raises outbound.mail_signature.UnusableKey, and OSError or ssl.SSLError for an unusable ``tls_ca``."""
    sender = f"bounce+{token.make(token_bytes(32), Purpose.BOUNCE, 0)}@{domain}"
    recipient = mailbox(address)
    if recipient is None:
        return Bounced("this is not a mail address")
    mail = _letter(name, domain, recipient, now)
    mail = Signatures([read_signer(key, selector, domain) for key, selector in settings.dkim_keys()]).sign(mail)
    for _, selector in settings.dkim_keys():
        watch("signed", f"with DKIM, for {selector}._domainkey.{domain}")
    dialler = settings.dialler(domain)
    peers = await _peers(settings, recipient, watch, resolver)
    if isinstance(peers, Bounced | Deferred):
        return peers
    reason = ""
    for peer in peers:
        where = f"{peer.host}:{peer.port}" + (f" at {peer.address}" if peer.address else "")
        watch("trying", where)
        try:
            conversation = await dialler.dial(peer, lambda step, words: watch(step.value, words))
        except NoWayIn as no:
            reason = reason or f"{peer.host} {no.reason}"
            watch("failed", f"it {no.reason}")
            continue
        try:
            return await _hand_over(conversation, sender, recipient, mail, watch)
        except OSError as error:
            return Deferred(f"{peer.host} hung up: {str(error) or mishap.in_words(error)}")
        finally:
            await conversation.quit()
            conversation.abort()
    return Deferred(reason)


async def _peers(
    settings: OutboundMailSettings, recipient: str, watch: Watch, resolver: Callable[[], Resolver]
) -> list[Peer] | Bounced | Deferred:
    if settings.route == "relay":
        return sorted(settings.peers(), key=lambda peer: peer.preference)
    domain = recipient.rpartition("@")[2]
    found = await find(domain, resolver(), patience=settings.timeout / 2)
    match found:
        case TakesNone():
            return Bounced(f"{domain} takes no mail")
        case Nowhere(reason):
            return Bounced(f"nobody takes mail for {domain}: {reason}")
        case Unknown(reason):
            return Deferred(f"who takes mail for {domain} is not known: {reason}")
        case _:
            watch("found", ", ".join(f"{each.preference} {each.host} ({each.address})" for each in found))
            return [Peer(each.host, settings.port, each.address, tls="offered") for each in found]


async def _hand_over(conversation: Conversation, sender: str, recipient: str, mail: bytes, watch: Watch) -> Outcome:
    options = "" if recipient.isascii() else " SMTPUTF8"
    if options and "smtputf8" not in conversation.extensions:
        return Bounced("the server takes only addresses in ASCII")
    stage, reply = await conversation.envelope(sender, recipient, options)
    if reply.code == _GO_ON:
        watch("offered", f"from {sender}, and the server wants it")
        stage, reply = Stage.END, await conversation.content(mail)
    outcome = meaning(stage, reply, recipient)
    if isinstance(outcome, Sent):
        watch("accepted", outcome.remote_id)
    else:
        watch("refused", f"at {stage}: {outcome.reason}" if isinstance(outcome, Bounced | Deferred) else "")
    return outcome


def _letter(name: str, domain: str, recipient: str, now: datetime) -> bytes:
    letter = EmailMessage(policy.SMTP.clone(utf8=not recipient.isascii()))
    letter["From"] = f"{OFFICE}@{domain}"
    letter["To"] = recipient
    letter["Subject"] = f"A test from {name}"
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = make_msgid("test", domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter[LOOP_HEADER] = domain
    letter.set_content(f"This is a test of {name}'s mail, sent with `birdwire mail test`. Mail goes out.\n")
    return bytes(letter)
