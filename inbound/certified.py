"""Italian certified mail (PEC, RFC 6109): what a person wrote lies whole in an envelope that their provider writes.

    X-Trasporto: posta-certificata       3.1.4: of a mail between two of its users; here to an ordinary address
    X-Trasporto: errore                  3.2.2: of ordinary mail, which somebody's certified mailbox has passed on
    X-Ricevuta: avvenuta-consegna ...    3.1.2 and below: a provider's receipt, of no person (``inbound.automatic``)

The envelope is From the provider: its words are nobody's, and who wrote the mail inside it proves to nobody but who has
the list of those providers. Anybody can write these headers, so an envelope opens nothing that asks who wrote a mail
(``inbound.senders``).
"""

from inbound.headers import parameter
from inbound.mime_parts import Part, parse, parts_of
from inbound.transfer import content

ENVELOPE = "x-trasporto"
RECEIPT = "x-ricevuta"

_DEEPEST = 4
"""Multiparts in each other that are looked into: signed, mixed, and one that a gateway has put round them."""

_NAME = "postacert.eml"
_NOTHING = Part()


def opened(mail: Part) -> Part:
    """The mail in an envelope, or one that says nothing where there is none in it; any other mail as it is."""
    if ENVELOPE not in mail:
        return mail
    level = [mail]
    for _ in range(_DEEPEST):
        level = [part for each in level if each.get_content_maintype() == "multipart" for part in parts_of(each)]
        for part in level:
            if found := _original(part):
                return found
    return _NOTHING


def _original(part: Part) -> Part | None:
    """The mail that a part is. One has a From (3.1.1): without, it is not written as a mail within a mail must be."""
    if part.get_content_type() == "message/rfc822":
        found = next(iter(parts_of(part)), None)
    elif _NAME in (parameter(part, "filename", "content-disposition"), parameter(part, "name")):
        # somebody on the way did not know what it is
        found = parse(content(part))
    else:
        return None
    return found if found is not None and "from" in found else None
