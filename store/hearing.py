"""Who may hear an author: nobody across a block, nobody who has muted them, and a protected one's followers alone.

These are the rules for those who are about to be sent something. ``gateway.domain.carriage`` asks them again of what
was queued.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, select

from store.schema import accounts, blocks, follows, mutes

Rule = ColumnElement[bool]
OnPage = Callable[[ColumnElement[int]], Rule]
"""Of a column of account ids: whether they are on the page of hearers at hand, so that only its rows are read."""

ACCEPTED: ColumnElement[str] = literal_column("'accepted'")
"""The state of a follow that stands."""

_author = accounts.alias("author")


def nothing_between(hearer: Any, author: Any) -> tuple[Rule, ...]:
    """Neither blocks the other, and the hearer has not muted the author: looked up for each hearer."""
    return (
        _no_pair(blocks, hearer, author),
        _no_pair(blocks, author, hearer),
        _no_pair(mutes, hearer, author),
    )


def nothing_between_on_page(hearer: ColumnElement[int], author: Any, on_page: OnPage) -> tuple[Rule, ...]:
    """The same, looked up once for a whole page of hearers."""
    return (
        unmuted_on_page(hearer, author, on_page),
        hearer.not_in(select(blocks.c.account_id).where(blocks.c.other_id == author, on_page(blocks.c.account_id))),
        hearer.not_in(select(blocks.c.other_id).where(blocks.c.account_id == author, on_page(blocks.c.other_id))),
    )


def unmuted_on_page(hearer: ColumnElement[int], author: Any, on_page: OnPage) -> Rule:
    """The hearer has not muted the author. It is all that is to be asked of followers, as a block ends following."""
    return hearer.not_in(select(mutes.c.account_id).where(mutes.c.other_id == author, on_page(mutes.c.account_id)))


def shown_to(hearer: Any, author: Any, on_page: OnPage | None = None) -> Rule:
    """The author is not protected, or accepted that the hearer follows them."""
    read = () if on_page is None else (on_page(follows.c.follower_id),)
    return or_(
        ~exists().where(_author.c.id == author, _author.c.protected),
        exists().where(
            follows.c.followee_id == author, follows.c.follower_id == hearer, *read, follows.c.state == ACCEPTED
        ),
    )


def may_hear(hearer: Any, author: Any) -> Rule:
    """All of these; and one hears oneself."""
    return and_(*nothing_between(hearer, author), or_(hearer == author, shown_to(hearer, author)))


def _no_pair(pairs: Any, one: Any, other: Any) -> Rule:
    return ~exists().where(pairs.c.account_id == one, pairs.c.other_id == other)
