"""Writing: a post, a direct message, a repost, a favourite; and taking one's words back.

Every function says what became of the words. A refusal is a value and writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from gateway.domain import text as words
from gateway.domain.folding import fold
from gateway.domain.own_secrets import without_own_secrets
from gateway.domain.speech import mark
from gateway.domain.types import MAX_LENGTH, Lane, Overflow, PostKind, Source
from gateway.service.site import Site
from store import accounts, cuts, deliveries, fanouts, posts
from store.accounts import AccountRow
from store.posts import Lately, LookBack, NewPost
from store.unit import Unit

SAME_TEXT = timedelta(seconds=60)
"""The same words by the same author within this time are a slip of the thumb, not a second post."""

_HOUR = timedelta(hours=1)


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
    """Nothing was posted: the account has reached its ``limit`` per hour; ``again_at`` there is room for one more."""

    limit: int
    again_at: datetime


@dataclass(frozen=True, slots=True)
class Protected:
    """Nothing was reposted: its author shows it to chosen people only."""


Outcome = Published | TooLong | Duplicate | Nothing | TooMany


@dataclass(frozen=True, slots=True)
class Draft:
    """Words that somebody wants to post; ``reply_to`` is the post that they answer, ``group`` the group that they are
    for, of which the author is a member; ``cut`` is what was cut off the mail that they came in. ``lately`` is what the
    author wrote lately beside these words (:func:`lately`), where that is known already."""

    author_id: int
    text: str
    source: Source
    reply_to: int | None = None
    group: str | None = None
    cut: str = ""
    lately: LookBack | None = None


def lately(site: Site, now: datetime) -> Lately:
    """How far is looked back before somebody posts."""
    return _lately(PostKind.POST, site.limits.posts_per_hour, now)


async def publish(
    unit: Unit,
    site: Site,
    author_id: int,
    text: str,
    *,
    source: Source,
    now: datetime,
    reply_to: int | None = None,
    group: str | None = None,
    cut: str = "",
    same_within: timedelta = SAME_TEXT,
) -> Outcome:
    """Post ``text`` for the author and begin its way to the followers, and to the members of ``group``."""
    drafts = [Draft(author_id, text, source, reply_to, group, cut)]
    return (await publish_all(unit, site, drafts, now=now, same_within=same_within))[0]


async def publish_all(
    unit: Unit, site: Site, drafts: Sequence[Draft], *, now: datetime, same_within: timedelta = SAME_TEXT
) -> list[Outcome]:
    """Post each draft, by different authors, and begin their ways to the followers. What becomes of one changes
    nothing for another; a hundred take as many statements as one. The same words ``same_within`` this time are not
    posted again."""
    wanted = [(draft.author_id, None, draft.text) for draft in drafts]
    within = _lately(PostKind.POST, site.limits.posts_per_hour, now, same_within)
    outcomes = await _prepare(unit, site, wanted, within, now, [draft.lately for draft in drafts])
    going = [(draft, made) for draft, made in zip(drafts, outcomes, strict=True) if isinstance(made, _Pieces)]
    if going:
        written = iter(await _write_posts(unit, site, going, now))
        unit.ring()
        return [next(written) if isinstance(made, _Pieces) else made for made in outcomes]
    return [made for made in outcomes if not isinstance(made, _Pieces)]


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
    cut: str = "",
) -> Outcome:
    """Write to one person. The caller has made sure that this person follows the author."""
    within = _lately(PostKind.DIRECT, site.limits.direct_per_hour, now)
    (prepared,) = await _prepare(unit, site, [(author_id, to_account_id, text)], within, now)
    if not isinstance(prepared, _Pieces):
        return prepared
    ids = await posts.add_all(
        unit,
        [
            NewPost(author_id, PostKind.DIRECT, piece, source, now, to_account_id=to_account_id, reply_to_id=reply_to)
            for piece in prepared.pieces
        ],
    )
    if cut:
        await cuts.add_all(unit, {ids[0]: cut}, now)
    for post_id in ids:
        await fanouts.queue_for(unit, post_id, [to_account_id], lane=Lane.ANSWER, now=now)
    unit.ring()
    return Published(tuple(ids))


async def repost(
    unit: Unit, site: Site, author_id: int, post_id: int, *, source: Source, now: datetime
) -> Published | Duplicate | Protected | TooMany:
    """Pass a post on to one's own followers, as often within an hour as one may post. The caller has made sure that the
    author may see it."""
    original = await posts.by_id(unit, post_id)
    assert original is not None
    if original.repost_of_id is not None:
        return await repost(unit, site, author_id, original.repost_of_id, source=source, now=now)
    writer = await accounts.by_id(unit, original.author_id)
    if original.kind == PostKind.DIRECT or writer is None or writer.protected:
        return Protected()
    standing = await posts.repost_of(unit, author_id, post_id)
    if standing is not None or original.author_id == author_id:
        return Duplicate(standing or post_id)
    limit = site.limits.posts_per_hour
    (found,) = await posts.look_back(unit, [(author_id, None, "")], _lately(PostKind.REPOST, limit, now))
    if found.full_since is not None:
        return _too_many(limit, found.full_since, now)
    new_id = await posts.add(unit, NewPost(author_id, PostKind.REPOST, "", source, now, repost_of_id=post_id))
    await fanouts.begin(unit, [new_id], now)
    unit.ring()
    return Published((new_id,))


async def favourite(unit: Unit, account_id: int, post_id: int, *, now: datetime) -> bool:
    """False when it was one already."""
    return await posts.add_favourite(unit, account_id, post_id, now)


async def delete(unit: Unit, post_id: int, *, now: datetime) -> None:
    """Take a post and its reposts out of pages, feeds and queue."""
    for wiped in await posts.wipe(unit, post_id, now):
        await fanouts.end(unit, wiped)
        await deliveries.drop_post(unit, wiped, mark("the post was deleted"), now=now)


async def last_own_post(unit: Unit, account_id: int) -> int | None:
    """What UNDO would take back: the account's newest post, direct message or repost."""
    return await posts.latest(unit, account_id)


@dataclass(frozen=True, slots=True)
class _Pieces:
    pieces: tuple[str, ...]
    full_text: str | None

    @property
    def whole(self) -> tuple[str, ...]:
        """What was said, as later words are compared with it."""
        return self.pieces if self.full_text is None else (self.full_text,)


_Prepared = _Pieces | TooLong | Duplicate | Nothing | TooMany


async def _prepare(
    unit: Unit,
    site: Site,
    wanted: Sequence[tuple[int, int | None, str]],
    within: Lately,
    now: datetime,
    known: Sequence[LookBack | None] = (),
) -> list[_Prepared]:
    """Apply the rules that come before any writing, to each (author, recipient of a direct message, words): secrets of
    ours, emptiness, repetition, the hourly limit, the length. ``known``: what each wrote lately, where that was looked
    up."""
    made: list[_Pieces | TooLong | Nothing] = []
    said: list[tuple[str, ...]] = []
    asked: list[tuple[int, int | None, str]] = []
    knows: list[LookBack | None] = []
    for (author_id, to_account_id, raw), looked in zip_longest(wanted, known):
        said_so = words.normalise(raw)
        text = without_own_secrets(said_so, site.mail_domain, site.public_url)
        if not text:
            pieces: _Pieces | TooLong | Nothing = Nothing()
        elif len(text) <= MAX_LENGTH:
            pieces = _Pieces((text,), None)
        else:
            pieces = await _cut(unit, site, author_id, text, within.kind)
        whole = pieces.whole if isinstance(pieces, _Pieces) else (text,)
        is_known = looked is not None and whole == (said_so,)
        made.append(pieces)
        said.append(whole)
        knows.append(looked if is_known else None)
        if text and not is_known:
            asked += [(author_id, to_account_id, each) for each in whole]
    found = iter(await posts.look_back(unit, asked, within) if asked else ())
    return [
        each
        if isinstance(each, Nothing)
        else _allowed(each, [looked] if looked else [next(found) for _ in whole], within.limit, now)
        for each, whole, looked in zip(made, said, knows, strict=True)
    ]


def _lately(kind: PostKind, limit: int, now: datetime, same_within: timedelta = SAME_TEXT) -> Lately:
    return Lately(now - same_within, kind, limit, now - _HOUR)


def _allowed(made: _Pieces | TooLong, found: Sequence[LookBack], limit: int, now: datetime) -> _Prepared:
    """What may be done, by what the author wrote lately beside each piece."""
    first = found[0]
    if isinstance(made, _Pieces) and first.same_id is not None and all(each.same_id is not None for each in found):
        return Duplicate(first.same_id)
    return made if first.full_since is None else _too_many(limit, first.full_since, now)


def _too_many(limit: int, full_since: datetime, now: datetime) -> TooMany:
    return TooMany(limit, (full_since if limit > 0 else now) + _HOUR)


def overflow_of(site: Site, author: AccountRow, kind: PostKind) -> Overflow:
    """What becomes of a text of this author's that is too long. Where no page shows the whole to those who get it, a
    link would lead nowhere: it is split instead."""
    overflow = Overflow(author.overflow) if author.overflow else site.overflow
    if overflow is Overflow.LINK and (kind is PostKind.DIRECT or author.protected or site.private):
        return Overflow.SPLIT
    return overflow


async def _cut(unit: Unit, site: Site, author_id: int, text: str, kind: PostKind) -> _Pieces | TooLong:
    """Cut a text that is too long as its author wants it."""
    over = len(text) - MAX_LENGTH
    account = await accounts.by_id(unit, author_id)
    assert account is not None
    match overflow_of(site, account, kind):
        case Overflow.LINK:
            return _Pieces((words.shorten(text, _longest_link(site)),), text)
        case Overflow.SPLIT:
            pieces = words.split(text)
            return TooLong(over) if pieces is None else _Pieces(tuple(pieces), None)
        case Overflow.REFUSE:
            return TooLong(over)


async def _write_posts(
    unit: Unit, site: Site, going: Sequence[tuple[Draft, _Pieces]], now: datetime
) -> list[Published]:
    """Write what may be posted, queue it for those it names, and begin the fan-out."""
    names = {name for _, made in going for name in words.mentions(made.full_text or " ".join(made.pieces))}
    named = {row.name: row.id for row in await accounts.by_names(unit, sorted(names)) if row.name} if names else {}
    new = [_post(draft, made, piece, named, now) for draft, made in going for piece in made.pieces]
    ids = await posts.add_all(unit, new)
    await fanouts.begin(unit, ids, now)
    left = iter(ids)
    published = []
    cut_off = {}
    for draft, made in going:
        post_ids = tuple(next(left) for _ in made.pieces)
        published.append(Published(post_ids, cut=made.full_text is not None))
        if draft.cut:
            cut_off[post_ids[0]] = draft.cut
        # Each whom any piece names gets all pieces, lest one comes before its first.
        mentioned = _ids_of(made.full_text or " ".join(made.pieces), named) if named else []
        for post_id in post_ids:
            await fanouts.queue_for_mentioned(unit, post_id, draft.author_id, mentioned, now=now)
            if made.full_text is not None:
                await _put_link(unit, site, draft.author_id, post_id, made.full_text)
    if cut_off:
        await cuts.add_all(unit, cut_off, now)
    return published


def _post(draft: Draft, made: _Pieces, piece: str, named: Mapping[str, int], now: datetime) -> NewPost:
    whole = made.full_text or piece
    return NewPost(
        draft.author_id,
        PostKind.POST,
        piece,
        draft.source,
        now,
        full_text=made.full_text,
        reply_to_id=draft.reply_to,
        at_account_id=named.get(words.leading_mention(whole) or "") if named else None,
        group_name=draft.group,
        words=" ".join(fold(whole)),
        tags=words.tags(whole),
        mentioned=_ids_of(whole, named) if named else (),
    )


def _ids_of(text: str, named: Mapping[str, int]) -> list[int]:
    return [named[name] for name in words.mentions(text) if name in named]


def _longest_link(site: Site) -> str:
    """A link as long as any post's will be, to leave room for it before the post has an id."""
    return f"{site.public_url}/@{'x' * 15}/{2**40}"


async def _put_link(unit: Unit, site: Site, author_id: int, post_id: int, full_text: str) -> None:
    """Now that the post has an id: its text is the cut words and the address of its page."""
    author = await accounts.by_id(unit, author_id)
    assert author is not None
    link = f"{site.public_url}/@{author.name}/{post_id}"
    await posts.set_text(unit, post_id, words.shorten(full_text, link))
