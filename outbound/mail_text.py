"""Renders one delivery as one mail, as the bytes that go over the wire (RFC 5322, CRLF, seven bits).

A post to a thousand followers is a thousand mails that differ in a few headers and in one link of the body. So what
is the same is rendered once and kept for a while, and what differs is put between; nothing else is remembered, and
two calls with the same arguments give the same bytes.

    From, Subject, References, List-Id, body     per post: the letter
    To, Date, Message-ID, Reply-To, List-Unsubscribe, the link that stops these mails    per delivery

Bodies are quoted-printable: seven bits whatever the text, so that no relay has to recode what was signed; and since
``=_`` never comes out of that encoding, the boundary can't either.
"""

import base64
import binascii
import re
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from gateway.domain import token, unsubscribe
from gateway.domain.reply_form import sentences
from gateway.domain.speech import say, spoken
from gateway.domain.text import Link, Mention, Plain, Tag, parts
from gateway.domain.token import Purpose
from gateway.domain.types import Outgoing, PostKind
from gateway.service.site import Site

LOOP_HEADER = "X-Loop"
"""Names the mail domain in every mail of ours, so that one that comes back is known (RFC 3834 2)."""

OFFICE = "help"
"""The local part of From: the one address that is the same for everybody and answers whoever writes to it."""

LETTERS_KEPT = 256
"""Posts whose rendered letter is kept; a letter is about 4 kB."""

_BOUNDARY = "=_birdwire"
_LONGEST_SUBJECT = 200
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_PERCENT_SAFE = "/:?#[]@!$&'()*+,;=%~-._"


class _Letter(NamedTuple):
    """What all deliveries of a post share: its headers, and its body cut where the delivery's stop token goes."""

    headers: bytes
    opening: bytes
    middle: bytes
    end: bytes


def render(delivery: Outgoing, site: Site) -> bytes:
    """The whole mail for one delivery: a post with text and HTML parts, or a notice in plain text.

    ``delivery.to`` is a mail address without spaces, control characters or angle brackets; beyond ASCII it needs
    a relay that speaks SMTPUTF8 (RFC 6531).
    """
    with site.languages.speaking(delivery.language):
        return _rendered(delivery, site)


def _rendered(delivery: Outgoing, site: Site) -> bytes:
    if delivery.post_id is None:
        return _notice(delivery, site)
    letter = _letter(
        site.name,
        site.public_url,
        site.mail_domain,
        delivery.author,
        delivery.text,
        delivery.post_id,
        delivery.conversation_id,
        delivery.reply_to_id is not None,
        delivery.kind,
        delivery.mention,
        delivery.via,
        delivery.original_author,
        spoken().code,
    )
    reply = token.make(site.key, Purpose.REPLY, delivery.id, delivery.reply_version)
    stop = unsubscribe.make(site.key, unsubscribe.what_stops(delivery, site.key))
    headers = (
        f"{_addressing(delivery, site)}"
        f"Reply-To: <reply+{reply}@{site.mail_domain}>\r\n"
        f"List-Unsubscribe: <{site.public_url}/unsubscribe/{stop}>,\r\n"
        f" <mailto:unsubscribe+{stop}@{site.mail_domain}>\r\n"
    )
    ending = f"{stop}=\r\n".encode()  # a soft line break: what follows starts a line of its own
    return b"".join(
        (headers.encode("utf-8", "replace"), letter.headers, letter.opening, ending, letter.middle, ending, letter.end),
    )


def return_path(delivery: Outgoing, site: Site) -> str:
    """The envelope sender: an address of this delivery alone, so that a bounce names it whatever its text (VERP)."""
    return f"bounce+{token.make(site.key, Purpose.BOUNCE, delivery.id)}@{site.mail_domain}"


def message_id(delivery_id: int, site: Site) -> str:
    """The same for every attempt at a delivery: a receiver that got the mail twice can drop the second."""
    return f"<delivery.{delivery_id}@{site.mail_domain}>"


def _addressing(delivery: Outgoing, site: Site) -> str:
    return (
        f"To: <{_one_line(delivery.to)}>\r\n"
        f"Date: {format_datetime(delivery.queued_at)}\r\n"
        f"Message-ID: {message_id(delivery.id, site)}\r\n"
    )


def _notice(delivery: Outgoing, site: Site) -> bytes:
    """An answer or a word of our own: plain text, and on the thread of the mail it answers."""
    answered = _MESSAGE_ID.fullmatch(delivery.in_reply_to.strip())
    subject = _one_line(delivery.subject)[:_LONGEST_SUBJECT] or _one_line(site.name)
    if answered and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    headers = _addressing(delivery, site) + f"From: {_phrase(site.name)} <{OFFICE}@{site.mail_domain}>\r\n"
    headers += f"Subject: {_words(subject)}\r\n"
    if answered:
        headers += f"In-Reply-To: {answered[0]}\r\nReferences: {answered[0]}\r\n"
    if delivery.account_id is not None:
        reply = token.make(site.key, Purpose.REPLY, delivery.id, delivery.reply_version)
        headers += f"Reply-To: <reply+{reply}@{site.mail_domain}>\r\n"
    headers += f"Auto-Submitted: {'auto-replied' if answered else 'auto-generated'}\r\n{_marks(site.mail_domain)}"
    return headers.encode("utf-8", "replace") + _part("plain") + _printable(delivery.text + "\n")


@lru_cache(maxsize=LETTERS_KEPT)
def _letter(
    site_name: str,
    public_url: str,
    domain: str,
    author: str,
    text: str,
    post_id: int,
    conversation_id: int | None,
    answer: bool,
    kind: PostKind | None,
    mention: bool,
    via: str,
    original_author: str,
    _language: str,  # the letter is in it
) -> _Letter:
    direct = kind is PostKind.DIRECT
    subject = _subject(author, text, answer, direct, mention, original_author)
    list_name = say("{what} on {site}", what=author, site=site_name)
    thread = f"<conversation.{conversation_id or post_id}@{domain}>"
    headers = (
        f"From: {_phrase(f'{author} ({site_name})')} <{OFFICE}@{domain}>\r\n"
        f"Subject: {_words(subject)}\r\n"
        f"References: {thread}\r\n"
        + (f"In-Reply-To: {thread}\r\n" if answer else "")
        + f"List-Id: {_phrase(list_name)} <{author}.{domain}>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "Auto-Submitted: auto-generated\r\n"
        f"Feedback-ID: {author}:{kind or PostKind.POST}:birdwire\r\n"
        f"{_marks(domain)}"
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n\r\n'
    )
    why = _why(author, direct, mention, via)
    page = "" if direct else f"{public_url}/@{author}/{post_id}"
    lead = say("{author} reposted {original}:", author=author, original=original_author) if original_author else ""
    plain = "\n\n".join(piece for piece in (lead, text, page) if piece)
    stop = say("Stop these mails")
    plain += f"\n\n-- \n{why}\n{stop}: {public_url}/unsubscribe/"
    html, html_end = _page(public_url, author, original_author, text, page, why)
    return _Letter(
        headers.encode("utf-8", "replace"),
        _between() + _part("plain") + _printable(plain, cut=True),
        _printable("\n") + _between() + _part("html") + _printable(html, cut=True),
        _printable(html_end) + _between(last=True),
    )


def _why(author: str, direct: bool, mention: bool, via: str) -> str:
    """Why a post came to its recipient, and what answering it does."""
    if direct:
        return say("{author} wrote this to you alone. Answer this mail to answer in private.", author=author)
    if mention:
        reason = say("You get this because {author} mentions you.", author=author)
    elif via.startswith("!"):
        reason = say("You get this because you are in {group}.", group=via)
    elif via:
        reason = say("You get this because you track {word}.", word=via)
    else:
        reason = say("You get this because you follow {author}.", author=author)
    return sentences(reason, say("Answer this mail to reply: your reply is a post."))


def _subject(author: str, text: str, answer: bool, direct: bool, mention: bool, original_author: str) -> str:
    """A direct message keeps its words inside, where no lock screen shows them; all else is its own subject."""
    words = _one_line(text)
    if direct:
        about = say("Direct message from {author}", author=author)
        return f"Re: {about}" if answer else about
    if original_author:
        return sentences(say("{author} reposted {original}:", author=author, original=original_author), words)
    if mention:
        return sentences(say("{author} mentioned you:", author=author), words)
    return f"Re: {words}" if answer else words


def _page(public_url: str, author: str, original_author: str, text: str, page: str, why: str) -> tuple[str, str]:
    """The HTML part, up to the token of the link that stops these mails, and from there on."""
    link = "color:#1f7fa3;text-decoration:none"
    small = "margin:0;font-size:14px;line-height:20px;color:#6f7780"

    def profile(name: str) -> str:
        return f'<a href="{escape(public_url)}/@{escape(name)}" style="{link}">{escape(name)}</a>'

    who = profile(author)
    if original_author:
        who = say("{author} reposted {original}", author=who, original=profile(original_author))
    open_it = escape(say("Open this post"))
    where = f'<a href="{escape(page)}" style="color:#6f7780">{open_it}</a>' if page else ""
    start = (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(author)}</title>\n</head>\n"
        '<body style="margin:0;padding:24px 16px;font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif">\n'
        '<div style="max-width:520px;margin:0 auto">\n'
        f'<p style="margin:0 0 8px;font-size:16px;font-weight:600">{who}</p>\n'
        f'<p dir="auto" style="margin:0 0 16px;font-size:20px;line-height:29px;overflow-wrap:anywhere">'
        f"{_linked(text, public_url, link)}</p>\n"
        f'<p style="{small}">{where}</p>\n'
        '<hr style="margin:24px 0 12px;border:0;border-top:1px solid #c9ced3">\n'
        f'<p style="{small}">{escape(why)}\n'
        f'<a href="{escape(public_url)}/unsubscribe/'
    )
    stop = escape(say("Stop these mails"))
    return start, f'" style="color:#6f7780">{stop}</a></p>\n</div>\n</body>\n</html>\n'


def _linked(text: str, public_url: str, style: str) -> str:
    """The post's words as HTML: names, tags and addresses are absolute links, all else is escaped."""
    out = []
    for part in parts(text):
        match part:
            case Plain(words):
                out.append(escape(words))
                continue
            case Mention(name, words):
                url = f"{public_url}/@{quote(name)}"
            case Tag(tag, words):
                url = f"{public_url}/tags/{quote(tag, safe='')}"
            case Link(url, words):
                url = quote(url, safe=_PERCENT_SAFE)
        out.append(f'<a href="{escape(url)}" style="{style}">{escape(words)}</a>')
    return "".join(out).replace("\n", "<br>\n")


def _marks(domain: str) -> str:
    """What every mail of ours carries, so that no machine answers it."""
    return f"{LOOP_HEADER}: {domain}\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\nMIME-Version: 1.0\r\n"


def _between(*, last: bool = False) -> bytes:
    return f"\r\n--{_BOUNDARY}{'--' if last else ''}\r\n".encode()


def _part(subtype: str) -> bytes:
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    )


def _printable(text: str, *, cut: bool = False) -> bytes:
    """Quoted-printable with CRLF (RFC 2045 6.7). ``cut``: ends in a soft break, so that a short word may follow."""
    text = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    encoded = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True) + (b"=\n" if cut else b"")
    return encoded.replace(b"\n", b"\r\n")


def _one_line(text: str) -> str:
    """The words of ``text`` with single spaces between, nothing that could end a header line among them."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def _phrase(text: str) -> str:
    """A display name: quoted, or as encoded words (RFC 5322 3.2.5)."""
    text = _one_line(text)
    if _is_plain(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _words(text)


def _words(text: str) -> str:
    """Unstructured header text: itself, or as folded encoded words where it needs them (RFC 2047)."""
    if _is_plain(text):
        return text
    words, chunk = [], b""
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(chunk) + len(encoded) > 39:
            words.append(chunk)
            chunk = b""
        chunk += encoded
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text
