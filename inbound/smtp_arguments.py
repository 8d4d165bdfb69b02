"""What stands behind MAIL and RCPT, read as RFC 5321 4.1.2 has it, and RFC 6531 3.3 for addresses beyond ASCII.

More is taken than is written there, where no two readers could understand it differently: an address without its
brackets, blanks around it, dots in a row or at the end. Nothing here waits or writes.
"""

import re
from dataclasses import dataclass

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00a0-\ud7ff\ue000-\U0010ffff-]+"
_QUOTED = r'"((?:[^"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\\[ -~])*)"'
_LABELS = r"[A-Za-z0-9_.\u00a0-\ud7ff\ue000-\U0010ffff-]+"
_LITERAL = r"\[[A-Za-z0-9:.-]{1,64}\]"
_ROUTE = rf"(?:@{_LABELS}(?:,@{_LABELS})*:)?"
_MAILBOX = rf"{_ROUTE}(?:({_ATOM})|{_QUOTED})(@(?:{_LABELS}|{_LITERAL}))?"
_PATH = re.compile(rf"(?:<{_MAILBOX}>|{_MAILBOX})(?:[ \t]+(.*))?")
_PLAIN_PATH = re.compile(
    r"<([A-Za-z0-9+=_-]+(?:\.[A-Za-z0-9+=_-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>(?:$| +(?=\S))(.*)"
)
_NOBODY = re.compile(r"<>(?:[ \t]+(.*))?")
_OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:=[!-<>-~\u00a0-\U0010ffff]+)?")
_SIZE = re.compile(r"[0-9]{1,20}")

NOBODY = "<>"
"""The sender of mails that must not be answered (RFC 5321 4.5.5)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom: an address, or ``NOBODY``. ``options`` as they came, in capitals; ``utf8`` is whether SMTPUTF8 is
    among them."""

    address: str
    options: tuple[str, ...] = ()
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom."""

    address: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is answered to an argument that cannot be taken."""

    answer: str


def read_sender(argument: str, *, extended: bool, max_size: int) -> Sender | Wrong:
    """What MAIL says. ``extended``: after EHLO, without which there are no options (RFC 1869 4.1)."""
    rest = _after("FROM:", argument)
    if rest is None:
        return Wrong("501 5.5.2 Write MAIL FROM:<address>")
    address, options = _path(rest)
    if address is None and (nobody := _NOBODY.fullmatch(rest)):
        address, options = NOBODY, (nobody[1] or "").upper().split()
    if address is None:
        return Wrong("553 5.1.7 This is no address.")
    if options and not extended:
        return Wrong("501 5.5.4 There are no options without EHLO.")
    utf8 = False
    seen: set[str] = set()
    for option in options:
        name, _, value = option.partition("=")
        if not _OPTION.fullmatch(option) or name in seen:
            return Wrong("501 5.5.4 The options make no sense.")
        seen.add(name)
        match name:
            case "SIZE" if _SIZE.fullmatch(value):
                if int(value) > max_size:
                    return Wrong(f"552 5.3.4 This mail is too large: {max_size} bytes are the most.")
            case "BODY" if value in ("7BIT", "8BITMIME"):
                pass
            case "SMTPUTF8" if not value:
                utf8 = True
            case "SIZE" | "BODY" | "SMTPUTF8":
                return Wrong(f"501 5.5.4 This is no {name}.")
            case _:
                return Wrong("555 5.5.4 There is such an option, but not here.")
    if not utf8 and not address.isascii():
        return Wrong("553 5.6.7 An address beyond ASCII needs SMTPUTF8.")
    return Sender(address, tuple(options), utf8)


def read_recipient(argument: str, *, utf8: bool) -> Recipient | Wrong:
    """What RCPT says; ``utf8`` as the sender had it."""
    rest = _after("TO:", argument)
    if rest is None:
        return Wrong("501 5.5.2 Write RCPT TO:<address>")
    address, options = _path(rest)
    if address is None:
        return Wrong("553 5.1.3 This is no address.")
    if options:
        return Wrong("555 5.5.4 There is such an option, but not here.")
    if not utf8 and not address.isascii():
        return Wrong("553 5.6.7 An address beyond ASCII needs SMTPUTF8.")
    return Recipient(address)


def is_name(argument: str) -> bool:
    """Whether somebody can be called so who says EHLO: printable, and text."""
    return bool(argument) and len(argument) <= 255 and argument.isprintable()


def _after(keyword: str, argument: str) -> str | None:
    return argument[len(keyword) :].strip() if argument[: len(keyword)].upper() == keyword else None


def _path(rest: str) -> tuple[str | None, list[str]]:
    """The address, without a route, and the options in capitals; None for what is no address."""
    if plain := _PLAIN_PATH.fullmatch(rest):
        return plain[1], plain[2].upper().split()
    found = _PATH.fullmatch(rest)
    if found is None:
        return None, []
    atom, quoted, domain = (
        found.group(1, 2, 3) if found[1] is not None or found[2] is not None else found.group(4, 5, 6)
    )
    local = atom if atom is not None else _unquoted(quoted)
    return local + (domain or ""), (found[7] or "").upper().split()


def _unquoted(words: str) -> str:
    """A quoted local part, without its quotes where it needs none (RFC 5321 4.1.2)."""
    plain = re.sub(r"\\(.)", r"\1", words)
    return plain if re.fullmatch(_ATOM, plain) else f'"{words}"'
