"""Whether a mail was written to an address of ours, as its To and Cc say.

That somebody wrote a mail does not mean that they wrote it to us. Whoever gets a mail can hand it on unchanged, and its
signature stays good; so what is posted in somebody's name must name us where they wrote it.

Only an address counts, and no name beside one: ``"post@birds.example" <mallory@evil.example>`` is what a mail program
writes into the answer to whoever called themselves so, and that answer goes to Mallory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from inbound.trust.head import Field, named
from inbound.trust.tokens import Token, tokens_of

_LONGEST = 64 * 1024
"""Bytes of a To or Cc that is looked at; a thousand addresses take less."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """Which of a mail's To and Cc, each from top to bottom, have our address."""

    to: tuple[bool, ...]
    cc: tuple[bool, ...]

    @property
    def names_us(self) -> bool:
        """Whether any does."""
        return any(self.to) or any(self.cc)

    def signed(self, covered: Sequence[str]) -> bool:
        """Whether one of them does that a signature covers, which names each as often as it covers it, from the bottom
        up (RFC 6376 5.4.2): one that was put on top afterwards does not count."""
        return any(
            (times := covered.count(name)) and any(fields[-times:])
            for name, fields in (("to", self.to), ("cc", self.cc))
        )


def look(fields: Sequence[Field], address: str) -> Addressed:
    """Where the address (lower-case) stands."""
    return Addressed(
        tuple(_has(field, address) for field in named(fields, "to")),
        tuple(_has(field, address) for field in named(fields, "cc")),
    )


def is_silent(fields: Sequence[Field]) -> bool:
    """Whether the mail says nothing at all of whom it is for."""
    return not named(fields, "to", "cc", "bcc")


def _has(field: Field, address: str) -> bool:
    text = field.value.replace(b"\r\n", b"").decode("utf-8", "replace").lower()
    return address in text and len(text) <= _LONGEST and address in _addresses(text)


def _addresses(text: str) -> Iterator[str]:
    """Those of a list; none of one that can be read in more than one way."""
    tokens = [token for token in tokens_of(text) if token.kind != "comment"]
    if any(token.kind == "unclear" for token in tokens):
        return
    for parts, each in groupby(tokens, key=lambda token: token.kind == "list"):
        found = "" if parts else _address(list(each))
        if found:
            yield found


def _address(tokens: Sequence[Token]) -> str:
    """The one behind a name, or alone; empty if there is neither."""
    angles = [token for token in tokens if token.kind == "angle"]
    if angles:
        return angles[0].text if len(angles) == 1 and tokens[-1] is angles[0] else ""
    return tokens[0].text if len(tokens) == 1 and tokens[0].kind == "word" else ""
