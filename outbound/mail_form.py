"""What every mail is made of: header lines and parts, as the bytes that go over the wire (RFC 5322, CRLF, seven bits).

Bodies are quoted-printable: seven bits whatever the text, so that no relay has to recode what was signed; and since
``=_`` never comes out of that encoding, the boundary can't either. Text that is cut ends in a soft line break, so that
a short word of a single mail can follow what is the same for many.
"""

import base64
import binascii
import re
import textwrap
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from gateway.domain import token, unsubscribe
from gateway.domain.speech import spoken
from gateway.domain.token import Purpose
from gateway.domain.types import Outgoing
from gateway.service.site import Site
from outbound import mail_page

LOOP_HEADER = "X-Loop"
"""Names the mail domain in every mail of ours, so that one that comes back is known (RFC 3834 2)."""

OFFICE = "help"
"""The local part of From: the one address that is the same for everybody and answers whoever writes to it."""

ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
"""Stands wherever List-Unsubscribe does (RFC 8058 3.1)."""

_BOUNDARY = "=_birdwire"
_LONGEST_PHRASE = 120
_LINE = 66
"""Characters of a header line behind its name, where they can be broken; RFC 5322 wants 78 with it."""

_LONGEST_LINE = 76
"""The same with its name where there are encoded words (RFC 2047 2)."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def message_id(delivery_id: int, site: Site) -> str:
    """The same for every attempt at a delivery: a receiver that got the mail twice can drop the second. Its seal shows
    that whoever names it has the mail, or an answer to it: all that some providers leave in a complaint."""
    _, seal = token.split(token.make(site.key, Purpose.DELIVERY, delivery_id))
    return f"<delivery.{delivery_id}.{seal}@{site.mail_domain}>"


def addressing(delivery: Outgoing, site: Site) -> str:
    """The header lines that are every mail's own."""
    return (
        f"To: <{one_line(delivery.to)}>\r\n"
        f"Date: {_date(delivery.queued_at.replace(microsecond=0))}\r\n"
        f"Message-ID: {message_id(delivery.id, site)}\r\n"
    )


@lru_cache(maxsize=64)  # a post's deliveries are queued by the thousand at one moment
def _date(second: datetime) -> str:
    return format_datetime(second)


def reply_address(delivery: Outgoing, site: Site) -> str:
    """Where an answer to what this delivery brought goes."""
    return f"reply+{reply_token(delivery, site)}@{site.mail_domain}"


def reply_token(delivery: Outgoing, site: Site) -> str:
    """What opens that address."""
    return token.make(site.key, Purpose.REPLY, delivery.id, delivery.reply_version)


def stop_token(delivery: Outgoing, site: Site) -> str:
    """What opens the page and the address that stop mails of this kind."""
    return unsubscribe.make(site.key, unsubscribe.what_stops(delivery, site.key))


def list_unsubscribe(stop: str, site: Site) -> str:
    """The header line with the page and the address that stop mails (RFC 2369, RFC 8058)."""
    return (
        f"List-Unsubscribe: <{site.public_url}/unsubscribe/{stop}>,\r\n"
        f" <mailto:unsubscribe+{stop}@{site.mail_domain}>\r\n"
    )


def sender(name: str, domain: str) -> str:
    """The From line."""
    return _labelled("From", name, f"{OFFICE}@{domain}")


def list_id(name: str, local: str, domain: str) -> str:
    """The List-Id line (RFC 2919)."""
    return _labelled("List-Id", name, f"{local}.{domain}")


def _labelled(header: str, name: str, address: str) -> str:
    """A header line of a name and an address in angle brackets, which begins a line where the last one is full."""
    line = f"{header}: {phrase(name)}"
    last = len(line) - line.rfind("\n") - 1
    gap = " " if last + len(address) + 3 <= _LONGEST_LINE else "\r\n "
    return f"{line}{gap}<{address}>\r\n"


def marks(domain: str) -> str:
    """What every mail of ours carries, so that no machine answers it."""
    return f"{LOOP_HEADER}: {domain}\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\nMIME-Version: 1.0\r\n"


ALTERNATIVE = f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'
"""The end of the headers of a mail with several parts."""


PLAIN_PART, HTML_PART = (
    f"\r\n--{_BOUNDARY}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    for subtype in ("plain", "html")
)
"""What stands before each part."""

LAST = f"\r\n--{_BOUNDARY}--\r\n".encode()
"""What stands behind both."""


def printable(text: str, *, cut: bool = False) -> bytes:
    """Quoted-printable with CRLF (RFC 2045 6.7). ``cut``: ends in a soft break, so that a short word may follow."""
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True) + (b"=\n" if cut else b"")
    return encoded.replace(b"\n", b"\r\n")


def opening(title: str) -> bytes:
    """The page of HTML up to what it is about, ready to be followed by more of it."""
    return _opening(title, spoken().code)


@lru_cache(maxsize=32)
def _opening(title: str, language: str) -> bytes:
    return printable(mail_page.opening(title, language))


def short(words: str) -> bytes:
    """A short word that follows text that was cut, and is followed by more: ASCII without ``=``."""
    return f"{words}=\r\n".encode()


def one_line(text: str) -> str:
    """The words of ``text`` with single spaces between, nothing that could end a header line among them."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def phrase(text: str) -> str:
    """A display name: quoted, or as encoded words (RFC 5322 3.2.5)."""
    text = one_line(text)[:_LONGEST_PHRASE].rstrip()
    if _is_plain(text):
        return _folded('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return words(text)


def words(text: str) -> str:
    """Unstructured header text of one line, folded: itself, or as encoded words where it needs them (RFC 2047)."""
    if _is_plain(text):
        return _folded(text)
    encoded, chunk = [], b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(chunk) + len(octets) > 39:
            encoded.append(chunk)
            chunk = b""
        chunk += octets
    encoded.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in encoded)


def _folded(text: str) -> str:
    """At its spaces, which stay where they are for whoever reads it."""
    if len(text) <= _LINE:
        return text
    return "\r\n ".join(textwrap.wrap(text, _LINE, break_long_words=False, break_on_hyphens=False))


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text
