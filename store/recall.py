"""What was said lately: direct messages to read again, and how often one sender was told the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, literal_column, select

from gateway.domain.types import PostKind
from store.schema import Instant, accounts, deliveries, inbox, notices, posts
from store.unit import Reading


@dataclass(frozen=True, slots=True)
class Message:
    """A direct message and who wrote it (empty if that account is gone)."""

    id: int
    name: str
    text: str


_LOOKED_AT = 500
"""How many of an author's latest posts are looked through for one that went out to somebody, and how many answers."""

_LATEST = 20_000
"""How many of the latest deliveries of all are looked through for words of our own to somebody."""

_SINCE = inbox.c.received_at >= bindparam("since", type_=Instant())
_TOLD = select(func.count()).where(
    inbox.c.sender == bindparam("sender"), _SINCE, inbox.c.answer.in_(bindparam("answers", expanding=True))
)
_ANSWERS = (
    select(inbox.c.answer)
    .where(inbox.c.sender == bindparam("sender"), _SINCE, inbox.c.answer != "")
    .order_by(inbox.c.received_at.desc())
    .limit(_LOOKED_AT)
)
_DIRECTS = (
    select(posts.c.id, func.coalesce(accounts.c.name, ""), posts.c.text)
    .join(accounts, accounts.c.id == posts.c.author_id)
    .where(
        posts.c.to_account_id == bindparam("account"),
        posts.c.kind == "direct",
        posts.c.deleted_at.is_(None),
        posts.c.id < bindparam("before"),
    )
    .order_by(posts.c.id.desc())
    .limit(bindparam("most"))
)

_COUNT_DIRECTS = select(func.count()).where(
    posts.c.to_account_id == bindparam("account"),
    posts.c.kind == "direct",
    posts.c.deleted_at.is_(None),
    posts.c.id < bindparam("before"),
)


_newest = (
    select(posts.c.id)
    .where(posts.c.author_id == bindparam("author"), posts.c.deleted_at.is_(None), posts.c.kind != "repost")
    .order_by(posts.c.id.desc())
    .limit(_LOOKED_AT)
    .subquery("newest")
)
_LAST_FROM = (
    select(_newest.c.id)
    .where(
        exists().where(
            deliveries.c.post_id == _newest.c.id,
            deliveries.c.post_id.is_not(None),
            deliveries.c.account_id == bindparam("reader"),
            deliveries.c.state.in_(("claimed", "unsure", "sent", "delivered")),
        )
    )
    .order_by(_newest.c.id.desc())
    .limit(1)
)


_original = posts.alias("original")
_original_author = accounts.alias("original_author")
_went_out = (
    select(posts.c.id)
    .where(posts.c.author_id == bindparam("author"))
    .order_by(posts.c.id.desc())
    .limit(_LOOKED_AT)
    .subquery("went_out")
)
_TEXTED_BY = (
    select(posts.c.kind, _original_author.c.name, func.coalesce(_original.c.text, posts.c.text))
    .select_from(
        _went_out.join(posts, posts.c.id == _went_out.c.id)
        .join(_original, _original.c.id == posts.c.repost_of_id, isouter=True)
        .join(_original_author, _original_author.c.id == _original.c.author_id, isouter=True)
    )
    .where(
        exists().where(
            deliveries.c.post_id == posts.c.id,
            deliveries.c.post_id.is_not(None),
            deliveries.c.account_id == bindparam("reader"),
            deliveries.c.channel == literal_column("'sms'"),
        )
    )
)
_latest = select(deliveries.c.id).order_by(deliveries.c.id.desc()).offset(_LATEST).limit(1).scalar_subquery()
_NOTICES = (
    select(notices.c.text)
    .join(deliveries, deliveries.c.notice_id == notices.c.id)
    .where(
        deliveries.c.id > func.coalesce(_latest, 0),
        deliveries.c.account_id == bindparam("reader"),
        deliveries.c.channel == literal_column("'sms'"),
    )
    .order_by(deliveries.c.id.desc())
    .limit(_LOOKED_AT)
)


async def texted_by(reading: Reading, author_id: int, reader_id: int) -> list[tuple[PostKind, str | None, str]]:
    """What was texted to the reader of the author's latest, as (kind, whose words if they were reposted, words); what
    was deleted since has no words any more."""
    found = await reading.execute(_TEXTED_BY, {"author": author_id, "reader": reader_id})
    return [(PostKind(kind), original, text) for kind, original, text in found]


async def noticed(reading: Reading, reader_id: int) -> Sequence[str]:
    """Words of our own that were texted to the reader, be they no answers, among the latest of all deliveries."""
    return (await reading.execute(_NOTICES, {"reader": reader_id})).scalars().all()


async def last_from(reading: Reading, author_id: int, reader_id: int) -> int | None:
    """The newest post or direct message of the author's that went out to the reader, by text or mail; None when there
    is none among the author's latest."""
    values = {"author": author_id, "reader": reader_id}
    return (await reading.execute(_LAST_FROM, values)).scalar_one_or_none()


async def told_since(reading: Reading, sender: str, since: datetime, *answers: str) -> int:
    """How often this phone or mail address was answered with exactly one of these since then."""
    values = {"sender": sender, "since": since, "answers": list(answers)}
    count: int = (await reading.execute(_TOLD, values)).scalar_one()
    return count


async def answers_since(reading: Reading, sender: str, since: datetime) -> Sequence[str]:
    """What this phone or mail address was answered since then, the newest first."""
    return (await reading.execute(_ANSWERS, {"sender": sender, "since": since})).scalars().all()


async def directs_to(reading: Reading, account_id: int, *, before: int, most: int) -> list[Message]:
    """Direct messages to the account with smaller ids than ``before``, newest first."""
    values = {"account": account_id, "before": before, "most": most}
    return [Message(post_id, name or "", text) for post_id, name, text in await reading.execute(_DIRECTS, values)]


async def count_directs_to(reading: Reading, account_id: int, *, before: int) -> int:
    """How many direct messages to the account have smaller ids than ``before``."""
    count: int = (await reading.execute(_COUNT_DIRECTS, {"account": account_id, "before": before})).scalar_one()
    return count
