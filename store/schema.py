"""Every table, its columns typed, and every index with the question it answers.

Moments are integers: microseconds since 1970 in UTC, so both databases compare and add them alike; Python sees aware
datetimes. Ids grow with time, and those that stand in addresses are never given twice. What is forbidden twice (a
second delivery of a post to a person on a channel, a second webhook of the same message) is forbidden here, by a
unique constraint, whatever the code above does.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Named,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The reverse of :func:`to_micros`."""
    return _EPOCH + timedelta(0, *divmod(micros, 1_000_000))  # all of it as microseconds takes twice as long


class Instant(TypeDecorator[datetime]):
    """A moment: a BIGINT of microseconds in the database, an aware UTC datetime in Python."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        return _moment  # at once: each value of each row that is read goes this way


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


_Id = BigInteger().with_variant(Integer, "sqlite")


def _partial(name: str | None, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows alone for which ``where`` is true, on both databases."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class _AccountCols(TypedColumns):
    """A person. One without a name is a phone that only follows; one that is deleted keeps only its row until purged.

    ``phone_id``/``mail_id`` point at the address in use, None when there is none that may be written to now;
    ``sms_route`` is the route of that phone. ``store.addresses.refresh`` alone writes these three.
    ``quiet_hours`` are the daily ones, as ``gateway.domain.quiet`` writes them. ``sleeps_at``/``wakes_at`` are the
    window of quiet that is now or comes next; the person sleeps from ``sleeps_at`` until it has been moved forward.
    ``digest_hour`` is when a daily digest goes out on the person's clocks, None for the site's hour; ``digest_at`` when
    the next digest is due, None for who gets none. ``email_before`` is what ``email_mode`` was before mail was turned
    off, None while it is on. ``store.digests`` writes these, and ``email_mode``.
    ``post_version``/``feed_version``/``reply_version`` go into the secret posting and feed addresses and into those
    that answer a post; raising one revokes the old.
    ``checks_sender``: the secret posting and reply addresses take mail only when it is proven to be from a mailbox of
    the account.
    ``pin_hash`` is the digest of the PIN that texts must begin with, ``password_hash`` what argon2 makes of the site's
    password; each is empty without one.
    """

    id = Column(_Id, primary_key=True)
    name: Named[str | None] = Column(String(15))
    bio: Named[str] = Column(Text, server_default="")
    protected: Named[bool] = Column(Boolean, server_default=false())
    admin: Named[bool] = Column(Boolean, server_default=false())
    texts_on: Named[bool] = Column(Boolean, server_default=true())
    email_mode: Named[str] = Column(String(8), server_default="instant")
    overflow: Named[str | None] = Column(String(8))
    time_zone: Named[str | None] = Column(String(64))
    language: Named[str | None] = Column(String(16))
    phone_id: Named[int | None] = Column(BigInteger)
    mail_id: Named[int | None] = Column(BigInteger)
    sms_route: Named[int | None] = Column(SmallInteger)
    post_version: Named[int] = Column(Integer, server_default="0")
    feed_version: Named[int] = Column(Integer, server_default="0")
    pin_hash: Named[str] = Column(String(64), server_default="")
    created_at: Named[datetime] = Column(Instant)
    suspended_at: Named[datetime | None] = Column(Instant)
    deleted_at: Named[datetime | None] = Column(Instant)
    quiet_hours: Named[str | None] = Column(String(11))
    sleeps_at: Named[datetime | None] = Column(Instant)
    wakes_at: Named[datetime | None] = Column(Instant)
    reply_version: Named[int] = Column(Integer, server_default="0")
    checks_sender: Named[bool] = Column(Boolean, server_default=false())
    digest_hour: Named[int | None] = Column(SmallInteger)
    digest_at: Named[datetime | None] = Column(Instant)
    password_hash: Named[str] = Column(Text, server_default="")
    email_before: Named[str | None] = Column(String(8))


accounts = Table(
    "accounts",
    metadata,
    _AccountCols,
    Index(None, "name", unique=True),
    # Whose quiet hours are over.
    _partial("ix_accounts_wakes_at", "wakes_at", where="wakes_at IS NOT NULL"),
    # Whose digest is due.
    _partial("ix_accounts_digest_at", "digest_at", where="digest_at IS NOT NULL"),
    sqlite_autoincrement=True,
)


class _RouteCols(TypedColumns):
    """A way out with a pace of its own: each SMS sender number is one, all mail is one.

    ``active``        still configured; a retired number's row stays for the record.
    ``tat``           theoretical arrival time of the generic cell rate algorithm: the pace, shared by all daemons.
    ``minute_tat``    the same for the limit in a minute.
    ``paused_until``  the peer asked for a pause (429, Retry-After).
    ``failing_since``  since when it has been paused again and again; only good while that goes on (``store.failover``).
    ``day``, ``used``  the UTC day (as an ordinal) of the last claim, and what was used on it: the daily limit.
    """

    id = Column(SmallInteger().with_variant(Integer, "sqlite"), primary_key=True)
    channel: Named[str] = Column(String(8))
    sender: Named[str] = Column(String(64))
    active: Named[bool] = Column(Boolean, server_default=true())
    tat: Named[datetime] = Column(Instant, server_default="0")
    paused_until: Named[datetime] = Column(Instant, server_default="0")
    failing_since: Named[datetime | None] = Column(Instant)
    day: Named[int] = Column(Integer, server_default="0")
    used: Named[int] = Column(Integer, server_default="0")
    minute_tat: Named[datetime] = Column(Instant, server_default="0")


routes = Table("routes", metadata, _RouteCols, UniqueConstraint("channel", "sender"))


class _AddressCols(TypedColumns):
    """A phone or a mail address. It outlives its account's hold on it: an opt-out stays with the number.

    ``account_id``    whose it is now; None for a number that we only know.
    ``route``         for phones: the sender number this person texts with, so that one thread stays one thread; or
                      another one that took over, where that does not reach them.
    ``opted_out_at``  STOP, or the provider said so: nothing may be sent. ``dead_at``: it does not exist, or mails to it
                      are stopped; ``complained_at`` because its owner reported one as spam.
    ``bounces``       mails that came back since there is no such mailbox, the last at ``bounced_at``.
    ``soft_days``     days on which mails came back for what may pass, the last of them counted at ``soft_at``.
    ``last_post_id``  the last post that was sent to this phone: what a bare R, RT or FAV means.
    """

    id = Column(_Id, primary_key=True)
    channel: Named[str] = Column(String(8))
    address: Named[str] = Column(String(254))
    account_id: Named[int | None] = Column(_Id, ForeignKey("accounts.id"))
    route: Named[int | None] = Column(SmallInteger)
    proven_at: Named[datetime | None] = Column(Instant)
    opted_out_at: Named[datetime | None] = Column(Instant)
    dead_at: Named[datetime | None] = Column(Instant)
    dead_reason: Named[str] = Column(Text, server_default="")
    bounces: Named[int] = Column(SmallInteger, server_default="0")
    bounced_at: Named[datetime | None] = Column(Instant)
    last_post_id: Named[int | None] = Column(BigInteger)
    created_at: Named[datetime] = Column(Instant)
    soft_days: Named[int] = Column(SmallInteger, server_default="0")
    soft_at: Named[datetime | None] = Column(Instant)
    complained_at: Named[datetime | None] = Column(Instant)


addresses = Table(
    "addresses",
    metadata,
    _AddressCols,
    UniqueConstraint("channel", "address"),
    Index(None, "account_id"),
)


class _ConsentCols(TypedColumns):
    """Who agreed to or refused texts, when, how, in which words. Rows are only ever added; triggers see to it."""

    id = Column(_Id, primary_key=True)
    address: Named[str] = Column(String(254))
    action: Named[str] = Column(String(16))
    how: Named[str] = Column(String(16))
    words: Named[str] = Column(Text)
    at: Named[datetime] = Column(Instant)


consents = Table(
    "consents",
    metadata,
    _ConsentCols,
    Index(None, "address"),
    # How many codes somebody asked for lately.
    _partial("ix_consents_asked", "words", "at", where="action = 'asked'"),
)


class _AuditCols(TypedColumns):
    """What somebody who looks after the site did, when, about whom or what. Rows are only ever added; triggers see to
    it, and no other row need stay for one to say what it says.

    ``door``    ``web``, or ``cli`` for the command line. ``who`` is then the name of the account at that moment, or of
    the user of the machine; ``who_id`` the account, None for a user of the machine.
    ``act``     one of ``gateway.service.auditing.Act``; ``about`` and ``about_id`` are the member it was about, if any.
    ``words``   what there is to say beyond that: a reason, a number, what was written in a form.
    """

    id = Column(_Id, primary_key=True)
    at: Named[datetime] = Column(Instant)
    door: Named[str] = Column(String(8))
    who_id: Named[int | None] = Column(BigInteger)
    who: Named[str] = Column(String(64))
    act: Named[str] = Column(String(32))
    about_id: Named[int | None] = Column(BigInteger)
    about: Named[str] = Column(String(64), server_default="")
    words: Named[str] = Column(Text, server_default="")


audit = Table(
    "audit",
    metadata,
    _AuditCols,
    # What was done about one member.
    _partial("ix_audit_about_id", "about_id", "id", where="about_id IS NOT NULL"),
    sqlite_autoincrement=True,
)


class _OfferCols(TypedColumns):
    """The one question an address was last asked: post these words after all (Y)? Repeat this code to go on?

    ``kind`` is ``post``, the command that awaits its echo code (``delete``, ``public``, ``name``), ``phone``: is this
    the phone of the account whose id stands in ``words``? or ``mailbox``: a code was mailed to that address.
    """

    address_id: Named[int] = Column(
        _Id, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Named[str] = Column(String(16))
    words: Named[str] = Column(Text)
    code_hash: Named[str] = Column(String(64), server_default="")
    tries: Named[int] = Column(SmallInteger, server_default="0")
    expires_at: Named[datetime] = Column(Instant)


offers = Table("offers", metadata, _OfferCols)


class _ContinuationCols(TypedColumns):
    """What MORE goes on with for an address: the list (``kind``), what it was asked for, and what was shown last."""

    address_id: Named[int] = Column(
        _Id, ForeignKey("addresses.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Named[str] = Column(String(16))
    words: Named[str] = Column(Text, server_default="")
    after: Named[str] = Column(String(141))
    expires_at: Named[datetime] = Column(Instant)


continuations = Table("continuations", metadata, _ContinuationCols)


class _NudgeCols(TypedColumns):
    """When ``account_id`` last nudged ``other_id``."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    other_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    nudged_at: Named[datetime] = Column(Instant)


nudges = Table("nudges", metadata, _NudgeCols, PrimaryKeyConstraint("account_id", "other_id"), Index(None, "other_id"))


class _ReportCols(TypedColumns):
    """What somebody told the operator about ``account_id``. ``post_id`` is the post of theirs that it is about: the one
    that was reported, else their newest at that moment."""

    id = Column(_Id, primary_key=True)
    reporter_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    post_id: Named[int | None] = Column(BigInteger)
    words: Named[str] = Column(Text, server_default="")
    reported_at: Named[datetime] = Column(Instant)
    closed_at: Named[datetime | None] = Column(Instant)


reports = Table(
    "reports",
    metadata,
    _ReportCols,
    # What is still open, and whose it is.
    _partial("ix_reports_open", "id", where="closed_at IS NULL"),
    Index(None, "reporter_id", "reported_at"),
)


class _ProofCols(TypedColumns):
    """A code somebody must repeat to prove something: only its hash is kept, it expires, its tries are counted.

    ``purpose`` is ``claim`` (this phone belongs to that account) or ``login`` (this visitor does); ``words`` carries
    what is to be proven.
    """

    id = Column(_Id, primary_key=True)
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    purpose: Named[str] = Column(String(16))
    words: Named[str] = Column(Text, server_default="")
    code_hash: Named[str] = Column(String(64))
    tries: Named[int] = Column(SmallInteger, server_default="0")
    expires_at: Named[datetime] = Column(Instant)


proofs = Table("proofs", metadata, _ProofCols, Index(None, "code_hash"))


class _SessionCols(TypedColumns):
    """A browser that is logged in. Only the digest of what it shows is kept; ``device`` is what it calls itself."""

    id = Column(_Id, primary_key=True)
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    secret_hash: Named[str] = Column(String(64))
    device: Named[str] = Column(String(120), server_default="")
    created_at: Named[datetime] = Column(Instant)
    seen_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)


sessions = Table(
    "sessions",
    metadata,
    _SessionCols,
    UniqueConstraint("secret_hash"),
    Index(None, "account_id"),
    sqlite_autoincrement=True,
)


class _InviteCols(TypedColumns):
    """An invitation to sign up: only the digest of its code is kept.

    ``made_by``    the account that made it, None for the command line. ``note``: for whom, in the maker's words.
    ``uses_left``  how many may still sign up by it.
    """

    id = Column(_Id, primary_key=True)
    code_hash: Named[str] = Column(String(64))
    made_by: Named[int | None] = Column(BigInteger)
    note: Named[str] = Column(String(140), server_default="")
    uses: Named[int] = Column(Integer)
    uses_left: Named[int] = Column(Integer)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)
    revoked_at: Named[datetime | None] = Column(Instant)


invites = Table(
    "invites",
    metadata,
    _InviteCols,
    UniqueConstraint("code_hash"),
    # A member's own, and how many they made lately.
    Index(None, "made_by", "created_at"),
    sqlite_autoincrement=True,
)


class _InviteUseCols(TypedColumns):
    """``account_id`` signed up by an invitation."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    invite_id: Named[int] = Column(_Id, ForeignKey("invites.id"))
    used_at: Named[datetime] = Column(Instant)


invite_uses = Table("invite_uses", metadata, _InviteUseCols, Index(None, "invite_id"))


class _DefaultFollowCols(TypedColumns):
    """Everybody new follows ``account_id`` from the start. ``texts``, ``mail``: as in ``follows``."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    texts: Named[bool] = Column(Boolean, server_default=false())
    mail: Named[bool | None] = Column(Boolean)
    created_at: Named[datetime] = Column(Instant)


default_follows = Table("default_follows", metadata, _DefaultFollowCols)


class _SignupCols(TypedColumns):
    """Somebody who typed a name and a phone or mail address on the site and has yet to prove it: no account, and the
    name is still anybody's. ``invite_id`` is the invitation that they came with."""

    id = Column(_Id, primary_key=True)
    name: Named[str] = Column(String(15))
    channel: Named[str] = Column(String(8))
    address: Named[str] = Column(String(254))
    code_hash: Named[str] = Column(String(64))
    tries: Named[int] = Column(SmallInteger, server_default="0")
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)
    invite_id: Named[int | None] = Column(BigInteger)


signups = Table("signups", metadata, _SignupCols, Index(None, "code_hash"), Index(None, "address"))


class _ListCols(TypedColumns):
    """People whom an account reads apart from its home."""

    id = Column(_Id, primary_key=True)
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    title: Named[str] = Column(String(40))
    created_at: Named[datetime] = Column(Instant)


lists = Table("lists", metadata, _ListCols, Index(None, "account_id"), sqlite_autoincrement=True)


class _ListMemberCols(TypedColumns):
    """Who is on a list."""

    list_id: Named[int] = Column(_Id, ForeignKey("lists.id", ondelete="CASCADE"))
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))


list_members = Table(
    "list_members", metadata, _ListMemberCols, PrimaryKeyConstraint("list_id", "account_id"), Index(None, "account_id")
)


class _FollowCols(TypedColumns):
    """An edge: ``follower_id`` reads ``followee_id``.

    ``state``  ``accepted`` or ``requested`` (the followee is protected and has not answered).
    ``texts``  this person's posts come by SMS. ``mail``: by mail; None means as the follower's account says.
    """

    followee_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    follower_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    state: Named[str] = Column(String(10))
    texts: Named[bool] = Column(Boolean, server_default=false())
    mail: Named[bool | None] = Column(Boolean)
    created_at: Named[datetime] = Column(Instant)


follows = Table(
    "follows",
    metadata,
    _FollowCols,
    PrimaryKeyConstraint("followee_id", "follower_id"),
    Index(None, "follower_id", "followee_id", unique=True),
)


class _PairCols(TypedColumns):
    """``account_id`` does not want to see, or be seen by, ``other_id``."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    other_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    created_at: Named[datetime] = Column(Instant)


blocks = Table("blocks", metadata, _PairCols, PrimaryKeyConstraint("account_id", "other_id"), Index(None, "other_id"))
mutes = Table("mutes", metadata, _PairCols, PrimaryKeyConstraint("account_id", "other_id"), Index(None, "other_id"))


class _ListenerCols(TypedColumns):
    """``account_id`` wants what is said under a key, whoever says it: a folded word, ``#tag``, or ``!group`` that it
    belongs to.

    ``texts``  it comes by SMS. ``mail``: by mail; None means only in place of a text that no budget had room for, False
    not even then.
    """

    key: Named[str] = Column(String(141))
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    texts: Named[bool] = Column(Boolean, server_default=false())
    mail: Named[bool | None] = Column(Boolean)
    created_at: Named[datetime] = Column(Instant)


listeners = Table(
    "listeners",
    metadata,
    _ListenerCols,
    PrimaryKeyConstraint("key", "account_id"),
    Index(None, "account_id", "key", unique=True),
)


class _GroupCols(TypedColumns):
    """A group that people can join; its members are ``listeners`` of ``!name``."""

    name: Named[str] = Column(String(15), primary_key=True)
    founder_id: Named[int | None] = Column(BigInteger)
    created_at: Named[datetime] = Column(Instant)


groups = Table("groups", metadata, _GroupCols)


class _PostCols(TypedColumns):
    """A post, a direct message (``to_account_id`` set) or a repost (``repost_of_id`` set, ``text`` empty).

    ``text``             what is sent and shown, at most 140 code points; wiped when deleted.
    ``full_text``        the whole text where ``text`` was cut with a link to the post's page.
    ``at_account_id``    the account whose name opens the post: it goes to those who follow both, and to that account.
    ``conversation_id``  the first post of the thread; its own id on a first post.
    ``group_name``       the group that it was written to.
    ``words``            what SEARCH finds it by: the words of the whole text, folded, a space between two; none for
                         direct messages, reposts and what is deleted. ``store.search`` tells of the index over them.
    """

    id = Column(_Id, primary_key=True)
    author_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    kind: Named[str] = Column(String(8))
    text: Named[str] = Column(Text)
    full_text: Named[str | None] = Column(Text)
    source: Named[str] = Column(String(8))
    reply_to_id: Named[int | None] = Column(BigInteger)
    conversation_id: Named[int] = Column(BigInteger, server_default="0")
    repost_of_id: Named[int | None] = Column(BigInteger)
    to_account_id: Named[int | None] = Column(BigInteger)
    at_account_id: Named[int | None] = Column(BigInteger)
    group_name: Named[str | None] = Column(String(15))
    words: Named[str] = Column(Text, server_default="")
    created_at: Named[datetime] = Column(Instant)
    deleted_at: Named[datetime | None] = Column(Instant)


posts = Table(
    "posts",
    metadata,
    _PostCols,
    Index(None, "author_id", "id"),
    Index(None, "conversation_id", "id"),
    _partial(None, "repost_of_id", "author_id", where="repost_of_id IS NOT NULL"),
    Index(None, "to_account_id", "id"),
    # What was written to a group.
    _partial(None, "group_name", "id", where="group_name IS NOT NULL"),
    sqlite_autoincrement=True,
)


class _CutCols(TypedColumns):
    """What was cut off the mail that became a post: quotes, signatures, footers. Its author may see it for a while."""

    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    words: Named[str] = Column(Text)
    cut_at: Named[datetime] = Column(Instant)


post_cuts = Table("post_cuts", metadata, _CutCols, Index(None, "cut_at"))


class _TagCols(TypedColumns):
    """A post's tags, folded to lower case, without the ``#``."""

    tag: Named[str] = Column(String(140))
    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"))


post_tags = Table("post_tags", metadata, _TagCols, PrimaryKeyConstraint("tag", "post_id"), Index(None, "post_id"))


class _MentionCols(TypedColumns):
    """The accounts a post names."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"))


post_mentions = Table(
    "post_mentions",
    metadata,
    _MentionCols,
    PrimaryKeyConstraint("account_id", "post_id"),
    Index(None, "post_id"),
)


class _FavouriteCols(TypedColumns):
    """``account_id`` liked the post."""

    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"))
    created_at: Named[datetime] = Column(Instant)


favourites = Table(
    "favourites",
    metadata,
    _FavouriteCols,
    PrimaryKeyConstraint("account_id", "post_id"),
    Index(None, "post_id"),
)


class _PollCols(TypedColumns):
    """A post that asks something: the ``question``, and the ``options`` on a line each.

    ``closes_at``  when it ends by itself, or was ended. ``told``: the account id up to which its voters were told the
    result; 0 before anybody was, -1 when only the author was; None when all were.
    """

    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    question: Named[str] = Column(Text)
    options: Named[str] = Column(Text)
    closes_at: Named[datetime] = Column(Instant)
    told: Named[int | None] = Column(BigInteger, server_default="0")


polls = Table(
    "polls",
    metadata,
    _PollCols,
    # Whose voters are still to be told, the longest closed first.
    _partial("ix_polls_closing", "closes_at", where="told IS NOT NULL"),
)


class _VoteCols(TypedColumns):
    """``account_id`` chose the ``option`` of a poll, counted from 1; one each, which may change."""

    post_id: Named[int] = Column(_Id, ForeignKey("polls.post_id"))
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    option: Named[int] = Column(SmallInteger)


poll_votes = Table(
    "poll_votes", metadata, _VoteCols, PrimaryKeyConstraint("post_id", "account_id"), Index(None, "account_id")
)


class _FanoutCols(TypedColumns):
    """A post whose audiences are still being queued. The row goes when the last page of the last one is done.

    ``stage``   which audience: empty for the followers, then a key of ``listeners`` after the other, in order. What
    begins with ``*`` is left alone: so a later release may name audiences that only its own daemons know.
    ``cursor``  the last account id of it that was looked at; ``done`` how many were, over all stages; ``turn`` when, so
    that several posts take turns, the longest waiting first.
    """

    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    stage: Named[str] = Column(String(141), server_default="")
    cursor: Named[int] = Column(BigInteger, server_default="0")
    done: Named[int] = Column(Integer, server_default="0")
    turn: Named[datetime] = Column(Instant)


fanouts = Table("fanouts", metadata, _FanoutCols, Index(None, "turn"))


class _NoticeCols(TypedColumns):
    """Words of Birdwire's own: the answer to a command, a confirmation. One row per recipient.

    ``answers``  it answers what that address has just sent, so it goes out even after a STOP (its one confirmation).
    ``caused_by_id``  whose doing it was: who nudged, asked to follow, accepted, or asked in a poll; None of all else.
    ``kind``     what it is about, a ``gateway.domain.types.NoticeKind``. What a digest brings is looked up at sending.
    """

    id = Column(_Id, primary_key=True)
    text: Named[str] = Column(Text)
    subject: Named[str] = Column(Text, server_default="")
    in_reply_to: Named[str] = Column(Text, server_default="")
    answers: Named[bool] = Column(Boolean, server_default=false())
    caused_by_id: Named[int | None] = Column(BigInteger)
    kind: Named[str] = Column(String(8), server_default="notice")


notices = Table("notices", metadata, _NoticeCols)


class _DeliveryCols(TypedColumns):
    """One post or notice to one recipient on one channel; ``gateway.domain.delivery`` tells the life of one.

    ``post_id``, ``notice_id``  one of them: what it carries. No foreign key asks for it again with each recipient.
    ``account_id``  the recipient of a post: where to is looked up at sending, so a changed phone is respected.
    ``via``         the key of ``listeners`` that brought a post here; None for followers and who was named.
    ``address_id``  the exact phone or mailbox a notice goes to.
    ``segments``    those of its text, once it is known that the provider took it: then it is in the bill.
    ``sent_to_id``  the phone or mailbox that it went to: what a receipt or bounce is about, wherever its owner is now.
    ``refused_by``  the routes whose number the provider refused for it, as ``,1,2,``; None for nearly all.
    ``due_at``      not before; ``attempt``: the fence; ``excused``: how many attempts were no fault of its own.
    ``lease_until``  whose turn it is until when; once a text is sent, when the provider is asked about it.
    ``digest_id``   the delivery of the digest that brings this post: what becomes of that becomes of this one.
    ``price_micros``, ``price_unit``  what a text cost, in millionths of a currency, once the provider has said so.
    """

    id = Column(_Id, primary_key=True)
    post_id: Named[int | None] = Column(_Id)
    notice_id: Named[int | None] = Column(_Id)
    account_id: Named[int | None] = Column(BigInteger)
    via: Named[str | None] = Column(String(141))
    address_id: Named[int | None] = Column(BigInteger)
    channel: Named[str] = Column(String(8))
    route: Named[int] = Column(SmallInteger)
    lane: Named[int] = Column(SmallInteger)
    state: Named[str] = Column(String(10))
    attempt: Named[int] = Column(Integer, server_default="0")
    due_at: Named[datetime] = Column(Instant)
    lease_until: Named[datetime | None] = Column(Instant)
    queued_at: Named[datetime] = Column(Instant)
    settled_at: Named[datetime | None] = Column(Instant)
    segments: Named[int] = Column(SmallInteger, server_default="0")
    sent_to_id: Named[int | None] = Column(BigInteger)
    remote_id: Named[str | None] = Column(String(128))
    reason: Named[str] = Column(Text, server_default="")
    excused: Named[int] = Column(Integer, server_default="0")
    price_micros: Named[int | None] = Column(BigInteger)
    price_unit: Named[str | None] = Column(String(3))
    refused_by: Named[str | None] = Column(Text)
    digest_id: Named[int | None] = Column(BigInteger)


deliveries = Table(
    "deliveries",
    metadata,
    _DeliveryCols,
    CheckConstraint("(post_id IS NULL) <> (notice_id IS NULL)", name="one_content"),
    # Nobody gets a post twice on a channel; the author's page and deletion find a post's deliveries.
    _partial(
        "uq_deliveries_post_account_channel",
        "post_id",
        "account_id",
        "channel",
        where="post_id IS NOT NULL",
        unique=True,
    ),
    # The claim: what is due on this route and lane, oldest first.
    _partial("ix_deliveries_due", "route", "lane", "due_at", "id", where="state = 'queued'"),
    # A recipient's open deliveries: their order, one at a time, and what STOP drops.
    _partial(
        "ix_deliveries_open", "account_id", "id", where="state = 'queued' OR state = 'claimed' OR state = 'unsure'"
    ),
    # Whose a message of the provider's is, when one is looked for.
    _partial("ix_deliveries_remote", "remote_id", where="channel = 'sms' AND remote_id IS NOT NULL"),
    # Leases that may be over, and look-ups that may be due.
    _partial("ix_deliveries_lease", "lease_until", where="state = 'claimed' OR state = 'unsure'"),
    # Texts that the provider took and is to be asked about: no last word has come, or no price.
    _partial(
        "ix_deliveries_late",
        "lease_until",
        where="channel = 'sms' AND (state = 'sent' OR state = 'delivered') AND lease_until IS NOT NULL",
    ),
    # What waits for somebody's digest.
    _partial("ix_deliveries_gathered", "account_id", "id", where="state = 'gathered'"),
    # What a digest brings.
    _partial("ix_deliveries_bundled", "digest_id", "id", where="digest_id IS NOT NULL"),
    # The operator's list of what was given up.
    _partial("ix_deliveries_dead", "settled_at", where="state = 'dead'"),
    sqlite_autoincrement=True,
)


class _DeliveryCountCols(TypedColumns):
    """What is left of a post's settled deliveries when their rows are no longer kept: how many ended alike.

    ``reason``  the kind of reason they had (``gateway.domain.reason``), empty when all was well.
    """

    post_id: Named[int] = Column(_Id, ForeignKey("posts.id"))
    channel: Named[str] = Column(String(8))
    state: Named[str] = Column(String(10))
    reason: Named[str] = Column(String(64))
    number: Named[int] = Column(Integer)
    segments: Named[int] = Column(Integer)


delivery_counts = Table(
    "delivery_counts",
    metadata,
    _DeliveryCountCols,
    PrimaryKeyConstraint("post_id", "channel", "state", "reason"),
)


class _UsageCols(TypedColumns):
    """Segments that a budget was charged with in a calendar month of the site's time zone.

    ``month``  as 202611. ``kind``, ``of_id``: ``gateway.domain.budget.Of``, and whose it is; 0 for the site. The kind
    ``lastwords`` counts the texts that said that the site's is used up.
    ``told``   its owner was told that it is used up; ``warned``: the operator, that it will be.
    """

    month: Named[int] = Column(Integer)
    kind: Named[str] = Column(String(9))
    of_id: Named[int] = Column(BigInteger)
    segments: Named[int] = Column(Integer, server_default="0")
    told: Named[bool] = Column(Boolean, server_default=false())
    warned: Named[bool] = Column(Boolean, server_default=false())


sms_usage = Table("sms_usage", metadata, _UsageCols, PrimaryKeyConstraint("month", "kind", "of_id"))


class _CostCols(TypedColumns):
    """Texts that the provider took, by day (``2026-11-25`` in the site's time zone), number of ours, and country."""

    day: Named[str] = Column(String(10))
    route: Named[int] = Column(SmallInteger)
    country: Named[str] = Column(String(2))
    texts: Named[int] = Column(Integer)
    segments: Named[int] = Column(Integer)


sms_costs = Table("sms_costs", metadata, _CostCols, PrimaryKeyConstraint("day", "route", "country"))


class _DayCountCols(TypedColumns):
    """How much of something there was on a day (``2026-11-25`` in the site's time zone): one of
    ``gateway.service.counting.What``."""

    day: Named[str] = Column(String(10))
    what: Named[str] = Column(String(16))
    number: Named[int] = Column(BigInteger)


day_counts = Table("day_counts", metadata, _DayCountCols, PrimaryKeyConstraint("day", "what"))


class _ReceiptCols(TypedColumns):
    """What a provider reported about a message: every callback once, whatever its order."""

    id = Column(_Id, primary_key=True)
    source: Named[str] = Column(String(16))
    remote_id: Named[str] = Column(String(128))
    status: Named[str] = Column(String(32))
    error_code: Named[str] = Column(String(16), server_default="")
    delivery_id: Named[int | None] = Column(BigInteger)
    received_at: Named[datetime] = Column(Instant)


receipts = Table(
    "receipts",
    metadata,
    _ReceiptCols,
    UniqueConstraint("source", "remote_id", "status"),
    Index(None, "delivery_id"),
    # What was reported of messages that were nobody's then.
    _partial("ix_receipts_unmatched", "received_at", where="delivery_id IS NULL"),
)


class _SenderAlertCols(TypedColumns):
    """What the provider holds against one of our numbers; the row goes when a text gets through again.

    ``strikes``     refusals of this kind, with nothing that got through between them.
    ``stopped_at``  since when the number is stopped; None while it is only under suspicion.
    """

    route: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    code: Named[int] = Column(Integer)
    reason: Named[str] = Column(Text)
    strikes: Named[int] = Column(Integer)
    stopped_at: Named[datetime | None] = Column(Instant)
    last_at: Named[datetime] = Column(Instant)


sender_alerts = Table("sender_alerts", metadata, _SenderAlertCols)


class _InboxCols(TypedColumns):
    """Every message that came in, under its remote id, with the answer it got. ``raw`` and ``answer`` are wiped after a
    while."""

    id = Column(_Id, primary_key=True)
    source: Named[str] = Column(String(16))
    remote_id: Named[str] = Column(String(128))
    channel: Named[str] = Column(String(8))
    sender: Named[str] = Column(String(254))
    recipient: Named[str] = Column(String(254))
    raw: Named[str] = Column(Text)
    answer: Named[str] = Column(Text, server_default="")
    received_at: Named[datetime] = Column(Instant)


inbox = Table(
    "inbox",
    metadata,
    _InboxCols,
    UniqueConstraint("source", "remote_id"),
    Index(None, "received_at"),
    Index(None, "sender", "received_at"),  # how much one sender wrote lately
    # What is still kept word for word, the oldest first.
    _partial("ix_inbox_raw", "received_at", where="raw <> ''"),
)


class _PartedTextCols(TypedColumns):
    """A text that comes in in parts: those that came so far, as JSON, and since when nothing more has.

    ``reference``  what its sender's phone calls it, ``total`` how many parts it has. ``joined``: it is whole, and kept
    for parts that are handed over once more.
    """

    id = Column(_Id, primary_key=True)
    source: Named[str] = Column(String(16))
    sender: Named[str] = Column(String(254))
    recipient: Named[str] = Column(String(254))
    reference: Named[int] = Column(Integer)
    total: Named[int] = Column(SmallInteger)
    parts: Named[str] = Column(Text)
    came: Named[int] = Column(SmallInteger)
    last_at: Named[datetime] = Column(Instant)
    joined: Named[bool] = Column(Boolean, server_default=false())


parted_texts = Table(
    "parted_texts",
    metadata,
    _PartedTextCols,
    UniqueConstraint("source", "sender", "recipient", "reference", "total"),
    Index(None, "last_at"),
)


class _ScheduleCols(TypedColumns):
    """A post that goes out by itself: once at ``next_at``, or again and again by ``cron`` in ``time_zone``."""

    id = Column(_Id, primary_key=True)
    account_id: Named[int] = Column(_Id, ForeignKey("accounts.id"))
    text: Named[str] = Column(Text)
    cron: Named[str] = Column(String(64), server_default="")
    time_zone: Named[str] = Column(String(64), server_default="UTC")
    next_at: Named[datetime | None] = Column(Instant)
    created_at: Named[datetime] = Column(Instant)


schedules = Table("schedules", metadata, _ScheduleCols, Index(None, "next_at"))


class _FactCols(TypedColumns):
    """What the instance must remember about itself, e.g. the key its secret addresses are made with."""

    name: Named[str] = Column(String(32), primary_key=True)
    value: Named[str] = Column(Text)


facts = Table("facts", metadata, _FactCols)
