"""The words that mails are made of, apart from what people wrote: subjects, why a mail came, and what its links say.

How they are set stands in ``outbound.mail_page`` and beside it.
"""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, assert_never

from gateway.domain.digest import by_conversation
from gateway.domain.reply_form import counted
from gateway.domain.types import NoticeKind, Outgoing, PostKind

STOP = "Stop these mails"
OPEN = "Open this post"
ANSWER = "Answer"

_NAMED = 3
"""Authors that the subject of a digest names."""

_LONGEST = 78
"""Characters of a subject made of somebody's words."""

_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)


def author_of(author: str, site: str) -> str:
    """Who a mail with a post is from."""
    return f"{author} ({site})"


# ---- posts


class Said(NamedTuple):
    """All that the words of a post's mails depend on; the same for all whom it comes to for the same reason. The fields
    are those of :class:`Outgoing`. A tuple of them is found in next to no time by :data:`said`."""

    author: str
    author_id: int | None
    text: str
    post_id: int
    reply_to_id: int | None
    kind: PostKind | None
    mention: bool
    via: str
    original_author: str


said: Callable[[Outgoing], tuple[Any, ...]] = attrgetter(*Said._fields)


def subject(post: Said) -> str:
    """A direct message keeps its words inside, where no lock screen shows them; all else is its own subject."""
    if post.kind is PostKind.DIRECT:
        words = f"Direct message from {post.author}"
        return f"Re: {words}" if post.reply_to_id is not None else words
    if post.original_author:
        return f"{reposted(post)} {post.text}"
    if post.mention:
        return f"{post.author} mentioned you: {post.text}"
    return f"Re: {post.text}" if post.reply_to_id is not None else post.text


def reposted(post: Said | Outgoing) -> str:
    """What stands before a repost's words."""
    return f"{post.author} reposted {post.original_author}:"


def why(post: Said) -> str:
    """Why a post came to its recipient, and what answering it does."""
    if post.kind is PostKind.DIRECT:
        return f"{post.author} wrote this to you alone. Answer this mail to answer in private."
    if post.mention:
        reason = f"{post.author} mentions you"
    elif post.via:
        reason = listens(post.via)
    else:
        reason = f"you follow {post.author}"
    return f"You get this because {reason}. Answer this mail to reply: your reply is a post."


def listens(via: str) -> str:
    """What somebody does who gets a post for a word, a ``#tag`` or a ``!group``."""
    return f"you are in {via}" if via.startswith("!") else f"you track {via}"


def posts_of(author: str, site: str) -> str:
    """What an author's posts are called, where mail programs show lists."""
    return f"{author} on {site}"


def mentions_on(site: str) -> str:
    return f"Mentions on {site}"


def directs_on(site: str) -> str:
    return f"Direct messages on {site}"


# ---- digests


def digest_subject(posts: Sequence[Outgoing], more: int) -> str:
    """Of one post its words, of several how many there are and of whom."""
    if len(posts) == 1 and not more:
        (only,) = posts
        return f"{reposted(only)} {only.text}" if only.original_author else f"{only.author}: {only.text}"
    authors = list(dict.fromkeys(post.author for group in by_conversation(posts) for post in group))
    named, others = authors[:_NAMED], len(authors) - _NAMED
    if others > 0 or more:
        last = counted(others, "other") if others > 0 and not more else "others"
        names = f"{', '.join(named)} and {last}"
    elif len(named) > 1:
        names = f"{', '.join(named[:-1])} and {named[-1]}"
    else:
        names = named[0]
    return f"{counted(len(posts) + more, 'post')}: {names}"


def digest_why(*, several: bool) -> str:
    how = "Use Answer below a post to reply to it" if several else "Answer this mail to reply"
    return f"You asked for posts in one mail; EMAIL ON brings each at once. {how}: your reply is a post."


def digest_more(more: int) -> str:
    return f"and {more} more"


def digest_elsewhere(link: str) -> str:
    """What a digest says where its posts cannot be shown."""
    return f"The posts that waited for you are at {link}"


def digests_on(site: str) -> str:
    return f"Digests of {site}"


# ---- words of our own


def notice_subject(notice: Outgoing, site: str) -> str:
    """What it was given, or else its first sentence, without the site's name that it may begin with: the mail is from
    there. A code stays inside the mail."""
    if notice.subject:
        return notice.subject
    if notice.notice is NoticeKind.ANSWER:
        return site
    if notice.notice is NoticeKind.PROOF:
        return f"Please confirm: {site}"
    text = notice.text.removeprefix(f"{site}: ")
    if text != notice.text:
        text = text[:1].upper() + text[1:]
    text = " ".join(text.split())
    first = _SENTENCE.match(text)
    words = (first[0].rstrip(".") if first else text) or site
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"


def notice_hint(kind: NoticeKind | None) -> str:
    """What answering this mail does, where it does something; stands below the words."""
    match kind:
        case NoticeKind.REQUEST:
            return "Answer this mail with ACCEPT or DENY."
        case NoticeKind.NUDGE:
            return "Answer this mail, and your answer is posted."
        case (
            None
            | NoticeKind.ANSWER
            | NoticeKind.PROOF
            | NoticeKind.NEWS
            | NoticeKind.WELCOME
            | NoticeKind.DIGEST
            | NoticeKind.NOTICE
        ):
            return ""
        case _:
            assert_never(kind)


def notice_why(site: str) -> str:
    return f"You get this because you have an account on {site}."


def notices_of(kind: NoticeKind | None, site: str) -> str:
    """What such mails are called, where mail programs show lists."""
    return f"{'Requests to follow you' if kind is NoticeKind.REQUEST else 'News'} on {site}"
