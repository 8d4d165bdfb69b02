"""Writing: a post, a direct message, a repost, a favourite; and taking one's words back.

Every function says what became of the words. A refusal is a value and writes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import text as words
from gateway.domain.types import MAX_LENGTH, Lane, Overflow, PostKind, Source
from gateway.service.site import Site
from store import accounts, deliveries, fanouts, posts
from store.posts import NewPost
from store.unit import Unit

SAME_TEXT = timedelta(seconds=60)
"""The same words by the same author within this time are a slip of the thumb, not a second post."""


@dataclass(frozen=True, slots=True)
class Published:
    """It stands. ``post_ids`` are several when it was split; ``cut`` when a link leads to the rest of it."""

    post_ids: tuple[int, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class TooLong:
    """Nothing was posted: the text is ``over`` characters too long and the account wants no cutting."""

    over: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Nothing was posted: the same words stand there since less than a minute ago, as ``post_id``."""

    post_id: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing was posted: no words were left after taking off white space and control characters."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Nothing was posted: the account has reached its ``limit`` per hour."""

    limit: int


@dataclass(frozen=True, slots=True)
class Protected:
    """Nothing was reposted: its author shows it to chosen people only."""


Outcome = Published | TooLong | Duplicate | Nothing | TooMany


async def publish(
    unit: Unit,
    site: Site,
    author_id: int,
    text: str,
    *,
    source: Source,
    now: datetime,
    reply_to: int | None = None,
) -> Outcome:
    """Post ``text`` for the author and begin its way to the followers."""
    prepared = await _prepare(unit, site, author_id, text, PostKind.POST, site.limits.posts_per_hour, None, now)
    if not isinstance(prepared, _Pieces):
        return prepared
    names = words.mentions(prepared.full_text or " ".join(prepared.pieces))
    named = {row.name: row.id for row in await accounts.by_names(unit, names)} if names else {}
    ids = []
    for piece in prepared.pieces:
        post_id = await _write_post(unit, author_id, piece, prepared.full_text, named, source, now, reply_to)
        ids.append(post_id)
        if prepared.full_text is not None:
            await _put_link(unit, site, author_id, post_id, prepared.full_text)
    unit.ring()
    return Published(tuple(ids), cut=prepared.full_text is not None)


async def direct(
    unit: Unit,
    site: Site,
    author_id: int,
    to_account_id: int,
    text: str,
    *,
    source: Source,
    now: datetime,
    reply_to: int | None = None,
) -> Outcome:
    """Write to one person. The caller has made sure that this person follows the author."""
    limit = site.limits.direct_per_hour
    prepared = await _prepare(unit, site, author_id, text, PostKind.DIRECT, limit, to_account_id, now)
    if not isinstance(prepared, _Pieces):
        return prepared
    ids = []
    for piece in prepared.pieces:
        post = NewPost(
            author_id,
            PostKind.DIRECT,
            piece,
            source,
            now,
            to_account_id=to_account_id,
            reply_to_id=reply_to,
        )
        post_id = await posts.add(unit, post)
        ids.append(post_id)
        await fanouts.queue_for(unit, post_id, [to_account_id], lane=Lane.ANSWER, now=now)
    unit.ring()
    return Published(tuple(ids))


async def repost(
    unit: Unit, author_id: int, post_id: int, *, source: Source, now: datetime
) -> Published | Duplicate | Protected:
    """Pass a post on to one's own followers. The caller has made sure that the author may see it."""
    original = await posts.by_id(unit, post_id)
    assert original is not None
    if original.repost_of_id is not None:
        return await repost(unit, author_id, original.repost_of_id, source=source, now=now)
    writer = await accounts.by_id(unit, original.author_id)
    if original.kind == PostKind.DIRECT or writer is None or writer.protected:
        return Protected()
    standing = await posts.repost_of(unit, author_id, post_id)
    if standing is not None or original.author_id == author_id:
        return Duplicate(standing or post_id)
    new_id = await posts.add(unit, NewPost(author_id, PostKind.REPOST, "", source, now, repost_of_id=post_id))
    await fanouts.begin(unit, new_id, now)
    unit.ring()
    return Published((new_id,))


async def favourite(unit: Unit, account_id: int, post_id: int, *, now: datetime) -> bool:
    """False when it was one already."""
    return await posts.add_favourite(unit, account_id, post_id, now)


async def delete(unit: Unit, post_id: int, *, now: datetime) -> None:
    """Take a post and its reposts out of pages, feeds and queue."""
    for wiped in await posts.wipe(unit, post_id, now):
        await fanouts.end(unit, wiped)
        await deliveries.drop_post(unit, wiped, "the post was deleted", now=now)


async def last_own_post(unit: Unit, account_id: int) -> int | None:
    """What UNDO would take back: the account's newest post, direct message or repost."""
    return await posts.latest(unit, account_id)


@dataclass(frozen=True, slots=True)
class _Pieces:
    pieces: tuple[str, ...]
    full_text: str | None


async def _prepare(
    unit: Unit,
    site: Site,
    author_id: int,
    raw: str,
    kind: PostKind,
    limit: int,
    to_account_id: int | None,
    now: datetime,
) -> _Pieces | TooLong | Duplicate | Nothing | TooMany:
    """Apply the rules that come before any writing: emptiness, repetition, the hourly limit, the length."""
    text = words.normalise(raw)
    if not text:
        return Nothing()
    pieces = await _pieces(unit, site, author_id, text, kind)
    if isinstance(pieces, _Pieces):
        whole = pieces.pieces if pieces.full_text is None else (pieces.full_text,)
        since = now - SAME_TEXT
        same = [await posts.same_text_since(unit, author_id, p, since, to_account_id=to_account_id) for p in whole]
        if same[0] is not None and None not in same:
            return Duplicate(same[0])
    hour_ago = now - timedelta(hours=1)
    if await posts.count_since(unit, author_id, kind, hour_ago, most=limit) >= limit:
        return TooMany(limit)
    return pieces


async def _pieces(unit: Unit, site: Site, author_id: int, text: str, kind: PostKind) -> _Pieces | TooLong:
    """Cut a text that is too long as its author wants it. Where no page shows the whole to those who get it, a link
    would lead nowhere: it is split instead."""
    over = len(text) - MAX_LENGTH
    if over <= 0:
        return _Pieces((text,), None)
    account = await accounts.by_id(unit, author_id)
    assert account is not None
    overflow = Overflow(account.overflow) if account.overflow else site.overflow
    if overflow is Overflow.LINK and (kind is PostKind.DIRECT or account.protected or site.private):
        overflow = Overflow.SPLIT
    match overflow:
        case Overflow.LINK:
            return _Pieces((words.shorten(text, _longest_link(site)),), text)
        case Overflow.SPLIT:
            pieces = words.split(text)
            return TooLong(over) if pieces is None else _Pieces(tuple(pieces), None)
        case Overflow.REFUSE:
            return TooLong(over)


async def _write_post(
    unit: Unit,
    author_id: int,
    piece: str,
    full_text: str | None,
    named: dict[str | None, int],
    source: Source,
    now: datetime,
    reply_to: int | None,
) -> int:
    """``named``: the ids of those whom any piece names. Each gets all pieces, lest one comes before its first."""
    whole = full_text or piece
    post = NewPost(
        author_id,
        PostKind.POST,
        piece,
        source,
        now,
        full_text=full_text,
        reply_to_id=reply_to,
        at_account_id=named.get(words.leading_mention(whole)),
    )
    mentioned = [named[name] for name in words.mentions(whole) if name in named]
    post_id = await posts.add(unit, post, tags=words.tags(whole), mentioned=mentioned)
    await fanouts.queue_for_mentioned(unit, post_id, author_id, tuple(named.values()), now=now)
    await fanouts.begin(unit, post_id, now)
    return post_id


def _longest_link(site: Site) -> str:
    """A link as long as any post's will be, to leave room for it before the post has an id."""
    return f"{site.public_url}/@{'x' * 15}/{2**40}"


async def _put_link(unit: Unit, site: Site, author_id: int, post_id: int, full_text: str) -> None:
    """Now that the post has an id: its text is the cut words and the address of its page."""
    author = await accounts.by_id(unit, author_id)
    assert author is not None
    link = f"{site.public_url}/@{author.name}/{post_id}"
    await posts.set_text(unit, post_id, words.shorten(full_text, link))
