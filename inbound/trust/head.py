"""The head of a mail as its fields, read so strictly that nobody reads it otherwise.

Whoever signs a mail, whoever checks the signature and whoever looks for its From must see the same fields. Programs
differ over bare carriage returns, empty continuations, spaces before a colon and bytes of zero: a head with anything of
the kind is not read here at all. RFC 5322 has none of them (2.2, 2.3), and no mail program writes them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

LARGEST = 128 * 1024
"""Bytes; Postfix cuts a head off at 100 kB (header_size_limit)."""

_MOST_FIELDS = 1000
_FIELD = re.compile(rb"([!-9;-~]{1,100}):(.*)", re.DOTALL)
_UNCLEAR = re.compile(rb"[\r\n\0]")


class Field(NamedTuple):
    """``name`` in lower case; ``value`` as it came: with its folds, each CRLF and a space or tab."""

    name: str
    value: bytes

    @property
    def text(self) -> str | None:
        """The value on one line; None if it is not UTF-8 (RFC 6532 3.1, which ASCII is, too)."""
        try:
            return self.value.replace(b"\r\n", b"").decode().strip(" \t")
        except UnicodeDecodeError:
            return None


def read(content: bytes) -> list[Field] | None:
    """The fields from top to bottom; None if the head can be read in more than one way, or is too large."""
    if content.startswith(b"\r\n"):
        return []
    end = content.find(b"\r\n\r\n", 0, LARGEST)
    if end < 0 and len(content) > LARGEST:
        return None
    head = content[:end] if end >= 0 else content.removesuffix(b"\r\n")
    found: list[tuple[bytes, list[bytes]]] = []
    for line in head.split(b"\r\n"):
        if _UNCLEAR.search(line):
            return None
        if line[:1] in (b" ", b"\t"):
            if not found or not line.strip(b" \t"):
                return None
            found[-1][1].append(line)
            continue
        field = _FIELD.fullmatch(line)
        if field is None or len(found) == _MOST_FIELDS:
            return None
        found.append((field[1], [field[2]]))
    return [Field(name.decode("ascii").lower(), b"\r\n".join(lines)) for name, lines in found]


def read_bare(content: bytes) -> list[Field] | None:
    """As :func:`read`, of a head whose lines all end with a bare LF, as programs on Unix write them for ``sendmail``;
    None where any ends otherwise.

    Only for what one's own machines hand over: a mail server puts fields of its own on top, with the ends of lines
    that SMTP has, so what it may have read otherwise than we do never looks like this.
    """
    head, empty, _ = content[:LARGEST].partition(b"\n\n")
    if not empty or b"\r" in head:
        return None
    return read(head.replace(b"\n", b"\r\n") + b"\r\n\r\n")


def named(fields: Sequence[Field], *names: str) -> list[Field]:
    """Those with one of these names (lower-case), from top to bottom."""
    return [field for field in fields if field.name in names]
