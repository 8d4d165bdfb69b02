"""Reasons in general: what is left of a delivery's own reason when only counts are kept.

Reasons are written for the operator, about one delivery: a code of the provider's in brackets after its words, a
relay's reply in the relay's words, or words of ours. Counted together they must be few, and quote nobody. They are kept
in English; those that authors see often are marked where they stand, and said in the author's language when shown.

Authors are told less than the operator. Who mutes or blocks somebody must be able to do it unnoticed, and whoever has
one follower knows whose reason they read. So all that a recipient can choose is one kind to an author, whether it was
chosen about them, about everybody, or by a STOP.
"""

import re

from gateway.domain import provider_codes
from gateway.domain.speech import mark

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
        "one has blocked the other",
        "blocked",
        "the recipient has muted who caused it",
        "the recipient has muted the author",
        "muted",
        "the recipient no longer follows the author",
        "no longer followed",
        "the recipient no longer asks for what it came for",
        "the recipient has turned this author's texts off",
        "the recipient has turned this author's mails off",
        "the recipient has turned texts off",
        "texts are off",
        "the recipient has turned mail off",
        "the recipient has opted out",
        "opted out by STOP",
        "the phone was signed out",
        "taken off the account",
    }
)
"""Kinds of reason that a recipient chose. They stand unmarked in the code: nobody but the operator reads them."""

_OPT_OUTS = frozenset(
    str(code) for code, known in provider_codes.CODES.items() if known.meaning is provider_codes.Meaning.OPT_OUT
)
"""The same as the provider says it: a STOP that it took itself."""

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
