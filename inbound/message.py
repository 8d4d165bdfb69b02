"""What every door hands to the intake: who wrote what to whom, and the remote id that makes it unique."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from gateway.domain.complaint import Complaint
from gateway.domain.sms_wire import Part
from gateway.domain.types import Channel
from gateway.domain.unsubscribe import Stop
from inbound.automatic import Kind


@dataclass(frozen=True, slots=True)
class Phone:
    """A text to one of our numbers; the sender's number says who it is."""


@dataclass(frozen=True, slots=True)
class PostingAddress:
    """A mail to an account's secret posting address; the address says who it is."""

    account_id: int


@dataclass(frozen=True, slots=True)
class OwnersAddress:
    """A mail to the secret posting address of an account that takes only its own mailboxes' mail; as long as nobody
    has looked whose mail it is. Then it is one to a PostingAddress."""

    account_id: int


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """A mail to ``post@``, as long as nobody has looked whose mail it is. Then it is one from a ProvenSender."""


@dataclass(frozen=True, slots=True)
class ProvenSender:
    """A mail to ``post@`` that is proven to come from the mailbox that is its ``sender``."""


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """A mail that answers a delivered post or direct message; the delivery says who it is and what is answered."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class OwnersReplyAddress:
    """The same of an account that takes only its own mailboxes' mail; as long as nobody has looked whose mail it is.
    Then it is one to a ReplyAddress."""

    account_id: int
    delivery_id: int


@dataclass(frozen=True, slots=True)
class HelpAddress:
    """A mail to ``help@``: answered with help, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class BounceAddress:
    """A bounce of one delivered mail (VERP return path)."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class UnsubscribeAddress:
    """A mail that asks to stop these mails."""

    stop: Stop


@dataclass(frozen=True, slots=True)
class ComplaintAddress:
    """A mail to ``abuse@`` or ``fbl@``: a feedback report, or a person's words."""


Door = (
    Phone
    | PostingAddress
    | OwnersAddress
    | SharedAddress
    | ProvenSender
    | ReplyAddress
    | OwnersReplyAddress
    | HelpAddress
    | BounceAddress
    | UnsubscribeAddress
    | ComplaintAddress
)


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One message that came in, understood as far as its wire can.

    ``source``, ``remote_id``  together unique: the provider's name and message id, or ``mail`` and a digest of
                               recipient and Message-ID; a repeated one does nothing twice.
    ``sender``                 the phone as the provider gave it, or the envelope sender's mail address; where it
                               was proven who wrote it, that mailbox.
    ``to``                     our number that was texted, or the recipient address.
    ``text``                   what the person wrote: quotes, signatures and markup already off.
    ``raw``                    all that was received (webhook fields as JSON, or the mail as text), kept for a while.
    ``dropped``                how many attachments or pictures were left behind.
    ``cut``                    what was taken for a quote, a signature or a footer, and is not in ``text``.
    ``sealed``                 it is encrypted: nobody here can read it.
    ``certified``              it came in an envelope of certified mail, and ``text`` is what is inside.
    ``part``                   the part of a longer text that it is, where the carrier does not join them.
    ``automatic``              which kind of mail that no person wrote: never posts and is never answered (RFC 3834).
    ``subject``, ``message_id``  of a mail, for the answer's threading.
    ``failure``                on a bounce: the final reason, or empty if it was only a delay; ``arrived`` if it says
                               that the mail lies in its mailbox.
    ``complaint``              the feedback report that it is, to whichever address it came.
    """

    source: str
    remote_id: str
    channel: Channel
    door: Door
    sender: str
    to: str
    text: str
    raw: str
    received_at: datetime
    dropped: int = 0
    cut: str = ""
    sealed: bool = False
    certified: bool = False
    part: Part | None = None
    automatic: Kind | None = None
    subject: str = ""
    message_id: str = ""
    failure: str = ""
    arrived: bool = False
    complaint: Complaint | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is committed. ``new`` is False when it had come before; ``answer`` is what the sender is told."""

    new: bool
    answer: str


class TakesMessages(Protocol):
    """Whoever commits a message: the intake. Any exception means that it is our fault and nothing was kept."""

    async def take(self, message: Inbound) -> Accepted: ...
