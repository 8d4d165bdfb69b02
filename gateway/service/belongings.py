"""Everything of a person in the form of an export, a page at a time: however much they wrote, little is held at once.

Nothing in it is a secret or anybody else's: no tokens, codes and digests, no phone or mailbox but the person's own, of
their followers only the names, never who blocks or mutes them, and the words of others only where the person may see
them now.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from msgspec import Struct

from gateway.domain.delivery import State
from gateway.domain.types import Channel, EmailMode, Overflow, Source
from gateway.service import export_form as form
from gateway.service.site import Site
from store import addresses, belongings, consents, lists, polls, sessions
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.unit import Reading

Page = tuple[str, Sequence[Struct]]
"""A kind of ``export_form.KINDS``, and some entries of it."""

_FIRST = 20
_PAGE_CHARACTERS = 500_000
_DELIVERIES_OF = 50
"""Posts whose deliveries are counted in one statement: those of a public figure have a hundred thousand each."""

_STATES: dict[str, Literal["waiting", "sent", "delivered", "failed"]] = {
    State.QUEUED: "waiting",
    State.CLAIMED: "waiting",
    State.UNSURE: "waiting",
    State.GATHERED: "waiting",
    State.BUNDLED: "sent",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.DEAD: "failed",
}
_CODE = re.compile(r"(?<!\d)\d{4,8}(?!\d)")
"""A PIN or a code among what somebody texted."""

_Row = TypeVar("_Row")
_Key = TypeVar("_Key", int, str)


async def size(reading: Reading, me: AccountRow) -> int:
    """About how many entries there will be."""
    return await belongings.size(reading, me.id)


async def about(
    reading: Reading, site: Site, me: AccountRow, *, file_id: str, entries: dict[str, int], now: datetime
) -> form.About:
    """What there is one of. ``entries``: how many there were of each kind."""
    return form.About(
        format=form.FORMAT,
        version=form.VERSION,
        id=file_id,
        made_at=now,
        site=form.Origin(name=site.name, url=site.public_url),
        account=form.Account(name=me.name, bio=me.bio, protected=me.protected, created_at=me.created_at),
        settings=form.Settings(
            texts=me.texts_on,
            mail=EmailMode(me.email_mode),
            overflow=Overflow(me.overflow) if me.overflow else None,
            time_zone=me.time_zone,
            language=me.language,
            digest_hour=me.digest_hour,
            checks_sender=me.checks_sender,
            quiet_hours=me.quiet_hours,
            has_pin=bool(me.pin_hash),
            has_password=bool(me.password_hash),
            mail_before=EmailMode(me.email_before) if me.email_before else None,
        ),
        addresses=[_address(me, each, each.proven_at) for each in await _own(reading, me) if each.proven_at],
        sessions=[
            form.Session(
                device=each.device, created_at=each.created_at, seen_at=each.seen_at, expires_at=each.expires_at
            )
            for each in await sessions.of_account(reading, me.id, now=now)
        ],
        texts=[_month(each) for each in await belongings.months(reading, me.id)],
        entries=entries,
    )


async def pages(reading: Reading, me: AccountRow) -> AsyncIterator[Page]:
    """All that there may be many of, kind after kind, the oldest first."""
    async for posts in _paged(reading, me, belongings.own_posts, lambda row: row.id, 0, _weight):
        yield "posts", await _posts(reading, posts)
    async for letters in _paged(reading, me, belongings.letters, lambda row: row.id, 0):
        yield "messages", [_message(each) for each in letters]
    async for edges in _paged(reading, me, belongings.following, lambda row: row.id, 0):
        yield "following", [_following(each) for each in edges]
    async for edges in _paged(reading, me, belongings.followers, lambda row: row.id, 0):
        yield "followers", [_follower(each) for each in edges]
    others = {"mutes": belongings.muted, "blocks": belongings.blocked, "nudges": belongings.nudged}
    for kind, of in others.items():
        async for people in _paged(reading, me, of, lambda row: row.id, 0):
            yield kind, [form.Other(name=each.name, since=each.at) for each in people]
    async for keys in _paged(reading, me, belongings.listening, lambda row: row.key, ""):
        for kind, chosen in (
            ("groups", [each for each in keys if each.key.startswith("!")]),
            ("tracks", [each for each in keys if not each.key.startswith("!")]),
        ):
            if chosen:
                yield kind, [_listening(each) for each in chosen]
    async for listed in _paged(reading, me, belongings.listed, lambda row: row.id, 0):
        yield "lists", [await _list(reading, each) for each in listed]
    async for marked in _paged(reading, me, belongings.marked, lambda row: row.post_id, 0, _weight_of_marked):
        yield "favourites", [_favourite(each) for each in marked]
    async for votes in _paged(reading, me, belongings.votes, lambda row: row.post_id, 0):
        yield "votes", [_vote(each) for each in votes]
    async for planned in _paged(reading, me, belongings.planned, lambda row: row.id, 0):
        yield "schedules", [_schedule(each) for each in planned]
    entries = [entry for own in await _own(reading, me) for entry in await _consents(reading, me, own)]
    for start in range(0, len(entries), form.MOST):
        yield "consents", entries[start : start + form.MOST]
    async for told in _paged(reading, me, belongings.told, lambda row: row.id, 0):
        yield "reports", [form.Report(about=each.about, words=each.words, at=each.reported_at) for each in told]
    async for invited in _paged(reading, me, belongings.invited, lambda row: row.id, 0):
        yield "invitations", [_invitation(each) for each in invited]


async def _paged(
    reading: Reading,
    me: AccountRow,
    of: Callable[..., Awaitable[list[_Row]]],
    key: Callable[[_Row], _Key],
    first: _Key,
    weight: Callable[[_Row], int] = lambda row: 100,
) -> AsyncIterator[list[_Row]]:
    """Pages of at most MOST rows, fewer where they are long."""
    after, most = first, _FIRST
    while rows := await of(reading, me.id, after=after, most=most):
        yield rows
        if len(rows) < most:
            return
        after = key(rows[-1])
        long = sum(weight(row) for row in rows) / len(rows)
        most = max(1, min(2 * most, int(_PAGE_CHARACTERS / (long + 1)), form.MOST))


async def _own(reading: Reading, me: AccountRow) -> list[AddressRow]:
    return [each for each in await addresses.of_account(reading, me.id) if each.proven_at is not None]


async def _posts(reading: Reading, rows: Sequence[belongings.OwnPost]) -> list[form.Post]:
    came: dict[int, dict[tuple[str, str], tuple[int, int]]] = {}
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _DELIVERIES_OF):
        for each in await belongings.reached(reading, ids[start : start + _DELIVERIES_OF]):
            of_post, at = came.setdefault(each.post_id, {}), (each.channel, _STATES[each.state])
            number, segments = of_post.get(at, (0, 0))
            of_post[at] = number + int(each.number), segments + int(each.segments)
    return [_post(row, await _poll(reading, row), came.get(row.id, {})) for row in rows]


def _post(row: belongings.OwnPost, poll: form.Poll | None, came: dict[Any, tuple[int, int]]) -> form.Post:
    answers = None if row.answered_id is None else form.Ref(author=row.answered_author, id=row.answered_id)
    repeats = (
        None
        if row.original_id is None
        else form.Quote(author=row.original_author, id=row.original_id, text=row.original)
    )
    return form.Post(
        id=row.id,
        text=row.text,
        full_text=row.full_text,
        source=Source(row.source),
        created_at=row.created_at,
        answers=answers,
        repeats=repeats,
        group=row.group_name,
        favourites=row.favourites,
        reposts=row.reposts,
        poll=poll,
        deliveries=[
            form.Reached(channel=Channel(channel), state=state, number=number, segments=segments)
            for (channel, state), (number, segments) in sorted(came.items())
        ],
    )


async def _poll(reading: Reading, row: belongings.OwnPost) -> form.Poll | None:
    if row.question is None or row.options is None or row.closes_at is None:
        return None
    counts = await polls.counts(reading, row.id)
    options = row.options.split("\n")
    votes = [counts.get(number, 0) for number in range(1, len(options) + 1)]
    return form.Poll(question=row.question, options=options, votes=votes, closes_at=row.closes_at)


def _message(row: belongings.Letter) -> form.Message:
    return form.Message(
        id=row.id, author=row.author, to=row.to, text=row.text, source=Source(row.source), created_at=row.created_at
    )


def _following(row: belongings.Edge) -> form.Following:
    return form.Following(name=row.name, state=_state(row.state), texts=row.texts, mail=row.mail, since=row.created_at)


def _follower(row: belongings.Edge) -> form.Follower:
    return form.Follower(name=row.name, state=_state(row.state), since=row.created_at)


def _state(state: str) -> Literal["accepted", "requested"]:
    return "accepted" if state == "accepted" else "requested"


def _listening(row: belongings.Listening) -> form.Listening:
    return form.Listening(name=row.key.removeprefix("!"), texts=row.texts, mail=row.mail, since=row.created_at)


async def _list(reading: Reading, row: belongings.Listed) -> form.PeopleList:
    members = list(await lists.names(reading, row.id))
    return form.PeopleList(title=row.title, members=members, since=row.created_at)


def _invitation(row: belongings.Invited) -> form.Invitation:
    return form.Invitation(
        note=row.note,
        uses=row.uses,
        uses_left=row.uses_left,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _favourite(row: belongings.Marked) -> form.Favourite:
    return form.Favourite(post=form.Quote(author=row.author, id=row.post_id, text=row.words), since=row.created_at)


def _vote(row: belongings.Voted) -> form.Vote:
    options = row.options.split("\n") if row.options else []
    words = options[row.option - 1] if row.option <= len(options) else None
    poll = form.Ref(author=row.author, id=row.post_id)
    return form.Vote(poll=poll, question=row.question, option=row.option, words=words)


def _schedule(row: belongings.Planned) -> form.Schedule:
    return form.Schedule(
        text=row.text, cron=row.cron, time_zone=row.time_zone, next_at=row.next_at, created_at=row.created_at
    )


async def _consents(reading: Reading, me: AccountRow, own: AddressRow) -> list[form.Consent]:
    """What stands in the ledger since the address was proven to be this person's: before, it may have been somebody
    else's. Who typed it where is told to nobody but themselves."""
    return [
        form.Consent(address=row.address, action=row.action, how=row.how, words=_CODE.sub("••••", row.words), at=row.at)
        for row in await consents.of(reading, own.address)
        if (row.words == f"for {me.id}" if row.action == "asked" else own.proven_at and row.at >= own.proven_at)
    ]


def _address(me: AccountRow, row: AddressRow, proven_at: datetime) -> form.Address:
    return form.Address(
        channel=Channel(row.channel),
        address=row.address,
        proven_at=proven_at,
        in_use=row.id in (me.phone_id, me.mail_id),
        stopped_at=row.opted_out_at,
        unreachable_since=row.dead_at,
    )


def _month(row: belongings.Month) -> form.Month:
    return form.Month(
        month=f"{row.month // 100:04}-{row.month % 100:02}",
        of="author" if row.kind == "author" else "recipient",
        segments=row.segments,
    )


def _weight(row: belongings.OwnPost) -> int:
    return len(row.text) + len(row.full_text or "") + len(row.original or "") + 100


def _weight_of_marked(row: belongings.Marked) -> int:
    return len(row.words or "") + 100
