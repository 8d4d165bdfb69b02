"""The form of an export: what one person's file holds, as ``gateway.service.belongings`` fills it in and as
``gateway.service.moving_in`` reads it.

    account.json        :class:`About`
    KIND/0001.json …    an array of at most MOST entries each, of the kinds in KINDS, the oldest first
    index.html …        the same for people to read; no program reads them

Moments are in RFC 3339 with their offset. A name is null on an account that has none (a phone that only follows, or one
that was deleted). Whoever reads a file holds it to these types: anybody may have had it in their hands.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gateway.domain.types import MAX_LENGTH, NAME_PATTERN, Channel, EmailMode, Overflow, Source

FORMAT: Literal["birdwire export"] = "birdwire export"
VERSION: Literal[1] = 1
ABOUT = "account.json"
MOST = 200
"""Entries of one file."""

Name = Annotated[str, Meta(pattern=rf"\A{NAME_PATTERN}\Z")]
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=MAX_LENGTH)]
Line = Annotated[str, Meta(max_length=300)]
LongText = Annotated[str, Meta(max_length=2**25)]


class _Form(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Origin(_Form, frozen=True):
    """The instance that the file is from."""

    name: Line
    url: Line


class Account(_Form, frozen=True):
    """Who it is about."""

    name: Name | None
    bio: Line
    protected: bool
    created_at: Moment


class Settings(_Form, frozen=True, omit_defaults=True):
    """What they chose; None is as the site has it. Of PIN and password there is only that there is one.
    ``checks_sender``: their secret addresses take mail from their own mailboxes alone. ``mail_before`` is how mail came
    before it was turned off, as it goes on with; it is in no file of somebody who gets mail, nor in older files."""

    texts: bool
    mail: EmailMode
    overflow: Overflow | None
    time_zone: Annotated[str, Meta(max_length=64)] | None
    language: Annotated[str, Meta(max_length=16)] | None
    digest_hour: Annotated[int, Meta(ge=0, le=23)] | None
    checks_sender: bool
    quiet_hours: Annotated[str, Meta(pattern=r"\A([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d\Z")] | None
    has_pin: bool
    has_password: bool
    mail_before: EmailMode | None = None


class Address(_Form, frozen=True):
    """A phone or mailbox of theirs."""

    channel: Channel
    address: Annotated[str, Meta(max_length=254)]
    proven_at: Moment
    in_use: bool
    stopped_at: Moment | None
    unreachable_since: Moment | None


class Session(_Form, frozen=True):
    """A browser that is logged in."""

    device: Annotated[str, Meta(max_length=120)]
    created_at: Moment
    seen_at: Moment
    expires_at: Moment


class Month(_Form, frozen=True):
    """Text segments of a month (``2026-11``): of what they wrote, or of what they got."""

    month: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}\Z")]
    of: Literal["author", "recipient"]
    segments: Count


class About(_Form, frozen=True):
    """The file itself: its ``id``, when and where it was made, how many entries of each kind there are, and what there
    is one of."""

    format: Literal["birdwire export"]
    version: Literal[1]
    id: Annotated[str, Meta(pattern=r"\A[0-9a-f]{24}\Z")]
    made_at: Moment
    site: Origin
    account: Account
    settings: Settings
    addresses: Annotated[list[Address], Meta(max_length=100)]
    sessions: Annotated[list[Session], Meta(max_length=10_000)]
    texts: Annotated[list[Month], Meta(max_length=10_000)]
    entries: dict[str, Count]


class Ref(_Form, frozen=True):
    """Another post."""

    author: Name | None
    id: Id


class Quote(_Form, frozen=True):
    """Another post, with its words where they could be seen."""

    author: Name | None
    id: Id
    text: LongText | None


class Poll(_Form, frozen=True):
    """What a post asks, and how many chose each option."""

    question: LongText
    options: Annotated[list[LongText], Meta(max_length=MAX_LENGTH)]
    votes: Annotated[list[Count], Meta(max_length=MAX_LENGTH)]
    closes_at: Moment


class Reached(_Form, frozen=True):
    """Deliveries of a post on a channel that wait, were sent, arrived for certain, or failed."""

    channel: Channel
    state: Literal["waiting", "sent", "delivered", "failed"]
    number: Count
    segments: Count


class Post(_Form, frozen=True):
    """A post, or a repost (``repeats``) without words of its own. ``full_text`` where ``text`` was cut."""

    id: Id
    text: Text
    full_text: LongText | None
    source: Source
    created_at: Moment
    answers: Ref | None
    repeats: Quote | None
    group: Name | None
    favourites: Count
    reposts: Count
    poll: Poll | None
    deliveries: Annotated[list[Reached], Meta(max_length=20)]


class Message(_Form, frozen=True):
    """A direct message."""

    id: Id
    author: Name | None
    to: Name | None
    text: Text
    source: Source
    created_at: Moment


class Following(_Form, frozen=True):
    """Somebody they follow, or asked to (``requested``). ``mail`` None is as their account says."""

    name: Name | None
    state: Literal["accepted", "requested"]
    texts: bool
    mail: bool | None
    since: Moment


class Follower(_Form, frozen=True):
    """Somebody who follows them, or asked to."""

    name: Name | None
    state: Literal["accepted", "requested"]
    since: Moment


class Other(_Form, frozen=True):
    """Somebody they mute, block or nudged."""

    name: Name | None
    since: Moment


class Listening(_Form, frozen=True):
    """A word, a ``#tag``, or a group (without its ``!``)."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH)]
    texts: bool
    mail: bool | None
    since: Moment


class PeopleList(_Form, frozen=True):
    """A list of people whom they read apart from their home."""

    title: Annotated[str, Meta(min_length=1, max_length=40)]
    members: Annotated[list[Name], Meta(max_length=100_000)]
    since: Moment


class Invitation(_Form, frozen=True):
    """An invitation that they made, without its code."""

    note: Annotated[str, Meta(max_length=140)]
    uses: Count
    uses_left: Count
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None


class Favourite(_Form, frozen=True):
    """A post that they liked."""

    post: Quote
    since: Moment


class Vote(_Form, frozen=True):
    """An option that they chose, by its number and, where the poll may be seen, in words."""

    poll: Ref
    question: LongText | None
    option: Annotated[int, Meta(ge=1, le=MAX_LENGTH)]
    words: LongText | None


class Schedule(_Form, frozen=True):
    """A post that goes out by itself."""

    text: LongText
    cron: Annotated[str, Meta(max_length=64)]
    time_zone: Annotated[str, Meta(max_length=64)]
    next_at: Moment | None
    created_at: Moment


class Consent(_Form, frozen=True):
    """An entry of the ledger of consent about a phone or mailbox of theirs."""

    address: Annotated[str, Meta(max_length=254)]
    action: Line
    how: Line
    words: LongText
    at: Moment


class Report(_Form, frozen=True):
    """What they told the operator about somebody."""

    about: Name | None
    words: LongText
    at: Moment


KINDS: dict[str, type[Any]] = {
    "posts": Post,
    "messages": Message,
    "following": Following,
    "followers": Follower,
    "mutes": Other,
    "blocks": Other,
    "groups": Listening,
    "tracks": Listening,
    "lists": PeopleList,
    "favourites": Favourite,
    "votes": Vote,
    "schedules": Schedule,
    "consents": Consent,
    "reports": Report,
    "nudges": Other,
    "invitations": Invitation,
}
"""What there may be many of, and the form of one."""


def page_name(kind: str, number: int, ending: str = "json") -> str:
    """The name of a file, counted from 1."""
    return f"{kind}/{number:04}.{ending}"
