"""Whose address stands in From: exactly one, written so that everybody reads the same one, or nobody's.

    From: alice@example.org
    From: Alice <alice@example.org>
    From: "Alice (home)" <alice@example.org> (on the road)

Everything else is refused, though RFC 5322 allows more: lists and groups of addresses (3.6.2), routes and quoted local
parts (4.4, 3.4.1). A name that contains another address than the one behind it is there to deceive somebody.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from enum import StrEnum

from inbound.mime import decode
from inbound.trust.domains import a_label, u_label
from inbound.trust.head import Field, named
from inbound.trust.tokens import tokens_of

_LONGEST = 2000
"""Characters of a From line that are looked at; with its name in encoded words, an honest one has some hundreds."""

_LONGEST_LOCAL = 64  # RFC 5321 4.5.3.1.1
_ADDRESS = re.compile(r"([^\s<>()\[\],;:\\\"@]+)@([^\s<>()\[\],;:\\\"@]+)")
_LOCAL = re.compile(r"[^.\x00-\x20\x7f]+(?:\.[^.\x00-\x20\x7f]+)*")
_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"'@]+@[^\s<>()\[\],;:\\\"'@]+")


@dataclass(frozen=True, slots=True)
class Author:
    """One mail address: the domain as DNS has it (``inbound.trust.domains.a_label``), the local part with the letters
    of ASCII in lower case."""

    local: str
    domain: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """The ways in which an address book or a database may have it, the one of DNS first."""
        return tuple(dict.fromkeys((f"{self.local}@{self.domain}", f"{self.local}@{u_label(self.domain)}")))


class NoAuthor(StrEnum):
    """Why nobody can be said to have written a mail."""

    MISSING = "missing"
    SEVERAL = "several"
    UNCLEAR = "unclear"
    DECOY = "decoy"
    PASSED_ON = "passed on"


def author(fields: Sequence[Field]) -> Author | NoAuthor:
    """Who wrote it, as From says and nothing else: Sender says who put it on its way, and ``Resent-From`` (RFC 5322
    3.6.6) that somebody passed on what was written to others."""
    if named(fields, "resent-from", "resent-sender"):
        return NoAuthor.PASSED_ON
    lines = named(fields, "from")
    if len(lines) > 1:
        return NoAuthor.SEVERAL
    if not lines:
        return NoAuthor.MISSING
    text = lines[0].text
    if text is None or len(text) > _LONGEST or any(unicodedata.category(c) == "Cc" for c in text if c != "\t"):
        return NoAuthor.UNCLEAR
    return read(text)


def read(text: str) -> Author | NoAuthor:
    """The one address in the value of a From line that has no control characters."""
    tokens = list(tokens_of(text))
    kinds = {token.kind for token in tokens}
    if not tokens:
        return NoAuthor.MISSING
    if "unclear" in kinds:
        return NoAuthor.UNCLEAR
    if "list" in kinds:
        return NoAuthor.SEVERAL
    said = [token for token in tokens if token.kind != "comment"]
    angles = [token for token in said if token.kind == "angle"]
    if len(angles) > 1:
        return NoAuthor.SEVERAL
    if angles and said[-1] is not angles[0]:
        return NoAuthor.UNCLEAR
    if not angles and (len(said) != 1 or said[0].kind != "word"):
        return NoAuthor.UNCLEAR
    found = _address(said[-1].text)
    if found is None:
        return NoAuthor.UNCLEAR
    name = " ".join(token.text for token in tokens if token is not said[-1])
    return NoAuthor.DECOY if _shows_another(name, said[-1].text) else found


def _address(text: str) -> Author | None:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    local, domain = _small(found[1]), a_label(found[2])
    if domain is None or len(local.encode()) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        return None
    return Author(local, domain) if local == local.lower() else None


def _small(local: str) -> str:
    """Capitals of ASCII are taken for small letters, as mailboxes are kept here. Of other scripts' no provider says
    the same as another, and some small forms are letters of somebody else's name: they are not guessed at."""
    return "".join(c.lower() if c.isascii() else c for c in local)


def _shows_another(name: str, address: str) -> bool:
    """Whether a name, as mail programs would show it, has a mail address in it that is not this one."""
    if "@" not in name and "=?" not in name and name.isascii():
        return False
    for shown in (name, _decoded(name)):
        for found in _LOOKS_LIKE_AN_ADDRESS.findall(unicodedata.normalize("NFKC", shown)):
            if found.strip(".").casefold() != address.casefold():
                return True
    return False


def _decoded(name: str) -> str:
    """Its encoded words in plain (RFC 2047); what cannot be decoded as it is."""
    try:
        pieces = decode_header(name)
    except (HeaderParseError, ValueError, LookupError, TypeError):
        return name
    return "".join(piece if isinstance(piece, str) else decode(piece, charset) for piece, charset in pieces)
