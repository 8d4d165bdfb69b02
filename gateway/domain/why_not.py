"""Why something did not arrive, in words for its author: what a kind of reason (``gateway.domain.reason``) means, and
the code to look it up by.

Authors have no list of codes, and need not know what the operator must do. So many codes are one sentence here; where
the fault is the site's own, whoever runs it is to be told. A kind that is words of ours is said in these words, or as
it is where it stands marked where it arises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.domain import mail_codes, provider_codes
from gateway.domain.reason import UNWANTED
from gateway.domain.speech import mark


@dataclass(frozen=True, slots=True)
class Why:
    """``words`` are a template to be said in the author's language, ``code`` is the provider's or the mail server's;
    either may be empty."""

    words: str
    code: str = ""


OURS = mark("the fault is on this site's side: please tell those who run it")
TOO_BUSY = mark("the way there was too busy, or down, each time that it was tried")
NOT_TAKEN = mark("the carrier did not take it")
NO_TEXTS = mark("no texts can reach that phone number")
NOT_KNOWN_HERE = mark("the provider could not deliver it, for a reason that is not known here")
TRIED = mark("it was tried for as long as it may be, and did not get through")

_LANDLINE = mark("the number is a landline's, or one that takes no texts")
_TOO_LONG = mark("it was too long for the carrier")
_NO_WORDS = mark("there were no words in it")
_NO_WAY = mark("that phone cannot be reached from a number of this site's")
_OLD_NEWS = mark("it could not be handed on in time, so it was old news")
_TEXTS: Mapping[int, str] = MappingProxyType(
    {
        14107: mark("too many texts went to that phone in a short time"),
        21211: mark("the phone number is not a valid one"),
        21408: mark("this site may not text to that country"),
        21602: _NO_WORDS,
        21612: _NO_WAY,
        21614: _LANDLINE,
        21617: _TOO_LONG,
        21619: _NO_WORDS,
        21635: _LANDLINE,
        21658: _TOO_LONG,
        30003: mark("the phone was off or out of reach each time that it was tried"),
        30004: mark("the phone or its carrier takes no texts from this site"),
        30005: mark("the phone number is unknown, or no longer in service"),
        30006: _LANDLINE,
        30007: mark("the provider or a carrier filtered it out as unwanted"),
        30008: mark("the carrier could not deliver it and gave no reason"),
        30019: _TOO_LONG,
        30036: _OLD_NEWS,
    }
)
_OF_TEXT = provider_codes.Meaning
_TEXTS_BY_MEANING: Mapping[provider_codes.Meaning, str] = MappingProxyType(
    {
        _OF_TEXT.OPT_OUT: UNWANTED,
        _OF_TEXT.DEAD_NUMBER: NO_TEXTS,
        _OF_TEXT.MESSAGE: NOT_TAKEN,
        _OF_TEXT.TOO_LATE: _OLD_NEWS,
        _OF_TEXT.ROUTE: NOT_TAKEN,
        _OF_TEXT.LATER: TOO_BUSY,
        _OF_TEXT.SLOW_DOWN: TOO_BUSY,
        _OF_TEXT.NEXT_DAY: TOO_BUSY,
        _OF_TEXT.STOP_SENDER: OURS,
        _OF_TEXT.SENDER_OR_ROUTE: _NO_WAY,
        _OF_TEXT.OUR_FAULT: OURS,
    }
)

_NO_MAIL_THERE = mark("nothing at that address takes mail")
_MAIL_TOO_LARGE = mark("it was too large for that mailbox")
_MAILS: Mapping[str, str] = MappingProxyType(
    {
        "5.1.2": _NO_MAIL_THERE,
        "5.1.10": _NO_MAIL_THERE,
        "5.4.4": _NO_MAIL_THERE,
        "5.4.310": _NO_MAIL_THERE,
        "5.2.2": mark("the mailbox is full"),
        "5.2.3": _MAIL_TOO_LARGE,
        "5.3.4": _MAIL_TOO_LARGE,
    }
)
_LATER = mark("the mail server there did not take it each time that it was tried")
_REFUSED = mark("the mail server there refused it by its own rules")
_OF_MAIL = mail_codes.Meaning
_MAILS_BY_MEANING: Mapping[mail_codes.Meaning, str] = MappingProxyType(
    {
        _OF_MAIL.NO_MAILBOX: mark("there is no such mailbox, or not any more"),
        _OF_MAIL.NOT_NOW: mark("the mail server there could not take it"),
        _OF_MAIL.MESSAGE: mark("the mail server there did not take this mail"),
        _OF_MAIL.OURS: OURS,
    }
)

_SMPP: Mapping[str, str] = MappingProxyType({"0x1": _TOO_LONG, "0xb": _TEXTS[21211]})
_OWN: Mapping[str, str] = MappingProxyType(
    {
        mark("an error of ours"): OURS,
        mark("what became of it could not be written down"): OURS,
        mark("dropped by the operator"): mark("whoever runs this site took it out"),
        mark("cancelled at the provider"): mark("it was stopped at the provider"),
        mark("its outcome stayed unknown"): mark("nobody could tell whether it arrived"),
        mark("not a mail address"): mark("that is no mail address"),
        mark("nobody takes its domain's mail"): _NO_MAIL_THERE,
        mark("its domain takes no mail"): _NO_MAIL_THERE,
        mark("the server takes only addresses in ASCII"): _MAILS_BY_MEANING[_OF_MAIL.MESSAGE],
        mark("SMPP carries no such number"): _TEXTS[21211],
        "Kannel": NOT_TAKEN,
    }
)
"""Kinds that are written for the operator, who reads them as they are (``gateway.domain.reason.said``)."""

_GIVEN_UP = re.compile(r"given up (after|at) ")
_TEXT = re.compile(r"\d{5}")
_MAIL = re.compile(r"(?:[245]\d\d)?(?: ?[245]\.\d{1,3}\.\d{1,3})?")
_STATUS_OF_SMPP = re.compile(r"\((0x[0-9a-f]+)\)$")


def why_not(kind: str) -> Why:
    """What a kind of reason, as an author may know it, means. Empty when there was none."""
    if not kind:
        return Why("")
    if _TEXT.fullmatch(kind):
        return Why(_of_text(int(kind)), kind)
    if _MAIL.fullmatch(kind):
        return Why(_of_mail(kind), kind)
    if of_smpp := _STATUS_OF_SMPP.search(kind):
        return Why(_SMPP.get(of_smpp[1], NOT_TAKEN), of_smpp[1])
    return Why(TRIED if _GIVEN_UP.match(kind) else _OWN.get(kind, kind))


def _of_text(code: int) -> str:
    if code not in provider_codes.CODES:
        return NOT_KNOWN_HERE
    return _TEXTS.get(code) or _TEXTS_BY_MEANING[provider_codes.meaning(code).meaning]


def _of_mail(kind: str) -> str:
    status = mail_codes.status_of(kind)
    if not status.startswith("5"):
        return _LATER
    if status in _MAILS:
        return _MAILS[status]
    meaning = mail_codes.code_of(status).meaning
    by_policy = status.startswith("5.7.") and meaning is _OF_MAIL.NOT_NOW
    return _REFUSED if by_policy else _MAILS_BY_MEANING[meaning]
