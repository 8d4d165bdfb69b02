"""What the services know of the instance they serve: the operator's choices, as values."""

from dataclasses import dataclass, field
from decimal import Decimal

from gateway.domain.budget import Budget
from gateway.domain.pace import Pace
from gateway.domain.speech import Languages
from gateway.domain.types import Overflow


@dataclass(frozen=True, slots=True)
class Limits:
    """``[limits]``: how much one account, or one address, may do, so that nobody can flood the rest."""

    posts_per_hour: int = 100
    follows_per_day: int = 400
    direct_per_hour: int = 100
    texts_per_minute: int = 60
    code_minutes: int = 10
    code_tries: int = 5
    codes_per_day: int = 5
    tracks: int = 50
    groups: int = 50
    poll_hours: int = 24
    reports_per_day: int = 20
    hard_bounces: int = 3
    soft_bounce_days: int = 10
    invites_per_week: int = 10
    signups_per_hour: int = 60


@dataclass(frozen=True, slots=True)
class Number:
    """One of our numbers: who carries for it, how fast it may go, and what a segment costs (0: not known)."""

    number: str
    provider: str
    pace: Pace
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Site:
    """One community's instance.

    ``public_url``  without a trailing slash; pages, feeds and webhooks are addressed under it.
    ``key``         the secret that addresses, feeds and sessions are made with.
    ``wake_burst``  how many texts are sent at the end of somebody's quiet hours, before the rest becomes one summary.
    ``languages``   those that people may choose, and the one that is spoken to who has chosen none.
    ``digest_hour`` is when daily digests go out to people who have not chosen an hour, on their own clocks.
    ``new_groups``  whether people found groups by joining them.
    ``number``      the phone number to text to, as people should dial it; empty when there is no SMS.
    ``senders``     all of them, each with the countries whose phones are texted from it (two letters; none: any).
    ``numbers``     the same with their pace and price; ``mails_per_second`` is the pace of mail (0: no limit).
    ``members_invite``  whether members make invitations, too, where ``registration`` is by invitation.
    ``mail_domains``  the community's own, where signing up takes a mail address of it (``gateway.domain.mail_domain``).
    """

    name: str
    public_url: str
    mail_domain: str
    key: bytes = field(repr=False)
    registration: str = "open"
    private: bool = False
    new_groups: bool = True
    overflow: Overflow = Overflow.LINK
    time_zone: str = "UTC"
    languages: Languages = field(default_factory=Languages, repr=False)
    contact: str = ""
    number: str = ""
    senders: tuple[tuple[str, frozenset[str]], ...] = ()
    default_region: str = "US"
    provider_handles_keywords: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    wake_burst: int = 3
    digest_hour: int = 8
    budget: Budget = field(default_factory=Budget)
    members_invite: bool = False
    mail_domains: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    mails_per_second: float = 0
