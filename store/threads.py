"""What answers by mail go on from: how their conversation is called, what they answer, and the mail that brought it.

A conversation is called after its oldest post that the recipient may see. That is its first, for as long as that
stands; a later one only where it is of somebody whom the recipient hears, lest the words of any stranger who answered
become the subject of mails from others. Nobody is shown what they may not see on the site's pages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal_column, null, or_, select

from gateway.domain.types import Channel, PostKind, Thread
from store.schema import accounts, deliveries, post_mentions, posts
from store.sql import given, rows
from store.timelines import follows_of, visible_to
from store.unit import Reading

LOOKED_AT = 100
"""Posts of a conversation, its oldest, among which the one is looked for that it is called after."""

_RECIPIENT: ColumnElement[int | None] = deliveries.c.account_id
_ANSWERS = given("ids", id=BigInteger)

_mailed = deliveries.alias("mailed")
_answered_mail = (
    select(func.coalesce(_mailed.c.digest_id, _mailed.c.id))
    .where(
        _mailed.c.post_id == posts.c.reply_to_id,
        _mailed.c.account_id == deliveries.c.account_id,
        _mailed.c.channel == literal_column(f"'{Channel.EMAIL}'"),
        _mailed.c.state.in_([literal_column(f"'{state}'") for state in ("sent", "delivered", "bundled")]),
    )
    .correlate(posts, deliveries)
    .scalar_subquery()
)
"""The mail that brought the recipient what a post answers."""


def _names(reader: Any, post_id: Any) -> ColumnElement[bool]:
    """SQL: the post names the reader. As an EXISTS under an OR it might be answered by hashing the whole table."""
    named = post_mentions.alias()
    naming = select(named.c.post_id).where(named.c.account_id == reader, named.c.post_id == post_id)
    return naming.scalar_subquery().is_not(None)


_begun, _begun_author = posts.alias("begun"), accounts.alias("begun_author")
_early, _later, _later_author = posts.alias("early"), posts.alias("later"), accounts.alias("later_author")
_earliest = (
    select(_early.c.id, _RECIPIENT.label("reader"), deliveries.c.via)
    .where(_early.c.conversation_id == posts.c.conversation_id, _early.c.id < posts.c.id)
    .order_by(_early.c.id)
    .limit(literal_column(str(LOOKED_AT)))
    .correlate(posts, deliveries)
    .subquery("earliest")
)
_reader = _earliest.c.reader
_oldest_heard = (
    select(_later.c.id)
    .select_from(
        _earliest.join(_later, _later.c.id == _earliest.c.id).join(
            _later_author, _later_author.c.id == _later.c.author_id
        )
    )
    .where(
        visible_to(_reader, _later, _later_author),
        or_(
            _earliest.c.via.is_not(None),  # who listens to a word, a tag or a group hears anybody
            _later.c.author_id == _reader,
            follows_of(_reader, _later.c.author_id),
            _names(_reader, _later.c.id),
        ),
    )
    .order_by(_earliest.c.id)
    .limit(literal_column("1"))
    .correlate(posts, deliveries)
    .scalar_subquery()
)
_in_private: ColumnElement[bool] = posts.c.kind == literal_column(f"'{PostKind.DIRECT}'")
_called_after = case(
    (_in_private, null()),
    (visible_to(_RECIPIENT, _begun, _begun_author), _begun.c.id),
    else_=_oldest_heard,
)
"""What is written in private is called after nobody's words."""

_first, _first_author = posts.alias("first"), accounts.alias("first_author")
_answered, _answered_author = posts.alias("answered"), accounts.alias("answered_author")
_between_the_two = and_(
    _in_private,
    _answered.c.kind == posts.c.kind,
    _answered.c.deleted_at.is_(None),
    or_(
        and_(_answered.c.author_id == posts.c.author_id, _answered.c.to_account_id == _RECIPIENT),
        and_(_answered.c.author_id == _RECIPIENT, _answered.c.to_account_id == posts.c.author_id),
    ),
)
_THREADS = select(
    deliveries.c.id,
    _answered_mail,
    _first.c.text,
    case((and_(_first.c.author_id != _RECIPIENT, _names(_RECIPIENT, _first.c.id)), _first_author.c.name)),
    case((or_(_between_the_two, visible_to(_RECIPIENT, _answered, _answered_author)), _answered.c.text)),
    _answered_author.c.name,
    posts.c.reply_to_id,
).select_from(
    _ANSWERS.join(deliveries, deliveries.c.id == _ANSWERS.c.id)
    .join(posts, posts.c.id == deliveries.c.post_id)
    .join(_begun, _begun.c.id == posts.c.conversation_id, isouter=True)
    .join(_begun_author, _begun_author.c.id == _begun.c.author_id, isouter=True)
    .join(_first, _first.c.id == _called_after, isouter=True)
    .join(_first_author, _first_author.c.id == _first.c.author_id, isouter=True)
    .join(_answered, _answered.c.id == posts.c.reply_to_id, isouter=True)
    .join(_answered_author, _answered_author.c.id == _answered.c.author_id, isouter=True)
)


async def of_answers(reading: Reading, ids: Sequence[int]) -> Mapping[int, tuple[int | None, Thread]]:
    """For each of these deliveries of answers by mail: the delivery that brought its recipient what it answers, None if
    none did, and what they may see of what it goes on from."""
    if not ids:
        return {}
    found = await reading.execute(_THREADS, {"ids": rows([each] for each in ids)})
    return {
        delivery: (answered_mail, Thread(first or "", named_by or "", text or "", author or "", post_id))
        for delivery, answered_mail, first, named_by, text, author, post_id in found
    }
