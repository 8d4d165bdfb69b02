"""What the status of a mail that came back means for its mailbox: one table, for the relay's replies and for bounces.

A status is ``CLASS.SUBJECT.DETAIL`` (RFC 3463; the register of its details is RFC 5248's). Class 4 is something that
may pass, and who returns a mail with it has given up waiting: that is never held against the mailbox as such. Class 5
is final, and this table says for what: the mailbox, the mail, or us. A detail that is not in it counts as its subject
does, and a subject that is not as a mailbox that does not exist: better to stop mails that nobody reads than to go on.

What is done about each meaning stands in ``ACTIONS``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.delivery import Fault


class Meaning(StrEnum):
    """What a status is about, which decides what follows."""

    NO_MAILBOX = "no such mailbox"
    NOT_NOW = "not for now"
    MESSAGE = "this mail"
    OURS = "our fault"


ACTIONS: Mapping[Meaning, str] = MappingProxyType(
    {
        Meaning.NO_MAILBOX: "counted against the mailbox; at limits.hard_bounces no more mails go there",
        Meaning.NOT_NOW: "counted once a day; after limits.soft_bounce_days such days no more mails go there",
        Meaning.MESSAGE: "this mail is given up; nothing else follows",
        Meaning.OURS: "this mail is given up and an error is logged; mend the cause, then birdwire queue retry",
    }
)
"""What is done about each, in words for the operator."""

FAULTS: Mapping[Meaning, Fault] = MappingProxyType(
    {
        Meaning.NO_MAILBOX: Fault.ADDRESS,
        Meaning.NOT_NOW: Fault.NOT_NOW,
        Meaning.MESSAGE: Fault.MESSAGE,
        Meaning.OURS: Fault.SENDER,
    }
)
"""Whose fault each is."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a detail, or a whole subject, means: ``words`` for the operator."""

    words: str
    meaning: Meaning


def _mailbox(words: str) -> Code:
    return Code(words, Meaning.NO_MAILBOX)


def _not_now(words: str) -> Code:
    return Code(words, Meaning.NOT_NOW)


def _message(words: str) -> Code:
    return Code(words, Meaning.MESSAGE)


def _ours(words: str) -> Code:
    return Code(words, Meaning.OURS)


CODES: Mapping[str, Code] = MappingProxyType(
    {
        # The address.
        "5.1": _mailbox("something about the address"),
        "5.1.1": _mailbox("no such mailbox"),
        "5.1.2": _mailbox("no such domain"),
        "5.1.3": _mailbox("not a mail address"),
        "5.1.4": _mailbox("the address means several mailboxes"),
        "5.1.6": _mailbox("the mailbox has moved, nobody says where to"),
        "5.1.7": _ours("our return path is not taken for an address"),
        "5.1.8": _ours("the domain of our return path is not found"),
        "5.1.10": _mailbox("the domain takes no mail"),
        # The mailbox.
        "5.2": _not_now("something about the mailbox"),
        "5.2.1": _mailbox("the mailbox is disabled"),
        "5.2.2": _not_now("the mailbox is full"),
        "5.2.3": _message("larger than the mailbox takes"),
        "5.2.4": _not_now("the list behind the address could not be read"),
        # The system where the mailbox is.
        "5.3": _not_now("the system where the mailbox is has a problem"),
        "5.3.4": _message("larger than the system takes"),
        # The way there.
        "5.4": _not_now("the way to the mailbox has a problem"),
        "5.4.1": _mailbox("the domain does not know the mailbox"),
        "5.4.4": _mailbox("the domain has no mail server"),
        "5.4.310": _mailbox("the domain does not exist"),
        # The protocol.
        "5.5": _ours("a command of the relay's was refused"),
        "5.5.0": _mailbox("the mailbox is not available"),
        # The content.
        "5.6": _message("something about the content"),
        # Policy. Some of it is about us, whoever the recipient is.
        "5.7": _not_now("refused by policy"),
        "5.7.17": _mailbox("the mailbox belongs to somebody else now"),
        "5.7.18": _mailbox("the domain belongs to somebody else now"),
        "5.7.20": _ours("no DKIM signature that passes"),
        "5.7.21": _ours("no DKIM signature that is acceptable"),
        "5.7.22": _ours("no DKIM signature of the author's domain"),
        "5.7.23": _ours("SPF failed"),
        "5.7.24": _ours("SPF could not be read"),
        "5.7.25": _ours("the relay has no name for its address"),
        "5.7.26": _ours("several ways to authenticate failed"),
        "5.7.27": _ours("our domain says that it takes no mail"),
        "5.7.28": _ours("too much mail at once"),
        "5.7.29": _ours("the chain of ARC seals is broken"),
        "5.7.30": _ours("the receiver wants TLS"),
        "5.7.509": _ours("DMARC failed"),
        "5.7.511": _ours("the relay's address is blocked"),
        "5.7.606": _ours("the relay's address is blocked"),
        "5.7.708": _ours("mail from the relay's address is not taken"),
        "5.7.750": _ours("our domain is not registered at the relay"),
    }
)
"""By detail, else by subject."""

UNKNOWN = _mailbox("a final refusal without a status that is known")
GAVE_UP = _not_now("somebody on the way gave up waiting")

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#:]|$)")
_OF_REPLY: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("500", "501", "502", "503", "504", "530", "534", "535", "538", "555"), "5.5.1"),
        **dict.fromkeys(("550", "551", "553"), "5.1.1"),
        **dict.fromkeys(("521", "556"), "5.1.10"),
        "552": "5.2.2",
        "541": "5.7.1",
        "554": "5.7.1",
    }
)
_IN_WORDS = (
    (r"quota|(mailbox|inbox|storage|account) (is |was )?(over)?full|over limit|insufficient storage", "5.2.2"),
    (r"retry time|timed out|timeout|time expired|connection (refused|lost)", "4.4.7"),
    (
        r"\b(user|mailbox|account|address|recipient)\b.{0,30}\b(unknown|not (be )?found|not known|not exist|no longer"
        r"|invalid|disabled|inactive|suspended|closed|unavailable|not available)"
        r"|\b(unknown|no such|invalid|not a (valid|known)|doesn'?t have an?|does not have an?|no) .{0,20}"
        r"(user|mailbox|account|recipient|address)|unrouteable",
        "5.1.1",
    ),
    (r"\b(spam|spamhaus|black ?list|block ?list|blocked|policy|reputation|dnsbl|rbl|unsolicited)", "5.7.1"),
)
"""What words alone tell, where there is neither status nor code."""

_PHRASES = tuple((re.compile(pattern), status) for pattern, status in _IN_WORDS)
_LONGEST_WORDS = 1_000


def status_of(words: str, status: str = "") -> str:
    """The status that a refusal in these words has, ``status`` being the one that its sender gave: a detail says more
    than none (``x.0.0``), a reply code says something, and words alone a little. Empty when nothing can be told."""
    given = _STATUS.search(status)
    if given and given[2] != "0":
        return given.group()
    words = words[:_LONGEST_WORDS]
    found = next((each for each in _STATUS.finditer(words) if each[1] != "2" and each[2] != "0"), None)
    if found:
        return found.group()
    reply = _REPLY.search(words)
    if reply and reply[1].startswith("4"):
        return "4.0.0"
    told = next((meant for pattern, meant in _PHRASES if pattern.search(words.lower())), "")
    if told:
        return told
    if reply:
        return _OF_REPLY.get(reply[1], "5.0.0")
    return given.group() if given else ""


def code_of(status: str) -> Code:
    """What a status means; empty is a final refusal that nobody explained."""
    found = _STATUS.search(status)
    if found is None:
        return UNKNOWN
    if found[1] != "5":
        return GAVE_UP
    return CODES.get(found.group()) or CODES.get(f"5.{found[2]}") or UNKNOWN


def fault_of(words: str) -> Fault:
    """Whose fault a final refusal in these words is."""
    return FAULTS[code_of(status_of(words)).meaning]
