"""The words that mails are made of, apart from what people wrote: subjects, why a mail came, and what its links say.

How they are set stands in ``outbound.mail_page`` and beside it.
"""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, assert_never

from gateway.domain.digest import by_conversation
from gateway.domain.reply_form import sentences
from gateway.domain.speech import counted, say
from gateway.domain.types import NoticeKind, Outgoing, PostKind, Thread

_NAMED = 3
"""Authors that the subject of a digest names."""

_LONGEST = 78
"""Characters of a subject made of somebody's words."""

_SENTENCE = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)


def stop(*, everything: bool = False) -> str:
    """What the link does that stops mails: those of this kind, or all where they have no switch of their own."""
    return say("Stop all mails") if everything else say("Stop these mails")


def open_post() -> str:
    return say("Open this post")


def answer() -> str:
    return say("Answer")


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
    thread: Thread | None


said: Callable[[Outgoing], tuple[Any, ...]] = attrgetter(*Said._fields)


def subject(post: Said) -> str:
    """All mails of a conversation have the subject of the one that brought its first post, or would have: mail programs
    show as one only what is called the same. Where the recipient may see no earlier post, an answer is its own subject.

    A direct message keeps its words inside, where no lock screen shows them."""
    if post.kind is PostKind.DIRECT:
        words = say("Direct message from {author}", author=post.author)
        return f"Re: {words}" if post.reply_to_id is not None else words
    if post.original_author:
        return f"{reposted(post)} {post.text}"
    if post.thread is not None and post.thread.first:
        first, named_by = post.thread.first, post.thread.named_by
        return f"Re: {_naming_you(named_by, first) if named_by else first}"
    if post.mention:
        return _naming_you(post.author, post.text)
    return f"Re: {post.text}" if post.reply_to_id is not None else post.text


def _naming_you(author: str, text: str) -> str:
    return sentences(say("{author} mentioned you:", author=author), text)


def answered(thread: Thread | None) -> str:
    """Who wrote what is answered, and what, as a text: quoted, line by line. Empty where nothing is to be shown."""
    if thread is None or not thread.text:
        return ""
    return "\n".join(f"> {line}" for line in f"{thread.author}: {thread.text}".split("\n"))


def reposted(post: Said | Outgoing) -> str:
    """What stands before a repost's words."""
    return say("{author} reposted {original}:", author=post.author, original=post.original_author)


def stops_all(post: Said) -> bool:
    """Whether the link in a post's mails stops all mails, as ``gateway.domain.unsubscribe.what_stops`` has it."""
    return not post.via and (post.mention or post.kind is PostKind.DIRECT)


def why(post: Said) -> str:
    """Why a post came to its recipient, and what answering it does."""
    if post.kind is PostKind.DIRECT:
        return say("{author} wrote this to you alone. Answer this mail to answer in private.", author=post.author)
    if post.mention:
        reason = say("You get this because {author} mentions you.", author=post.author)
    elif post.via.startswith("!"):
        reason = say("You get this because you are in {group}.", group=post.via)
    elif post.via:
        reason = say("You get this because you track {word}.", word=post.via)
    else:
        reason = say("You get this because you follow {author}.", author=post.author)
    return sentences(reason, say("Answer this mail to reply: your reply is a post."))


def listens(via: str) -> str:
    """What somebody does who gets a post for a word, a ``#tag`` or a ``!group``."""
    return say("you are in {group}", group=via) if via.startswith("!") else say("you track {word}", word=via)


def posts_of(author: str, site: str) -> str:
    """What an author's posts are called, where mail programs show lists."""
    return say("{what} on {site}", what=author, site=site)


def mentions_on(site: str) -> str:
    return say("Mentions on {site}", site=site)


def directs_on(site: str) -> str:
    return say("Direct messages on {site}", site=site)


# ---- digests


def digest_subject(posts: Sequence[Outgoing], more: int) -> str:
    """Of one post its words, of several how many there are and of whom."""
    if len(posts) == 1 and not more:
        (only,) = posts
        return f"{reposted(only)} {only.text}" if only.original_author else f"{only.author}: {only.text}"
    authors = list(dict.fromkeys(post.author for group in by_conversation(posts) for post in group))
    named, others = authors[:_NAMED], len(authors) - _NAMED
    if more:
        names = say("{names} and others", names=", ".join(named))
    elif others > 0:
        names = counted("{names} and {n} other", "{names} and {n} others", others, names=", ".join(named))
    elif len(named) > 1:
        names = say("{names} and {name}", names=", ".join(named[:-1]), name=named[-1])
    else:
        names = named[0]
    total = counted("{n} post", "{n} posts", len(posts) + more)
    return f"{total}: {names}"


def digest_why(*, several: bool) -> str:
    if several:
        how = say("Use Answer below a post to reply to it: your reply is a post.")
    else:
        how = say("Answer this mail to reply: your reply is a post.")
    return sentences(say("You asked for posts in one mail; EMAIL ON brings each at once."), how)


def digest_more(more: int) -> str:
    return say("and {n} more", n=more)


def digest_elsewhere(link: str) -> str:
    """What a digest says where its posts cannot be shown."""
    return say("The posts that waited for you are at {link}", link=link)


def digests_on(site: str) -> str:
    return say("Digests of {site}", site=site)


# ---- words of our own


def notice_subject(notice: Outgoing, site: str) -> str:
    """What it was given, or else its first sentence, without the site's name that it may begin with: the mail is from
    there. A code stays inside the mail."""
    if notice.subject:
        return notice.subject
    if notice.notice is NoticeKind.ANSWER:
        return site
    if notice.notice is NoticeKind.PROOF:
        return say("Please confirm: {site}", site=site)
    text = notice.text.removeprefix(f"{site}: ")
    if text != notice.text:
        text = text[:1].upper() + text[1:]
    text = " ".join(text.split())
    first = _SENTENCE.match(text)
    words = (first[0].rstrip(".") if first else text) or site
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"


def notice_text(notice: Outgoing) -> str:
    """What a mail says. Where answering it does something, a text's instructions are left out: the hint has those."""
    if not notice_hint(notice.notice, ""):
        return notice.text
    first = _SENTENCE.match(notice.text)
    return first[0] if first else notice.text


def notice_hint(kind: NoticeKind | None, public_url: str) -> str:
    """What answering this mail does, where it does something; stands below the words."""
    match kind:
        case NoticeKind.REQUEST:
            how = say("Answer this mail with ACCEPT or DENY.")
            return how + "\n\n" + say("See who it is: {link}", link=f"{public_url}/requests")
        case NoticeKind.NUDGE:
            return say("Answer this mail, and your answer is posted.")
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
    return say("You get this because you have an account on {site}.", site=site)


def notices_of(kind: NoticeKind | None, site: str) -> str:
    """What such mails are called, where mail programs show lists."""
    if kind is NoticeKind.REQUEST:
        return say("Requests to follow you on {site}", site=site)
    return say("News on {site}", site=site)
