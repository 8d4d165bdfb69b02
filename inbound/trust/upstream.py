"""What the operator's own mail server found out about a mail, where it stands in front of this one.

It says so in an Authentication-Results field with its own name (RFC 8601 5). Anybody can write such a field into a
mail, so its place counts. Our server puts its own above all that came with the mail, or right below the Received that
it adds itself. So from the top only this is looked through:

    fields above the first Received, and each Received by which the mail went from one of our machines to another
    the Received by which it came to us from elsewhere, and what stands between that and the next one

and of the fields with our server's name only the first. What stands further down came with the mail. A server that adds
no field to some mails, and does not take out what bears its name (RFC 8601 5 says it must), could still be made to say
what a sender likes: that cannot be told from here.
"""

import re
from collections.abc import Iterator, Sequence

from inbound.trust import results
from inbound.trust.head import Field
from inbound.trust.networks import is_within
from inbound.trust.results import Results

_SOURCE = re.compile(r"(.*)\sby\s", re.IGNORECASE | re.DOTALL)
"""Up to the last ``by``: whatever a client calls itself, its address stands before that one."""

_IP = re.compile(r"(?<![\w.:])(?:IPv6:)?([0-9a-f]*:[0-9a-f:.]+|\d{1,3}(?:\.\d{1,3}){3})(?![\w:])", re.IGNORECASE)


def read(fields: Sequence[Field], server: str) -> Results | None:
    """What ``server`` (exactly its authserv-id) says of the mail; None if it says nothing that can be read."""
    for field in _ours(fields):
        text = field.text
        if field.name != "authentication-results" or text is None:
            continue
        if results.server_of(text) == server:
            return results.read(text)
    return None


def _ours(fields: Sequence[Field]) -> Iterator[Field]:
    """The fields that our own machines may have put on top."""
    arrived = False
    for field in fields:
        if field.name == "received":
            if arrived:
                return
            arrived = not _is_from_within(field)
        yield field


def _is_from_within(received: Field) -> bool:
    """Whether a Received says that the mail came from this machine or one beside it: every address in it is from
    within. The name that a client gives itself says nothing."""
    text = received.value.replace(b"\r\n", b"").decode("utf-8", "replace")
    source = _SOURCE.match(text)
    if source is None or not source[1].strip():
        return True  # by a program of that machine, not over a network
    found = _IP.findall(source[1])
    return bool(found) and all(map(is_within, found))
