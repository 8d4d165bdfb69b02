"""What may be seen, and as whom: timelines, profiles and single posts as values for pages, feeds and the API.

Everybody sees public accounts. A protected one is seen by itself and by the followers it accepted, and what may not be
seen is told apart from what never was by nobody. ``Deleted`` is said of posts that everybody could see before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain import token
from gateway.domain.folding import fold
from gateway.domain.token import Purpose
from gateway.domain.types import PostKind
from gateway.service.site import Site
from store import accounts, cuts, follows, lists, member_timelines, relations, timelines
from store import search as find
from store.accounts import AccountRow
from store.member_timelines import Marks
from store.timelines import NEWEST, PageRow
from store.unit import Reading

PAGE = 20
"""Posts on a page or in a feed."""

LONGEST_CONVERSATION = 200
"""Posts of a thread that its page shows."""


@dataclass(frozen=True, slots=True)
class PostRef:
    """Another post, by its author's name and its id."""

    author: str
    id: int

    @property
    def path(self) -> str:
        """The address of its page on this site."""
        return f"/@{self.author}/{self.id}"


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as people see it.

    ``text``       at most 140 characters; ``full_text`` is the whole where it was cut with a link, else None.
    ``source``     the door it came in by, a value of ``gateway.domain.types.Source``.
    ``repost_of``  whose words these are; the counts are then those of the original.
    """

    id: int
    author: str
    text: str
    full_text: str | None
    created_at: datetime
    source: str
    reply_to: PostRef | None
    repost_of: PostRef | None
    favourites: int
    reposts: int
    answers: int
    conversation_id: int
    protected: bool

    @property
    def path(self) -> str:
        """The address of its page on this site."""
        return f"/@{self.author}/{self.id}"

    @property
    def subject_id(self) -> int:
        """The post whose words these are: what a favourite or a repost is of."""
        return self.repost_of.id if self.repost_of else self.id

    @property
    def short(self) -> str:
        """The words up to where they were cut, without the link that a text carries there; else all of them."""
        return self.text.rpartition(" ")[0] if self.full_text else self.text

    @property
    def whole(self) -> str:
        """All the words."""
        return self.full_text or self.text


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a timeline. ``older`` is what to pass as ``before`` for the next one, None at the end."""

    posts: tuple[PostView, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class Outline:
    """What a feed will hold, known before its posts are loaded: equal outlines make equal feeds."""

    rows: tuple[PageRow, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A public account, or one that the reader may see."""

    id: int
    name: str
    bio: str
    created_at: datetime
    posts: int
    followers: int
    following: int
    protected: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The account exists and shows itself to chosen followers only."""

    name: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Nobody bears that name, or there is no such post, or it is not for everybody: from outside they are the same."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Everybody could see it once; its author took it back."""


@dataclass(frozen=True, slots=True)
class PostPage:
    """One post among its thread, all of it oldest first; ``post`` is in ``conversation`` too."""

    post: PostView
    conversation: tuple[PostView, ...]


async def public_timeline(reading: Reading, *, reader: int | None = None, before: int = NEWEST) -> Page:
    """What everybody writes who is not protected; for a ``reader`` without those they do not want to see."""
    if reader is not None:
        return await _page(reading, await member_timelines.public(reading, reader, before=before, most=PAGE + 1))
    return await _page(reading, await timelines.public(reading, before=before, most=PAGE + 1))


async def tag_timeline(reading: Reading, tag: str, *, reader: int | None = None, before: int = NEWEST) -> Page:
    """What everybody writes under a tag (without its ``#``, in any case); for a ``reader`` what they may see."""
    tag, most = tag.casefold(), PAGE + 1
    if reader is not None:
        return await _page(reading, await member_timelines.tagged(reading, reader, tag, before=before, most=most))
    return await _page(reading, await timelines.tagged(reading, tag, before=before, most=most))


async def mentions(reading: Reading, account_id: int, *, before: int = NEWEST) -> Page:
    """The posts that name an account."""
    return await _page(reading, await member_timelines.mentions(reading, account_id, before=before, most=PAGE + 1))


async def group_timeline(reading: Reading, group: str, *, reader: int | None = None, before: int = NEWEST) -> Page:
    """What was written to a group (without its ``!``), as far as the ``reader``, or everybody, may see it."""
    rows = await member_timelines.grouped(reading, reader or 0, group, before=before, most=PAGE + 1)
    return await _page(reading, rows)


async def polls_timeline(reading: Reading, *, reader: int | None = None, before: int = NEWEST) -> Page:
    """The polls that the ``reader``, or everybody, may see."""
    return await _page(reading, await member_timelines.polled(reading, reader or 0, before=before, most=PAGE + 1))


async def list_timeline(reading: Reading, account_id: int, list_id: int, *, before: int = NEWEST) -> Page:
    """What the people on one of the account's lists write."""
    return await _page(reading, await lists.timeline(reading, account_id, list_id, before=before, most=PAGE + 1))


async def marks(reading: Reading, account_id: int, shown: Sequence[PostView]) -> Marks:
    """Which of these posts, or of what they repeat, the account made a favourite or passed on."""
    return await member_timelines.marks(reading, account_id, [post.subject_id for post in shown])


async def search(reading: Reading, words: str, *, reader: int | None = None, before: int = NEWEST) -> Page:
    """The posts with all of these words, in any case and with or without accents: what everybody may see, and what the
    ``reader`` may."""
    who = find.NOBODY if reader is None else reader
    rows = await find.posts_with(reading, fold(words), reader_id=who, before=before, most=PAGE + 1)
    return await _page(reading, rows)


async def profile(reading: Reading, name: str, *, reader: int | None = None) -> Profile | Closed | Missing:
    """Who bears a name, for everybody or for one ``reader``. Who blocks the reader is nobody to them."""
    account = await accounts.by_name(reading, name)
    if account is None or account.name is None or not _active(account):
        return Missing()
    if (
        reader is not None
        and reader != account.id
        and account.id in await relations.blockers(reading, account.id, reader)
    ):
        return Missing()
    if account.protected and reader != account.id:
        edge = None if reader is None else await follows.edge(reading, account.id, reader)
        if edge is None or edge.state != "accepted":
            return Closed(account.name)
    return await _profile(reading, account, account.name)


async def posts_of(reading: Reading, account: Profile, *, answers: bool = True, before: int = NEWEST) -> Page:
    """What the account writes; without ``answers`` only what is meant for nobody in particular."""
    rows = await timelines.posts_of(reading, account.id, answers=answers, before=before, most=PAGE + 1)
    return await _page(reading, rows)


async def home_timeline(reading: Reading, account_id: int, *, before: int = NEWEST) -> Page:
    """What an account reads: itself, whom it follows, and who names it."""
    return await _page(reading, await timelines.home(reading, account_id, before=before, most=PAGE + 1))


async def newer_at_home(reading: Reading, account_id: int, after: int) -> int:
    """How many posts stand above this one in what an account reads; no more than a page and one."""
    rows = await timelines.home(reading, account_id, most=PAGE + 1)
    return sum(row.id > after for row in rows)


async def newer_for_all(reading: Reading, after: int, *, reader: int | None = None) -> int:
    """The same of what everybody writes."""
    most = PAGE + 1
    rows = await (
        timelines.public(reading, most=most) if reader is None else member_timelines.public(reading, reader, most=most)
    )
    return sum(row.id > after for row in rows)


async def post_page(reading: Reading, post_id: int, *, reader: int | None = None) -> PostPage | Deleted | Missing:
    """A post with its thread, for everybody or for one ``reader``."""
    place = await timelines.place(reading, post_id)
    if place is None or place.kind == PostKind.DIRECT:
        return Missing()
    seen = reader is not None and not place.deleted and await member_timelines.sees(reading, reader, post_id)
    if place.closed and not seen:
        return Missing()
    if place.deleted:
        return Deleted()
    if not (seen if reader is not None else place.listed):
        return Missing()
    thread, most = place.conversation_id, LONGEST_CONVERSATION
    if reader is None:
        rows = await timelines.conversation(reading, thread, most=most)
    else:
        rows = await member_timelines.conversation(reading, reader, thread, most=most)
    ids = [row.id for row in rows]
    if post_id not in ids:
        ids.append(post_id)
    shown = await posts(reading, ids)
    [post] = [view for view in shown if view.id == post_id]
    return PostPage(post, shown)


async def what_was_cut(reading: Reading, post_id: int, viewer_account_id: int) -> str | None:
    """What was cut off the mail that became this post, as a quote, a signature or a footer: for its author alone, and
    only for as long as mails are kept. None for everybody else, and where nothing was."""
    return await cuts.of(reading, post_id, viewer_account_id)


async def listed_names(reading: Reading, *, most: int) -> list[str]:
    """The names of public accounts, the newest first."""
    return await timelines.listed_names(reading, most=most)


async def listed_posts(reading: Reading, *, most: int) -> list[str]:
    """The paths of the newest posts that everybody may read, those that only repeat another left out."""
    rows = await timelines.public(reading, most=most)
    return [f"/@{row.author}/{row.id}" for row in rows if row.original_author is None]


# ---- feeds: first what is in it, and only when that is new the posts themselves


async def public_outline(reading: Reading) -> Outline:
    """The feed of everybody."""
    return Outline(tuple(await timelines.public(reading, most=PAGE)))


async def tag_outline(reading: Reading, tag: str) -> Outline:
    """The feed of a tag (without its ``#``, in any case)."""
    return Outline(tuple(await timelines.tagged(reading, tag.casefold(), most=PAGE)))


async def search_outline(reading: Reading, words: str) -> Outline:
    """The feed of what everybody may see that has all of these words."""
    found = await find.posts_with(reading, fold(words), reader_id=find.NOBODY, before=NEWEST, most=PAGE)
    return Outline(tuple(found))


async def author_outline(
    reading: Reading, name: str, *, reader: int | None = None, answers: bool = True
) -> Outline | Missing:
    """The feed of one account, for everybody or for one ``reader``."""
    account = await accounts.by_name(reading, name)
    if account is None or not _active(account):
        return Missing()
    if reader is None:
        if account.protected:
            return Missing()
    elif not await timelines.may_read(reading, reader, account.id):
        return Missing()
    return Outline(tuple(await timelines.posts_of(reading, account.id, answers=answers, most=PAGE)))


async def home_outline(reading: Reading, account_id: int) -> Outline:
    """The feed of what an account reads."""
    return Outline(tuple(await timelines.home(reading, account_id, most=PAGE)))


async def feed_owner(reading: Reading, site: Site, secret: str) -> AccountRow | None:
    """Whose secret feed address this is; None when it is nobody's, or was renewed since."""
    claimed = token.parse(secret)
    if claimed is None:
        return None
    account = await accounts.by_id(reading, claimed.number)
    if account is None or not _active(account):
        return None
    return account if token.holds(site.key, Purpose.FEED, claimed, account.feed_version) else None


async def posts(reading: Reading, ids: Sequence[int]) -> tuple[PostView, ...]:
    """These posts, in this order; whether they may be seen was asked before."""
    return tuple(_view(row) for row in await timelines.load(reading, ids))


async def _page(reading: Reading, rows: Sequence[PageRow]) -> Page:
    shown = rows[:PAGE]
    return Page(await posts(reading, [row.id for row in shown]), shown[-1].id if len(rows) > PAGE else None)


async def _profile(reading: Reading, account: AccountRow, name: str) -> Profile:
    counts = await accounts.counts(reading, account.id)
    return Profile(
        account.id,
        name,
        account.bio,
        account.created_at,
        counts.posts,
        counts.followers,
        counts.following,
        account.protected,
    )


def _active(account: AccountRow) -> bool:
    return account.suspended_at is None and account.deleted_at is None


def _view(row: timelines.ShownRow) -> PostView:
    return PostView(
        id=row.id,
        author=row.author,
        text=row.text,
        full_text=row.full_text,
        created_at=row.created_at,
        source=row.source,
        reply_to=_ref(row.answered_author, row.answered_id),
        repost_of=_ref(row.original_author, row.original_id),
        favourites=row.favourites,
        reposts=row.reposts,
        answers=row.answers,
        conversation_id=row.conversation_id,
        protected=row.protected,
    )


def _ref(author: str | None, post_id: int | None) -> PostRef | None:
    return None if author is None or post_id is None else PostRef(author, post_id)
