"""A mail's headers as people meant them: encoded words (RFC 2047) and parameters (RFC 2231), however broken.

Encoded words are found wherever they stand, in quotes and without the white space that should part them too, with
spaces or question marks inside. What neighbours hold is put together before it is decoded, as programs cut their words
in the middle of a character. What cannot be made out stays as it was written.
"""

import binascii
import re
from collections.abc import Sequence
from email.message import Message

from inbound.charsets import clean, decode
from inbound.transfer import from_base64

LONGEST = 250
"""Characters of a header's text that are kept."""

_LOOKED_AT = 6_000  # characters as they came: an encoded word takes up to twelve for one
_WORD = re.compile(
    r"=\?\s*([\w.:+()-]{1,40})(?:\*[\w-]*)?\s*\?\s*([bq])\s*\?"
    r"((?:[^?=]|=(?!\?[^=])|\?(?!=)|\?=(?=[0-9A-F]{2}[^?\s]*\?=))*+)(?:\?=|\Z|(?==\?[^=]))",
    re.IGNORECASE | re.ASCII,
)
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=\s]")
_FOLD_IN_CHARACTER = re.compile(r"(=[0-9A-F]{2})=?[\r\n]+[ \t]+(?==[0-9A-F]{2})", re.IGNORECASE)


def header(mail: Message, name: str, most: int = LONGEST) -> str:
    """A header's text on one line, decoded and repaired, ``most`` characters of it; empty if there is none."""
    value = str(mail.get(name, ""))[:_LOOKED_AT]
    if value.isascii() and "=?" not in value:
        return _one_line(value, most)
    value = _without_words(value)
    if _WORD.search(value):
        value = _without_words(value)  # a gateway has encoded what was encoded already
    return _one_line(value, most)


def parameter(part: Message, name: str, of: str = "content-type") -> str:
    """A parameter of a header, as it is written (RFC 2231 marks off); empty if there is none or it can't be read."""
    try:
        value = part.get_param(name, "", of)
    except (ValueError, TypeError, LookupError):  # a fault of the stdlib's reader
        return ""
    return value[2] if isinstance(value, tuple) else str(value)


def _without_words(value: str) -> str:
    """A value with its encoded words decoded. White space between two of them is only there to part them."""
    value = _FOLD_IN_CHARACTER.sub(r"\1", value)
    said: list[str] = []
    run: list[tuple[str, str]] = []
    charset, ended = "", 0
    for found in _WORD.finditer(value):
        if found.group(2) in "bB" and not _is_base64(found.group(3)):
            continue
        between = value[ended : found.start()]
        loose = bool(between.strip()) or not ended
        if loose or found.group(1).lower() != charset:
            said += [_together(run, charset), _raw(between) if loose else ""]
            run = []
        charset, ended = found.group(1).lower(), found.end()
        held = found.group(3)
        run.append((found.group(2).lower(), held if found.group().endswith("?=") else held.rstrip().removesuffix("?")))
    return "".join([*said, _together(run, charset), _raw(value[ended:])])


def _together(run: Sequence[tuple[str, str]], charset: str) -> str:
    """The text of encoded words that follow each other in one charset."""
    data = b""
    cut_off = ""
    for encoding, held in run:
        if encoding == "q":
            data += from_base64(cut_off) + binascii.a2b_qp(held.encode("utf-8", "surrogateescape"), header=True)
            cut_off = ""
            continue
        cut_off += "".join(held.split())
        if len(cut_off) % 4 == 0 or cut_off.endswith("="):
            data += from_base64(cut_off)
            cut_off = ""
    return decode(data + from_base64(cut_off), charset)


def _is_base64(held: str) -> bool:
    """Whether it is, but for some noise."""
    if not _FOREIGN.search(held):
        return True
    try:
        return bool(from_base64(held).decode())
    except ValueError:
        return False


def _raw(text: str) -> str:
    return text if text.isascii() else decode(text.encode("utf-8", "surrogateescape"), "utf-8")


def _one_line(text: str, most: int) -> str:
    return " ".join(clean(text).split())[:most]
