"""The words every room shares: channels, sources, lanes, and what a message on its way out looks like."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

MAX_LENGTH = 140
"""Code points in a post, after NFC and with outer white space off."""

NAME_PATTERN = r"[a-z0-9_]{1,15}"
"""An account's name, lower-case; people may type it in any case and with a leading ``@``."""


class Channel(StrEnum):
    """The wires a delivery can go out on. Feeds are pulled and need no delivery."""

    SMS = "sms"
    EMAIL = "email"


class Source(StrEnum):
    """The door a post came in by."""

    SMS = "sms"
    EMAIL = "email"
    WEB = "web"
    API = "api"
    SCHEDULE = "schedule"
    CLI = "cli"


class Overflow(StrEnum):
    """What happens to text over 140 characters: cut with a link, split into up to three posts, or refused."""

    LINK = "link"
    SPLIT = "split"
    REFUSE = "refuse"


class EmailMode(StrEnum):
    """When an account's mail goes out."""

    OFF = "off"
    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"


DIGESTS = (EmailMode.HOURLY, EmailMode.DAILY)
"""Posts come together, and what is meant for one person still comes at once."""


class PostKind(StrEnum):
    """A public or protected post, a direct message, or a repost of somebody's post."""

    POST = "post"
    DIRECT = "direct"
    REPOST = "repost"


class Lane(IntEnum):
    """The order of sending: a lower lane goes first, so nobody's answer waits behind a celebrity's post.

    Posts are spread over four lanes by how many followers the post has already been queued for: the first
    hundred, up to a thousand, up to ten thousand, the rest.
    """

    ANSWER = 0
    MENTION = 1
    FIRST = 2
    NEAR = 3
    FAR = 4
    TAIL = 5


class NoticeKind(StrEnum):
    """What words of our own are about: how a mail of them looks, and what answering it or stopping it means.

    ``ANSWER`` is what a message of theirs was answered with, ``PROOF`` a code or link that proves something,
    ``REQUEST`` who asks to follow them, ``NUDGE`` who wants to hear from them, ``NEWS`` what else others did,
    ``WELCOME`` the first words to a mailbox, ``DIGEST`` the posts that waited for them, and ``NOTICE`` anything about
    their own account.
    """

    ANSWER = "answer"
    PROOF = "proof"
    REQUEST = "request"
    NUDGE = "nudge"
    NEWS = "news"
    WELCOME = "welcome"
    DIGEST = "digest"
    NOTICE = "notice"


STOPPABLE = frozenset({NoticeKind.REQUEST, NoticeKind.NUDGE, NoticeKind.NEWS, NoticeKind.DIGEST})
"""What no longer comes by mail to those who have turned mail off. What concerns their account still does."""


class Thread(NamedTuple):
    """What an answer goes on from, as far as its recipient may see it and it still stands.

    ``first``     the words of the oldest post of the conversation that may be shown; empty if there is none before it.
    ``named_by``  who wrote that one, if it names the recipient; empty otherwise.
    ``text``      the words of the post that is answered; empty if they may not be shown.
    ``author``, ``post_id``  who wrote that one, and which it is.
    """

    first: str
    named_by: str
    text: str
    author: str
    post_id: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What a digest brings.

    ``posts``  those that are shown, each with its delivery's own id, oldest first. ``more``: how many others waited.
    ``zone``   the IANA name of the zone in which their times are shown.
    ``left_out``  the deliveries whose posts it does not show after all, each with the reason.
    """

    posts: "tuple[Outgoing, ...]"
    more: int = 0
    zone: str = "UTC"
    left_out: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Outgoing:
    """One delivery on its way to one phone or mailbox: everything a transport needs, nothing it could look up.

    ``id``, ``attempt``  the delivery's number and the count of this try (1 is the first).
    ``excused``          how many of the tries before were no fault of its own.
    ``to``               an E.164 phone number or a mail address.
    ``sender``           the number to send from on SMS; empty on mail.
    ``text``             on SMS the exact words to send, mark or ``name: `` included; on mail the post's or notice's.
    ``segments``         SMS segments of ``text``; 0 on mail.
    ``author``           the name of who wrote it; empty on a notice (an answer to a command, a confirmation).
    ``author_id``        the account of who wrote it; None on a notice.
    ``post_id``          None on a notice; ``conversation_id`` is the first post of its thread.
    ``kind``             what the post is; None on a notice. ``mention``: it came because it names the recipient.
    ``via``              the word, ``#tag`` or ``!group`` that brought it to the recipient; empty otherwise.
    ``original_author``  on a repost, the name of who wrote the reposted words.
    ``subject``, ``in_reply_to``  on a notice that answers a mail: its subject and Message-ID (RFC 5322 3.6.4).
    ``notice``           what a notice is about; None on a post. ``digest``: what a digest brings, once it is known.
    ``answered_mail``    the delivery by which the recipient was mailed what this post answers; None if none was.
    ``thread``           on mail, what an answer goes on from; None on a post that answers nothing.
    ``account_id``       the recipient's account; None when an unknown phone or address is answered.
    ``address_id``       our number for the phone or mailbox at ``to``.
    ``reply_version``    on mail, what the address that answers it is made with.
    ``queued_at``        when the delivery was queued (aware, UTC).
    ``language``         on mail, the one that the recipient has chosen, as a code; empty if none.
    ``valid_for``        on SMS, seconds after which it must not be delivered any more; 0 is as the provider does.

    One is made for every delivery; freezing its fields would take five times as long as filling them.
    """

    id: int
    attempt: int
    channel: Channel
    to: str
    text: str
    queued_at: datetime
    sender: str = ""
    segments: int = 0
    author: str = ""
    post_id: int | None = None
    conversation_id: int | None = None
    reply_to_id: int | None = None
    kind: PostKind | None = None
    mention: bool = False
    via: str = ""
    original_author: str = ""
    subject: str = ""
    in_reply_to: str = ""
    account_id: int | None = None
    address_id: int = 0
    valid_for: int = 0
    excused: int = 0
    author_id: int | None = None
    language: str = ""
    reply_version: int = 0
    notice: NoticeKind | None = None
    answered_mail: int | None = None
    thread: Thread | None = None
    digest: Digest | None = None
