"""What a mail server's reply means for the mail that it is about.

    4xx to MAIL, 421            Deferred, for a minute and without blame: the server takes no more of us now
    4xx to the rest             Deferred; a mail that is greylisted again waits for some minutes
    5xx to MAIL                 Bounced: us
    5xx to the rest             Bounced: the address, the message or us, as the reply says
    250 to the end of the data  Sent

Nothing here waits or writes.
"""

import re

from gateway.domain import mail_codes
from gateway.domain.delivery import Bounced, Deferred, Fault, Outcome, Sent
from outbound.smtp import Reply, Stage

GREYLISTED_PAUSE = 300.0
"""Seconds until a mail is tried again that a server wants to see come a second time (RFC 6647 2), and that came too
soon: most remember for some hours who came, and want some minutes to have passed. Some want less, and what looks like
it may be another trouble that passes sooner; so the first time the wait is as after any refusal."""

SLOWED_PAUSE = 60.0
"""Seconds for which a mail is put off that came at the wrong moment, whatever it is."""

_LONGEST_REPLY = 120
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_NO_LOGIN = frozenset({530, 534, 535, 538})
_NO_MAILBOX = frozenset({550, 551, 553})
_ABOUT_MAILBOX = ("5.1.", "5.2.")
_PERHAPS_GREY = re.compile(r"4\.7\.\d{1,3}|4\.2\.0")
_GREY = re.compile(r"gr[ae]y", re.IGNORECASE)


def meaning(stage: Stage, reply: Reply, recipient: str, *, tries: int = 1) -> Outcome:
    """What the reply that decided means; one that is neither yes nor no counts as not now. ``tries``: how often the
    mail came, this time included."""
    reason = quoted(reply, recipient)
    if stage is Stage.END and reply.code // 100 == 2:
        return Sent(reason)
    if reply.code < 500:
        again = tries > 1 and _is_greylisted(stage, reply)
        pause = GREYLISTED_PAUSE if again else SLOWED_PAUSE if stage is Stage.MAIL else None
        return Deferred(reason, pause, excused=stage is Stage.MAIL)
    match stage:
        case Stage.MAIL:
            return Bounced(reason, Fault.SENDER)
        case Stage.RCPT | Stage.DATA | Stage.END:
            return Bounced(reason, _whose_fault(stage, reply))


def wants_login(stage: Stage, reply: Reply) -> bool:
    """Whether the server takes nothing from those that are not logged in."""
    return stage is Stage.MAIL and reply.code in _NO_LOGIN


def refuses_us(stage: Stage, reply: Reply) -> bool:
    """Whether the server refuses whoever sends, before it has heard of a recipient or a mail."""
    return stage is Stage.MAIL and reply.code >= 500


def wants_less(stage: Stage, reply: Reply) -> bool:
    """Whether it has too much to do, or had too much of us: what was refused has nothing to do with the recipient."""
    return reply.code == 421 or (stage is Stage.MAIL and reply.code // 100 == 4)


def quoted(reply: Reply, recipient: str) -> str:
    """A reply in one short line, without the recipient's address."""
    words = reply.words
    if "@" in words:
        words = re.sub(re.escape(recipient), "…", words, flags=re.IGNORECASE)
    return f"{reply.code} {one_line(words)}"[:_LONGEST_REPLY]


def one_line(words: str) -> str:
    """What a server said, as it can be written down anywhere."""
    words = " ".join(words.split())
    return words if words.isprintable() else "".join(each if each.isprintable() else "?" for each in words)


def _is_greylisted(stage: Stage, reply: Reply) -> bool:
    """The words say it, or else 450 and 451 to the recipient that blame neither the mailbox nor the machine."""
    if _GREY.search(reply.words):
        return True
    enhanced = _ENHANCED.match(reply.words)
    return stage is Stage.RCPT and reply.code in (450, 451) and bool(not enhanced or _PERHAPS_GREY.match(enhanced[1]))


def _whose_fault(stage: Stage, reply: Reply) -> Fault:
    """Of a refusal: the enhanced code says it where it is about the recipient (RFC 3463); at RCPT without one, 550, 551
    and 553 mean the mailbox. The server's policy is the operator's to mend, and held against no mailbox."""
    enhanced = _ENHANCED.match(reply.words)
    if enhanced is None:
        return Fault.ADDRESS if stage is Stage.RCPT and reply.code in _NO_MAILBOX else Fault.MESSAGE
    if not enhanced[1].startswith(_ABOUT_MAILBOX):
        return Fault.MESSAGE
    return mail_codes.FAULTS[mail_codes.code_of(enhanced[1]).meaning]
