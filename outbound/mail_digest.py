"""A digest as one mail: posts by conversation, each with a link that answers it and one to its page.

What a post looks like is the same in all digests that bring it to who may see as much of what it answers, but for the
time, which is on the reader's clocks, and the token that answers it: it is rendered once and kept for a while, cut at
both. An answer shows what it answers, unless that stands in the same digest.

Answering the digest itself answers its post if it has only one. Of several none is answered, lest words come below
somebody's post whom they were not for: whoever tries is told to use the link below the one that they mean.
"""

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

_SHORTENED = 60
"""Characters of a post's words in the subject of its answer."""


class _Piece(NamedTuple):
    """A post in one part of the mail, cut where its time goes and where the token that answers it does."""

    before_time: bytes
    before_token: bytes
    end: bytes


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
    plain: list[bytes] = []
    html: list[bytes] = []
    for conversation in by_conversation(digest.posts):
        for place, post in enumerate(conversation):
            stands_above = post.thread is not None and post.thread.post_id in brought
            alone = replace(post, thread=None) if stands_above else post
            entry = _entry(site.public_url, site.mail_domain, said(alone), spoken().code)
            varying = _time(post, zone, today), short(reply_token(post, site))
            plain += (_GAP if place or not plain else _NEXT_CONVERSATION, *_filled(entry.plain, *varying))
            html += (_NEXT if place else _FIRST, *_filled(entry.html, *varying))
    frame = _frame(site.name, site.public_url, digest.more, several, spoken().code)
    stopping = short(stop)
    return b"".join(
        chain(
            (headers.encode("utf-8", "replace"), PLAIN_PART),
            plain,
            (frame.plain, stopping, printable("\n"), HTML_PART, frame.opening),
            html,
            (frame.before_stop, stopping, frame.end),
        )
    )


_GAP = printable("")
_NEXT_CONVERSATION = printable("* * *\n\n")
_FIRST, _NEXT = printable('<div class="post">\n'), printable('<div class="next">\n')


class _Frame(NamedTuple):
    """What stands round the posts."""

    plain: bytes
    opening: bytes
    before_stop: bytes
    end: bytes


@lru_cache(maxsize=64)
def _frame(site_name: str, public_url: str, more: int, several: bool, _language: str) -> _Frame:
    why = mail_words.digest_why(several=several)
    home = f"{public_url}/"
    plain = f"{mail_words.digest_more(more)}: {home}\n\n" if more else ""
    plain += f"-- \n{why}\n{mail_words.stop(everything=True)}: {public_url}/unsubscribe/"
    left = f'<p><a href="{escape(home)}">{escape(mail_words.digest_more(more))}</a></p>\n' if more else ""
    before_stop, after_stop = page.stop_link(public_url, mail_words.stop(everything=True))
    return _Frame(
        printable(plain, cut=True),
        opening(site_name),
        printable(left + page.closing(why) + before_stop, cut=True),
        printable(after_stop + page.END) + LAST,
    )


@lru_cache(maxsize=ENTRIES_KEPT)
def _entry(public_url: str, domain: str, of: tuple[Any, ...], _language: str) -> _Entry:
    post = Said(*of)
    own_page = f"{public_url}/@{post.author}/{post.post_id}"
    via = f" · {mail_words.listens(post.via)}" if post.via else ""
    who = mail_words.reposted(post).rstrip(":") if post.original_author else post.author
    said_and_answered = "\n".join(filter(None, (post.text, mail_words.answered(post.thread))))
    about = quote(one_line(f"Re: {post.text[:_SHORTENED]}"), safe="")
    plain = _Piece(
        printable(f"{who} · ", cut=True),
        printable(f"{via}\n{said_and_answered}\n{own_page}\n{mail_words.answer()}: reply+", cut=True),
        printable(f"@{domain}\n\n"),
    )
    html = _Piece(
        printable(
            f'<p class="who">{page.who(public_url, post.author, post.original_author)}</p>\n'
            f"{page.words(post.text, public_url)}"
            f"{page.answered(post.thread, public_url) if post.thread else ''}"
            '<p class="small">',
            cut=True,
        ),
        printable(f'{escape(via)} · <a href="mailto:reply+', cut=True),
        printable(
            f'@{escape(domain)}?subject={escape(about)}">{escape(mail_words.answer())}</a>'
            f" · {page.open_link(own_page)}</p>\n</div>\n"
        ),
    )
    return _Entry(plain, html)


def _filled(piece: _Piece, time: bytes, token: bytes) -> tuple[bytes, ...]:
    return piece.before_time, time, piece.before_token, token, piece.end


def _time(post: Outgoing, zone: ZoneInfo, today: date) -> bytes:
    """When it came, on the reader's clocks; with the day if that is another one than the digest's."""
    came = post.queued_at.astimezone(zone)
    time = f"{came:%H:%M}"
    if came.date() == today:
        return short(time)
    return printable(say("{day} {time}", day=weekday(came), time=time), cut=True)
