"""Reasons in general: what is left of a delivery's own reason when only counts are kept.

Reasons are written for the operator, about one delivery: a code of the provider's in brackets after its words, a
relay's reply in the relay's words, or words of ours. Counted together they must be few, and quote nobody. They are kept
in English, and put into the reader's language when they are shown: ours to operators by ``said``, those that authors
see by ``gateway.domain.why_not``.

Authors are told less than the operator. Who mutes or blocks somebody must be able to do it unnoticed, and whoever has
one follower knows whose reason they read. So all that a recipient can choose is one kind to an author, whether it was
chosen about them, about everybody, or by a STOP.
"""

import re

from gateway.domain import provider_codes
from gateway.domain.speech import mark, say, spoken

LONGEST = 64
"""Characters of a kind at the most."""

SUMMED_UP = mark("summed up at the end of quiet hours")
"""Why a text was not sent that its recipient was told of in another way."""

USED_UP = mark("the month's texts are used up")
"""The same, for a text that no budget had room for."""

UNWANTED = mark("whoever it was for did not want it, or not any more")
"""All that an author hears of a recipient's choice."""

CHOSEN = frozenset(
    {
        mark("one has blocked the other"),
        mark("blocked"),
        mark("the recipient has muted who caused it"),
        mark("the recipient has muted the author"),
        mark("muted"),
        mark("the recipient no longer follows the author"),
        mark("no longer followed"),
        mark("the recipient no longer asks for what it came for"),
        mark("the recipient has turned this author's texts off"),
        mark("the recipient has turned this author's mails off"),
        mark("the recipient has turned texts off"),
        mark("texts are off"),
        mark("the recipient has turned mail off"),
        mark("the recipient has opted out"),
        mark("opted out by STOP"),
        mark("the phone was signed out"),
        mark("taken off the account"),
    }
)
"""Kinds of reason that a recipient chose. They stand unmarked where they arise: nobody but the operator reads them."""

_OPT_OUTS = frozenset(
    str(code) for code, known in provider_codes.CODES.items() if known.meaning is provider_codes.Meaning.OPT_OUT
)
"""The same as the provider says it: a STOP that it took itself."""

OUTWARD = (
    mark("quiet hours"),
    mark("the recipient has another address now"),
    mark("its turn came too late"),
    mark("its receipt is waited for"),
    mark("what was found may be another text to that phone, which is under way"),
    mark("the provider never had it"),
    mark("the provider is down"),
    mark("the provider cannot be reached"),
    mark("no answer from the provider"),
    mark("the provider's answer made no sense"),
    mark("the provider's answer has no message id"),
    mark("the provider's list made no sense"),
    mark("the look-up got no answer"),
    mark("the look-up was refused"),
    mark("Kannel cannot be reached"),
    mark("no answer from Kannel"),
    mark("no answer from the carrier"),
    mark("the relay is busy with others of ours"),
    mark("its domain is busy with others of ours"),
    mark("the rules could not be asked again"),
    mark("what it brings could not be looked up"),
    mark("DNS does not answer"),
    mark("no machine of that name is known"),
    mark("no answer in time"),
    mark("its certificate is not good"),
    mark("TLS failed"),
    mark("nothing listens there"),
    mark("the connection broke off"),
    mark("no machine can have that name"),
    mark("no connection could be made"),
    mark("nothing is left of what it was to bring"),
    mark("the carrier hung up"),
    mark("the carrier hung up at the bind"),
    mark("the carrier ended the session"),
    mark("what the carrier says makes no sense"),
    mark("the connection ended"),
    mark("there is no such domain"),
    mark("it has no address"),
    mark("none of its mail servers has an address"),
    mark("its mail comes to us, who do not take it"),
    mark("cut off by the server"),
    mark("the server is closing"),
    mark("the relay closed the connection"),
    mark("the relay makes no sense"),
    mark("a line without end"),
    mark("the connection was lost"),
)
"""What the edges say of the way out, whole or before a colon; it stands unmarked where it arises."""

OF_SERVERS = (
    mark("the relay cannot be reached"),
    mark("the relay turns us away"),
    mark("the relay puts off our login"),
    mark("the relay refuses our login"),
    mark("the relay wants a login"),
    mark("the relay does not take us as a sender"),
    mark("the relay has no good certificate"),
    mark("the relay cannot do TLS"),
    mark("the relay does not do what is configured"),
    mark("the domain's server cannot be reached"),
    mark("the domain's server turns us away"),
    mark("the domain's server puts off our login"),
    mark("the domain's server refuses our login"),
    mark("the domain's server wants a login"),
    mark("the domain's server does not take us as a sender"),
    mark("the domain's server has no good certificate"),
    mark("the domain's server cannot do TLS"),
    mark("the domain's server does not do what is configured"),
    mark("the domain's server is not known"),
)
"""The same of a relay, or of a domain's own server, which stands in two halves where it arises."""

_TRIED = re.compile(r"given up after (\d+) attempts: (.*)", re.DOTALL)
_AGED = re.compile(r"given up at the age limit of (.*?\d:\d\d:\d\d): (.*)", re.DOTALL)
_CODED = re.compile(r"(.+)( \((?:\d{3}|\d{5}|0x[0-9a-f]+)\))")
_AFTER_OUR_WORDS = r"(?:^|.*: )"
_PROVIDER = re.compile(r"\((\d{5})\)$")
_RELAY = re.compile(_AFTER_OUR_WORDS + r"([245]\d\d(?= |$)(?: [245]\.\d{1,3}\.\d{1,3}\b)?|[245]\.\d{1,3}\.\d{1,3}\b)")


def kind_of(reason: str) -> str:
    """The provider's code (``30003``), the relay's codes (``550 5.1.1``), or else our words without what follows them.

    Empty for no reason, which is what a delivery that went well has."""
    code = _PROVIDER.search(reason) or _RELAY.match(reason)
    return code[1] if code else reason.partition(": ")[0][:LONGEST]


def told_to_author(reason: str) -> str:
    """The kind of a reason as the author of what was not delivered may know it."""
    kind = kind_of(reason)
    return UNWANTED if kind in CHOSEN or kind in _OPT_OUTS else kind


def said(reason: str) -> str:
    """A reason as the operator reads it, in the language of the moment. What others said in it, such as a relay, and
    codes stay as they are."""
    if tried := _TRIED.fullmatch(reason):
        return say("given up after {n} attempts: {why}", n=tried[1], why=said(tried[2]))
    if aged := _AGED.fullmatch(reason):
        return say("given up at the age limit of {age}: {why}", age=aged[1], why=said(aged[2]))
    words, colon, rest = reason.partition(": ")
    if colon:
        return _said(words) + colon + said(rest)
    coded = _CODED.fullmatch(reason)
    return _said(coded[1]) + coded[2] if coded else _said(reason)


def _said(words: str) -> str:
    return spoken().gettext(words) if words else ""  # what gettext has for no words is the head of its file
