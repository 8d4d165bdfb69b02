"""A digest as one mail: posts by conversation, each with a link that answers it and one to its page.

What a post looks like is the same in all digests that bring it to who may see as much of what it answers, but for the
time, which is on the reader's clocks, and the token that answers it: it is rendered once and kept for a while, cut at
both. An answer shows what it answers, unless that stands in the same digest.

A page of HTML that is too large is cut off by mail programs. Where posts are so full of links that theirs would be, the
older ones are set shorter: the whole of their words, without links and without what they answer.

Answering the digest itself answers its post if it has only one. Of several none is answered, lest words come below
somebody's post whom they were not for: whoever tries is told to use the link below the one that they mean.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from html import escape
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from gateway.domain import mail_words
from gateway.domain.digest import by_conversation
from gateway.domain.mail_words import Said, said
from gateway.domain.reply_form import weekday
from gateway.domain.speech import say, spoken
from gateway.domain.types import Outgoing
from gateway.service.site import Site
from outbound import mail_page as page
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
    one_line,
    opening,
    printable,
    reply_address,
    reply_token,
    sender,
    short,
    stop_token,
    words,
)

ENTRIES_KEPT = 1_024
"""Posts whose entries are kept; each is about 2 kB."""

LARGEST_PAGE = 90_000
"""Octets that a digest's HTML has at the most, as long as the site's address has no more than a hundred characters.
Gmail shows 102,000 and cuts off the rest."""

_SHORTENED = 60
"""Characters of a post's words in the subject of its answer."""


_GAP = printable("")
_NEXT_CONVERSATION = printable("* * *\n\n")
_FIRST, _NEXT = printable('<div class="post">\n'), printable('<div class="next">\n')


class _Piece(NamedTuple):
    """A post in one part of the mail, cut where its time goes and where the token that answers it does. ``size``: how
    many octets all of it is without both, once it is decoded."""

    before_time: bytes
    before_token: bytes
    end: bytes
    size: int


class _Entry(NamedTuple):
    plain: _Piece
    html: _Piece


def render_digest(delivery: Outgoing, site: Site) -> bytes:
    """The whole mail. ``delivery.digest`` is known, and brings at least one post."""
    digest = delivery.digest
    assert digest is not None
    assert digest.posts
    several = len(digest.posts) > 1 or digest.more > 0
    stop = stop_token(delivery, site)
    replies_to = reply_address(delivery if several else digest.posts[0], site)
    headers = (
        addressing(delivery, site)
        + sender(site.name, site.mail_domain)
        + f"Subject: {words(one_line(mail_words.digest_subject(digest.posts, digest.more)))}\r\n"
        f"Reply-To: <{replies_to}>\r\n"
        + list_id(mail_words.digests_on(site.name), "digest", site.mail_domain)
        + list_unsubscribe(stop, site)
        + f"{ONE_CLICK}Auto-Submitted: auto-generated\r\nFeedback-ID: posts:digest:birdwire\r\n"
        f"{marks(site.mail_domain)}{ALTERNATIVE}"
    )
    zone = ZoneInfo(digest.zone)
    today = delivery.queued_at.astimezone(zone).date()
    brought = {post.post_id for post in digest.posts}
    frame = _frame(site.name, site.public_url, digest.more, several, spoken().code)
    stopping = short(stop)
    set_out: list[_Set] = []
    for conversation in by_conversation(digest.posts):
        for place, post in enumerate(conversation):
            stands_above = post.thread is not None and post.thread.post_id in brought
            alone = replace(post, thread=None) if stands_above else post
            entry = _entry(site.public_url, site.mail_domain, said(alone), spoken().code)
            set_out.append(_Set(post, place, entry, (_time(post, zone, today), short(reply_token(post, site)))))
    shorter = _shorter(set_out, LARGEST_PAGE - frame.size - len(stopping), site)
    plain: list[bytes] = []
    html: list[bytes] = []
    for each in set_out:
        plain += (_GAP if each.place or not plain else _NEXT_CONVERSATION, *_filled(each.entry.plain, each.varying))
        html += (
            _NEXT if each.place else _FIRST,
            *_filled(shorter.get(each.post.id, each.entry.html), each.varying),
        )
    return b"".join(
        chain(
            (headers.encode("utf-8", "replace"), PLAIN_PART),
            plain,
            (frame.plain, stopping, printable("\n"), HTML_PART, frame.opening),
            html,
            (frame.before_stop, stopping, frame.end),
        )
    )


class _Set(NamedTuple):
    """A post of a digest: how many of its conversation stand above it, what it looks like, and its time and token."""

    post: Outgoing
    place: int
    entry: _Entry
    varying: tuple[bytes, bytes]

    def size(self, piece: _Piece) -> int:
        return len(_NEXT) + piece.size + sum(map(len, self.varying))


def _shorter(posts: Sequence[_Set], room: int, site: Site) -> dict[int, _Piece]:
    """Which posts are set shorter in HTML, by their deliveries, and how: the oldest, and no more of them than it takes
    to stay within ``room``."""
    over = sum(each.size(each.entry.html) for each in posts) - room
    shorter: dict[int, _Piece] = {}
    for each in sorted(posts, key=lambda one: one.post.id):
        if over <= 0:
            break
        piece = _brief(site.public_url, site.mail_domain, said(each.post), spoken().code)
        shorter[each.post.id] = piece
        over += piece.size - each.entry.html.size
    return shorter


class _Frame(NamedTuple):
    """What stands round the posts."""

    plain: bytes
    opening: bytes
    before_stop: bytes
    end: bytes
    size: int
    """Octets of all the HTML in it, once it is decoded."""


@lru_cache(maxsize=64)
def _frame(site_name: str, public_url: str, more: int, several: bool, language: str) -> _Frame:
    why = mail_words.digest_why(several=several)
    home = f"{public_url}/"
    plain = f"{mail_words.digest_more(more)}: {home}\n\n" if more else ""
    plain += f"-- \n{why}\n{mail_words.stop(everything=True)}: {public_url}/unsubscribe/"
    left = f'<p><a href="{escape(home)}">{escape(mail_words.digest_more(more))}</a></p>\n' if more else ""
    before_stop, after_stop = page.stop_link(public_url, mail_words.stop(everything=True))
    before_stop, end = left + page.closing(why) + before_stop, after_stop + page.END
    return _Frame(
        printable(plain, cut=True),
        opening(site_name),
        printable(before_stop, cut=True),
        printable(end) + LAST,
        _size(page.opening(site_name, language), before_stop, end),
    )


@lru_cache(maxsize=ENTRIES_KEPT)
def _entry(public_url: str, domain: str, of: tuple[Any, ...], _language: str) -> _Entry:
    post = Said(*of)
    own_page = f"{public_url}/@{post.author}/{post.post_id}"
    via = f" · {mail_words.listens(post.via)}" if post.via else ""
    who = mail_words.reposted(post).rstrip(":") if post.original_author else post.author
    said_and_answered = "\n".join(filter(None, (post.text, mail_words.answered(post.thread))))
    about = quote(one_line(f"Re: {post.text[:_SHORTENED]}"), safe="")
    plain = _piece(
        f"{who} · ", f"{via}\n{said_and_answered}\n{own_page}\n{mail_words.answer()}: reply+", f"@{domain}\n\n"
    )
    answered = page.answered(post.thread, public_url) if post.thread else ""
    return _Entry(
        plain, _in_html(post, public_url, page.words(post.text, public_url) + answered, f"{domain}?subject={about}")
    )


@lru_cache(maxsize=ENTRIES_KEPT // 4)
def _brief(public_url: str, domain: str, of: tuple[Any, ...], _language: str) -> _Piece:
    """A post in HTML where room is scarce: all its words without links, and neither what it answers nor a subject."""
    post = Said(*of)
    return _in_html(post, public_url, page.bare_words(post.text), domain)


def _in_html(post: Said, public_url: str, words_and_answered: str, answered_at: str) -> _Piece:
    via = f" · {mail_words.listens(post.via)}" if post.via else ""
    return _piece(
        f'<p class="who">{page.who(public_url, post.author, post.original_author)}</p>\n'
        f'{words_and_answered}<p class="small">',
        f'{escape(via)} · <a href="mailto:reply+',
        f'@{escape(answered_at)}">{escape(mail_words.answer())}</a>'
        f" · {page.open_link(f'{public_url}/@{post.author}/{post.post_id}')}</p>\n</div>\n",
    )


def _piece(before_time: str, before_token: str, end: str) -> _Piece:
    return _Piece(
        printable(before_time, cut=True),
        printable(before_token, cut=True),
        printable(end),
        _size(before_time, before_token, end),
    )


def _size(*pieces: str) -> int:
    """Octets of these with their lines ended as in mail."""
    return sum(len(each.encode("utf-8", "replace")) + each.count("\n") for each in pieces)


def _filled(piece: _Piece, varying: tuple[bytes, bytes]) -> tuple[bytes, ...]:
    time, token = varying
    return piece.before_time, time, piece.before_token, token, piece.end


def _time(post: Outgoing, zone: ZoneInfo, today: date) -> bytes:
    """When it came, on the reader's clocks; with the day if that is another one than the digest's."""
    came = post.queued_at.astimezone(zone)
    time = f"{came:%H:%M}"
    if came.date() == today:
        return short(time)
    return printable(say("{day} {time}", day=weekday(came), time=time), cut=True)
