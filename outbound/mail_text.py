"""Renders one delivery as one mail, as the bytes that go over the wire.

A post to a thousand followers is a thousand mails that differ in a few headers and in one link of the body. So what
is the same is rendered once and kept for a while, and what differs is put between; nothing else is remembered, and
two calls with the same arguments give the same bytes.

    From, Subject, List-Id, body         per post: the letter
    To, Date, Message-ID, Reply-To, In-Reply-To, References, List-Unsubscribe, the link that stops these mails
                                         per delivery

An answer names the mail that brought its recipient what it answers (RFC 5322 3.6.4), where one did. Every mail of a
conversation also names the conversation, by an id that no mail has, and has the subject of its first, or of the oldest
that may be shown, so that they are one thread whichever of them somebody got. Below its words an answer shows what it
answers: what its recipient may see of it is part of what a letter is known by, so nobody gets one that was made for
somebody else.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from gateway.domain import mail_words, token
from gateway.domain.mail_words import Said, said
from gateway.domain.speech import spoken
from gateway.domain.token import Purpose
from gateway.domain.types import NoticeKind, Outgoing, PostKind
from gateway.service.site import Site
from outbound import mail_page as page
from outbound.mail_digest import render_digest
from outbound.mail_form import (
    ALTERNATIVE,
    HTML_PART,
    LAST,
    ONE_CLICK,
    PLAIN_PART,
    addressing,
    list_id,
    list_unsubscribe,
    marks,
    message_id,
    one_line,
    opening,
    printable,
    reply_address,
    sender,
    short,
    stop_token,
    words,
)
from outbound.mail_notice import render_notice

LETTERS_KEPT = 256
"""Posts whose rendered letter is kept; a letter is about 5 kB."""


class _Letter(NamedTuple):
    """What all deliveries of a post share: its headers, and its body cut where the delivery's stop token goes."""

    headers: bytes
    opening: bytes
    middle: bytes
    end: bytes


def render(delivery: Outgoing, site: Site) -> bytes:
    """The whole mail for one delivery: a post, words of our own, or a digest with what it brings, in text and HTML.

    ``delivery.to`` is a mail address without spaces, control characters or angle brackets; beyond ASCII it needs
    a relay that speaks SMTPUTF8 (RFC 6531).
    """
    with site.languages.speaking(delivery.language):
        return _rendered(delivery, site)


def _rendered(delivery: Outgoing, site: Site) -> bytes:
    if delivery.notice is NoticeKind.DIGEST:
        return render_digest(delivery, site)
    if delivery.post_id is None:
        return render_notice(delivery, site)
    letter = _letter(site.name, site.public_url, site.mail_domain, said(delivery), spoken().code)
    stop = stop_token(delivery, site)
    headers = (
        f"{addressing(delivery, site)}"
        f"Reply-To: <{reply_address(delivery, site)}>\r\n"
        f"{_thread(delivery, site)}"
        f"{list_unsubscribe(stop, site)}"
    )
    ending = short(stop)
    return b"".join(
        (headers.encode("utf-8", "replace"), letter.headers, letter.opening, ending, letter.middle, ending, letter.end),
    )


def return_path(delivery: Outgoing, site: Site) -> str:
    """The envelope sender: an address of this delivery alone, so that a bounce names it whatever its text (VERP)."""
    return f"bounce+{token.make(site.key, Purpose.BOUNCE, delivery.id)}@{site.mail_domain}"


def _thread(delivery: Outgoing, site: Site) -> str:
    conversation = f"<conversation.{delivery.conversation_id or delivery.post_id}@{site.mail_domain}>"
    if delivery.answered_mail is not None:
        answered = message_id(delivery.answered_mail, site)
        return f"In-Reply-To: {answered}\r\nReferences: {conversation}\r\n {answered}\r\n"
    if delivery.reply_to_id is not None:
        return f"In-Reply-To: {conversation}\r\nReferences: {conversation}\r\n"
    return f"References: {conversation}\r\n"


@lru_cache(maxsize=LETTERS_KEPT)
def _letter(site_name: str, public_url: str, domain: str, of: tuple[Any, ...], _language: str) -> _Letter:
    post = Said(*of)
    headers = (
        sender(mail_words.author_of(post.author, site_name), domain)
        + f"Subject: {words(one_line(mail_words.subject(post)))}\r\n"
        + _list_id(post, site_name, domain)
        + f"{ONE_CLICK}Auto-Submitted: auto-generated\r\n"
        f"Feedback-ID: {post.author}:{post.kind or PostKind.POST}:birdwire\r\n"
        f"{marks(domain)}{ALTERNATIVE}"
    )
    why = mail_words.why(post)
    own_page = "" if post.kind is PostKind.DIRECT else f"{public_url}/@{post.author}/{post.post_id}"
    lead = mail_words.reposted(post) if post.original_author else ""
    plain = "\n\n".join(piece for piece in (lead, post.text, mail_words.answered(post.thread), own_page) if piece)
    stop = mail_words.stop(everything=mail_words.stops_all(post))
    plain += f"\n\n-- \n{why}\n{stop}: {public_url}/unsubscribe/"
    before_stop, after_stop = page.stop_link(public_url, stop)
    html = (
        f'<p class="who">{page.who(public_url, post.author, post.original_author)}</p>\n'
        + page.words(post.text, public_url)
        + (page.answered(post.thread, public_url, direct=post.kind is PostKind.DIRECT) if post.thread else "")
        + (f'<p class="small">{page.open_link(own_page)}</p>\n' if own_page else "")
        + page.closing(why)
        + before_stop
    )
    return _Letter(
        headers.encode("utf-8", "replace"),
        PLAIN_PART + printable(plain, cut=True),
        printable("\n") + HTML_PART + opening(site_name) + printable(html, cut=True),
        printable(after_stop + page.END) + LAST,
    )


def _list_id(post: Said, site_name: str, domain: str) -> str:
    """An author's posts are one list, whatever the author is called later; what is meant for one person is none of
    them, so that who files the posts away still sees it."""
    if post.kind is PostKind.DIRECT:
        return list_id(mail_words.directs_on(site_name), "direct", domain)
    if post.mention:
        return list_id(mail_words.mentions_on(site_name), "mentions", domain)
    local = post.author if post.author_id is None else f"author-{post.author_id}"
    return list_id(mail_words.posts_of(post.author, site_name), local, domain)
